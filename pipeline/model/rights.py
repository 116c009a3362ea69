"""Who may do what: the one table. A message, a button, a request of the client or a route that does not stand here is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.person import Role


class Scope(StrEnum):
    """What an API key may be made for."""

    READ = "read"
    CV = "cv"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Right:
    """`roles`: one of them is enough; None stands for everybody of an allowed tenant. `scope`: what an API key needs; None: no key may."""

    roles: frozenset[Role] | None
    scope: Scope | None = None


EVERYBODY = None
WORK = frozenset({Role.RECRUITER, Role.ADMIN})
LOOK = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
APPROVE = frozenset({Role.APPROVER})

_SAID = {
    EVERYBODY: ("say.help", "say.sign_in", "say.sign_out"),
    LOOK: ("say.profiles", "say.offers", "say.customers"),
    ADMIN: ("say.approvals_here",),
    WORK: (
        "say.status",
        "say.cancel",
        "say.delete",
        "say.reject",
        "say.new_profile",
        "say.profiles_for",
        "say.shortlist",
        "say.match",
        "drop.cv",
        "drop.profile",
        "drop.customers",
        "say.offer",
        "say.new_customer",
        "mention",
    ),
}
_CLICKED = {
    LOOK: ("profile.show", "offer.show", "offer.view", "offer.list", "customer.show"),
    APPROVE: ("offer.approve", "offer.reject", "offer.request_changes", "offer.delegate"),
    WORK: (
        "cv.retry",
        "cv.rewrite",
        "cv.cancel",
        "cv.cancel_all",
        "cv.fresh",
        "cv.show",
        "cv.save",
        "cv.place",
        "cv.view",
        "cv.reveal",
        "cv.delete",
        "batch.view",
        "batch.retry",
        "batch.cancel",
        "batch.page",
        "candidate.ask",
        "candidate.delete",
        "candidate.keep",
        "candidate.reject",
        "profile.edit",
        "profile.save",
        "profile.confirm",
        "profile.archive",
        "profile.restore",
        "match.cv",
        "match.ask",
        "match.override",
        "shortlist.make",
        "shortlist.page",
        "shortlist.compare",
        "offer.make",
        "offer.edit",
        "offer.save",
        "offer.submit",
        "offer.withdraw",
        "offer.send",
        "offer.accept",
        "offer.decline",
        "offer.expire",
        "offer.reopen",
        "offer.discard",
        "offer.mail",
        "offer.phrase",
        "customer.edit",
        "customer.save",
        "customer.merge",
        "customer.import",
    ),
}
_ASKED_BY_THE_CLIENT = {
    EVERYBODY: ("signin/verifyState", "signin/tokenExchange", "signin/failure"),
    LOOK: ("composeExtension/query searchProfiles", "composeExtension/query searchOffers"),
    WORK: (
        "composeExtension/query searchCandidates",
        "composeExtension/fetchTask makeWordCv",
        "composeExtension/submitAction makeWordCv",
        "fileConsent/invoke",
    ),
}
_ROUTES = {
    (EVERYBODY, None): ("GET /api/me",),
    (LOOK, Scope.READ): (
        "GET /api/profiles",
        "GET /api/profiles/{profile_id}",
        "GET /api/profiles/{profile_id}/word",
        "GET /api/customers",
        "GET /api/offers",
        "GET /api/offers/csv",
        "GET /api/offers/{offer_id}",
        "GET /api/offers/{offer_id}/word",
    ),
    (WORK, None): ("GET /api/offers/{offer_id}/mail",),
    (WORK, Scope.READ): (
        "GET /api/batches/{batch_id}",
        "GET /api/batches/{batch_id}/zip",
        "GET /api/jobs",
        "GET /api/jobs/{job_id}",
        "GET /api/jobs/{job_id}/json",
        "GET /api/download/{job_id}",
        "GET /api/events",
        "GET /api/matches/{match_id}",
        "GET /api/matches/{match_id}/report",
        "GET /api/shortlists/{job_id}",
        "GET /api/shortlists/{job_id}/csv",
        "GET /api/shortlists/{job_id}/word",
    ),
    (WORK, Scope.CV): (
        "POST /api/cv/process",
        "POST /api/batch/process",
        "POST /api/batches/{batch_id}/retry",
        "POST /api/batches/{batch_id}/cancel",
        "DELETE /api/jobs/{job_id}",
        "POST /api/jobs/{job_id}/retry",
        "POST /api/jobs/{job_id}/cancel",
        "POST /api/jobs/{job_id}/fresh",
    ),
    (WORK, Scope.MATCH): ("POST /api/profiles", "DELETE /api/profiles/{profile_id}", "POST /api/match", "POST /api/matches/{match_id}/override"),
    (ADMIN, None): ("GET /api/keys", "POST /api/keys", "DELETE /api/keys/{key_id}"),
}

RIGHTS: dict[str, Right] = {
    **{deed: Right(roles) for table in (_SAID, _CLICKED, _ASKED_BY_THE_CLIENT) for roles, deeds in table.items() for deed in deeds},
    **{deed: Right(roles, scope) for (roles, scope), deeds in _ROUTES.items() for deed in deeds},
}


def may(deed: str, roles: Collection[Role]) -> bool:
    """May somebody with these roles do it?"""
    right = RIGHTS.get(deed)
    return right is not None and (right.roles is EVERYBODY or not right.roles.isdisjoint(roles))


def key_may(deed: str, scopes: Collection[Scope]) -> bool:
    """May a client with a key of these scopes do it?"""
    right = RIGHTS.get(deed)
    return right is not None and right.scope in scopes


def needed(deed: str) -> tuple[Role, ...]:
    """One of these roles is needed."""
    right = RIGHTS.get(deed)
    return tuple(role for role in Role if right and right.roles and role in right.roles)
