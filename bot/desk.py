"""Looks after offers: carries through what was decided, asks approvers, reminds them, and keeps all cards of an offer up to date.

The stored offer is the truth. Whatever is killed in between, its mark (see Due) stays, and the next process that looks does the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress

from botbuilder.schema import ErrorResponseException
from msrest.exceptions import ClientRequestError
from pydantic import BaseModel, ConfigDict

from bot.places import Places
from bot.sender import Sender, Unreachable
from cards.elements import CardJson
from cards.i18n import catalogue
from cards.offer import decided_card, reminder_card, state_card, watched
from dialogs.offers import card_for
from dialogs.services import Services
from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.codec import from_json
from pipeline.model.job import Conversation
from pipeline.model.offer import DECISIONS, Colleague, Offer, Stage, Verb
from pipeline.model.person import Role
from pipeline.once import Once
from pipeline.store import OFFER_CARDS

_log = logging.getLogger("desk")

ALONE_SECONDS = 30.0
"""So long one process has an offer for itself."""
REDRAWS = 4
PERSONAL = 0
"""The version of a card that shows the offer as it is; others ask about one version."""
ROLES_SECONDS = 2.0
"""So long the directory may take for all of them: a turn may wait for it."""
PEOPLE = 300
"""So many people's roles are looked up to find the approvers."""
_TOLD = frozenset({Stage.APPROVED, Stage.REJECTED, Stage.CHANGES, Stage.LAPSED})


class Shown(BaseModel):
    """A message that shows an offer. `version`: the one that it asks about, or 0 where it shows the offer as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: Conversation
    message: str
    version: int = PERSONAL


class Desk:
    def __init__(self, sender: Sender, places: Places, services: Services) -> None:
        self._sender = sender
        self._places = places
        self._services = services
        self._offers = services.service.offers
        self._store = services.service.store
        self._once = Once(self._store)

    # --- cards

    async def place(self, where: Conversation, tenant: str, offer_id: str, card: CardJson, message: str) -> None:
        """Show the offer, and remember where: the card follows it from now on."""
        shown = await self._sender.replace(where, message, card) if message else await self._sender.post(where, card)
        if shown:
            await self._remember(tenant, offer_id, Shown(where=where, message=shown))

    async def _remember(self, tenant: str, offer_id: str, shown: Shown) -> None:
        """One message is one record; a card that asks about one version never turns into one that shows the newest."""
        await self._store.create(OFFER_CARDS, tenant, _key(offer_id, shown.where, shown.message), shown)

    async def _draw(self, offer: Offer) -> None:
        records = await self._store.records.all(OFFER_CARDS, offer.tenant, prefix=f"{offer.id}-")
        for record in records:
            shown = from_json(record.value, Shown)
            with suppress(Unreachable, ErrorResponseException, ClientRequestError):
                message = await self._sender.replace(shown.where, shown.message, await self._card(offer, shown))
                if message != shown.message:  # the old one is gone
                    await self._store.records.delete(OFFER_CARDS, offer.tenant, record.key)
                    await self._remember(offer.tenant, offer.id, shown.model_copy(update={"message": message}))

    async def _card(self, offer: Offer, shown: Shown) -> CardJson:
        where = shown.where
        texts = catalogue(where.locale)
        if shown.version and shown.version != offer.version:
            return state_card(offer, texts, old=True)
        if where.personal:
            return await card_for(offer, where, self._services)
        users = [chat.user_id for chat in await self.approving(offer.tenant) if chat.user != offer.owner.user]
        owner = [offer.owner.channel_user] if offer.owner.channel_user else []
        return watched(state_card(offer, texts), offer, texts, [*users, *owner])

    # --- approvers

    async def approving(self, tenant: str) -> list[Conversation]:
        """The 1:1 chats of those who have the role."""
        chats = (await self._places.people(tenant))[:PEOPLE]

        async def roles(chat: Conversation) -> frozenset[Role]:
            try:
                return await self._services.directory.roles(chat.person)
            except TransientError:  # not told: then not asked
                return frozenset()

        asked = [asyncio.create_task(roles(chat)) for chat in chats]
        if asked:
            _, late = await asyncio.wait(asked, timeout=ROLES_SECONDS)
            for task in late:  # who is told too late is not asked this time; the answers of then are known next time
                task.cancel()
        return [chat for chat, task in zip(chats, asked, strict=True) if not task.cancelled() and task.done() and Role.APPROVER in task.result()]

    async def approvers(self, tenant: str) -> list[Colleague]:
        return [Colleague(user=chat.user, name=chat.name) for chat in await self.approving(tenant)]

    async def _ask(self, offer: Offer) -> None:
        """A card for each who is asked, once for each version: an old card that changes would tell nobody."""
        for where in await self._asked(offer):
            key = f"ask-{offer.id}-{offer.version}-{_hash(where.id)}"
            if not await self._once.first(offer.tenant, key, seconds=ALONE_SECONDS):
                continue
            shown = Shown(where=where, message="", version=offer.version)
            message = ""
            try:
                message = await self._sender.post(where, await self._card(offer, shown))
            except (Unreachable, ErrorResponseException, ClientRequestError) as error:
                _log.warning("an approver was not asked: %s", type(error).__name__)
            if message:
                await self._remember(offer.tenant, offer.id, shown.model_copy(update={"message": message}))
                await self._once.done(offer.tenant, key, outcome="asked")

    async def _asked(self, offer: Offer) -> list[Conversation]:
        request = offer.request
        if offer.stage is not Stage.SUBMITTED or request is None:
            return []
        channel = await self._offers.channel(offer.tenant) if request.channel else None
        chats = [chat for chat in await self.approving(offer.tenant) if not self._offers.office.four_eyes or chat.user != offer.owner.user]
        wanted = {one.user for one in request.approvers}
        if channel and not wanted:
            return [channel]
        return [*([channel] if channel else []), *(chat for chat in chats if not wanted or chat.user in wanted)]

    async def _tell(self, offer: Offer) -> None:
        """A message to who made it, since a card that changes tells nobody. At most once for each decision."""
        where = await self._places.chat_of(offer.tenant, offer.owner.user)
        if where is None or not offer.moves or offer.stage not in _TOLD or offer.moves[-1].verb not in DECISIONS | {Verb.LAPSE}:
            return
        key = f"told-{offer.id}-{len(offer.moves)}"
        if await self._once.first(offer.tenant, key, seconds=ALONE_SECONDS):
            await self._once.done(offer.tenant, key, outcome="told")
            with suppress(Unreachable, ErrorResponseException, ClientRequestError):
                await self._sender.post(where, decided_card(offer, catalogue(where.locale)))

    async def _remind(self, offer: Offer) -> Offer:
        if not await self._offers.remind(offer):
            return offer
        for where in await self._asked(offer):
            with suppress(Unreachable, ErrorResponseException, ClientRequestError):
                await self._sender.post(where, reminder_card(offer, catalogue(where.locale)))
        return await self._offers.get(offer.tenant, offer.id)

    # --- looking after them

    async def tend(self, tenant: str, offer_id: str) -> None:
        """Do whatever the offer waits for, then draw its cards. Repeating it, here or elsewhere, does no harm. Raises TransientError."""
        due, offers = self._offers.due, self._offers
        try:
            tag = await due.take(tenant, offer_id, seconds=ALONE_SECONDS)
        except Conflict:  # another looks after it
            return
        for _ in range(REDRAWS):
            failed: TransientError | None = None
            try:
                offer = await offers.finish(tenant, offer_id)
            except TransientError as error:  # the cards are drawn all the same; the mark stays
                failed, offer = error, await self._known(tenant, offer_id)
            if offer is None:
                await due.settle(tenant, offer_id, tag, again=None)
                return
            await self._ask(offer)
            offer = await offers.looked_at(await self._remind(offer))
            await self._draw(offer)
            await self._tell(offer)
            if failed:
                raise failed
            now = await self._known(tenant, offer_id)
            if now == offer and await due.settle(tenant, offer_id, tag, again=offers.next_look(offer)):
                return
            with suppress(Conflict):  # it has changed meanwhile: once more
                tag = await due.take(tenant, offer_id, seconds=ALONE_SECONDS)

    async def _known(self, tenant: str, offer_id: str) -> Offer | None:
        try:
            return await self._offers.get(tenant, offer_id)
        except UserError:
            return None

    async def tend_due(self) -> int:
        """Look after all offers that it is time for; returns how many."""
        found = await self._offers.due.now()
        for tenant, offer_id in found:
            try:
                await self.tend(tenant, offer_id)
            except TransientError as error:
                _log.warning("offer %s: %s", offer_id, error)
            except Exception:  # noqa: BLE001  # one that cannot be looked after keeps no other waiting
                _log.exception("offer %s", offer_id)
        return len(found)


def _key(offer_id: str, where: Conversation, message: str) -> str:
    return f"{offer_id}-{_hash(where.id + message)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
