"""The pre-warmed parent of the sandbox: one process that has the PDF libraries loaded and forks a child per PDF.

Run as `python -m pipeline.read.zygote FD`. On the control socket FD each message carries one socket; the forked child
reads a request from it (`REQUEST`, then the bytes of the PDF), answers with JSON or with the picture of a page, and ends. The child has limits on
memory, CPU time, wall time, files and processes, and a filter of system calls (`jail`): no network, no file, no program.
Whatever it does, the zygote and the server live on.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from datetime import datetime

import docx
import openpyxl

from pipeline.errors import UserError
from pipeline.model.codec import to_json
from pipeline.model.document import Document
from pipeline.read import jail
from pipeline.read.extract import extract
from pipeline.read.pixels import page_pixels
from pipeline.read.sheet import packed_rows

MEMORY = 768 * 2**20
CPU_SECONDS = 10
WALL_SECONDS = 13
MAX_BYTES = 16 * 2**20
REQUEST = struct.Struct(">IH")
"""Length of the file, and the page whose picture is asked for; 0 asks for the document, `SHEET` for the rows of a spreadsheet."""
SHEET = 0xFFFF

QUIET = 0.03 if len(os.sched_getaffinity(0)) == 1 else 0.0
"""Seconds without a PDF before the next child is made ready: not while the only processor is needed for the last one."""

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38

_WARM_UP_TEXT = b"\n".join(
    b"BT /F1 9 Tf 50 %d Td (Warm up: a full page loads what reading needs, once. 01/2020 - 12/2022) Tj ET" % y for y in range(60, 800, 12)
)
_WARM_UP = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length %d>>stream
%s
endstream endobj
trailer<</Root 1 0 R>>
""" % (len(_WARM_UP_TEXT), _WARM_UP_TEXT)


def main(fd: int) -> None:
    control = socket.socket(fileno=fd)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for _ in range(8):  # until the interpreter has specialised the code
        to_json(extract(_WARM_UP), Document)
    _load_the_rest()
    gc.collect()
    gc.freeze()
    jailed = jail.available()
    if jailed and (free := _escapes()):
        control.sendall(("unsafe: " + ", ".join(free)).encode())
        return
    spare: socket.socket | None = _fork(control, warm=True)
    control.sendall(b"jailed" if jailed else b"limits")
    while True:
        if spare is None and not select.select([control], [], [], QUIET)[0]:
            spare = _fork(control, warm=True)
        message, fds, _, _ = socket.recv_fds(control, 16, 1)
        if not message:
            return
        spare = spare or _fork(control, warm=False)
        try:
            socket.send_fds(spare, [b"x"], fds)
        except OSError:  # the spare child died while it waited
            spare.close()
            spare = _fork(control, warm=False)
            socket.send_fds(spare, [b"x"], fds)
        os.close(fds[0])
        spare.close()
        spare = None


def _escapes() -> list[str]:
    """What a jailed child can still do that it must not: tried once, before any file is opened."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            jail.install()
            os.write(write, "\n".join(jail.escapes()).encode())
        except OSError as error:
            os.write(write, str(error).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return pipe.read().decode().splitlines()


def _load_the_rest() -> None:
    """What modules load only when they first need it; a jailed child can load nothing."""
    for name in ("heapq", "encodings.cp1252", "encodings.utf_16_le", "encodings.utf_16_be", "encodings.latin_1", "encodings.utf_16"):
        importlib.import_module(name)
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
    metadata = b"9 0 obj<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream endobj\n" % (len(packet), packet)
    extract(_WARM_UP.replace(b"/Type/Catalog", b"/Type/Catalog/Metadata 9 0 R").replace(b"trailer", metadata + b"trailer"))
    page_pixels(_WARM_UP, 1)
    extract(_word_warm_up())
    packed_rows(_sheet_warm_up())


def _word_warm_up() -> bytes:
    """A Word file with all that the reader looks at: a list, a table, a link, a header."""
    file = docx.Document()
    file.sections[0].header.paragraphs[0].text = "Warm up"
    file.add_heading("Warm up", 1)
    file.add_paragraph("one", style="List Bullet").paragraph_format.tab_stops.add_tab_stop(72)
    file.add_table(1, 2).cell(0, 0).text = "01/2020"
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _sheet_warm_up() -> bytes:
    """A spreadsheet with each kind of value."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Firma", 70173, 1.5, True, datetime(2026, 1, 1)])  # noqa: DTZ001  # spreadsheets know no time zones
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fork(control: socket.socket, *, warm: bool) -> socket.socket:
    """A child that waits for its one PDF; returns the socket that hands it the connection.

    A warm one was forked ahead of time and has read the warm-up page, so that the copying of shared memory pages, which
    costs more than the fork itself, is over when a PDF comes.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.fork() == 0:
        control.close()
        ours.close()
        _child(theirs, warm=warm)
    theirs.close()
    return ours


def _child(waiting: socket.socket, *, warm: bool) -> None:
    """Never returns."""
    gc.disable()
    try:
        if warm:
            to_json(extract(_WARM_UP), Document)
        message, fds, _, _ = socket.recv_fds(waiting, 16, 1)
        if not message:
            os._exit(0)
        connection = socket.socket(fileno=fds[0])
        waiting.close()
        _confine()
        data, page = _receive(connection)
        try:
            answer = _answered(data, page)
        except UserError as error:
            answer = json.dumps({"error": error.key, "values": error.values}).encode()
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)  # the server need not wait until this process is torn down
    except BaseException:  # noqa: BLE001  # whatever a hostile file provokes ends here: no answer means "rejected"
        os._exit(1)
    os._exit(0)


def _answered(data: bytes, page: int) -> bytes:
    if page == SHEET:
        return packed_rows(data)
    return page_pixels(data, page) if page else b'{"document":' + to_json(extract(data), Document) + b"}"


def _confine() -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    if jail.available():
        jail.install()


def _prctl(option: int, value: int) -> None:
    if _LIBC:
        _LIBC.prctl(option, value, 0, 0, 0)


def _receive(connection: socket.socket) -> tuple[bytes, int]:
    """A PDF and the page asked for."""

    def exactly(count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = connection.recv(min(1 << 20, count - len(parts)))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    size, page = REQUEST.unpack(exactly(REQUEST.size))
    if size > MAX_BYTES:
        raise ValueError(size)
    return exactly(size), page


if __name__ == "__main__":
    main(int(sys.argv[1]))
