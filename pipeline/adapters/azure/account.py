"""A storage account: its clients, who they sign in as, and what their errors mean here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, HttpResponseError, IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy
from azure.storage.queue.aio import QueueServiceClient

from pipeline.errors import TransientError

STORAGE = "https://storage.azure.com"
_PASSING = frozenset({401, 403, 408, 429, 500, 502, 503, 504})
"""A refused sign-in passes too: a role that was just given needs minutes to take effect."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """A connection string, or the account's name and a function that gives an Entra token for a resource.

    `endpoint` makes the address of each service ("blob", "queue", "table") from the account's name. `patience`: seconds that one call may take
    with all its retries. Turns have few, workers many.
    """

    connection: str = ""
    name: str = ""
    entra_token: Callable[[str], Awaitable[str]] | None = None
    endpoint: Callable[[str, str], str] = "https://{}.{}.core.windows.net".format
    patience: float = 60.0


class Account:
    """`blobs`, `tables`, `queues`: the service clients."""

    def __init__(self, settings: AccountSettings) -> None:
        self._patience = settings.patience
        # the SDK's own timeouts outlive a turn: 20 s to connect, 60 s to read, three retries of each
        quick = settings.patience <= 10
        limits: dict[str, Any] = {
            "retry_total": 1 if quick else 3,
            "connection_timeout": min(5.0, settings.patience / 2),
            "read_timeout": min(15.0, settings.patience / 2),
        }
        waits: dict[str, Any] = {"initial_backoff": 0.5, "increment_base": 1}  # seconds; blob's and queue's own retry policy
        coded: dict[str, Any] = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
        if settings.connection:
            self.blobs = BlobServiceClient.from_connection_string(settings.connection, **limits, **waits)
            self.tables = TableServiceClient.from_connection_string(settings.connection, retry_backoff_factor=0.5, **limits)
            self.queues = QueueServiceClient.from_connection_string(settings.connection, **coded, **limits, **waits)
        else:
            if settings.entra_token is None:
                raise ValueError("an account without a connection string needs Entra tokens")
            credential = _Credential(settings.entra_token)
            blob, table, queue = (settings.endpoint(settings.name, kind) for kind in ("blob", "table", "queue"))
            self.blobs = BlobServiceClient(blob, credential, **limits, **waits)
            self.tables = TableServiceClient(table, credential=credential, retry_backoff_factor=0.5, **limits)
            self.queues = QueueServiceClient(queue, credential, **coded, **limits, **waits)

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[None]:
        """Around each call: bounds its time, and makes what may pass a TransientError."""
        try:
            async with asyncio.timeout(self._patience):
                yield
        except (ServiceRequestError, ServiceResponseError, IncompleteReadError, TimeoutError) as error:
            raise TransientError(f"storage: {type(error).__name__}", key="storage_down") from error
        except AttributeError as error:  # data-tables 12.7.0 stumbles over an error without a response: half a body
            if not isinstance(error.__context__, AzureError):
                raise
            raise TransientError(f"storage: {type(error.__context__).__name__}", key="storage_down") from error
        except HttpResponseError as error:
            if error.status_code not in _PASSING:
                raise
            headers = getattr(error.response, "headers", {})
            asked = headers.get("Retry-After", "")
            wait = float(asked) if asked.isdigit() else None
            raise TransientError(f"storage: status {error.status_code}", retry_after=wait, key="storage_down") from error

    async def close(self) -> None:
        for client in (self.blobs, self.tables, self.queues):
            await client.close()


class _Credential:
    """An Entra token in the shape that the SDK asks for; whoever gives it keeps it and renews it."""

    def __init__(self, entra_token: Callable[[str], Awaitable[str]]) -> None:
        self._entra_token = entra_token

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(await self._entra_token(STORAGE), int(time.time()) + 300)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""
