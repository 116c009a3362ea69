"""Customers and offers in the REST API: to be read. What is decided is decided on cards, by people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.web.api import DOCX, answered, attachment
from bot.web.caller import caller_of, tenant_of
from bot.web.matching import CSV
from bot.web.views import texts_of
from pipeline.errors import UserError
from pipeline.model.offer import Offer, Stage, Unit
from pipeline.model.person import Person
from pipeline.model.totals import totals
from pipeline.offer.machine import sees_terms
from pipeline.ports import Directory
from pipeline.render.mail_file import mail_file
from pipeline.service import Service

EML = "message/rfc822"
_COLUMNS = ("csv_number", "csv_stage", "customer", "candidate", "role", "rate", "csv_unit", "csv_net", "csv_gross", "currency", "start")


class OffersApi:
    def __init__(self, service: Service, directory: Directory) -> None:
        self._service = service
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/customers", answered(self.list_customers)),
            web.get("/api/offers", answered(self.list_offers)),
            web.get("/api/offers/csv", answered(self.csv)),
            web.get("/api/offers/{offer_id}", answered(self.get_offer)),
            web.get("/api/offers/{offer_id}/word", answered(self.word)),
            web.get("/api/offers/{offer_id}/mail", answered(self.mail)),
        ]

    async def list_customers(self, request: web.Request) -> web.StreamResponse:
        text, tenant = request.query.get("search", ""), tenant_of(request)
        found = await self._service.customers.find(tenant, text) if text else await self._service.customers.all(tenant)
        return web.json_response({"customers": [one.model_dump(mode="json") for one in found]})

    async def list_offers(self, request: web.Request) -> web.StreamResponse:
        seen = await self._seen(request)
        return web.json_response({"offers": [offer_json(offer, whole=seen(offer)) for offer in await self._found(request)]})

    async def csv(self, request: web.Request) -> web.StreamResponse:
        texts = texts_of(request)
        heads = [texts(f"offer.{name}") for name in (*_COLUMNS, "csv_owner", "csv_updated")]
        stages = {stage.value: texts(f"offer.stage_{stage.value}") for stage in Stage}
        names = stages | {unit.value: texts(f"offer.per_{unit.value}") for unit in Unit}
        days, seen = texts("date.format"), await self._seen(request)
        data = self._service.offers.csv(await self._found(request), heads, names, days=days, seen=seen)
        return web.Response(body=data, content_type=CSV, headers=attachment(f"{texts('offer.list_title')}.csv"))

    async def get_offer(self, request: web.Request) -> web.StreamResponse:
        offer = await self._offer(request)
        return web.json_response(offer_json(offer, whole=(await self._seen(request))(offer)))

    async def word(self, request: web.Request) -> web.StreamResponse:
        offer = await self._offer(request)
        if not _by_link(request) and not (await self._seen(request))(offer):  # links to it stand on the cards of those alone who see it
            raise UserError("offer_hidden")
        name, data = await self._service.offers.word(offer)
        return web.Response(body=data, content_type=DOCX, headers=attachment(name))

    async def mail(self, request: web.Request) -> web.StreamResponse:
        offer = await self._offer(request)
        if offer.mail is None:
            raise UserError("not_ready")
        message = await self._service.offers.message(offer)
        data = mail_file(to=message.to, subject=message.subject, text=message.text, files=message.files)
        return web.Response(body=data, content_type=EML, headers=attachment(f"{offer.name}.eml"))

    async def _seen(self, request: web.Request) -> Callable[[Offer], bool]:
        """Whose terms the caller may see; by a link, whoever it was made for. A program's key is the firm's own."""
        caller = caller_of(request)
        if caller.scopes is not None:
            return lambda _: True
        user, roles = caller.person.user, caller.roles
        if _by_link(request) or (caller.all_tenants and "for" in request.query):
            user = request.query.get("for", "")
            roles = await self._directory.roles(Person(tenant=tenant_of(request), user=user)) if user else frozenset()
        return lambda offer: sees_terms(offer, user, roles)

    async def _found(self, request: web.Request) -> list[Offer]:
        stage = request.query.get("stage", "")
        return await self._service.offers.all(tenant_of(request), stage=stage, text=request.query.get("search", ""))

    async def _offer(self, request: web.Request) -> Offer:
        return await self._service.offers.get(tenant_of(request), request.match_info["offer_id"])


def _by_link(request: web.Request) -> bool:
    caller = caller_of(request)
    return caller.all_tenants and not caller.person.user


def offer_json(offer: Offer, *, whole: bool) -> dict[str, Any]:
    """What other programs may know: no cost, no margin, nobody's ids; not `whole`: how far it is, without the terms."""
    sums = totals(offer.terms)
    money = {
        "terms": offer.terms.model_dump(mode="json", exclude={"cost"}),
        "net": str(sums.net.amount),
        "gross": str(sums.gross.amount),
        "currency": offer.terms.currency,
    }
    return {
        "id": offer.id,
        "number": offer.name,
        "stage": offer.stage.value,
        "version": offer.version,
        "customer": offer.customer.company if offer.customer else "",
        "candidate": offer.shown_candidate,
        **(money if whole else {}),
        "owner": offer.owner_name,
        "updated": offer.updated.isoformat(),
    }
