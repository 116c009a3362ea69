"""What links are signed with: made once, the same in all processes that share a storage."""

from __future__ import annotations

from contextlib import suppress

from pydantic import BaseModel, ConfigDict

from pipeline.errors import Conflict
from pipeline.model.codec import from_json, to_json
from pipeline.ports import Ids, Records
from pipeline.store import SECRETS

EVERYBODY, NAME = "all-tenants", "links"


class Secret(BaseModel):
    """256 random bits as hexadecimal digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str


async def link_key(records: Records, ids: Ids) -> bytes:
    """Whoever comes first makes it. Raises TransientError."""
    record = await records.get(SECRETS, EVERYBODY, NAME)
    if record is None:
        with suppress(Conflict):
            await records.put(SECRETS, EVERYBODY, NAME, to_json(Secret(value=ids.new() + ids.new()), Secret), etag=None)
        record = await records.get(SECRETS, EVERYBODY, NAME)
    if record is None:
        raise AssertionError("it was just written")
    return bytes.fromhex(from_json(record.value, Secret).value)
