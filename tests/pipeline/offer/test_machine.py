"""Every state × verb × person: what may be done, where it leads, and that a second time changes nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from pipeline.errors import UserError
from pipeline.model.offer import DECISIONS, Colleague, Move, Offer, Request, Stage, Verb
from pipeline.model.person import Person, Role
from pipeline.offer.machine import APPROVERS_DO, CLOCK, TABLE, WITH_REASON, Actor, delegated, moved, verbs_for
from tests.conftest import NOW

ANNA = Actor("anna", "Anna", frozenset({Role.RECRUITER}))
ANNA_APPROVES = Actor("anna", "Anna", frozenset({Role.RECRUITER, Role.APPROVER}))
OTHER = Actor("omar", "Omar", frozenset({Role.RECRUITER}))
ADMIN = Actor("ada", "Ada", frozenset({Role.ADMIN}))
ADMIN_APPROVES = Actor("ada", "Ada", frozenset({Role.ADMIN, Role.APPROVER}))
BEN = Actor("ben", "Ben", frozenset({Role.APPROVER}))
EVA = Actor("eva", "Eva", frozenset({Role.APPROVER}))
RITA = Actor("rita", "Rita", frozenset({Role.AUDITOR}))
NOBODY = Actor("nora", "Nora")
PEOPLE = {
    "owner": ANNA,
    "owner who approves": ANNA_APPROVES,
    "colleague": OTHER,
    "admin": ADMIN,
    "asked": BEN,
    "not asked": EVA,
    "auditor": RITA,
    "no role": NOBODY,
    "clock": CLOCK,
}

REQUEST = Request(approvers=(Colleague(user="ben", name="Ben"),), at=NOW, remind=NOW + timedelta(days=1), lapse=NOW + timedelta(days=5))


def offer(stage: Stage, *, version: int = 3, request: Request | None = REQUEST, moves: tuple[Move, ...] = ()) -> Offer:
    return Offer(
        id="a" * 32, tenant="t", owner=Person(tenant="t", user="anna"), owner_name="Anna", created=NOW, updated=NOW, version=version, stage=stage,
        request=request, moves=moves,
    )  # fmt: skip


def allowed(stage: Stage, verb: Verb, who: str) -> str:
    """By the words of the specification, told again: the key of the refusal, or empty."""
    if verb is Verb.LAPSE:
        return "" if who == "clock" else "offer_not_possible"
    if verb in (Verb.APPROVE, Verb.REJECT, Verb.REQUEST_CHANGES, Verb.DELEGATE):
        return {"asked": "", "owner who approves": "four_eyes"}.get(who, "not_approver")
    return "" if who in ("owner", "owner who approves", "admin") else "not_yours"


LEADS = {
    "draft": {"edit": "draft", "submit": "submitted", "discard": "discarded"},
    "submitted": {"edit": "draft", "withdraw": "draft", "approve": "approved", "reject": "rejected", "request_changes": "changes", "delegate": "submitted", "lapse": "lapsed"},
    "changes": {"edit": "draft", "submit": "submitted", "discard": "discarded"},
    "rejected": {"edit": "draft", "discard": "discarded"},
    "lapsed": {"edit": "draft", "submit": "submitted", "discard": "discarded"},
    "approved": {"send": "sent", "accept": "accepted", "decline": "declined", "expire": "expired"},
    "sent": {"accept": "accepted", "decline": "declined", "expire": "expired"},
    "accepted": {"reopen": "sent"}, "declined": {"reopen": "sent"}, "expired": {"reopen": "sent"}, "discarded": {},
}  # fmt: skip


def test_the_table_is_what_was_agreed() -> None:
    assert {(s.value, v.value): t.value for (s, v), t in TABLE.items()} == {(s, v): t for s, verbs in LEADS.items() for v, t in verbs.items()}


@pytest.mark.parametrize(("stage", "verb"), list(itertools.product(Stage, Verb)))
@pytest.mark.parametrize("who", PEOPLE)
def test_every_state_verb_and_person(stage: Stage, verb: Verb, who: str) -> None:
    before, actor = offer(stage), PEOPLE[who]
    refusal = allowed(stage, verb, who) or ("" if verb.value in LEADS[stage.value] else "offer_not_possible")
    try:
        after = moved(before, verb, actor, version=3, at=NOW, text="weil es so ist", request=REQUEST)
    except UserError as error:
        assert error.key == refusal
        assert verb not in verbs_for(before, actor, four_eyes=True)
        return
    assert not refusal
    assert verb in verbs_for(before, actor, four_eyes=True)
    assert after.stage.value == LEADS[stage.value][verb.value]
    assert after.version == (4 if verb in (Verb.EDIT, Verb.SUBMIT, Verb.WITHDRAW, Verb.REOPEN) else 3)
    assert len(after.moves) == 1
    assert (after.moves[-1].user, after.moves[-1].verb, after.moves[-1].stage) == (actor.user, verb, after.stage)
    assert (after.request is None) == (verb in (Verb.EDIT, Verb.WITHDRAW))


@pytest.mark.parametrize(("stage", "verb"), [pair for pair in TABLE if pair[1] not in DECISIONS])
def test_the_same_click_twice_is_once(stage: Stage, verb: Verb) -> None:
    who = BEN if verb in APPROVERS_DO else CLOCK if verb is Verb.LAPSE else ANNA
    once = moved(offer(stage), verb, who, version=3, at=NOW, text="x", request=REQUEST)
    assert moved(once, verb, who, version=3, at=NOW + timedelta(seconds=9), text="x", request=REQUEST) is once


@pytest.mark.parametrize("again", sorted(DECISIONS))
@pytest.mark.parametrize("first", sorted(DECISIONS))
def test_what_is_decided_is_decided(first: Verb, again: Verb) -> None:
    once = moved(offer(Stage.SUBMITTED, request=REQUEST.model_copy(update={"approvers": ()})), first, BEN, version=3, at=NOW, text="darum")
    for who in (BEN, EVA):
        with pytest.raises(UserError) as refused:
            moved(once, again, who, version=3, at=NOW, text="darum")
        assert (refused.value.key, refused.value.values) == ("already_decided", {"name": "Ben"})


@pytest.mark.parametrize("verb", sorted(DECISIONS))
@pytest.mark.parametrize("change", [Verb.EDIT, Verb.WITHDRAW])
def test_an_old_version_is_never_decided(verb: Verb, change: Verb) -> None:
    changed = moved(offer(Stage.SUBMITTED), change, ANNA, version=3, at=NOW)
    again = moved(changed, Verb.SUBMIT, ANNA, version=4, at=NOW, request=REQUEST)
    assert (again.stage, again.version) == (Stage.SUBMITTED, 5)
    with pytest.raises(UserError) as refused:
        moved(again, verb, BEN, version=3, at=NOW, text="darum")
    assert refused.value.key == "offer_changed"
    assert moved(again, verb, BEN, version=5, at=NOW, text="darum").moves[-1].verb is verb


@pytest.mark.parametrize("verb", sorted(WITH_REASON))
@pytest.mark.parametrize("text", ["", "  ", "a", "ab "])
def test_a_refusal_needs_a_reason(verb: Verb, text: str) -> None:
    with pytest.raises(UserError, match="reason_needed"):
        moved(offer(Stage.SUBMITTED), verb, BEN, version=3, at=NOW, text=text)


@pytest.mark.parametrize("act", [Verb.EDIT, Verb.SUBMIT])
def test_who_has_had_a_hand_in_it_is_not_the_second_person(act: Verb) -> None:
    """An admin may edit and submit what a recruiter has drafted."""
    everybody = REQUEST.model_copy(update={"approvers": ()})
    before = offer(Stage.DRAFT, version=1, request=None)
    if act is Verb.EDIT:
        before = moved(before, Verb.EDIT, ADMIN_APPROVES, version=1, at=NOW)
    asked = moved(before, Verb.SUBMIT, ADMIN_APPROVES if act is Verb.SUBMIT else ANNA, version=before.version, at=NOW, request=everybody)
    with pytest.raises(UserError, match="four_eyes"):
        moved(asked, Verb.APPROVE, ADMIN_APPROVES, version=asked.version, at=NOW)
    assert moved(asked, Verb.APPROVE, BEN, version=asked.version, at=NOW).stage is Stage.APPROVED


def test_what_was_opened_again_can_be_decided_again() -> None:
    now = offer(Stage.APPROVED)
    for verb, stage in (
        (Verb.SEND, "sent"),
        (Verb.ACCEPT, "accepted"),
        (Verb.REOPEN, "sent"),
        (Verb.ACCEPT, "accepted"),
        (Verb.REOPEN, "sent"),
        (Verb.DECLINE, "declined"),
        (Verb.REOPEN, "sent"),
    ):
        now = moved(now, verb, ANNA, version=now.version, at=NOW)
        assert now.stage.value == stage
    assert now.version == 6


def test_after_its_time_nothing_is_approved() -> None:
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.DELEGATE):
        with pytest.raises(UserError, match="request_lapsed"):
            moved(offer(Stage.SUBMITTED), verb, BEN, version=3, at=REQUEST.lapse, text="darum")


def test_four_eyes_may_be_switched_off() -> None:
    alone = offer(Stage.SUBMITTED, request=REQUEST.model_copy(update={"approvers": ()}))
    assert moved(alone, Verb.APPROVE, ANNA_APPROVES, version=3, at=NOW, four_eyes=False).stage is Stage.APPROVED
    with pytest.raises(UserError, match="four_eyes"):
        moved(alone, Verb.APPROVE, ANNA_APPROVES, version=3, at=NOW)


def test_who_is_passed_the_request_may_decide() -> None:
    asked = offer(Stage.SUBMITTED)
    with pytest.raises(UserError, match="not_approver"):
        moved(asked, Verb.APPROVE, EVA, version=3, at=NOW)
    passed = delegated(moved(asked, Verb.DELEGATE, BEN, version=3, at=NOW, text="Eva"), Colleague(user="eva", name="Eva"))
    assert delegated(passed, Colleague(user="eva", name="Eva")) is passed
    assert moved(passed, Verb.APPROVE, EVA, version=3, at=NOW).stage is Stage.APPROVED
