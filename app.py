"""Composition root: Settings -> adapters -> Services -> bot -> aiohttp. The only place that builds anything.

python app.py serve | worker [--workers N]
              convert FILE_OR_FOLDER… --out DIR | extract FILE_OR_FOLDER… [--out DIR]
              match --profile FILE CV_FILE_OR_FOLDER… [--json] [--out DIR]
              replay MATCH_ID | audit bias [--out DIR] | audit verify [--head HASH] | audit forget --tenant ID PERSON
              storage migrate --to azure|local | storage backup FILE | storage restore FILE | storage dead-letters | retention
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.logs import set_up
from bot.settings import BadSettings, Settings
from cards.i18n import catalogue, catalogues
from cli.arguments import parser
from pipeline.adapters.address_service import AddressService
from pipeline.adapters.clamd import Clamd
from pipeline.adapters.fallback_drive import FallbackDrive
from pipeline.adapters.local.mail import FiledMail
from pipeline.adapters.local.postal import PackagedAddresses
from pipeline.adapters.local.system import RandomIds, SystemClock
from pipeline.adapters.local.tesseract import Tesseract, installed
from pipeline.adapters.served_drive import ServedDrive
from pipeline.budget import Budget, Limits
from pipeline.conversion import Options, Tools, convert
from pipeline.errors import TransientError, UserError
from pipeline.jobs import Runner
from pipeline.lang.concept import concepts
from pipeline.link_key import link_key
from pipeline.matching import Compared, asked_model, compare, read_profile
from pipeline.model.job import Job, Periods
from pipeline.model.person import Person, Role
from pipeline.model.profile import Profile
from pipeline.offers import Office
from pipeline.ports import Blobs, Directory, Drive, Llm, Mail, Records, Tokens
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.render.match_report import match_report
from pipeline.render.offer_word import Letterhead
from pipeline.render.word import template_names, template_path
from pipeline.retention import Retention
from pipeline.service import Defaults, Service
from pipeline.transfer import Storage

if TYPE_CHECKING:  # the bot's packages load slowly: the command line does without
    from bot.adapter import TeamsAdapter
    from bot.board import Board, Links
    from bot.desk import Desk
    from bot.incoming import LinkedFiles
    from bot.places import Places
    from bot.rates import Rates
    from bot.sender import Sender
    from bot.teams_bot import TeamsBot
    from bot.worker import Worker
    from dialogs.services import Services
    from pipeline.adapters.graph.chats import ChatFiles
    from pipeline.adapters.graph.client import GraphClient
    from pipeline.adapters.graph.drive import GraphDrive
    from pipeline.adapters.peoples_tokens import PeoplesTokens
    from pipeline.adapters.token_service import TokenService

EX_CONFIG = 78
SHUTDOWN_SECONDS = 3.0
M_ARENA_MAX = -8
PR_SET_DUMPABLE = 4
THREADS = 32
"""For storage, conversions and the channel's client: with the default of six they wait for each other."""
QUICK, PATIENT = 3.5, 60.0
"""Seconds that one call of the storage may take, in turns and in workers."""
ROLES_SECONDS = 2.5
"""Of a turn, for asking what a person may do."""
PACE = 2.0
BLOB_CONTAINER = "cvgen"


def main(argv: list[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        if getattr(arguments, "workers", None) is not None:
            settings = replace(settings, workers=arguments.workers)
            settings.check()
        if arguments.command in ("serve", "worker"):
            template_path(settings.template, settings.templates)
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    except UserError as error:
        sys.stderr.write(catalogue("en")(f"error.{error.key}", **error.values) + "\n")
        return EX_CONFIG
    set_up(settings.log_level if arguments.command in ("serve", "worker") else "WARNING")
    catalogues()
    match arguments.command:
        case "serve":
            return asyncio.run(serve(settings))
        case "worker":
            return asyncio.run(work(settings))
        case "match":
            return asyncio.run(match_command(arguments, settings))
        case "audit" if arguments.action in ("verify", "forget"):
            return asyncio.run(verify_command(arguments, settings))
        case "audit":
            return asyncio.run(audit_command(arguments, settings))
        case "replay":
            return asyncio.run(replay_command(arguments, settings))
        case "storage" | "retention":
            return asyncio.run(storage_command(arguments, settings))
        case _:
            return asyncio.run(command_line(arguments, settings))


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
            timeout=settings.llm_timeout,
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


def report_of(compared: Compared, profile: Profile, candidate: str, settings: Settings) -> bytes:
    return match_report(
        compared.verdicts,
        compared.score,
        profile,
        candidate=candidate,
        years=compared.years,
        notes=compared.notes,
        versions=compared.versions,
        firm=settings.firm,
        folder=settings.templates,
    )


async def match_command(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.convert import USAGE
    from cli.match import Held, run

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    sandbox, llm, today = Sandbox(), make_llm(settings), SystemClock().now().date()
    tools = make_tools(settings, sandbox, llm)
    try:
        lexicon = concepts(settings.concepts)
        data = arguments.profile.read_bytes()
        if tools.scan:
            await tools.scan.check(data)
        profile = await read_profile(data, arguments.profile.name, tools.reader, lexicon)
        if not profile.requirements:
            raise UserError("no_requirements")

        async def hold(file: Path) -> Held:
            done = await convert(file.read_bytes(), tools, Options(today=today), word=False)
            recorded = None
            if llm:
                with suppress(TransientError):  # rules do without
                    recorded = await asked_model(done.cv, done.document, profile, lexicon, llm, today=today)
            compared = compare(done.cv, done.document, profile, lexicon, today=today, recorded=recorded)
            name = done.cv.basics.name.text if done.cv.basics.name else ""
            return Held(file, name, compared, report_of(compared, profile, name, settings) if arguments.out else b"")

        return await run(profile, arguments.paths, arguments.out, hold, texts, as_json=arguments.json)
    except UserError as error:
        sys.stderr.write(f"{arguments.profile}: {texts(f'error.{error.key}', **error.values)}\n")
    except TransientError as error:
        sys.stderr.write(f"{arguments.profile}: {texts(f'error.{error.key}')}\n")
    except OSError as error:
        sys.stderr.write(f"{arguments.profile}: {error.strerror}\n")
    finally:
        await sandbox.close()
        if llm:
            await llm.close()
    return USAGE


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


@dataclass(frozen=True, slots=True)
class Kept:
    """Where everything is kept, and how to let go of it."""

    storage: Storage
    close: Callable[[], Awaitable[None]]


def keep_locally(settings: Settings) -> Kept:
    """SQLite and a folder, for all processes of this computer."""
    from pipeline.adapters.local.files import FolderBlobs
    from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords

    file = SqliteFile(settings.data / "cvgen.sqlite")
    return Kept(Storage(SqliteRecords(file), FolderBlobs(settings.data / "blobs"), SqliteQueue(file)), file.close)


def keep_in_azure(settings: Settings, *, patience: float) -> Kept:
    """Table, Blob and Queue of a storage account; the packages are loaded only then. `patience` in seconds: of one call with its retries."""
    from pipeline.adapters.azure.account import Account, AccountSettings
    from pipeline.adapters.azure.blobs import ContainerBlobs
    from pipeline.adapters.azure.queue import StorageQueue
    from pipeline.adapters.azure.records import TableRecords
    from pipeline.adapters.entra import managed_identity_token

    async def token(resource: str) -> str:
        return await managed_identity_token(settings.azure_identity, resource)

    account = Account(AccountSettings(connection=settings.storage_connection, name=settings.storage_account, entra_token=token, patience=patience))
    return Kept(Storage(TableRecords(account), ContainerBlobs(account, BLOB_CONTAINER), StorageQueue(account)), account.close)


async def audit_command(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.audit import run_bias
    from pipeline.bias.audit import Auditor
    from pipeline.render.bias_report import bias_word

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    sandbox, llm = Sandbox(), make_llm(settings)
    try:
        auditor = Auditor(make_tools(settings, sandbox, llm), concepts(settings.concepts), today=SystemClock().now().date())
        word = partial(bias_word, language=texts.language, firm=settings.firm, folder=settings.templates)
        return await run_bias(auditor, arguments.out, word, texts)
    finally:
        await sandbox.close()
        if llm:
            await llm.close()


async def verify_command(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.verify import run_forget, run_verify

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    kept = keep_in_azure(settings, patience=PATIENT) if settings.uses_azure_storage else keep_locally(settings)
    try:
        service = make_service(settings, kept.storage, make_drive(settings, kept.storage.blobs, None))
        if arguments.action == "forget":
            return await run_forget(service.offers, arguments.tenant, arguments.person, texts)
        return await run_verify(service.offers, kept.storage.records, arguments.head, texts)
    finally:
        await kept.close()


async def replay_command(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli.replay import run

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    kept = keep_in_azure(settings, patience=PATIENT) if settings.uses_azure_storage else keep_locally(settings)
    sandbox = Sandbox()
    try:
        service = make_service(settings, kept.storage, make_drive(settings, kept.storage.blobs, None))
        return await run(service, kept.storage.blobs, make_reader(settings, sandbox), arguments.match, texts)
    finally:
        await sandbox.close()
        await kept.close()


async def storage_command(arguments: argparse.Namespace, settings: Settings) -> int:
    from cli import storage as cli

    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    azure = arguments.command == "storage" and arguments.action == "migrate"
    if azure and not settings.uses_azure_storage:
        sys.stderr.write(texts("cli.needs_azure") + "\n")
        return EX_CONFIG
    local = keep_locally(settings) if azure or not settings.uses_azure_storage else None
    remote = keep_in_azure(settings, patience=PATIENT) if settings.uses_azure_storage else None
    own = remote or local
    if own is None:
        raise AssertionError("there is always one storage")
    try:
        if arguments.command == "retention":
            names = {"hot_days": arguments.hot, "candidate_days": arguments.candidate, "log_days": arguments.log}
            periods = {name: days for name, days in names.items() if days is not None}
            if bool(periods) != bool(arguments.tenant):
                sys.stderr.write("app.py retention: --tenant goes together with --hot, --candidate or --log\n")
                return EX_CONFIG
            graph = make_graph(settings, make_tokens(settings))
            service = make_service(settings, own.storage, make_drive(settings, own.storage.blobs, graph))
            retention = Retention(service, own.storage.blobs, silent)
            try:
                return await cli.run_retention(service, retention, texts, tenant=arguments.tenant, periods=periods)
            finally:
                if graph:
                    await graph.client.close()
        if arguments.action == "migrate" and local and remote:
            source, target = (local, remote) if arguments.to == "azure" else (remote, local)
            return await cli.run_migrate(source.storage, target.storage, texts, replace=arguments.replace)
        if arguments.action == "backup":
            return await cli.run_backup(own.storage, arguments.file, texts)
        if arguments.action == "restore":
            return await cli.run_restore(own.storage, arguments.file, texts)
        return await cli.run_dead_letters(own.storage, texts)
    finally:
        for kept in (local, remote):
            if kept:
                await kept.close()


async def silent(job: Job) -> None:
    """The sweeper of a worker draws the cards of jobs that were erased: their marks are open."""


def app_tokens(settings: Settings) -> Callable[[str], Awaitable[str]]:
    """Gives the app's own token for a resource; an empty one without an app id, for stand-ins on this computer."""
    from pipeline.adapters.entra import AppTokens, Secret, managed_identity_token

    async def none(resource: str) -> str:
        return ""

    if not settings.app_id:
        return none
    if settings.app_type == "UserAssignedMSI":
        return partial(managed_identity_token, settings.app_id)
    return AppTokens(Secret(settings.app_id, settings.app_password), settings.app_tenant).token


def make_tokens(settings: Settings) -> TokenService | None:
    """Where people can sign in from the chat; the package is loaded only then."""
    if not settings.sso_connection:
        return None
    from pipeline.adapters.entra import BOT_FRAMEWORK
    from pipeline.adapters.token_service import TokenService

    own_token = partial(app_tokens(settings), BOT_FRAMEWORK)
    return TokenService(settings.token_service, connection=settings.sso_connection, app_id=settings.app_id, bot_token=own_token)


def make_peoples_tokens(settings: Settings, tokens: TokenService | None, places: Places) -> PeoplesTokens | None:
    """For what people send in by the tab. None where nobody can sign in, or where the app has no secret to exchange their tokens with."""
    if tokens is None or not settings.app_password:
        return None
    from pipeline.adapters.entra import OnBehalfOf, Secret
    from pipeline.adapters.peoples_tokens import PeoplesTokens

    async def chat(person: Person) -> Person | None:
        known = await places.chat_of(person.tenant, person.user)
        return known.person if known else None

    exchange = OnBehalfOf(Secret(settings.app_id, settings.app_password))
    return PeoplesTokens(tokens, exchange, chat, now=SystemClock().now)


@dataclass(frozen=True, slots=True)
class Graph:
    """Microsoft Graph: the client that all share, and the drive behind it."""

    client: GraphClient
    drive: GraphDrive


def make_graph(settings: Settings, tokens: Tokens | None) -> Graph | None:
    """Where people can sign in, or the firm has a library; the packages are loaded only then."""
    if not settings.uses_graph:
        return None
    from pipeline.adapters.entra import GRAPH
    from pipeline.adapters.graph.client import GraphClient
    from pipeline.adapters.graph.drive import GraphDrive

    app_token, library = partial(app_tokens(settings), GRAPH), None
    if settings.uses_library:
        from pipeline.adapters.graph.library import LibraryFinder, Wanted

        wanted = Wanted(settings.sharepoint_site, settings.sharepoint_library, settings.sharepoint_drive)
        library = LibraryFinder(wanted, app_token=app_token, url=settings.graph)
    client = GraphClient(now=SystemClock().now, url=settings.graph)
    return Graph(client, GraphDrive(client, tokens=tokens, app_token=app_token, library=library, folder=settings.drive_folder))


@dataclass(frozen=True, slots=True)
class People:
    """Who may do what, and how to let go of what tells it."""

    roles: Directory
    close: Callable[[], Awaitable[None]]


def make_directory(settings: Settings) -> People:
    """Roles from Entra where an app is registered; without one, whoever works on this computer may do everything."""
    from pipeline.adapters.local.directory import SameRoles

    async def nothing() -> None: ...

    if not settings.app_id:
        return People(SameRoles(), nothing)
    if settings.roles == "everybody":
        return People(SameRoles({Role.RECRUITER}), nothing)
    from pipeline.adapters.entra import GRAPH
    from pipeline.adapters.graph.client import GraphClient
    from pipeline.adapters.graph.directory import AppRoles, EntraDirectory, Groups

    app_token, now = partial(app_tokens(settings), GRAPH), SystemClock().now
    client = GraphClient(now=now, url=settings.graph, seconds=ROLES_SECONDS)
    groups = settings.roles == "groups"
    source = Groups(client, settings.roles_of_groups, app_token) if groups else AppRoles(client, settings.app_id, app_token)
    return People(EntraDirectory(source, tenant=settings.app_tenant, now=now), client.close)


def make_chat_files(graph: Graph, tokens: TokenService, links: LinkedFiles) -> ChatFiles:
    from pipeline.adapters.graph.chats import ChatFiles

    return ChatFiles(graph.client, tokens, links)


def make_drive(settings: Settings, blobs: Blobs, graph: Graph | None, *, key: bytes = b"") -> Drive:
    """`key`: what links to the app's own drive are signed with."""
    served = ServedDrive(blobs, base_url=settings.url, key=key, clock=SystemClock())
    if graph is None:
        return served
    # a library that refuses is the administration's to mend: nothing of the firm's moves to a person's place meanwhile
    return FallbackDrive(graph.drive, served, instead_of=frozenset()) if settings.uses_library else FallbackDrive(graph.drive, served)


def make_office(settings: Settings) -> Office:
    """How the firm makes offers."""
    head = Letterhead(settings.firm, settings.firm_address, settings.firm_contact, settings.firm_legal, settings.country)
    return Office(
        four_eyes=settings.four_eyes,
        remind_days=settings.approval_reminder_days,
        lapse_days=settings.approval_days,
        valid_days=settings.offer_days,
        vat=settings.vat,
        country=settings.country,
        region=settings.region,
        zone=settings.time_zone,
        keep_years=settings.offer_years,
        letterhead=head,
        template=settings.template,
        templates=settings.templates,
    )


def make_mail(settings: Settings, graph: Graph | None, tokens: Tokens | None) -> Mail:
    """Drafts in people's mailboxes where they can sign in and the firm has consented to it; else files that a mail program opens."""
    if graph and tokens and settings.mail_drafts:
        from pipeline.adapters.graph.mail import GraphMail

        return GraphMail(graph.client, tokens)
    return FiledMail()


def make_service(settings: Settings, storage: Storage, drive: Drive, *, mail: Mail | None = None, llm: Llm | None = None) -> Service:
    """`llm` where something is asked of a model outside of jobs."""
    names = tuple(template_names(settings.templates))
    periods = Periods(hot_days=settings.hot_days, candidate_days=settings.candidate_days, log_days=settings.log_days)
    offline = PackagedAddresses()

    def limited(tenant: str) -> Llm:
        if llm is None:
            raise AssertionError("asked only where there is one")
        return Budget(service.store, limits_of(settings)).limited(llm, tenant)

    service = Service(
        records=storage.records,
        blobs=storage.blobs,
        queue=storage.queue,
        drive=drive,
        clock=SystemClock(),
        ids=RandomIds(),
        defaults=Defaults(template=settings.template, templates=names, periods=periods, first_look=settings.lease),
        lexicon=concepts(settings.concepts),
        addresses=AddressService(settings.address_service, offline) if settings.address_service else offline,
        offline_addresses=offline,
        mail=mail or FiledMail(),
        office=make_office(settings),
        llm=limited if llm else None,
    )
    return service


def limits_of(settings: Settings) -> Limits:
    return Limits(calls=settings.llm_calls, calls_per_tenant=settings.llm_calls_per_tenant, tokens_per_minute=settings.llm_tokens_per_minute)


async def serve(settings: Settings) -> int:
    prepare_process()
    running = await start(settings)
    stop_on_signals(running.stop)
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


async def work(settings: Settings) -> int:
    """Workers alone: any number of such processes share one storage."""
    prepare_process()
    running = await start_worker(settings)
    stop_on_signals(running.stop)
    texts = catalogue(os.environ.get("LC_ALL") or os.environ.get("LANG") or "de")
    place = texts("cli.storage_azure") if settings.uses_azure_storage else texts("cli.storage_local", path=str(settings.data))
    sys.stdout.write(texts("cli.working", count=settings.workers, storage=place) + "\n" + texts("cli.stop") + "\n")
    sys.stdout.flush()
    await running.ended
    return 0


def stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal ends the work in order, the second at once: nothing is lost by that, only later."""

    def stopped() -> None:
        if stop.is_set():
            os._exit(128 + signal.SIGTERM)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped)


@dataclass(slots=True)
class Workshop:
    """What works on jobs and keeps their cards up to date, in `serve` and in `worker` alike."""

    sandbox: Sandbox
    llm: Llm | None
    kept: Kept
    service: Service
    sender: Sender
    board: Board
    worker: Worker
    adapter: TeamsAdapter
    desk: Desk
    directory: People
    places: Places
    links: LinkedFiles
    tokens: TokenService | None
    people: PeoplesTokens | None
    graph: Graph | None
    link_key: bytes
    mail: Mail

    async def close(self) -> None:
        """Let running jobs end or give them back; then close everything."""
        await self.worker.stop()
        with suppress(TimeoutError):
            await self.board.settle(timeout=2.0)
        await self.sandbox.close()
        if self.llm:
            await self.llm.close()
        if self.graph:
            await self.graph.client.close()
        await self.directory.close()
        await self.kept.close()


async def make_workshop(settings: Settings, heard: Callable[[Job], None], *, pace: float) -> Workshop:
    """`heard` is told of every change of a job; `pace` is the least time between two card updates of a conversation, in seconds."""
    from bot.adapter import make_adapter
    from bot.auth import TokenCheck
    from bot.board import Board, Links
    from bot.incoming import LinkedFiles
    from bot.places import Places
    from bot.sender import Sender
    from bot.worker import Worker

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    kept = keep_in_azure(settings, patience=PATIENT) if settings.uses_azure_storage else keep_locally(settings)
    storage = kept.storage
    clock, ids = SystemClock(), RandomIds()
    key = await link_key(storage.records, ids) if settings.app_id else b""  # on loopback links need no signature
    places = Places(storage.records)
    tokens = make_tokens(settings)
    people = make_peoples_tokens(settings, tokens, places)
    graph = make_graph(settings, people or tokens)
    drive = make_drive(settings, storage.blobs, graph, key=key)
    mail = make_mail(settings, graph, people or tokens)
    llm = make_llm(settings)
    service = make_service(settings, storage, drive, mail=mail, llm=llm)
    sandbox = Sandbox()
    await sandbox.start()
    adapter = make_adapter(settings, TokenCheck(settings.app_id) if settings.app_id else None)
    sender = Sender(adapter, places, pace=pace / PACE)
    links = LinkedFiles(hosts=settings.file_hosts, local_origins=settings.local_origins)
    chats = make_chat_files(graph, tokens, links) if graph and tokens else None
    names = tuple(template_names(settings.templates))
    board = Board(sender, service, links=Links(settings.url, clock.now, key, settings.app_id), now=clock.now, templates=names, every=pace)

    def publish(job: Job) -> None:
        board.show(job)
        heard(job)

    async def notify(job: Job) -> None:
        publish(job)

    runner = Runner(
        service=service,
        blobs=storage.blobs,
        drive=drive,
        incoming=chats or links,
        tools=make_tools(settings, sandbox, llm),
        clock=clock,
        ids=ids,
        lease=settings.lease,
        budget=Budget(service.store, limits_of(settings)),
        messages=chats,
    )
    retention = Retention(service, storage.blobs, notify)
    directory = make_directory(settings)
    _, desk = make_desk(service, sender, places, directory=directory, links=Links(settings.url, clock.now, key), tokens=tokens)
    worker = Worker(runner, storage.queue, publish, count=settings.workers, daily=retention.run_if_due, sweep=desk.tend_due)
    return Workshop(sandbox, llm, kept, service, sender, board, worker, adapter, desk, directory, places, links, tokens, people, graph, key, mail)


def make_desk(
    service: Service, sender: Sender, places: Places, *, directory: People, links: Links, tokens: TokenService | None
) -> tuple[Services, Desk]:
    """What dialogs need, and what looks after offers: each knows the other."""
    from bot.desk import Desk
    from dialogs.services import Services

    services = Services(service, SystemClock().now, directory.roles, links.file, tokens)
    desk = Desk(sender, places, services)
    services = replace(services, approvers=desk.approvers)
    return services, Desk(sender, places, services)


def make_bot(services: Services, desk: Desk, shop: Workshop, records: Records, rates: Rates) -> TeamsBot:
    """The bot with everything that Teams asks it, each part in its own file. `records`: the storage that turns use."""
    from bot.consent import FileConsent
    from bot.errands import Errands
    from bot.extension import MessageExtension
    from bot.invokes import Handler
    from bot.signin import ChatSignIn
    from bot.teams_bot import TeamsBot

    errands, clock = Errands(), SystemClock()
    service, sender = services.service, shop.sender
    sign_in = None
    if shop.tokens:

        async def signed_in(person: Person) -> None:
            for job in (*await service.signed_in(person), *await service.save_waiting(person)):
                shop.board.show(job)
            shop.worker.nudge()
            for offer in await service.offers.waiting(person):
                await desk.tend(offer.tenant, offer.id)

        sign_in = ChatSignIn(shop.tokens, shop.tokens, service, sender, errands, records=records, clock=clock, signed_in=signed_in)

    async def begin(job: Job) -> None:
        await bot.begin(job)

    consent = FileConsent(service, sender, errands, shop.links)
    extension = MessageExtension(service, sender, errands, sign_in, link=services.link, begin=begin)
    invokes: dict[str, Handler] = {**(sign_in.invokes() if sign_in else {}), **consent.invokes(), **extension.invokes()}
    bot = TeamsBot(
        services,
        sender,
        shop.board,
        records=records,
        places=shop.places,
        errands=errands,
        desk=desk,
        rates=rates,
        started=shop.worker.nudge,
        sign_in=sign_in,
        invokes=invokes,
    )
    return bot


async def start_worker(settings: Settings, *, pace: float = PACE) -> Running:
    """Workers without a web server."""
    shop = await make_workshop(settings, lambda _: None, pace=pace)
    shop.worker.start()
    stop = asyncio.Event()

    async def until_stopped() -> None:
        await stop.wait()
        await shop.close()

    return Running("", stop, asyncio.create_task(until_stopped()))


async def start(settings: Settings, *, pace: float = PACE) -> Running:
    """Everything, built and listening. `pace` is the least time between two card updates of a conversation, in seconds."""
    from aiohttp import web

    from bot.board import Links
    from bot.rates import Allowance, Rates
    from bot.web.api import Api
    from bot.web.caller import LOCAL, Callers
    from bot.web.health import Health
    from bot.web.hub import Hub
    from bot.web.keys import KeysApi
    from bot.web.matching import MatchingApi
    from bot.web.offers import OffersApi
    from bot.web.page import Page
    from bot.web.server import make_app
    from bot.web.tab_tokens import TabTokens

    hub = Hub()
    shop = await make_workshop(settings, hub.publish, pace=pace)
    # turns do not wait as long for the storage as workers do: the channel gives up after ten seconds
    quick = keep_in_azure(settings, patience=QUICK) if settings.uses_azure_storage else shop.kept
    quick_drive = make_drive(settings, quick.storage.blobs, shop.graph, key=shop.link_key)
    service = make_service(settings, quick.storage, quick_drive, mail=shop.mail, llm=shop.llm)
    names = tuple(template_names(settings.templates))

    async def ping_records() -> None:
        await quick.storage.records.get("health", "local", "ping")

    health = Health({"records": ping_records, "sandbox": shop.sandbox.start, "worker": shop.worker.alive})
    directory = shop.directory
    links = Links(settings.url, SystemClock().now, shop.link_key)
    rates = Rates(Allowance(settings.user_messages, settings.user_uploads) if settings.app_id else Allowance(0, 0))
    api = Api(service, hub, shop.worker.nudge, link=links.path, rates=rates, templates=names)
    services, _ = make_desk(service, shop.sender, shop.places, directory=directory, links=links, tokens=shop.tokens)
    bot = make_bot(services, shop.desk, shop, quick.storage.records, rates)
    matching = MatchingApi(service, shop.worker.nudge, rates=rates, firm=settings.firm, templates=settings.templates)
    offers = OffersApi(service, directory.roles)
    parts = (api, matching, offers, KeysApi(service.api_keys), Page(templates=names, default=settings.template), health)
    tabs = TabTokens(settings.app_id, urlsplit(settings.url).hostname or "", settings.allowed_tenants) if settings.app_id else None
    tenants = settings.allowed_tenants if settings.app_id else frozenset({LOCAL})
    callers = Callers(directory.roles, service.api_keys, tabs, tenants=tenants, signed_in=shop.people.hand_in if shop.people else None)
    app = make_app(shop.adapter, bot, parts, callers=callers, unsigned=not settings.app_id, link_key=shop.link_key)
    web_runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await web_runner.setup()
    await web.TCPSite(web_runner, settings.host, settings.port).start()
    shop.worker.start()
    stop = asyncio.Event()

    async def until_stopped() -> None:
        await stop.wait()
        health.stopping = True
        hub.close()
        await bot.errands.drain(timeout=2.0)
        await shop.worker.stop()
        await web_runner.cleanup()
        await shop.close()
        if quick is not shop.kept:
            await quick.close()

    return Running(settings.url, stop, asyncio.create_task(until_stopped()))


if __name__ == "__main__":
    raise SystemExit(main())
