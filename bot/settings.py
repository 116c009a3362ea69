"""All settings, from the environment. Every variable is named once, here, and checked once, at start-up."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pipeline.model.person import Role
from pipeline.offer.volume import check_region

FIRM = "Ihre Firma GmbH"
TOKEN_SERVICE = "https://api.botframework.com"  # noqa: S105  # an address
GRAPH = "https://graph.microsoft.com/v1.0"
FOLDER = "CV Generator/{year}/{candidate}"
FILE_HOSTS = (".sharepoint.com", ".sharepoint.de", ".sharepoint.us")


GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MOST_ROLE_GROUPS = 20
"""Microsoft Graph answers for so many at once."""
LEAST_LOG_DAYS = 183
"""The EU's AI Act asks deployers of high-risk systems to keep their logs for six months (article 26, 6)."""


_ON, _OFF = ("on", "1", "true", "yes"), ("off", "0", "false", "no")
_NETWORK = frozenset({"cifs", "smb3", "smbfs", "nfs", "nfs4", "fuse.sshfs", "fuse.blobfuse", "fuse.blobfuse2"})


class BadSettings(ValueError):
    """A setting is missing or wrong; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults run everything on this computer, without any account or key."""

    data: Path = Path(".data")
    host: str = "127.0.0.1"
    port: int = 3978
    public_url: str = ""
    workers: int = 2
    lease: float = 30.0
    storage_connection: str = ""
    storage_account: str = ""
    llm_timeout: float = 60.0
    llm_calls: int = 64
    llm_calls_per_tenant: int = 32
    llm_tokens_per_minute: int = 0
    hot_days: int = 30
    candidate_days: int = 183
    log_days: int = 183
    firm: str = FIRM
    template: str = "classic"
    templates: Path | None = None
    concepts: Path | None = None
    log_level: str = "INFO"
    app_id: str = ""
    app_password: str = ""
    app_tenant: str = ""
    app_type: str = "SingleTenant"
    allowed_tenants: frozenset[str] = frozenset()
    file_hosts: tuple[str, ...] = FILE_HOSTS
    local_origins: tuple[str, ...] = ()
    ocr_languages: str = ""
    ocr_endpoint: str = ""
    ocr_key: str = ""
    clamd: str = ""
    llm_model: str = "gpt-4o-mini"
    openai_key: str = ""
    openai_base_url: str = ""
    azure_endpoint: str = ""
    azure_key: str = ""
    azure_api_version: str = "2024-10-21"
    azure_identity: str = ""
    input_price: float = 0.15
    output_price: float = 0.60
    user_messages: int = 30
    user_uploads: int = 20
    roles: str = "app"
    role_groups: tuple[tuple[str, Role], ...] = ()
    sso_connection: str = ""
    token_service: str = TOKEN_SERVICE
    graph: str = GRAPH
    drive_folder: str = FOLDER
    sharepoint_site: str = ""
    sharepoint_library: str = ""
    sharepoint_drive: str = ""
    firm_address: str = ""
    firm_contact: str = ""
    firm_legal: str = ""
    country: str = "DE"
    region: str = ""
    time_zone: str = "Europe/Berlin"
    vat: int = 19
    four_eyes: bool = True
    approval_reminder_days: int = 1
    approval_days: int = 5
    offer_days: int = 30
    offer_years: int = 6
    mail_drafts: bool = False
    address_service: str = ""

    @property
    def url(self) -> str:
        """Where people reach the app."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def uses_azure_storage(self) -> bool:
        return bool(self.storage_connection or self.storage_account)

    @property
    def uses_library(self) -> bool:
        return bool(self.sharepoint_site or self.sharepoint_drive)

    @property
    def uses_graph(self) -> bool:
        return bool(self.sso_connection) or self.uses_library

    @property
    def roles_of_groups(self) -> dict[str, frozenset[Role]]:
        """A group may stand for several roles."""
        return {group: frozenset(role for other, role in self.role_groups if other == group) for group, _ in self.role_groups}

    @property
    def uses_llm(self) -> bool:
        return bool(self.openai_key or self.openai_base_url or self.azure_endpoint)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Raises BadSettings."""

        def get(name: str, default: str = "") -> str:
            return environ.get(name, "").strip() or default

        def number(name: str, default: float) -> float:
            try:
                return float(get(name, str(default)))
            except ValueError:
                raise BadSettings(f"{name} must be a number, not {get(name)!r}") from None

        def names(name: str) -> tuple[str, ...]:
            return tuple(part.strip() for part in get(name).split(",") if part.strip())

        def switch(name: str, *, on: bool) -> bool:
            text = get(name, "on" if on else "off").lower()
            if text not in (*_ON, *_OFF):
                raise BadSettings(f"{name} must be on or off, not {text!r}")
            return text in _ON

        azure = get("AZURE_OPENAI_ENDPOINT")
        settings = cls(
            data=Path(get("DATA_DIR", ".data")),
            host=get("HOST", "127.0.0.1"),
            port=int(number("PORT", 3978)),
            public_url=get("PUBLIC_URL").rstrip("/"),
            workers=int(number("WORKERS", 2)),
            lease=number("LEASE_SECONDS", 30),
            storage_connection=get("AZURE_STORAGE_CONNECTION_STRING"),
            storage_account=get("AZURE_STORAGE_ACCOUNT"),
            llm_timeout=number("LLM_TIMEOUT", 60),
            llm_calls=int(number("LLM_CALLS", 64)),
            llm_calls_per_tenant=int(number("LLM_CALLS_PER_TENANT", 32)),
            llm_tokens_per_minute=int(number("LLM_TOKENS_PER_MINUTE", 0)),
            hot_days=int(number("RETENTION_HOT_DAYS", 30)),
            candidate_days=int(number("RETENTION_CANDIDATE_DAYS", 183)),
            log_days=int(number("RETENTION_LOG_DAYS", 183)),
            firm=get("FIRM_NAME", FIRM),
            template=get("TEMPLATE", "classic"),
            templates=Path(get("TEMPLATES_DIR")) if get("TEMPLATES_DIR") else None,
            concepts=Path(get("CONCEPTS_DIR")) if get("CONCEPTS_DIR") else None,
            log_level=get("LOG_LEVEL", "INFO").upper(),
            app_id=get("MICROSOFT_APP_ID"),
            app_password=get("MICROSOFT_APP_PASSWORD"),
            app_tenant=get("MICROSOFT_APP_TENANT_ID"),
            app_type=get("MICROSOFT_APP_TYPE", "SingleTenant"),
            allowed_tenants=frozenset(names("ALLOWED_TENANTS")) or frozenset(filter(None, [get("MICROSOFT_APP_TENANT_ID")])),
            file_hosts=tuple(f".{name.lstrip('.')}" for name in names("FILE_HOSTS")) or FILE_HOSTS,
            local_origins=names("LOCAL_ORIGINS"),
            ocr_languages=get("OCR_LANGUAGES"),
            ocr_endpoint=get("DOCUMENT_INTELLIGENCE_ENDPOINT"),
            ocr_key=get("DOCUMENT_INTELLIGENCE_KEY"),
            clamd=get("CLAMD"),
            llm_model=get("AZURE_OPENAI_DEPLOYMENT") if azure else get("OPENAI_MODEL", "gpt-4o-mini"),
            openai_key=get("OPENAI_API_KEY"),
            openai_base_url=get("OPENAI_BASE_URL"),
            azure_endpoint=azure,
            azure_key=get("AZURE_OPENAI_API_KEY"),
            azure_api_version=get("AZURE_OPENAI_API_VERSION", "2024-10-21"),
            azure_identity=get("AZURE_CLIENT_ID"),
            input_price=number("LLM_INPUT_PRICE", 0.15),
            output_price=number("LLM_OUTPUT_PRICE", 0.60),
            user_messages=int(number("USER_MESSAGES", 30)),
            user_uploads=int(number("USER_UPLOADS", 20)),
            roles=get("ROLES", "app").lower(),
            role_groups=_role_groups(names("ROLE_GROUPS")),
            sso_connection=get("SSO_CONNECTION"),
            token_service=get("TOKEN_SERVICE_URL", TOKEN_SERVICE).rstrip("/"),
            graph=get("GRAPH_URL", GRAPH).rstrip("/"),
            drive_folder=get("DRIVE_FOLDER", FOLDER),
            sharepoint_site=get("SHAREPOINT_SITE"),
            sharepoint_library=get("SHAREPOINT_LIBRARY"),
            sharepoint_drive=get("SHAREPOINT_DRIVE_ID"),
            firm_address=get("FIRM_ADDRESS"),
            firm_contact=get("FIRM_CONTACT"),
            firm_legal=get("FIRM_LEGAL"),
            country=get("COUNTRY", "DE").upper(),
            region=get("REGION").upper(),
            time_zone=get("TIME_ZONE", "Europe/Berlin"),
            vat=int(number("VAT", 19)),
            four_eyes=switch("FOUR_EYES", on=True),
            approval_reminder_days=int(number("APPROVAL_REMINDER_DAYS", 1)),
            approval_days=int(number("APPROVAL_DAYS", 5)),
            offer_days=int(number("OFFER_DAYS", 30)),
            offer_years=int(number("RETENTION_OFFER_YEARS", 6)),
            mail_drafts=switch("MAIL_DRAFTS", on=False),
            address_service=get("ADDRESS_SERVICE_URL").rstrip("/"),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Raises BadSettings."""
        if not 0 < self.port < 65536:
            raise BadSettings(f"PORT must be between 1 and 65535, not {self.port}")
        if not 1 <= self.workers <= 32:
            raise BadSettings(f"WORKERS must be between 1 and 32, not {self.workers}")
        if not 1 <= self.lease <= 3600:
            raise BadSettings(f"LEASE_SECONDS must be between 1 and 3600, not {self.lease:g}")
        if self.storage_connection and "=" not in self.storage_connection:
            raise BadSettings("AZURE_STORAGE_CONNECTION_STRING is no connection string: copy it from the storage account's access keys")
        if self.storage_account and not re.fullmatch(r"[a-z0-9]{3,24}", self.storage_account):
            raise BadSettings(f"AZURE_STORAGE_ACCOUNT must be the account's name, not {self.storage_account!r}")
        for name, value, least in (
            ("LLM_TIMEOUT", self.llm_timeout, 1),
            ("LLM_CALLS", self.llm_calls, 0),
            ("LLM_CALLS_PER_TENANT", self.llm_calls_per_tenant, 0),
            ("LLM_TOKENS_PER_MINUTE", self.llm_tokens_per_minute, 0),
            ("USER_MESSAGES", self.user_messages, 0),
            ("USER_UPLOADS", self.user_uploads, 0),
            ("RETENTION_HOT_DAYS", self.hot_days, 1),
            ("RETENTION_CANDIDATE_DAYS", self.candidate_days, 1),
            ("RETENTION_LOG_DAYS", self.log_days, LEAST_LOG_DAYS),
        ):
            if value < least:
                raise BadSettings(f"{name} must be at least {least}, not {value}")
        if not self.uses_azure_storage and (kind := network_drive(self.data)):
            raise BadSettings(f"DATA_DIR ({self.data}) is on a network drive ({kind}), where SQLite loses data: use a local disk, or Azure storage")
        if self.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise BadSettings(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {self.log_level!r}")
        if self.ocr_endpoint and not self.ocr_endpoint.startswith(("https://", "http://127.0.0.1:")):
            raise BadSettings(f"DOCUMENT_INTELLIGENCE_ENDPOINT must begin with https://, not {self.ocr_endpoint!r}")
        if self.clamd and not (self.clamd.startswith("/") or self.clamd.rpartition(":")[2].isdigit()):
            raise BadSettings(f"CLAMD must be the path of clamd's socket or host:port, not {self.clamd!r}")
        if self.azure_endpoint and not self.llm_model:
            raise BadSettings("AZURE_OPENAI_DEPLOYMENT is missing: name the deployment of the model")
        for name, url in (("TOKEN_SERVICE_URL", self.token_service), ("GRAPH_URL", self.graph)):
            if not url.startswith("https://") and (self.app_id or not is_loopback(urlsplit(url).hostname or "")):
                raise BadSettings(f"{name} must begin with https://, not {url!r}")
        if self.sso_connection and not self.app_id and self.token_service.startswith("https://"):
            raise BadSettings("SSO_CONNECTION needs MICROSOFT_APP_ID: people sign in to the bot's registration")
        if self.roles not in ("app", "groups", "everybody"):
            raise BadSettings(f"ROLES must be app, groups or everybody, not {self.roles!r}")
        if self.roles == "groups" and not self.role_groups:
            raise BadSettings("ROLES=groups needs ROLE_GROUPS, such as recruiter=<id of a group>,admin=<id of another>")
        self._check_drive()
        self._check_offers()
        if not self.app_id:
            if not is_loopback(self.host):
                raise BadSettings(f"MICROSOFT_APP_ID is empty: without it the app answers on 127.0.0.1 only, not on {self.host}")
            return
        if not re.fullmatch(GUID, self.app_id.lower()) or len(set(self.app_id)) < 5:
            raise BadSettings(f"MICROSOFT_APP_ID must be the application id of the bot's registration, not {self.app_id!r}")
        if self.local_origins:
            raise BadSettings("LOCAL_ORIGINS is for local tests only and cannot be combined with MICROSOFT_APP_ID")
        if self.app_type not in ("SingleTenant", "UserAssignedMSI"):
            raise BadSettings(f"MICROSOFT_APP_TYPE must be SingleTenant or UserAssignedMSI, not {self.app_type!r}")
        if not self.app_tenant:
            raise BadSettings("MICROSOFT_APP_TENANT_ID is missing: the id of your Entra tenant")
        if self.app_type == "SingleTenant" and not self.app_password:
            raise BadSettings("MICROSOFT_APP_PASSWORD is missing: the client secret of the bot's app registration")

    def _check_offers(self) -> None:
        """Raises BadSettings."""
        if self.time_zone not in available_timezones():
            raise BadSettings(f"TIME_ZONE must be a name such as Europe/Berlin, not {self.time_zone!r}")
        try:
            check_region(self.country, self.region)
        except ValueError as error:
            raise BadSettings(f"COUNTRY and REGION must name a country and a federal state such as DE and BW: {error}") from None
        for name, value, least, most in (
            ("VAT", self.vat, 0, 100),
            ("APPROVAL_REMINDER_DAYS", self.approval_reminder_days, 1, 60),
            ("APPROVAL_DAYS", self.approval_days, 1, 90),
            ("OFFER_DAYS", self.offer_days, 1, 365),
            ("RETENTION_OFFER_YEARS", self.offer_years, 1, 30),
        ):
            if not least <= value <= most:
                raise BadSettings(f"{name} must be between {least} and {most}, not {value}")
        if self.address_service and not self.address_service.startswith(("https://", "http://127.0.0.1:")):
            raise BadSettings(f"ADDRESS_SERVICE_URL must begin with https://, not {self.address_service!r}")
        if self.mail_drafts and not self.sso_connection:
            raise BadSettings("MAIL_DRAFTS needs SSO_CONNECTION: drafts are made in people's own mailboxes")

    def _check_drive(self) -> None:
        """Raises BadSettings."""
        if self.uses_library and not self.app_id:
            raise BadSettings("SHAREPOINT_SITE and SHAREPOINT_DRIVE_ID need MICROSOFT_APP_ID: the library is opened in the app's own name")
        if self.uses_library and self.allowed_tenants - {self.app_tenant}:
            raise BadSettings("SHAREPOINT_SITE and SHAREPOINT_DRIVE_ID are one firm's: ALLOWED_TENANTS may name no other tenant beside it")
        if self.sharepoint_library and not self.sharepoint_site:
            raise BadSettings("SHAREPOINT_LIBRARY needs SHAREPOINT_SITE: the address of the site that the library is in")
        if self.sharepoint_site and not re.fullmatch(r"https://[^/?#\s]+/(sites|teams)/[^?#]+", self.sharepoint_site):
            raise BadSettings(f"SHAREPOINT_SITE must be an address such as https://firm.sharepoint.com/sites/name, not {self.sharepoint_site!r}")
        unknown = re.sub(r"\{(year|month|candidate)\}", "", self.drive_folder)
        if "{" in unknown or "}" in unknown or not self.drive_folder.strip("/ "):
            raise BadSettings(f"DRIVE_FOLDER may hold {{year}}, {{month}} and {{candidate}}, not {self.drive_folder!r}")


def _role_groups(pairs: tuple[str, ...]) -> tuple[tuple[str, Role], ...]:
    """Groups by Entra's id and the role of their members. Raises BadSettings."""
    found: list[tuple[str, Role]] = []
    for pair in pairs:
        name, _, group = (part.strip().lower() for part in pair.partition("="))
        if name not in list(Role) or not re.fullmatch(GUID, group):
            raise BadSettings(f"ROLE_GROUPS must be pairs such as recruiter=<id of a group>, roles {', '.join(Role)}, not {pair!r}")
        found.append((group, Role(name)))
    if len(found) > MOST_ROLE_GROUPS:
        raise BadSettings(f"ROLE_GROUPS may name {MOST_ROLE_GROUPS} groups, not {len(found)}: put them together in Entra")
    return tuple(found)


def network_drive(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of network drive that the path lies on; empty for a local disk, and where the system does not say (mountinfo: proc(5))."""
    try:
        lines = mounts.read_text("utf-8").splitlines()
    except OSError:
        return ""
    kinds = {Path(line.split()[4]): line.partition(" - ")[2].split()[0] for line in lines if " - " in line}
    for place in (full := path.absolute(), *full.parents):
        if place in kinds:
            return kinds[place] if kinds[place] in _NETWORK else ""
    return ""


def is_loopback(host: str) -> bool:
    """Is it this computer's own address or name?"""
    if host in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
