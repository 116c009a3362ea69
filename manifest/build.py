"""Writes the app package for Teams: `python manifest/build.py --app-id … --domain … [--company … --website … --privacy … --terms …] --out cv.zip`.

Needs nothing but Python. Same input, same bytes. docs/registration.md says where the values come from.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
ICONS = {"color.png": 192, "outline.png": 32}
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP file can name: the time of building is no part of the package."""

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_VERSION = re.compile(r"(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_UNFILLED = re.compile(
    r"[{}<>\[\]…]|\.\.\.|^(ihre|your)[ .-]?(firma|domain|company|website|unternehmen)|\b(musterfirma|platzhalter|placeholder|todo|tbd|xxx+)\b",
    re.IGNORECASE,
)
_NOT_REAL = (
    *("example", "example.com", "example.org", "example.net", "contoso.com", "fabrikam.com"),
    *("invalid", "local", "localhost", "test", "internal", "home.arpa"),
)
"""Names that documentation, networks and samples use (RFC 2606, RFC 6761, RFC 8375): no Teams client gets an answer there."""


class BadPackage(ValueError):
    """A value or a file that Teams, or the people who read it there, could do nothing with; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Values:
    """What fills the template; the names are those of its placeholders."""

    app_id: str
    domain: str
    company: str
    website: str
    privacy: str
    terms: str
    version: str

    def __post_init__(self) -> None:
        _check_guid(self.app_id)
        _check_domain(self.domain, "--domain")
        if not 1 <= len(self.company) <= 32 or self.company != self.company.strip() or _UNFILLED.search(self.company):
            raise BadPackage(f"--company: {self.company!r} is not the name of a firm of at most 32 characters")
        for name in ("website", "privacy", "terms"):
            _check_url(getattr(self, name), f"--{name}")
        if not _VERSION.fullmatch(self.version):
            raise BadPackage(f"--version: {self.version!r} is not three numbers like 1.4.0")


def package(values: Values, *, icons: Path = HERE) -> dict[str, bytes]:
    """The files of the package, by their names. Raises BadPackage where one of them is not fit for Teams."""
    template = (HERE / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(_PLACEHOLDER.sub(lambda found: json.dumps(getattr(values, found[1]), ensure_ascii=False)[1:-1], template))
    languages = [language["file"] for language in manifest["localizationInfo"]["additionalLanguages"]]
    files = {"manifest.json": json.dumps(manifest, ensure_ascii=False, indent=2).encode()}
    files |= {name: (HERE / name).read_bytes() for name in languages}
    for name, size in ICONS.items():
        files[name] = (icons / name).read_bytes()
        _check_icon(files[name], name, size)
    return files


def write(files: dict[str, bytes], out: Path) -> None:
    """The ZIP file. Nothing is compressed: no library's version changes the bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package_file:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            package_file.writestr(entry, content)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="build.py", description="Writes the app package for Teams.")
    parser.add_argument("--app-id", required=True, help="the Entra app's application (client) id")
    parser.add_argument("--domain", required=True, help="the host name under which people reach the app, for example cv.firma.de")
    parser.add_argument("--company", help="your firm, as people see it in Teams (default: its domain)")
    parser.add_argument("--website", help="https address where people get help (default: your domain's home page, as for the next two)")
    parser.add_argument("--privacy", help="https address of your privacy notice")
    parser.add_argument("--terms", help="https address of your terms of use")
    parser.add_argument("--version", default=_product_version(), help="has to grow with each upload (default: the product's, %(default)s)")
    parser.add_argument("--icons", type=Path, default=HERE, help="folder with your own color.png (192×192) and outline.png (32×32)")
    parser.add_argument("--out", required=True, type=Path, help="the ZIP file to write")
    given = vars(parser.parse_args(arguments))
    icons, out = given.pop("icons"), given.pop("out")
    given["app_id"], given["domain"] = given["app_id"].lower(), given["domain"].lower()
    usual = defaults(given["domain"])
    left_out = [name for name in usual if given[name] is None]
    given |= {name: usual[name] for name in left_out}
    try:
        write(package(Values(**given), icons=icons), out)
    except (BadPackage, OSError) as problem:
        print(f"build.py: {problem}", file=sys.stderr)
        return 1
    if left_out:
        print("Taken from the domain: " + ", ".join(f"--{name} {given[name]}" for name in left_out), file=sys.stderr)
    print(out)
    return 0


def defaults(domain: str) -> dict[str, str]:
    """What stands for what was not given: "cv.firma.de" belongs to "firma.de"."""
    labels = domain.split(".")
    firm = ".".join(labels[1:] if len(labels) > 2 else labels)
    return {"company": firm[:32], **dict.fromkeys(("website", "privacy", "terms"), f"https://{firm}/")}


def _product_version() -> str:
    return str(tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _check_guid(text: str) -> None:
    """An id that Entra made is version 4; what people type to get on (zeros, 1234…) is not."""
    if not _GUID.fullmatch(text) or text[14] != "4" or text[19] not in "89ab" or len(set(text)) < 8 or text.startswith("12345678"):
        raise BadPackage(f"--app-id: {text!r} is not an application id; register.sh prints it as MICROSOFT_APP_ID")


def _check_domain(host: str, option: str) -> None:
    labels = host.split(".")
    real = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit() and len(host) <= 253
    if not real or any(host == name or host.endswith(f".{name}") for name in _NOT_REAL) or _UNFILLED.search(host):
        raise BadPackage(f"{option}: {host!r} is not a public host name like cv.firma.de (no https://, no port, no path)")


def _check_url(url: str, option: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.username or parts.port or len(url) > 2048 or re.search(r"\s", url) or _UNFILLED.search(url):
        raise BadPackage(f"{option}: {url!r} is not an https address")
    _check_domain(parts.hostname or "", option)


def _check_icon(data: bytes, name: str, size: int) -> None:
    """By the PNG's first block: width, height, eight bits of red, green, blue and alpha."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise BadPackage(f"{name} is not a PNG file")
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    if (width, height) != (size, size):
        raise BadPackage(f"{name} is {width}×{height}; Teams wants {size}×{size}")
    if name == "outline.png" and (depth, colours) != (8, 6):
        raise BadPackage("outline.png is not transparent: Teams wants white on transparent, 8 bits with alpha")


if __name__ == "__main__":
    sys.exit(main())
