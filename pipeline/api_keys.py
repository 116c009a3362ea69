"""Keys for programs that use the REST API: made by an admin, shown once, kept as a hash, revoked at any time."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from pipeline.errors import UserError
from pipeline.events import Events
from pipeline.model.codec import from_json
from pipeline.model.rights import Scope
from pipeline.ports import Ids
from pipeline.store import API_KEYS, Store, decoded

PREFIX = "cvg"
MOST = 50
"""Keys of a tenant."""
_SHAPE = re.compile(rf"{PREFIX}_(?P<tenant>[A-Za-z0-9.-]{{1,64}})_(?P<id>[0-9a-f]{{32}})_(?P<secret>[0-9a-f]{{64}})")


class ApiKey(BaseModel):
    """`digest`: SHA-256 of the secret, which is 256 random bits, so that no slower hash is needed. `by`: who made it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    digest: str
    by: str
    created: datetime


class ApiKeys:
    def __init__(self, store: Store, events: Events, ids: Ids) -> None:
        self._store = store
        self._events = events
        self._ids = ids

    async def create(self, tenant: str, by: str, name: str, scopes: tuple[Scope, ...]) -> tuple[ApiKey, str]:
        """The key as it is kept, and as the program sends it: nobody can show that again. Raises UserError: bad_key, too_many_keys."""
        name = name.strip()
        if not 0 < len(name) <= 80 or not scopes:
            raise UserError("bad_key", known=", ".join(Scope))
        if len(await self.all(tenant)) >= MOST:
            raise UserError("too_many_keys", limit=MOST)
        secret = self._ids.new() + self._ids.new()
        now = self._store.clock.now()
        key = ApiKey(id=self._ids.new(), tenant=tenant, name=name, scopes=tuple(sorted(set(scopes))), digest=_digest(secret), by=by, created=now)
        await self._store.create(API_KEYS, tenant, key.id, key)
        await self._events.note(tenant, "key.created", by, at=now, job=key.id)
        return key, f"{PREFIX}_{tenant}_{key.id}_{secret}"

    async def all(self, tenant: str) -> list[ApiKey]:
        """Newest first."""
        found = [key for key in decoded(list(await self._store.records.all(API_KEYS, tenant)), ApiKey) if key]
        return sorted(found, key=lambda key: key.created, reverse=True)

    async def revoke(self, tenant: str, by: str, key_id: str) -> None:
        """From now on it opens nothing. Raises UserError: unknown_key."""
        if not re.fullmatch(r"[0-9a-f]{32}", key_id) or await self._store.get(API_KEYS, tenant, key_id, ApiKey) is None:
            raise UserError("unknown_key")
        await self._store.records.delete(API_KEYS, tenant, key_id)
        await self._events.note(tenant, "key.revoked", by, at=self._store.clock.now(), job=key_id)

    async def check(self, sent: str) -> ApiKey | None:
        """The key that a program has sent; None where it is none of ours, or was revoked. Raises TransientError."""
        shape = _SHAPE.fullmatch(sent)
        if shape is None:
            return None
        record = await self._store.records.get(API_KEYS, shape["tenant"], shape["id"])
        key = from_json(record.value, ApiKey) if record else None
        return key if key and hmac.compare_digest(key.digest, _digest(shape["secret"])) else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
