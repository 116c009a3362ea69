"""Uses the storage with an Entra token, as a process of its own: prints what came of it, service by service."""

from __future__ import annotations

import asyncio
import sys
import time

import jwt

from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.queue import StorageQueue
from pipeline.adapters.azure.records import TableRecords


async def main(audience: str, ports: dict[str, str]) -> None:
    now = int(time.time())
    claims = {"aud": audience, "iss": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", "iat": now, "nbf": now - 60, "exp": now + 600}

    async def token(resource: str) -> str:
        assert resource == "https://storage.azure.com"
        return jwt.encode(claims, "k" * 32, algorithm="HS256")

    settings = AccountSettings(name="account0", entra_token=token, endpoint=lambda name, kind: f"https://127.0.0.1:{ports[kind]}/{name}")
    account = Account(settings)

    async def records() -> bytes:
        await TableRecords(account).put("jobs", "t", "k", b"value", etag=None)
        return (await TableRecords(account).get("jobs", "t", "k")).value

    async def blobs() -> bytes:
        await ContainerBlobs(account, "test").put("a", b"value")
        return await ContainerBlobs(account, "test").get("a")

    async def queue() -> bytes:
        await StorageQueue(account).send("value")
        return (await StorageQueue(account).receive(lease=30)).body.encode()

    for use in (records, blobs, queue):
        try:
            print((await use()).decode())
        except Exception as error:  # noqa: BLE001  # the test reads which
            print(type(error).__name__)
            print(error, file=sys.stderr)
    await account.close()


asyncio.run(main(sys.argv[1], dict(zip(("blob", "queue", "table"), sys.argv[2:5], strict=True))))
