"""Composition root: Settings -> adapters -> Services -> bot -> aiohttp. The only place that builds anything.

python app.py serve | worker | convert FILE_OR_FOLDER… --out DIR | extract FILE_OR_FOLDER… [--out DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.logs import set_up
from bot.settings import BadSettings, Settings
from cards.i18n import catalogue, catalogues
from pipeline.adapters.clamd import Clamd
from pipeline.adapters.local.system import RandomIds, SystemClock
from pipeline.adapters.local.tesseract import Tesseract, installed
from pipeline.conversion import Options, Tools, convert
from pipeline.errors import UserError
from pipeline.ports import Llm
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.render.word import template_names, template_path

EX_CONFIG = 78
SHUTDOWN_SECONDS = 3.0
M_ARENA_MAX = -8
PR_SET_DUMPABLE = 4


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    set_up(settings.log_level if arguments.command == "serve" else "WARNING")
    catalogues()
    if arguments.command == "serve":
        return asyncio.run(serve(settings))
    return asyncio.run(command_line(arguments, settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="CV Generator for Microsoft Teams")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the bot, the REST API, the local page and the workers")
    for name, text in (("convert", "PDF or Word -> Word and JSON"), ("extract", "PDF or Word -> JSON")):
        command = commands.add_parser(name, help=text)
        command.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
        command.add_argument("--out", type=Path, required=name == "convert", metavar="DIR")
        if name == "convert":
            command.add_argument("--template", metavar="NAME", help="a Word template: classic, modern, or one of the firm's")
            command.add_argument("--lang", choices=("de", "en"), default="", help="language of the headings (default: the CV's)")
    return parser


def make_reader(settings: Settings, sandbox: Sandbox) -> Reader:
    """Scans are read by Azure where it is configured, else where Tesseract is installed, and refused where not."""
    if settings.ocr_endpoint:
        from pipeline.adapters.document_intelligence import DocumentIntelligence
        from pipeline.adapters.entra import managed_identity_token

        token = lambda: managed_identity_token(settings.azure_identity)  # noqa: E731
        return Reader(sandbox, DocumentIntelligence(settings.ocr_endpoint, key=settings.ocr_key, entra_token=token))
    languages = installed(settings.ocr_languages)
    return Reader(sandbox, Tesseract(languages) if languages else None)


def make_tools(settings: Settings, sandbox: Sandbox, llm: Llm | None) -> Tools:
    scan = Clamd(settings.clamd) if settings.clamd else None
    return Tools(make_reader(settings, sandbox), llm, scan, firm=settings.firm, templates=settings.templates)


def make_llm(settings: Settings) -> Llm | None:
    """The model, where one is configured; the package is loaded only then."""
    if not settings.uses_llm:
        return None
    from pipeline.adapters.entra import managed_identity_token
    from pipeline.adapters.openai import LlmSettings, OpenAiLlm

    return OpenAiLlm(
        LlmSettings(
            model=settings.llm_model,
            api_key=settings.azure_key if settings.azure_endpoint else settings.openai_key,
            base_url=settings.openai_base_url,
            azure_endpoint=settings.azure_endpoint,
            api_version=settings.azure_api_version,
            input_price=settings.input_price,
            output_price=settings.output_price,
        ),
        entra_token=lambda: managed_identity_token(settings.azure_identity),
    )


async def command_line(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.convert import USAGE, run  # the progress bar is not the server's business

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    word = arguments.command == "convert"
    template = (arguments.template if word else "") or settings.template
    if arguments.out is None and (len(arguments.paths) != 1 or arguments.paths[0].is_dir()):
        sys.stderr.write("app.py extract: several files need --out DIR\n")
        return USAGE
    try:
        template_path(template, settings.templates)
    except UserError as error:
        sys.stderr.write(texts(f"error.{error.key}", **error.values) + "\n")
        return USAGE
    sandbox = Sandbox()
    llm = make_llm(settings)
    tools = make_tools(settings, sandbox, llm)
    options = Options(today=SystemClock().now().date(), template=template, language=arguments.lang if word else "")
    try:
        return await run(arguments.paths, arguments.out, lambda pdf: convert(pdf, tools, options, word=word), texts)
    finally:
        await sandbox.close()
        if llm:
            await llm.close()


@dataclass(slots=True)
class Running:
    """A started server; `stop` ends it in order."""

    url: str
    stop: asyncio.Event
    ended: asyncio.Task[None]


def prepare_process() -> None:
    """One heap for all threads: with glibc's default of one per thread, memory that conversions free is kept for each.

    And no other process, of the same user or not, may read this one's memory or environment, where the secrets are.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


async def serve(settings: Settings) -> int:
    prepare_process()
    running = await start(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop.set)
    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "de")
    say = sys.stdout.write
    say(texts("cli.serving", url=running.url) + "\n")
    if not settings.app_id:
        say(texts("cli.loopback") + "\n")
    say(texts("cli.structurer_model", model=settings.llm_model) if settings.uses_llm else texts("cli.structurer_rules"))
    say("\n" + texts("cli.open_page", url=f"http://127.0.0.1:{settings.port}/") + "\n" + texts("cli.stop") + "\n")
    sys.stdout.flush()
    await running.ended
    return 0


async def start(settings: Settings, *, pace: float = 2.0) -> Running:
    """Everything, built and listening. `pace` is the least time between two card updates of a conversation, in seconds."""
    from aiohttp import web

    from bot.adapter import make_adapter
    from bot.auth import TokenCheck
    from bot.board import Board
    from bot.incoming import LinkedFiles
    from bot.sender import Sender
    from bot.teams_bot import TeamsBot
    from bot.web.api import Api
    from bot.web.health import Health
    from bot.web.hub import Hub
    from bot.web.page import Page
    from bot.web.server import make_app
    from bot.worker import Worker
    from dialogs.router import Services
    from pipeline.adapters.local.files import FolderBlobs, FolderDrive
    from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
    from pipeline.jobs import Runner
    from pipeline.model.job import Job
    from pipeline.service import Defaults, Service

    clock, ids = SystemClock(), RandomIds()
    file = SqliteFile(settings.data / "cvgen.sqlite")
    records, queue = SqliteRecords(file), SqliteQueue(file)
    blobs = FolderBlobs(settings.data / "blobs")
    drive = FolderDrive(settings.data / "drive", base_url=settings.url)
    sandbox = Sandbox()
    await sandbox.start()
    llm = make_llm(settings)
    names = tuple(template_names(settings.templates))
    defaults = Defaults(template=settings.template, templates=names)
    service = Service(records=records, blobs=blobs, queue=queue, drive=drive, clock=clock, ids=ids, defaults=defaults)
    runner = Runner(
        service=service,
        records=records,
        blobs=blobs,
        drive=drive,
        incoming=LinkedFiles(hosts=settings.file_hosts, local_origins=settings.local_origins),
        tools=make_tools(settings, sandbox, llm),
        clock=clock,
        ids=ids,
    )
    adapter = make_adapter(settings, TokenCheck(settings.app_id) if settings.app_id else None)
    sender = Sender(adapter)
    board = Board(sender, service, url=settings.url, now=clock.now, templates=names, every=pace)
    hub = Hub()

    def publish(job: Job) -> None:
        board.show(job)
        hub.publish(job)

    worker = Worker(runner, queue, publish, count=settings.workers)

    async def ping_records() -> None:
        await records.get("health", "local", "ping")

    health = Health({"records": ping_records, "sandbox": sandbox.start, "worker": worker.alive})
    api = Api(service, hub, worker.nudge, templates=names)
    bot = TeamsBot(Services(service, clock.now), sender, board, records, worker.nudge)
    app = make_app(adapter, bot, api, Page(templates=names, default=settings.template), health, unsigned=not settings.app_id)
    web_runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await web_runner.setup()
    await web.TCPSite(web_runner, settings.host, settings.port).start()
    worker.start()
    stop = asyncio.Event()

    async def until_stopped() -> None:
        await stop.wait()
        health.stopping = True
        hub.close()
        await worker.stop()
        with suppress(TimeoutError):
            await board.settle(timeout=2.0)
        await web_runner.cleanup()
        await sandbox.close()
        if llm:
            await llm.close()
        await file.close()

    return Running(settings.url, stop, asyncio.create_task(until_stopped()))


if __name__ == "__main__":
    raise SystemExit(main())
