"""Who asks: somebody on this computer, a person in the tab, a program with a key, or whoever holds a link of ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.keys import Unauthorized, bearer
from bot.web.tab_tokens import TabTokens
from pipeline.api_keys import PREFIX, ApiKeys
from pipeline.errors import UserError
from pipeline.model.person import Person, Role
from pipeline.model.rights import Scope, key_may, may, needed
from pipeline.ports import Directory

LOCAL = "local"
"""Tenant and user of whoever works on this computer without an account."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`all_tenants`: on this computer, where there is no sign-in, or by a signed link, which names its tenant."""

    person: Person
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] | None = None
    all_tenants: bool = False

    def may(self, deed: str) -> bool:
        return may(deed, self.roles) if self.scopes is None else key_may(deed, self.scopes)

    def sees(self, owner: str) -> bool:
        """What somebody has sent in is theirs; admins see all of the firm's."""
        return self.all_tenants or owner == self.person.user or Role.ADMIN in self.roles


CALLER = web.RequestKey("caller", Caller)
HERE = Caller(Person(tenant=LOCAL, user=LOCAL), frozenset(Role), all_tenants=True)


class Callers:
    """`tabs` is None where no app is registered: then there are keys only. `tenants`: whose keys open anything.

    `signed_in` hears who has come by the tab, with their checked token.
    """

    def __init__(
        self,
        directory: Directory,
        keys: ApiKeys,
        tabs: TabTokens | None,
        *,
        tenants: Collection[str],
        signed_in: Callable[[Person, str], None] | None = None,
    ) -> None:
        self._directory = directory
        self._signed_in = signed_in
        self._keys = keys
        self._tenants = tenants
        self._tabs = tabs

    async def of(self, header: str) -> Caller:
        """Whose request it is, by its Authorization header. Raises Unauthorized, TransientError."""
        token = bearer(header)
        if token.startswith(f"{PREFIX}_"):
            key = await self._keys.check(token)
            if key is None or key.tenant not in self._tenants:
                raise Unauthorized("key")
            return Caller(Person(tenant=key.tenant, user=f"key-{key.id}"), scopes=frozenset(key.scopes))
        if self._tabs is None:
            raise Unauthorized("no sign-in here")
        person = await self._tabs.person(token)
        if self._signed_in:
            self._signed_in(person, token)
        return Caller(person, await self._directory.roles(person))


def caller_of(request: web.Request) -> Caller:
    return request[CALLER]


def tenant_of(request: web.Request) -> str:
    """The caller's own; on this computer, and by a signed link, the one that the address names, as cards of chats do."""
    caller = request[CALLER]
    return request.query.get("tenant", caller.person.tenant) if caller.all_tenants else caller.person.tenant


def refused(caller: Caller, deed: str) -> UserError:
    """Why the caller may not do it. Programs hear the same as people: what is needed."""
    roles: Sequence[Role] = needed(deed)
    return UserError("no_right", roles=", ".join(role.capitalize() for role in roles)) if roles else UserError("not_for_keys")
