"""Who acts, and what the firm lets them do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    """As Entra's app roles or groups say. Nobody has a role by default."""

    RECRUITER = "recruiter"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Person(BaseModel):
    """`user` is the directory's id (Entra's oid); `channel_user` the channel's own id of the same person ("29:…"), empty where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str
    user: str
    channel_user: str = ""
