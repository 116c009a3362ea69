"""Free ports of this computer."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _COUNT = 20_000, 12_000
"""Below the ports that the system gives to clients."""
_next = itertools.count(os.getpid() * 97 % _COUNT)


def free_port() -> int:
    """A port that nobody listens on; not the same one again soon, since a killed server may come back to its own."""
    while True:
        port = _FIRST + next(_next) % _COUNT
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
