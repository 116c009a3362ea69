"""Entra access tokens by managed identity, for Azure services without a key."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import msal
import requests

from pipeline.errors import TransientError

COGNITIVE_SERVICES = "https://cognitiveservices.azure.com"


@cache
def _client(client_id: str) -> Any:
    identity = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
    return msal.ManagedIdentityClient(identity, http_client=requests.Session())


async def managed_identity_token(client_id: str = "", resource: str = COGNITIVE_SERVICES) -> str:
    """A token for Azure OpenAI and Document Intelligence, or for `resource`; msal caches it until shortly before its end.

    `client_id` names a user-assigned identity. Raises TransientError.
    """
    answer = await asyncio.to_thread(_client(client_id).acquire_token_for_client, resource=resource)
    if "access_token" not in answer:
        raise TransientError("no managed identity token")
    return str(answer["access_token"])
