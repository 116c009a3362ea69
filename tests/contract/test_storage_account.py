"""The storage account itself: sign-in by managed identity, and what happens when it is not there."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.queue import StorageQueue
from pipeline.adapters.azure.records import TableRecords
from pipeline.errors import TransientError
from tests.azurite import Azurite
from tests.conftest import ROOT
from tests.fakes import Server
from tests.ports import free_port


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


@pytest.fixture
def https(certificate: tuple[Path, Path]) -> Iterator[Azurite]:
    started = Azurite(certificate)
    yield started
    started.close()


@pytest.mark.parametrize(("resource", "outcome"), [("https://storage.azure.com", "value"), ("https://graph.microsoft.com", "TransientError")])
def test_managed_identity_opens_all_three_services(https: Azurite, certificate: tuple[Path, Path], resource: str, outcome: str) -> None:
    """In a process of its own, which trusts the certificate."""
    ports = dict(zip(("blob", "queue", "table"), https.ports, strict=True))
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.identity", resource, str(ports["blob"]), str(ports["queue"]), str(ports["table"])],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(certificate[0])}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [outcome] * 3, done.stderr


CALLS = {
    "records": lambda account: TableRecords(account).get("jobs", "t", "k"),
    "blobs": lambda account: ContainerBlobs(account, "test").put("a", b"1"),
    "queue": lambda account: StorageQueue(account).send("t/1"),
}


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
@pytest.mark.parametrize("service", CALLS)
async def test_a_turn_learns_within_four_seconds_that_storage_is_down(service: str, silent: bool) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if silent:
            listening.listen()
        port = listening.getsockname()[1] if silent else free_port()
        ends = "".join(f"{kind}Endpoint=http://127.0.0.1:{port}/a;" for kind in ("Blob", "Queue", "Table"))
        account = Account(AccountSettings(f"AccountName=a;AccountKey=YQ==;{ends}", patience=3.5))
        begun = time.monotonic()
        with pytest.raises(TransientError) as raised:
            await CALLS[service](account)
        assert time.monotonic() - begun < 3.5 + 4, "a slow machine included"
        assert raised.value.key == "storage_down"
        await account.close()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_may_pass_is_told_as_such_after_a_retry(status: int) -> None:
    asked = []

    async def busy(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Retry-After": "1"})

    server = Server()
    server.app.router.add_route("*", "/{tail:.*}", busy)
    async with server:
        ends = "".join(f"{kind}Endpoint={server.origin}/a;" for kind in ("Blob", "Queue", "Table"))
        account = Account(AccountSettings(f"AccountName=a;AccountKey=YQ==;{ends}", patience=3.5))
        results = await asyncio.gather(*(call(account) for call in CALLS.values()), return_exceptions=True)
        await account.close()
    assert [type(r) for r in results] == [TransientError] * 3
    assert 3 < len(asked) <= 6, "one retry each"
