"""What people say and click about offers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from cards.chat import note_card
from cards.elements import CardJson
from cards.i18n import catalogue
from cards.job import error_text
from cards.offer import (
    ALL,
    CHANNEL,
    CHOSEN,
    ROLE,
    Around,
    approval_card,
    offer_card,
    offer_form,
    offers_card,
    own_again,
    stage_named,
    state_card,
    which_candidate_card,
)
from cards.offer_actions import (
    AcceptOffer,
    ApproveOffer,
    DeclineOffer,
    DelegateOffer,
    DiscardOffer,
    EditOffer,
    ExpireOffer,
    Form,
    ListOffers,
    MailOffer,
    MakeOffer,
    OfferAction,
    PhraseOffer,
    RejectOffer,
    ReopenOffer,
    RequestChanges,
    SaveOffer,
    SendOffer,
    ShowOffer,
    SubmitOffer,
    ViewOffer,
    WithdrawOffer,
)
from dialogs.offer_form import filled
from dialogs.services import Services
from dialogs.talk import Talk
from dialogs.turn import Answer, Flow, Follow, Meant, OfferCard, Reply, Show, Turn
from pipeline.errors import UserError
from pipeline.model.customer import Customer
from pipeline.model.job import Conversation, Job, State
from pipeline.model.match import Match
from pipeline.model.offer import Colleague, Offer, Stage, Verb
from pipeline.model.person import Role
from pipeline.offer.machine import Actor, authors, sees_terms, verbs_for, was_asked
from pipeline.offer.understand import asks_for_offer, understood
from pipeline.offers import missing

_OFFERS = re.compile(r"(?:offers|angebote)(?:\s+(?P<text>.+))?", re.IGNORECASE)
_SIMPLE: dict[type[OfferAction], Verb] = {
    WithdrawOffer: Verb.WITHDRAW,
    ApproveOffer: Verb.APPROVE,
    SendOffer: Verb.SEND,
    AcceptOffer: Verb.ACCEPT,
    DeclineOffer: Verb.DECLINE,
    ExpireOffer: Verb.EXPIRE,
    ReopenOffer: Verb.REOPEN,
    DiscardOffer: Verb.DISCARD,
}
_STALE = frozenset({"already_decided", "offer_changed", "offer_not_possible"})
"""Refusals after which the card on the screen says something that is no longer so."""


def meant(text: str, talk: Talk) -> Meant | None:
    """None where the text is about something else."""
    if found := _OFFERS.fullmatch(text):
        return Meant("say.offers", partial(_list, talk, stage="", text=(found["text"] or "").strip(), page=0))
    if asks_for_offer(text):
        return Meant("say.offer", partial(_begin, talk, text=text))
    return None


async def card_for(offer: Offer, reader: Conversation, services: Services) -> CardJson:
    """The offer as this person sees it, with what they may do."""
    texts, offers = catalogue(reader.locale), services.service.offers
    actor = Actor(reader.user, reader.name, await services.directory.roles(reader.person))
    verbs = verbs_for(offer, actor, four_eyes=offers.office.four_eyes)
    asks = offer.stage in (Stage.DRAFT, Stage.CHANGES, Stage.LAPSED, Stage.SUBMITTED)
    people = [one for one in await services.approvers(offer.tenant) if one.user != reader.user] if asks else []
    if offers.office.four_eyes:
        people = [one for one in people if one.user not in authors(offer)]
    around = Around(
        word_url=services.link(f"offers/{offer.id}/word", offer.tenant),
        verbs=verbs,
        approvers=people,
        channel=asks and await offers.channel(offer.tenant) is not None,
        words=offers.words,
        four_eyes=offers.office.four_eyes,
        mails=offers.mails and offer.owner.user == reader.user,
        mail_url=services.link(f"offers/{offer.id}/mail", offer.tenant),
        missing=missing(offer) if Verb.EDIT in verbs else (),
        doubts=await services.service.customers.doubts(offer.customer) if offer.customer and Verb.EDIT in verbs else (),
    )
    if offer.owner.user == reader.user:
        return offer_card(offer, texts, around)
    if Role.APPROVER in actor.roles and was_asked(offer, reader.user):
        return approval_card(offer, texts, around)
    if Role.ADMIN in actor.roles:
        return offer_card(offer, texts, around)
    return state_card(offer, texts)  # everybody else sees how far it is: neither terms nor margin


async def clicked(action: OfferAction, talk: Talk) -> Turn:
    """Raises UserError."""
    try:
        return await _acted(action, talk)
    except UserError as error:
        offer_id = getattr(action, "offer", "")
        if error.key not in _STALE or not offer_id:
            raise
        said = note_card(error_text(error.key, error.values, talk.texts), talk.texts)
        offer = await talk.service.offers.get(talk.tenant, offer_id)
        if not talk.event.conversation.personal:
            return Turn((Answer(said), Follow(offer.tenant, offer.id)), flow=talk.flow)
        return Turn((Show(said), await _shown(offer, talk, message=talk.event.card), Follow(offer.tenant, offer.id)), flow=talk.flow)


async def _acted(action: OfferAction, talk: Talk) -> Turn:
    offers, tenant = talk.service.offers, talk.tenant
    match action:
        case MakeOffer(job=job, match=match, text=text):
            return await _begin(talk, text=text, job=job, match=match)
        case ShowOffer(offer=key):
            offer = await offers.looked_at(await offers.get(tenant, key))
            return Turn((await _shown(offer, talk),), flow=_about(offer, talk))
        case ViewOffer(offer=key):
            offer = await offers.looked_at(await offers.get(tenant, key))
            return Turn((await _shown(offer, talk, message=talk.event.card),), flow=talk.flow)
        case EditOffer(offer=key):
            offer = await offers.get(tenant, key)
            if Verb.EDIT not in verbs_for(offer, await _actor(talk), four_eyes=offers.office.four_eyes):
                raise UserError("offer_not_possible" if offer.owner.user == talk.user else "not_yours")
            return talk.answer(offer_form(offer, talk.texts, customers=await _choice(talk, "")))
        case SaveOffer(offer=key, version=version, form=form):
            return await _save(key, _number(version), form, talk)
        case SubmitOffer(offer=key, version=version, approver=approver):
            people = await _asked(approver, talk)
            if approver == ROLE:
                await _somebody(await offers.get(tenant, key), talk)
            done = await offers.submit(tenant, key, await _actor(talk), version=_number(version), approvers=people, channel=approver == CHANNEL)
            return await _moved(done.offer, talk)
        case RejectOffer(offer=key, version=version, reason=text):
            return await _do(key, Verb.REJECT, version, talk, text=text)
        case RequestChanges(offer=key, version=version, comment=text):
            return await _do(key, Verb.REQUEST_CHANGES, version, talk, text=text)
        case DelegateOffer(offer=key, version=version, delegate=delegate):
            people = await _asked(delegate, talk)
            if not people or people[0].user == talk.user:
                raise UserError("no_delegate")
            to = people[0]
            done = await offers.do(tenant, key, Verb.DELEGATE, await _actor(talk), version=_number(version), text=to.user, to=to)
            return await _moved(done.offer, talk)
        case MailOffer(offer=key):
            return await _moved(await offers.wish_mail(tenant, key, await _actor(talk)), talk)
        case PhraseOffer(offer=key, version=version):
            return await _moved(await offers.wish_words(tenant, key, await _actor(talk), version=_number(version)), talk)
        case ListOffers(stage=stage, text=text, page=page):
            return await _list(talk, stage="" if stage == ALL else stage, text=text, page=_number(page))
        case _:
            return await _do(action.offer, _SIMPLE[type(action)], action.version, talk)


async def _do(key: str, verb: Verb, version: str, talk: Talk, *, text: str = "") -> Turn:
    done = await talk.service.offers.do(talk.tenant, key, verb, await _actor(talk), version=_number(version), text=text.strip()[:1000])
    offer = await talk.service.offers.looked_at(done.offer) if verb is Verb.SEND else done.offer
    return await _moved(offer, talk)


async def _moved(offer: Offer, talk: Talk) -> Turn:
    """The card that was clicked at once, all others soon after."""
    return Turn((await _shown(offer, talk, message=talk.event.card), Follow(offer.tenant, offer.id)), flow=talk.flow)


async def _shown(offer: Offer, talk: Talk, *, message: str = "") -> Reply:
    """In the 1:1 chat a card that follows the offer from now on; elsewhere one for the person who clicked alone."""
    where = talk.event.conversation
    made = await card_for(offer, where, talk.services)
    return OfferCard(offer.tenant, offer.id, made, message) if where.personal else Answer(own_again(made, offer, talk.texts, where.user_id))


async def _begin(talk: Talk, *, text: str, job: str = "", match: str = "") -> Turn:
    """A draft, shown as a form. Raises UserError: unknown_job, not_ready, unknown_match."""
    service, tenant, texts = talk.service, talk.tenant, talk.texts
    wanted = understood(text, today=service.offers.today)
    found: Match | None = await service.matches.get(tenant, match) if match else None
    job = job or (found.job if found else "")
    if not job and wanted.candidate:
        candidates = await service.candidates.find(tenant, talk.user, wanted.candidate)
        if not candidates:
            return talk.note(texts("delete.none", name=wanted.candidate))
        if len(candidates) > 1:
            return talk.show(which_candidate_card(candidates, texts, text=text[:500]))
        job = candidates[0].jobs[-1]
    job = job or talk.flow.job
    if not job:
        return talk.note(texts("offer.no_cv"))
    cv = await service.shown(tenant, job)
    if cv.state != State.DONE or cv.result is None:
        raise UserError("not_ready")
    name = wanted.customer or (found.profile.customer if found else "")
    known = await service.customers.find(tenant, name) if name else []
    meant_one = await service.customers.meant(tenant, name) if name else None
    where = talk.event.conversation
    offer = await service.offers.draft(
        where.person,
        where.name,
        key=service.job_id(tenant, f"{where.id}\n{talk.event.id}\noffer\n{job}"),
        locale=where.locale,
        cv=_own(cv),
        match=found,
        customer=meant_one,
        wanted=wanted,
    )
    form = offer_form(offer, texts, customers=await _choice(talk, name), wanted="" if known else name)
    return Turn((Show(form),), flow=Flow(job=job))


def _own(job: Job) -> Job:
    """The job that has made the CV: the same file may have been worked on before."""
    return job.model_copy(update={"id": job.same_as}) if job.same_as else job


async def _choice(talk: Talk, name: str) -> list[Customer]:
    """Customers to choose from: those like the name first."""
    like = await talk.service.customers.find(talk.tenant, name) if name else []
    everybody = await talk.service.customers.all(talk.tenant)
    return list({one.id: one for one in (*like, *everybody)}.values())[:CHOSEN]


async def _save(key: str, version: int, form: Form, talk: Talk) -> Turn:
    """Raises UserError: bad_terms, and as `Offers.edit` does."""
    offers = talk.service.offers
    before = await offers.get(talk.tenant, key)
    if version != before.version and not (before.moves and before.moves[-1].version == version):  # nothing is made of a form that is too old
        raise UserError("offer_changed")
    made = await filled(form, before, talk)
    return await _moved((await offers.edit(talk.tenant, key, await _actor(talk), version=version, change=made.change)).offer, talk)


async def _asked(chosen: str, talk: Talk) -> list[Colleague]:
    """Who was chosen; nobody where it is a role or a channel. Raises UserError: not_approver."""
    if chosen in (ROLE, CHANNEL):
        return []
    found = [one for one in await talk.services.approvers(talk.tenant) if one.user == chosen]
    if not found:
        raise UserError("no_delegate")
    return found


async def _somebody(offer: Offer, talk: Talk) -> None:
    """Raises UserError: nobody_to_ask, where nobody could answer."""
    everybody = {one.user for one in await talk.services.approvers(talk.tenant)}
    if not everybody - (authors(offer) | {talk.user} if talk.service.offers.office.four_eyes else set()):
        raise UserError("nobody_to_ask")


async def _list(talk: Talk, *, stage: str, text: str, page: int) -> Turn:
    text = text.strip()[:80]
    if not stage and (named := stage_named(text)):
        stage, text = named, ""
    found: Sequence[Offer] = await talk.service.offers.all(talk.tenant, stage=stage, text=text)
    actor = await _actor(talk)
    seen = frozenset(offer.id for offer in found if sees_terms(offer, actor.user, actor.roles))
    query = urlencode({"stage": stage, "search": text, "for": talk.user})  # the same offers, and no more of them than this person sees
    csv_url = talk.services.link(f"offers/csv?{query}", talk.tenant)
    return talk.answer(offers_card(found, talk.texts, seen=seen, stage=stage, text=text, page=page, csv_url=csv_url))


async def _actor(talk: Talk) -> Actor:
    where = talk.event.conversation
    return Actor(where.user, where.name, await talk.services.directory.roles(where.person))


def _about(offer: Offer, talk: Talk) -> Flow:
    return Flow(job=offer.cv) if offer.cv and offer.owner.user == talk.user else talk.flow


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else -1
