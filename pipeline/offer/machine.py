"""The offer as a state machine: what may be done by whom, and where it leads. Pure: (offer, verb, actor) -> offer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import UserError
from pipeline.model.offer import DECISIONS, Colleague, Move, Offer, Request, Stage, Verb
from pipeline.model.person import Role

TABLE: Mapping[tuple[Stage, Verb], Stage] = {
    **{(stage, Verb.EDIT): Stage.DRAFT for stage in (Stage.DRAFT, Stage.SUBMITTED, Stage.CHANGES, Stage.REJECTED, Stage.LAPSED)},
    **{(stage, Verb.SUBMIT): Stage.SUBMITTED for stage in (Stage.DRAFT, Stage.CHANGES, Stage.LAPSED)},
    **{(stage, Verb.DISCARD): Stage.DISCARDED for stage in (Stage.DRAFT, Stage.CHANGES, Stage.REJECTED, Stage.LAPSED)},
    (Stage.SUBMITTED, Verb.WITHDRAW): Stage.DRAFT,
    (Stage.SUBMITTED, Verb.APPROVE): Stage.APPROVED,
    (Stage.SUBMITTED, Verb.REJECT): Stage.REJECTED,
    (Stage.SUBMITTED, Verb.REQUEST_CHANGES): Stage.CHANGES,
    (Stage.SUBMITTED, Verb.DELEGATE): Stage.SUBMITTED,
    (Stage.SUBMITTED, Verb.LAPSE): Stage.LAPSED,
    (Stage.APPROVED, Verb.SEND): Stage.SENT,
    **{(stage, Verb.ACCEPT): Stage.ACCEPTED for stage in (Stage.APPROVED, Stage.SENT)},
    **{(stage, Verb.DECLINE): Stage.DECLINED for stage in (Stage.APPROVED, Stage.SENT)},
    **{(stage, Verb.EXPIRE): Stage.EXPIRED for stage in (Stage.APPROVED, Stage.SENT)},
    **{(stage, Verb.REOPEN): Stage.SENT for stage in (Stage.ACCEPTED, Stage.DECLINED, Stage.EXPIRED)},
}
"""What is not here cannot be done."""

APPROVERS_DO = DECISIONS | {Verb.DELEGATE}
CLOCK_DOES = frozenset({Verb.LAPSE})
WITH_REASON = frozenset({Verb.REJECT, Verb.REQUEST_CHANGES})
NEW_VERSION = frozenset({Verb.EDIT, Verb.SUBMIT, Verb.WITHDRAW, Verb.REOPEN})
"""After these, what was seen before cannot be decided about any more."""
SHORTEST_REASON = 3


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. `roles` as the directory says now; `clock`: nobody, time has run out."""

    user: str
    name: str = ""
    roles: frozenset[Role] = frozenset()
    clock: bool = False


CLOCK = Actor(user="", clock=True)


def verbs_for(offer: Offer, actor: Actor, *, four_eyes: bool) -> frozenset[Verb]:
    """What this person may do with the offer as it is now."""
    return frozenset(verb for verb in Verb if (offer.stage, verb) in TABLE and not _forbidden(offer, verb, actor, four_eyes=four_eyes))


def moved(
    offer: Offer, verb: Verb, actor: Actor, *, version: int, at: datetime, four_eyes: bool = True, text: str = "", request: Request | None = None
) -> Offer:
    """The offer after the verb; the same offer where exactly this was done already.

    `version` is what the person saw; `request` goes with a submission.
    Raises UserError: not_yours, not_approver, four_eyes, already_decided, offer_changed, offer_not_possible, request_lapsed, reason_needed.
    """
    if refusal := _forbidden(offer, verb, actor, four_eyes=four_eyes):
        raise UserError(refusal)
    if verb not in DECISIONS and _is_repeated(offer, verb, actor, version, text):
        return offer
    if verb in DECISIONS and offer.version == version and offer.stage is not Stage.SUBMITTED and (decision := offer.decision):
        raise UserError("already_decided", name=decision.name or "–")
    if offer.version != version:
        raise UserError("offer_changed")
    stage = TABLE.get((offer.stage, verb))
    if stage is None:
        raise UserError("offer_not_possible")
    if verb in APPROVERS_DO and offer.request and offer.request.lapse <= at:
        raise UserError("request_lapsed")
    if verb in WITH_REASON and len(text.strip()) < SHORTEST_REASON:
        raise UserError("reason_needed")
    move = Move(at=at, verb=verb, user=actor.user, name=actor.name, version=version, stage=stage, text=text.strip()[:1000], what=digest(offer))
    return offer.model_copy(
        update={
            "stage": stage,
            "version": offer.version + (verb in NEW_VERSION),
            "request": _request(offer, verb, request),
            "moves": (*offer.moves, move),
            "updated": at,
            "year": at.year if verb is Verb.APPROVE else offer.year,
        }
    )


def authors(offer: Offer) -> frozenset[str]:
    """Who has made it, edited it or submitted it: none of them is the second person."""
    return frozenset((offer.owner.user, *(m.user for m in offer.moves if m.verb in (Verb.EDIT, Verb.SUBMIT))))


def _is_repeated(offer: Offer, verb: Verb, actor: Actor, version: int, text: str) -> bool:
    """Was exactly this the last that was done?"""
    last = offer.moves[-1] if offer.moves else None
    return last is not None and (last.verb, last.user, last.version, last.text) == (verb, actor.user, version, text.strip()[:1000])


def delegated(offer: Offer, to: Colleague) -> Offer:
    """The request, passed on to one more person; where everybody with the role may decide, nothing changes."""
    if offer.request is None or not offer.request.approvers or any(known.user == to.user for known in offer.request.approvers):
        return offer
    request = offer.request.model_copy(update={"approvers": (*offer.request.approvers, to)})
    return offer.model_copy(update={"request": request})


def _request(offer: Offer, verb: Verb, new: Request | None) -> Request | None:
    if verb is Verb.SUBMIT:
        return new
    return offer.request if verb not in (Verb.EDIT, Verb.WITHDRAW) else None


def _forbidden(offer: Offer, verb: Verb, actor: Actor, *, four_eyes: bool) -> str:
    """Why this person may not do it, as the key of a message; empty where they may."""
    if verb in CLOCK_DOES:
        return "" if actor.clock else "offer_not_possible"
    if verb not in APPROVERS_DO:
        return "" if actor.user == offer.owner.user or Role.ADMIN in actor.roles else "not_yours"
    if Role.APPROVER not in actor.roles:
        return "not_approver"
    if four_eyes and actor.user in authors(offer):
        return "four_eyes"
    asked = offer.request.approvers if offer.request else ()
    if asked and actor.user not in {one.user for one in asked}:
        return "not_approver"
    return ""


def was_asked(offer: Offer, user: str) -> bool:
    """Is, or was, this person asked about it? Where nobody was named, everybody with the role was."""
    asked = offer.request.approvers if offer.request else ()
    return any(move.user == user for move in offer.moves) or (offer.request is not None and (not asked or user in {one.user for one in asked}))


def sees_terms(offer: Offer, user: str, roles: frozenset[Role]) -> bool:
    """Who may see what is offered for how much: its owner, whoever was asked to approve it, admins and auditors. All others see how far it is."""
    if offer.owner.user == user or roles & {Role.ADMIN, Role.AUDITOR}:
        return True
    return Role.APPROVER in roles and was_asked(offer, user)


def digest(offer: Offer) -> str:
    """One hash of what is offered: who, to whom, for how much, from when to when."""
    terms, customer = offer.terms, offer.customer
    money = (f"{terms.rate:.2f}", terms.currency, terms.unit.value, f"{terms.volume:.2f}", f"{terms.vat:.2f}", str(terms.payment_days))
    when = tuple(day.isoformat() if day else "" for day in (terms.start, terms.end, terms.valid_until))
    who = (offer.candidate_name, str(offer.blind), terms.role, customer.company if customer else "", terms.place, terms.conditions)
    return hashlib.sha256("\n".join((*money, *when, *who)).encode()).hexdigest()
