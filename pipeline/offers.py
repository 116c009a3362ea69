"""Offers: drafted, decided by compare-and-set, numbered without gaps, frozen as Word. Whatever is killed, `finish` goes on from what is stored."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.approval_log import ApprovalLog, Checked
from pipeline.conversion import Structured
from pipeline.customers import Customers
from pipeline.due import Due
from pipeline.errors import TransientError, UserError
from pipeline.model.codec import from_json, to_json
from pipeline.model.customer import Contact, Customer
from pipeline.model.formats import job_mark
from pipeline.model.job import Conversation, DriveItem, Job, Step
from pipeline.model.match import Match
from pipeline.model.offer import Colleague, Frozen, Offer, Request, Stage, Terms, Unit, Verb
from pipeline.model.person import Person
from pipeline.model.totals import totals
from pipeline.offer.blind import blind, names, reference_of
from pipeline.offer.introduction import introduction
from pipeline.offer.machine import CLOCK, Actor, authors, delegated, moved
from pipeline.offer.phrase import phrased
from pipeline.offer.understand import MOST_VOLUME, Wanted
from pipeline.offer.volume import after_working_days, suggested_volume
from pipeline.ports import Blobs, Drive, Llm, Mail, MailMessage, WordFile
from pipeline.render.csv_table import csv_table
from pipeline.render.labels import labels
from pipeline.render.offer_word import Letterhead, offer_word, salutation
from pipeline.render.word import render
from pipeline.sequence import Numbers, Ticket
from pipeline.store import JOBS, MATCHES, OFFER_CARDS, OFFER_PLACES, OFFERS, Store, blob, decoded

APPROVED = "approved"
"""The blob of the approved Word file."""
WATCHED = timedelta(days=60)
"""So long the file of an approved offer is looked at, whether somebody has edited it."""
FIRST_LOOK = 20.0
"""Seconds; so long after a change another process looks whether it was carried through."""
APPROVALS = "approvals"
PAYMENT_DAYS = 14
"""Where neither the customer nor anybody else says otherwise."""

_log = logging.getLogger("offers")


@dataclass(frozen=True, slots=True)
class Office:
    """How the firm makes offers. Working days count in `country` (ISO 3166-1) and its federal state `region`; `zone` names the time zone.

    `vat` in percent for customers at home, `valid_days` an offer's life, `letterhead` and `templates` what its Word files look like.
    """

    four_eyes: bool = True
    remind_days: int = 1
    lapse_days: int = 5
    valid_days: int = 30
    vat: int = 19
    country: str = "DE"
    region: str = ""
    zone: str = "Europe/Berlin"
    keep_years: int = 6
    letterhead: Letterhead = field(default_factory=Letterhead)
    template: str = "classic"
    templates: Path | None = None


USUAL = Office()


@dataclass(frozen=True, slots=True)
class Done:
    """`changed`: false where exactly this was done before."""

    offer: Offer
    changed: bool


class Offers:
    """`llm` gives the model for a tenant, within its limits; None where none is configured."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        drive: Drive,
        *,
        customers: Customers,
        mail: Mail | None,
        office: Office,
        llm: Callable[[str], Llm] | None = None,
    ) -> None:
        self.office = office
        self.due = Due(store)
        self.log = ApprovalLog(store)
        self._store = store
        self._blobs = blobs
        self._drive = drive
        self._customers = customers
        self._mail = mail
        self._llm = llm
        self._numbers = Numbers(store)

    @property
    def mails(self) -> bool:
        """Can drafts of e-mails be made?"""
        return self._mail is not None

    @property
    def today(self) -> date:
        return self._store.clock.now().astimezone(ZoneInfo(self.office.zone)).date()

    # --- drafts

    async def draft(
        self, person: Person, name: str, *, key: str, locale: str, cv: Job, match: Match | None, customer: Customer | None, wanted: Wanted
    ) -> Offer:
        """A new offer for the candidate of a CV, filled as far as anything is known. The same key is the same offer."""
        now = self._store.clock.now()
        candidate = cv.result.candidate if cv.result else ""
        role = match.profile.title if match else (cv.result.headline or cv.result.position.partition(",")[0] if cv.result else "")
        payment = {"payment_days": wanted.payment_days} if wanted.payment_days is not None else {}
        offer = Offer(
            id=key,
            tenant=person.tenant,
            owner=person,
            owner_name=name,
            locale=locale,
            created=now,
            updated=now,
            candidate=cv.candidate,
            candidate_name=candidate,
            reference=reference_of(key),
            computed=not wanted.volume,
            blind=wanted.blind,
            language="en" if locale.lower().startswith("en") else "de",
            cv=cv.id,
            match=match.id if match else "",
            profile=match.profile.id if match else "",
            terms=Terms(
                role=role[:160],
                rate=wanted.rate or Decimal(0),
                currency=wanted.currency or ("CHF" if self.office.country in ("CH", "LI") else "EUR"),
                unit=wanted.unit or Unit.HOUR,
                days_a_week=wanted.days_a_week or Decimal(5),
                start=wanted.start,
                end=wanted.end,
                volume=wanted.volume or Decimal(0),
                place=(wanted.place or (match.profile.place if match else ""))[:160],
                remote=wanted.remote or 0,
                valid_until=wanted.valid_until or self.today + timedelta(days=self.office.valid_days),
                vat=Decimal(self.office.vat),
                cost=wanted.cost,
            ),
        )
        offer = self.addressed(offer, customer, _called(customer, wanted.contact))
        offer = offer.model_copy(update={"terms": offer.terms.model_copy(update=payment)})
        offer = self.with_volume(offer).model_copy(update={"terms": self._introduced(self.with_volume(offer), match)})
        await self.due.mark(offer.tenant, offer.id, seconds=FIRST_LOOK)
        await self._store.create(OFFERS, offer.tenant, offer.id, offer)
        return await self.get(offer.tenant, offer.id)

    def _introduced(self, offer: Offer, match: Match | None) -> Terms:
        """The terms with a text that says why; a blind offer's without the name."""
        shown = self.called(offer)
        hidden = offer.candidate_name if offer.blind else ""
        text = introduction(match, role=offer.terms.role, candidate=shown, language=offer.language, hidden=hidden)
        return offer.terms.model_copy(update={"introduction": text[:3000]})

    def called(self, offer: Offer) -> str:
        """The candidate as the customer reads it."""
        words = labels(offer.language)
        return words["offer_blind"].format(reference=offer.reference) if offer.blind else offer.candidate_name or words["offer_candidate"]

    def introduced(self, offer: Offer, match: Match | None) -> Offer:
        """With a fresh text: role, language or candidate have changed."""
        return offer.model_copy(update={"terms": self._introduced(offer, match)})

    def addressed(self, offer: Offer, customer: Customer | None, contact: Contact | None = None) -> Offer:
        """To this customer, on its terms: those of the one before go with it, what a person has written stays."""
        if customer is None:
            return offer.model_copy(update={"customer": None, "contact": None})
        before, known = offer.customer, offer.terms
        terms: dict[str, object] = {"vat": self.office.vat if customer.country == self.office.country else 0}
        if known.payment_days in (PAYMENT_DAYS, before.payment_days if before else None):
            terms["payment_days"] = PAYMENT_DAYS if customer.payment_days is None else customer.payment_days
        if known.conditions in ("", before.conditions if before else ""):
            terms["conditions"] = customer.conditions
        return offer.model_copy(
            update={
                "customer": customer,
                "contact": contact or next(iter(customer.contacts), None),
                "language": customer.language if customer.language in ("de", "en") else "en",
                "terms": _checked(offer.terms, **terms),
            }
        )

    def with_volume(self, offer: Offer) -> Offer:
        """With the volume that its period holds, where nobody has said another."""
        if not offer.computed:
            return offer
        volume = suggested_volume(offer.terms, country=self.office.country, region=self.office.region)
        return offer.model_copy(update={"terms": _checked(offer.terms, volume=min(volume, MOST_VOLUME))})

    # --- found

    async def get(self, tenant: str, offer_id: str) -> Offer:
        """Raises UserError: unknown_offer."""
        found = await self._store.get(OFFERS, tenant, offer_id, Offer) if re.fullmatch(r"[0-9a-f]{32}", offer_id) else None
        if found is None:
            raise UserError("unknown_offer")
        return found

    async def channel(self, tenant: str) -> Conversation | None:
        """Where approvals may be asked for, if the firm has chosen a channel."""
        return await self._store.get(OFFER_PLACES, tenant, APPROVALS, Conversation)

    async def ask_in(self, where: Conversation) -> None:
        """From now on approvals may be asked for in this channel."""
        await self._store.change(OFFER_PLACES, where.tenant, APPROVALS, Conversation, lambda _: where)

    async def all(self, tenant: str, *, stage: str = "", text: str = "") -> list[Offer]:
        """The newest first; of one stage, with a text in its number, customer, candidate or role."""
        found = [offer for offer in decoded(await self._store.records.all(OFFERS, tenant), Offer) if offer and offer.stage is not Stage.DISCARDED]
        wanted = text.casefold().split()
        kept = [offer for offer in found if (not stage or offer.stage == stage) and all(word in _searched(offer) for word in wanted)]
        return sorted(kept, key=lambda offer: offer.updated, reverse=True)

    async def waiting(self, person: Person) -> list[Offer]:
        """Whose Word files wait for the person's sign-in."""
        return [o for o in await self.all(person.tenant) if o.owner.user == person.user and o.frozen and (o.frozen.item.waits or o.frozen.problem)]

    # --- changed

    async def edit(self, tenant: str, offer_id: str, actor: Actor, *, version: int, change: Callable[[Offer], Offer]) -> Done:
        """New terms: an open request is withdrawn, since nobody may decide about what has changed.

        Raises UserError: unknown_offer, not_yours, offer_changed, offer_not_possible.
        """
        wished = change(await self.get(tenant, offer_id))
        text = hashlib.sha256(to_json(wished.model_copy(update=_FIXED), Offer)).hexdigest()[:16]
        return await self.do(tenant, offer_id, Verb.EDIT, actor, version=version, text=text, change=change)

    async def submit(
        self, tenant: str, offer_id: str, actor: Actor, *, version: int, approvers: Sequence[Colleague] = (), channel: bool = False
    ) -> Done:
        """Ask for approval. Raises UserError: offer_incomplete, and as `edit` does."""
        offer = await self.get(tenant, offer_id)
        if lacks := missing(offer):
            raise UserError("offer_incomplete", count=len(lacks))
        self._check_day(offer)
        if given_away(offer):
            raise UserError("blind_named", count=len(given_away(offer)))
        if self.office.four_eyes and any(one.user in {*authors(offer), actor.user} for one in approvers):
            raise UserError("four_eyes")
        now = self._store.clock.now()
        request = Request(
            approvers=tuple(approvers),
            channel=channel,
            at=now,
            remind=self._after(now, self.office.remind_days),
            lapse=self._after(now, self.office.lapse_days),
        )
        return await self.do(tenant, offer_id, Verb.SUBMIT, actor, version=version, request=request)

    async def do(
        self,
        tenant: str,
        offer_id: str,
        verb: Verb,
        actor: Actor,
        *,
        version: int,
        text: str = "",
        request: Request | None = None,
        to: Colleague | None = None,
        change: Callable[[Offer], Offer] | None = None,
    ) -> Done:
        """One move, by compare-and-set. What follows from it (number, Word file, log) is the business of `finish`.

        Raises UserError: unknown_offer, and as `machine.moved` does.
        """
        offer = await self.get(tenant, offer_id)
        if to and ((self.office.four_eyes and to.user in authors(offer)) or to.user == actor.user):
            raise UserError("four_eyes")
        if verb is Verb.APPROVE and offer.stage is Stage.SUBMITTED:  # what cannot be written, or is over, is not approved
            self._check_day(offer)
            await asyncio.to_thread(self._word, offer, day=self.today, final=True)
        await self.due.mark(tenant, offer_id, seconds=FIRST_LOOK)  # before: killed in between, somebody looks after it
        now, changed = self._store.clock.now(), False

        def next_offer(known: Offer | None) -> Offer | None:
            nonlocal changed
            if known is None:
                return None
            after = moved(known, verb, actor, version=version, at=now, four_eyes=self.office.four_eyes, text=text, request=request)
            changed = after is not known
            if not changed:
                return None
            after = change(after) if change else after
            after = delegated(after, to) if to else after
            return after.model_copy(update={"year": now.astimezone(ZoneInfo(self.office.zone)).year}) if verb is Verb.APPROVE else after

        after = await self._store.change(OFFERS, tenant, offer_id, Offer, next_offer)
        if after is None:
            raise UserError("unknown_offer")
        return Done(after, changed)

    def _check_day(self, offer: Offer) -> None:
        """Raises UserError: offer_over."""
        if offer.terms.valid_until and offer.terms.valid_until < self.today:
            raise UserError("offer_over", date=f"{offer.terms.valid_until:%d.%m.%Y}")

    async def wish_mail(self, tenant: str, offer_id: str, actor: Actor) -> Offer:
        """A draft of the e-mail to the customer. Raises UserError: unknown_offer, not_yours, offer_not_possible, no_email."""
        offer = await self.get(tenant, offer_id)
        if offer.owner.user != actor.user:
            raise UserError("not_yours")
        if not offer.stage.final or self._mail is None:
            raise UserError("offer_not_possible")
        if not await self._email_of(offer):
            raise UserError("no_email")
        await self.due.mark(tenant, offer_id, seconds=FIRST_LOOK)
        wish = {"wants_mail": True, "mail_problem": ""}
        return await self._store.change(OFFERS, tenant, offer_id, Offer, lambda known: known.model_copy(update=wish) if known else None) or offer

    @property
    def words(self) -> bool:
        """Can a model phrase introductions?"""
        return self._llm is not None

    async def wish_words(self, tenant: str, offer_id: str, actor: Actor, *, version: int) -> Offer:
        """An introduction in a model's words. Raises UserError: unknown_offer, not_yours, offer_changed, offer_not_possible."""
        offer = await self.get(tenant, offer_id)
        if offer.owner.user != actor.user:
            raise UserError("not_yours")
        if not self.words or offer.stage is not Stage.DRAFT or not offer.match:
            raise UserError("offer_not_possible")
        if offer.version != version:
            raise UserError("offer_changed")
        await self.due.mark(tenant, offer_id, seconds=FIRST_LOOK)
        wish = {"wants_words": True}
        return await self._store.change(OFFERS, tenant, offer_id, Offer, lambda known: known.model_copy(update=wish) if known else None) or offer

    def _after(self, at: datetime, days: int) -> datetime:
        local = at.astimezone(ZoneInfo(self.office.zone))
        day = after_working_days(local.date(), days, country=self.office.country, region=self.office.region)
        return datetime.combine(day, local.timetz())

    # --- carried through

    async def finish(self, tenant: str, offer_id: str) -> Offer | None:
        """Whatever the offer's state asks for and is not done yet. Repeating it, and doing it in two places at once, changes nothing.

        None where there is no such offer. Raises TransientError, Busy.
        """
        offer = await self._store.get(OFFERS, tenant, offer_id, Offer)
        if offer is None:
            return None
        now = self._store.clock.now()
        if offer.stage is Stage.SUBMITTED and offer.request and offer.request.lapse <= now:
            try:
                offer = (await self.do(tenant, offer_id, Verb.LAPSE, CLOCK, version=offer.version)).offer
            except UserError:  # decided or changed at this moment
                offer = await self.get(tenant, offer_id)
        if offer.stage.final and not offer.number:
            offer = await self._numbered(offer)
        for number in range(offer.done, len(offer.moves)):
            await self.log.append(offer, number)
        if offer.stage.final and offer.number and (offer.frozen is None or offer.frozen.item.waits or offer.frozen.problem):
            try:
                await self._freeze(offer)
            except UserError as error:  # the template was broken since: it is tried again
                raise TransientError(f"the letter cannot be written: {error.key}") from error
        offer = await self.get(tenant, offer_id)
        if offer.wants_mail and offer.frozen and offer.mail is None and not offer.mail_problem:
            offer = await self._draft_mail(offer)
        return await self._phrase(offer) if offer.wants_words else offer

    async def _phrase(self, offer: Offer) -> Offer:
        """An introduction in a model's words, where somebody has not edited the offer meanwhile."""
        match = await self._store.get(MATCHES, offer.tenant, offer.match, Match) if offer.match else None
        text = ""
        if match and self._llm:
            llm = self._llm(offer.tenant)
            hidden = offer.candidate_name if offer.blind else ""
            text = await phrased(match, llm, role=offer.terms.role, candidate=self.called(offer), language=offer.language, hidden=hidden)

        def worded(known: Offer | None) -> Offer | None:
            if known is None or not known.wants_words:
                return None
            fresh = known.version == offer.version and text and known.stage is Stage.DRAFT
            terms = known.terms.model_copy(update={"introduction": text[:3000]}) if fresh else known.terms
            return known.model_copy(update={"wants_words": False, "terms": terms, "version": known.version + bool(fresh)})

        return await self._store.change(OFFERS, offer.tenant, offer.id, Offer, worded) or offer

    async def _numbered(self, offer: Offer) -> Offer:
        async def has_one() -> bool:
            known = await self._store.get(OFFERS, offer.tenant, offer.id, Offer)
            return known is None or known.number > 0

        async def write(ticket: Ticket) -> None:
            def numbered(known: Offer | None) -> Offer | None:
                return known.model_copy(update={"number": ticket.number}) if known and not known.number else None

            await self._store.change(OFFERS, offer.tenant, ticket.holder, Offer, numbered)

        await self._numbers.take(offer.tenant, f"offers-{offer.year}", offer.id, has_one=has_one, write=write)
        return await self.get(offer.tenant, offer.id)

    async def _freeze(self, offer: Offer) -> None:
        """The approved Word file: our own copy first, which nothing changes any more, then the one on the drive."""
        name = f"{offer.tenant}/{offer.id}/{APPROVED}"
        data = await self._blobs.get(name)
        if data is None:
            decided = offer.decision
            day = decided.at.astimezone(ZoneInfo(self.office.zone)).date() if decided else self.today
            data = self._word(offer, day=day, final=True)
            await self._blobs.put(name, data)
        title = _as_name(f"{offer.name} {offer.customer.company if offer.customer else ''}")
        file = WordFile(offer.id, _as_name(self.called(offer)), f"{title}.docx", data, offer.created)
        try:
            item, problem = await self._drive.save(offer.owner, file), ""
        except UserError as error:  # it is approved all the same: our own copy is there to be fetched
            item, problem = DriveItem(id="", name=file.name, url=""), error.key
        kept = {"frozen": Frozen(sha256=hashlib.sha256(data).hexdigest(), item=item, problem=problem)}
        await self._store.change(OFFERS, offer.tenant, offer.id, Offer, lambda known: known.model_copy(update=kept) if known else None)

    def _word(self, offer: Offer, *, day: date, final: bool) -> bytes:
        office = self.office
        return offer_word(offer, office.letterhead, day=day, final=final, folder=office.templates, mark=job_mark(offer.id) if final else "")

    async def word(self, offer: Offer) -> tuple[str, bytes]:
        """Name and bytes of the Word file: what was approved, else the draft as it is now. Raises UserError: broken_template, not_ready."""
        if offer.frozen is None:
            name = f"{labels(offer.language)['offer_title']} {offer.customer.company if offer.customer else ''}".strip()
            return f"{name}.docx", self._word(offer, day=self.today, final=False)
        data = await self._blobs.get(f"{offer.tenant}/{offer.id}/{APPROVED}")
        if data is None or hashlib.sha256(data).hexdigest() != offer.frozen.sha256:
            _log.error("the approved Word file of an offer is gone or changed")
            raise UserError("not_ready")
        return f"{offer.name}.docx", data

    async def looked_at(self, offer: Offer) -> Offer:
        """With what has become of the file on the drive: somebody may have edited it since. What cannot be told changes nothing."""
        if offer.frozen is None or offer.frozen.edited:
            return offer
        try:
            edited = await self._drive.edited(offer.tenant, offer.frozen.item)
        except (TransientError, UserError):
            return offer
        if not edited:
            return offer
        frozen = offer.frozen.model_copy(update={"edited": True})
        kept = {"frozen": frozen}
        changed = await self._store.change(OFFERS, offer.tenant, offer.id, Offer, lambda known: known.model_copy(update=kept) if known else None)
        return changed or offer

    async def cv(self, offer: Offer) -> tuple[str, bytes] | None:
        """Name and bytes of the candidate's CV as it goes to the customer: blind where the offer is. None where it is gone."""
        job = await self._store.get(JOBS, offer.tenant, offer.cv, Job) if offer.cv else None
        while job and job.same_as:
            job = await self._store.get(JOBS, offer.tenant, job.same_as, Job)
        stored = await self._blobs.get(blob(job, Step.CHECKING.value)) if job else None
        if job is None or stored is None:
            return None
        cv, called = from_json(stored, Structured).cv, self.called(offer)
        shown = blind(cv, called=called) if offer.blind else cv
        office = self.office
        data = render(shown, template=job.template or office.template, language=offer.language, firm=office.letterhead.firm, folder=office.templates)
        return f"CV {_as_name(called)}.docx", data

    async def _email_of(self, offer: Offer) -> str:
        """As it was when the offer was edited; else as the customer has it now."""
        known = (offer.contact.email if offer.contact else "") or (offer.customer.email if offer.customer else "")
        if known or offer.customer is None:
            return known
        try:
            now = await self._customers.get(offer.tenant, offer.customer.id)
        except UserError:
            return ""
        name = offer.contact.name if offer.contact else ""
        return next((contact.email for contact in now.contacts if contact.name == name and contact.email), "") or now.email

    async def _draft_mail(self, offer: Offer) -> Offer:
        """In the submitter's own mailbox; never sent from here."""
        if self._mail is None:
            return offer
        try:
            kept: dict[str, object] = {"mail": await self._mail.draft(offer.owner, await self.message(offer))}
        except UserError as error:
            kept = {"mail_problem": error.key}
        changed = await self._store.change(OFFERS, offer.tenant, offer.id, Offer, lambda known: known.model_copy(update=kept) if known else None)
        return changed or offer

    async def message(self, offer: Offer) -> MailMessage:
        """The e-mail to the customer, with the letter that was approved and the CV as it is now. Raises UserError: not_ready."""
        name, word = await self.word(offer)
        cv = await self.cv(offer)
        words = labels(offer.language)
        return MailMessage(
            key=offer.id,
            to=await self._email_of(offer),
            subject=words["offer_mail_subject"].format(number=offer.name, role=offer.terms.role),
            text=words["offer_mail"].format(
                dear=salutation(offer.contact, offer.language), number=offer.name, name=offer.owner_name, firm=self.office.letterhead.firm
            ),
            files=((name, word), *([cv] if cv else [])),
        )

    # --- time

    def next_look(self, offer: Offer) -> datetime | None:
        """When somebody has to look after it again; None where nothing is awaited. What was approved is looked at once a day for a while."""
        now = self._store.clock.now()
        if offer.stage in (Stage.APPROVED, Stage.SENT) and offer.frozen and offer.frozen.item.drive and not offer.frozen.edited:
            return now + timedelta(days=1) if now - (offer.decision.at if offer.decision else now) < WATCHED else None
        if offer.stage is not Stage.SUBMITTED or offer.request is None:
            return None
        return offer.request.lapse if offer.request.reminded else min(offer.request.remind, offer.request.lapse)

    async def remind(self, offer: Offer) -> bool:
        """Is it time to remind the approvers, and is it for the caller to do? Once for each request."""
        request = offer.request
        if offer.stage is not Stage.SUBMITTED or request is None or request.reminded or request.remind > self._store.clock.now():
            return False
        won = False

        def reminded(known: Offer | None) -> Offer | None:
            nonlocal won
            won = bool(known and known.request and known.stage is Stage.SUBMITTED and known.request == request)
            return known.model_copy(update={"request": request.model_copy(update={"reminded": True})}) if known and won else None

        await self._store.change(OFFERS, offer.tenant, offer.id, Offer, reminded)
        return won

    # --- lists and retention

    def csv(self, offers: Sequence[Offer], heads: Sequence[str], names: Mapping[str, str], *, days: str, seen: Callable[[Offer], bool]) -> bytes:
        """`heads` of the columns and the `names` of stages and units in the reader's language; amounts with a decimal comma and without currency
        signs, those alone that the reader has `seen`. `days` as strftime writes them.
        """
        rows = [tuple(heads)]
        for offer in offers:
            sums, terms = totals(offer.terms), offer.terms
            amounts = (terms.rate, sums.net.amount, sums.gross.amount)
            rate, net, gross = (f"{amount:.2f}".replace(".", ",") if seen(offer) else "" for amount in amounts)
            rows.append(
                (
                    offer.name,
                    names[offer.stage.value],
                    offer.customer.company if offer.customer else "",
                    offer.shown_candidate,
                    terms.role,
                    rate,
                    names[terms.unit.value],
                    net,
                    gross,
                    terms.currency,
                    terms.start.strftime(days) if terms.start else "",
                    offer.owner_name,
                    offer.updated.date().strftime(days),
                )
            )
        return csv_table(rows)

    async def verify(self, tenant: str) -> Checked:
        """The log, and what it stands for: the approved terms, the Word files, the numbers."""
        checked = await self.log.verify(tenant)
        found = decoded(await self._store.records.all(OFFERS, tenant), Offer)
        broken = [(0, "record") for offer in found if offer is None]
        final = [offer for offer in found if offer and offer.number]
        for offer in final:
            data = await self._blobs.get(f"{tenant}/{offer.id}/{APPROVED}") if offer.frozen else None
            if offer.frozen and (data is None or hashlib.sha256(data).hexdigest() != offer.frozen.sha256):
                broken.append((0, "file"))
        for year in {offer.year for offer in final}:
            numbers = sorted(offer.number for offer in final if offer.year == year)
            last = await self._numbers.last(tenant, f"offers-{year}")
            if len(set(numbers)) != len(numbers) or last is None or last.number < numbers[-1]:
                broken.append((0, "number"))
        return replace(checked, broken=(*checked.broken, *broken))

    async def forget_candidate(self, tenant: str, candidate: str) -> int:
        """Drafts about a candidate lose what they say of the person; business letters are kept by law. Returns how many those are."""
        kept = 0
        for offer in decoded(await self._store.records.all(OFFERS, tenant), Offer):
            if offer is None or offer.candidate != candidate:
                continue
            if offer.stage.final:
                kept += 1
                continue
            await self.log.forget_words(tenant, offer.id)
            moves = tuple(move.model_copy(update={"text": ""}) for move in offer.moves)
            empty = {"stage": Stage.DISCARDED, "candidate": "", "candidate_name": "", "cv": "", "match": "", "request": None, "moves": moves}
            gone = {**empty, "terms": Terms(), "updated": self._store.clock.now()}
            await self.due.mark(tenant, offer.id, seconds=0)
            await self._store.change(
                OFFERS,
                tenant,
                offer.id,
                Offer,
                lambda known: known.model_copy(update=gone) if known and not known.stage.final else None,  # noqa: B023  # called at once
            )
        return kept

    async def forget_person(self, tenant: str, user: str) -> int:
        """Take somebody's name and reasons out of the log and out of the offers' histories; returns how many entries that were.

        That somebody decided, and how, stays: nothing of the chain is changed.
        """

        def nameless(known: Offer | None) -> Offer | None:
            asked = known.request.approvers if known and known.request else ()
            if known is None or not (any(user in (move.user, move.text) for move in known.moves) or any(one.user == user for one in asked)):
                return None
            empty = {"user": "", "name": "", "text": ""}
            moves = tuple(
                move.model_copy(update=empty if move.user == user else {"text": ""}) if user in (move.user, move.text) else move
                for move in known.moves
            )
            left = tuple(one.model_copy(update={"name": ""}) if one.user == user else one for one in asked)
            request = known.request.model_copy(update={"approvers": left}) if known.request else None
            return known.model_copy(update={"moves": moves, "request": request})

        for record in await self._store.records.all(OFFERS, tenant):
            await self._store.change(OFFERS, tenant, record.key, Offer, nameless)
        return await self.log.forget_person(tenant, user)

    async def tidy(self, tenant: str, *, draft_days: int) -> int:
        """Erase what nobody needs any more: drafts after so many days, business letters after the years the law asks for. Returns how many."""
        gone, now = 0, self._store.clock.now()
        for record in await self._store.records.all(OFFERS, tenant):
            offer = decoded([record], Offer)[0]
            if offer is None:
                continue
            if offer.stage.final:  # the years begin at the end of the one in which the letter was sent (§ 257 HGB, paragraph 5)
                over = now.year > (offer.decision.at.year if offer.decision else offer.updated.year) + self.office.keep_years
            else:
                over = offer.stage is not Stage.SUBMITTED and now - offer.updated > timedelta(days=draft_days)
            if over:
                await self.erase(offer)
                gone += 1
        return gone

    async def erase(self, offer: Offer) -> None:
        """The record goes last: killed before, it is found again."""
        if offer.frozen:
            await self._drive.delete(offer.tenant, offer.frozen.item)
        await self._blobs.delete(f"{offer.tenant}/{offer.id}")
        await self.log.forget_words(offer.tenant, offer.id)
        for record in await self._store.records.all(OFFER_CARDS, offer.tenant, prefix=f"{offer.id}-"):
            await self._store.records.delete(OFFER_CARDS, offer.tenant, record.key)
        await self._store.records.delete(OFFERS, offer.tenant, offer.id)


def missing(offer: Offer) -> tuple[str, ...]:
    """What an offer lacks before anybody can approve it, as names of its fields."""
    terms = offer.terms
    there = {
        "customer": offer.customer is not None,
        "role": bool(terms.role),
        "rate": terms.rate > 0,
        "volume": terms.volume > 0,
        "start": terms.start is not None,
        "valid_until": terms.valid_until is not None,
    }
    return tuple(name for name, known in there.items() if not known)


_FIXED: dict[str, object] = {"moves": (), "done": 0, "stage": Stage.DRAFT, "version": 0, "request": None, "updated": datetime(2026, 1, 1, tzinfo=UTC)}
"""What says nothing about the terms."""


def _checked(terms: Terms, **changes: object) -> Terms:
    """Raises pydantic.ValidationError."""
    return Terms.model_validate({**terms.model_dump(), **changes})


def given_away(offer: Offer) -> tuple[str, ...]:
    """The fields of a blind offer that hold the candidate's name, or a way to reach them."""
    texts = ("role", "place", "travel", "conditions", "introduction") if offer.blind and offer.candidate_name else ()
    return tuple(name for name in texts if names(getattr(offer.terms, name), offer.candidate_name))


def _as_name(text: str) -> str:
    """Without what separates folders and files."""
    return re.sub(r'[\\/:*?"<>|]+', "-", text).strip(" .-") or "-"


def _searched(offer: Offer) -> str:
    return f"{offer.name} {offer.customer.company if offer.customer else ''} {offer.candidate_name} {offer.terms.role}".casefold()


def _called(customer: Customer | None, name: str) -> Contact | None:
    """The customer's contact of that name, where it was said."""
    words = set(name.casefold().split())
    return next((one for one in customer.contacts if words & set(one.name.casefold().split())), None) if customer and words else None
