"""Who acts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Person(BaseModel):
    """`user` is the directory's id (Entra's oid); `channel_user` the channel's own id of the same person ("29:…"), empty where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str
    user: str
    channel_user: str = ""
