"""Azurite, Microsoft's storage emulator, on free loopback ports: an account of its own for whoever asks."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import time
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).parent
KEY = base64.b64encode(b"azurite-key-of-the-tests-64-bytes".ljust(64, b".")).decode()
ACCOUNTS = 400


class Azurite:
    """`tls`: certificate and key, to serve https and take Entra tokens."""

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.ports = [free_port() for _ in range(3)]
        blob, queue, table = map(str, self.ports)
        environment = os.environ | {"AZURITE_ACCOUNTS": ";".join(f"account{i}:{KEY}" for i in range(ACCOUNTS))}
        self._process = subprocess.Popen(
            ["node", str(ROOT / "node/node_modules/azurite/dist/src/azurite.js"), "--inMemoryPersistence", "--skipApiVersionCheck",
             "--disableTelemetry", "--silent", "--blobHost", "127.0.0.1", "--blobPort", blob,
             "--queueHost", "127.0.0.1", "--queuePort", queue, "--tableHost", "127.0.0.1", "--tablePort", table,
             *(["--oauth", "basic", "--cert", str(tls[0]), "--key", str(tls[1])] if tls else [])],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._given = 0
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        for port in self.ports:
            while True:
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert self._process.poll() is None, "Azurite has ended"
                assert time.monotonic() < until, "Azurite does not start"
                time.sleep(0.1)

    def connection(self) -> str:
        """The connection string of an account that nobody has used."""
        name = f"account{self._given}"
        self._given += 1
        ends = "".join(f"{kind}Endpoint=http://127.0.0.1:{port}/{name};" for kind, port in zip(("Blob", "Queue", "Table"), self.ports, strict=True))
        return f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={KEY};{ends}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
