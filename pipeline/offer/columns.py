"""Rows of a customer list -> customers: which column is what, and what its values mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from pydantic import ValidationError
from rapidfuzz import fuzz, process

from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer

LIKE = 88
"""So alike, of 100, a header must be to one of the known names."""
HEADER_WITHIN = 10
"""Among so many rows from the top is the one with the headers."""
_BARE_NUMBER = frozenset({"nr", "no", "number", "nummer"})
"""Beside the street it is the house's; anywhere else it is anything."""
_GERMAN = frozenset({"DE", "AT", "CH", "LI"})
_SALUTATIONS = {"herr": "Herr", "hr": "Herr", "frau": "Frau", "fr": "Frau", "mr": "Mr", "mrs": "Ms", "ms": "Ms", "miss": "Ms"}


@dataclass(frozen=True, slots=True)
class Columns:
    """`fields` name what each column holds, empty where nothing we know; `header` is the row with the headers, from 0."""

    header: int
    headers: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def mapping(self) -> tuple[tuple[str, str], ...]:
        """Header and field, for those that are used."""
        return tuple((header, field) for header, field in zip(self.headers, self.fields, strict=True) if field)

    @property
    def unused(self) -> tuple[str, ...]:
        return tuple(header for header, field in zip(self.headers, self.fields, strict=True) if header and not field)


def columns_of(rows: Sequence[Sequence[str]]) -> Columns:
    """Raises UserError: no_company_column."""
    for number, row in enumerate(rows[:HEADER_WITHIN]):
        headers = tuple(cell.strip() for cell in row)
        fields: list[str] = []
        for header in headers:
            field = field_of(header)
            beside = fields and fields[-1] == "street" and _plain(header) in _BARE_NUMBER
            field = "house_number" if beside else field
            fields.append(field if field not in fields else "")
        if "name" in fields:
            return Columns(number, headers, tuple(fields))
    raise UserError("no_company_column")


@cache
def field_of(header: str) -> str:
    """What a column of that name holds; empty where it is nothing we know."""
    names, wanted = _names(), _plain(header)
    if not wanted:
        return ""
    if wanted in names:
        return names[wanted]
    found = process.extractOne(wanted, names.keys(), scorer=fuzz.ratio, score_cutoff=LIKE) if len(wanted) > 3 else None
    return names[found[0]] if found else ""


def customer_of(row: Sequence[str], columns: Columns, *, country: str) -> Customer:
    """The customer of one row. Raises UserError: row_without_company, row_too_long."""
    values = {field: _text(cell) for field, cell in zip(columns.fields, row, strict=False) if field}
    if not values.get("name"):
        raise UserError("row_without_company")
    name, form = split_legal_form(values["name"])
    street = f"{values.get('street', '')} {values.get('house_number', '')}".strip()
    code, town = _code_and_town(values.get("postal_code", ""), values.get("town", ""))
    days = re.search(r"\d{1,3}", values.get("payment_days", ""))
    person = values.get("contact") or f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    person = "" if _plain(person) in _SALUTATIONS else person
    land = country_of(values.get("country", ""), country)
    fields: dict[str, Any] = {
        "name": name,
        "legal_form": values.get("legal_form") or form,
        "street": street,
        "postal_code": code,
        "town": town,
        "country": land,
        "vat_id": values.get("vat_id", "").replace(" ", "").upper(),
        "language": _language(values.get("language", "") or ("de" if land in _GERMAN else "en")),
        "payment_days": min(int(days.group()), 365) if days else None,
        "conditions": values.get("conditions", ""),
        "template": values.get("template", ""),
    }
    email = values.get("email", "")
    try:
        if person:
            contact = contact_of(person, salutation=values.get("salutation", ""), email=email, phone=values.get("phone", ""))
            return Customer(**fields, contacts=(contact,))
        return Customer(**fields, email=email, phone=values.get("phone", ""))
    except ValidationError:
        raise UserError("row_too_long") from None


def contact_of(name: str, *, salutation: str = "", email: str = "", phone: str = "") -> Contact:
    """A salutation may stand before the name."""
    first, _, rest = name.partition(" ")
    known = _SALUTATIONS.get(_plain(first), "")
    if known and rest:
        name, salutation = rest.strip(), salutation or known
    return Contact(name=name, salutation=_SALUTATIONS.get(_plain(salutation), ""), email=email, phone=phone)


def split_legal_form(company: str) -> tuple[str, str]:
    """The name and the legal form at its end, as it is usually written."""
    written = {form: form for form in _data()["legal_forms"]["names"]} | {
        name: form for form, names in _data()["long_forms"].items() for name in names
    }
    for text, form in written.items():
        pattern = re.escape(text).replace(r"\ ", r"\s*").replace(r"\.", r"\.?")
        found = re.search(rf"[\s,]+{pattern}$", company, re.IGNORECASE)
        if found and found.start() > 0:
            return company[: found.start()].rstrip(" ,"), form
    return company, ""


def country_of(text: str, default: str) -> str:
    """By ISO 3166-1, slips of the pen included; the default where nothing is said, or nothing that we know."""
    wanted = text.casefold().strip()
    found = next((code for code, names in _data()["countries"].items() if wanted in names), "") or _countries().get(wanted, "")
    if not found and wanted.upper() in _countries().values():
        return wanted.upper()
    like = process.extractOne(wanted, _countries().keys(), scorer=fuzz.ratio, score_cutoff=LIKE) if len(wanted) > 4 and not found else None
    return found or (_countries()[like[0]] if like else default)


@cache
def _countries() -> Mapping[str, str]:
    """ISO 3166-1 by the names in German and English."""
    named = ((name.casefold(), code) for language in ("de", "en") for code, name in Locale(language).territories.items())
    return {name: str(code) for name, code in named if len(code) == 2 and code.isalpha()}


def _language(text: str) -> str:
    wanted = text.casefold().partition("-")[0].strip()
    return next((code for code, names in _data()["languages"].items() if wanted in names), "de")


def _code_and_town(code: str, town: str) -> tuple[str, str]:
    """Both may stand in one column: "70173 Stuttgart", "D-70173 Stuttgart"."""
    code, town = re.sub(r"^[A-Z]{1,3}[- ](?=\d)", "", code.strip()), re.sub(r"^[A-Z]{1,2}-(?=\d)", "", town.strip())
    both = re.fullmatch(r"(\d{4,5}(?:\s?[A-Z]{2}(?=\s))?)\s+(\S.*)", code or town)
    if both and not (code and town):
        return both.group(1), both.group(2)
    return code, town


def _text(cell: str) -> str:
    """The cell as text: an apostrophe that kept a spreadsheet from running it belongs to the file, not to the value."""
    text = " ".join(cell.split())
    return text[1:].lstrip() if re.match(r"'\s*[=+\-@＝＋－＠]", text) else text


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "columns.toml").read_text("utf-8"))


@cache
def _names() -> Mapping[str, str]:
    return {_plain(name): field for field, names in _data().items() if isinstance(names, list) for name in names}


def _plain(text: str) -> str:
    text = text.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return re.sub(r"[\W_]+", "", text)
