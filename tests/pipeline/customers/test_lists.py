"""Customer lists: any encoding, separator and column order; what the preview says is what the import does."""

from __future__ import annotations

import asyncio
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
from pipeline.offer.columns import columns_of, contact_of, country_of, customer_of, field_of, split_legal_form
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
        await customers.carry_out("t", plan, planned, key=key)
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
        ("Ort", "town"), ("e-mail", "email"), ("E-Mail Adresse", "email"), ("USt.-IdNr.", "vat_id"), ("VAT number", "vat_id"), ("Telefon-Nr", "phone"), ("Telefonnummer", "phone"),
        ("Umsatz 2025", ""), ("", ""), ("Nr.", ""), ("Ansprechpatner", "contact"), ("Zahlungsziel (Tage)", "payment_days"), ("Bemerkung", ""),
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
            await customers.carry_out("t", plan, planned, key="job-1")
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


async def test_placeholders_and_shared_numbers_tell_no_companies_apart_nor_together(customers: Customers) -> None:
    text = "Firma;PLZ;Ort;USt-IdNr.\nAlpha GmbH;70173;Stuttgart;-\nBeta AG;10115;Berlin;-\nGamma KG;80331;München;DE000000000\nDelta AG;50667;Köln;DE000000000\n"
    for key in ("job-1", "job-2"):
        names = [one.company for one in await imported(customers, text, key)]
        assert names == ["Alpha GmbH", "Beta AG", "Delta AG", "Gamma KG"]


async def test_another_legal_form_is_another_company(customers: Customers) -> None:
    await imported(customers, "Firma;PLZ;Ort\nMuster GmbH;70173;Stuttgart\nMuster AG;70173;Stuttgart\n")
    assert [one.company for one in await customers.all("t")] == ["Muster AG", "Muster GmbH"] or len(await customers.all("t")) == 2
    plan = await customers.plan("t", csv_rows(b"Firma;PLZ;Ort\nMuster KG;70173;Stuttgart\n"))
    assert (plan.planned[0].act, bool(plan.planned[0].like)) == (Act.ADD, True)


async def test_rows_of_one_list_that_look_alike_are_named(customers: Customers) -> None:
    rows = ["Nordlicht Pflege GmbH;20095", "Nordlicht Pflege KG;20095", "Nordlicht Pfleg GmbH;20095", "Nordlicht Pflege GmbH;80331", "Alpha AG;20095"]
    plan = await customers.plan("t", csv_rows("\n".join(["Firma;PLZ", *rows]).encode()))
    assert [one.like for one in plan.planned] == ["", "Nordlicht Pflege GmbH", "Nordlicht Pflege GmbH", "", ""]
    text = "Firma;PLZ;USt-IdNr.\nAlpha GmbH;70173;DE136695976\nAlpha Holding;10115;DE136695976\n"
    assert [one.like for one in (await customers.plan("t", csv_rows(text.encode()))).planned] == ["", "Alpha GmbH"]


async def test_a_name_without_its_legal_form_is_known(customers: Customers) -> None:
    await customers.add("t", Customer(name="Neckartal", legal_form="AG", postal_code="70173", town="Stuttgart"))
    (made,) = await imported(customers, "Firma;PLZ;Ort;E-Mail\nNeckartal;70173;Stuttgart;x@n.example\n")
    assert (made.company, made.email) == ("Neckartal AG", "x@n.example")


async def test_a_vat_id_knows_a_company_under_its_new_name_and_says_so(customers: Customers) -> None:
    await customers.add("t", Customer(name="Alt", legal_form="GmbH", vat_id="DE136695976"))
    plan = await customers.plan("t", csv_rows(b"Firma;USt-IdNr.\nNeu GmbH;DE136695976\n"))
    assert (plan.planned[0].act, [doubt.key for doubt in plan.planned[0].doubts]) == (Act.CHANGE, ["renamed"])


async def test_what_a_list_does_not_say_of_a_contact_stays(customers: Customers) -> None:
    eva = Contact(name="Eva Fein", salutation="Frau", email="eva@a.example", phone="+49 711 1")
    await customers.add("t", Customer(name="Alpha", postal_code="70173", town="Stuttgart", contacts=(eva,)))
    (made,) = await imported(customers, "Firma;PLZ;Ort;Ansprechpartner;E-Mail\nAlpha;70173;Stuttgart;Eva Fein;\n")
    assert made.contacts == (eva,)


async def test_what_was_changed_between_preview_and_import_stays(customers: Customers) -> None:
    alpha = await customers.add("t", Customer(name="Alpha", postal_code="70173", town="Stuttgart", email="old@a.example"))
    plan = await customers.plan("t", csv_rows("Firma;PLZ;Ort;Straße\nAlpha;70173;Stuttgart;Neuer Weg 1\n".encode()))
    await customers.change("t", alpha.id, 1, lambda known: known.model_copy(update={"email": "new@a.example", "payment_days": 30}))
    await customers.carry_out("t", plan, plan.planned[0], key="job-1")
    made = await customers.get("t", alpha.id)
    assert (made.street, made.email, made.payment_days) == ("Neuer Weg 1", "new@a.example", 30)


async def test_two_merges_the_other_way_round_at_once_lose_nobody(customers: Customers) -> None:
    for number in range(8):
        one, other = [await customers.add("t", Customer(name=f"Muster {number} {side}")) for side in "AB"]
        await asyncio.gather(customers.merge("t", one.id, other.id), customers.merge("t", other.id, one.id), return_exceptions=True)
        assert (await customers.get("t", one.id)).id == (await customers.get("t", other.id)).id
    assert len(await customers.all("t")) == 8


async def test_an_old_card_of_a_merged_customer_changes_nothing(customers: Customers) -> None:
    one, other = [await customers.add("t", Customer(name=name)) for name in ("Muster", "Mustre")]
    await customers.merge("t", one.id, other.id)
    with pytest.raises(UserError, match="changed_meanwhile"):
        await customers.change("t", other.id, 1, lambda known: known.model_copy(update={"email": "x@y.example"}))


async def test_postal_codes_keep_their_zeros_and_rows_their_numbers(sandbox: Sandbox, customers: Customers) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["Firma", "PLZ", "Ort"], [], ["Elbe GmbH", 1067, "Dresden"], [None, 1067, "Dresden"], ["Elbe AG", 1067, "Dresden"]):
        sheet.append(row)
    sheet["B3"].number_format = "00000"
    data = io.BytesIO()
    book.save(data)
    rows = await sandbox.rows(data.getvalue())
    assert rows[2] == ["Elbe GmbH", "01067", "Dresden"]
    plan = await customers.plan("t", rows)
    assert [(one.act, one.rows) for one in plan.planned] == [(Act.ADD, (3,)), (Act.SKIP, (4,)), (Act.ADD, (5,))]
    assert {one.customer.postal_code for one in plan.planned if one.customer} == {"01067"}, "in Germany four digits have lost a zero"
    assert not [doubt for one in plan.planned for doubt in one.doubts]


@pytest.mark.parametrize(
    ("land", "code"), [("Frankreich", "FR"), ("Polen", "PL"), ("France", "FR"), ("Österreich", "AT"), ("", "DE"), ("Nirgendwo", "DE"), ("IT", "IT")]
)
def test_countries_by_their_names(land: str, code: str) -> None:
    assert country_of(land, "DE") == code


async def test_many_rows_against_many_customers_of_one_place_take_seconds(customers: Customers) -> None:
    """Quadratic work would take minutes."""
    text = "Firma;PLZ;Ort\n" + "".join(f"Firma Nummer {i:05};70173;Stuttgart\n" for i in range(1500))
    await imported(customers, text)
    async with asyncio.timeout(20):
        plan = await customers.plan("t", csv_rows(text.replace("Nummer", "Zahl").encode()))
    assert plan.count(Act.ADD) == 1500


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Neckartal Maschinenbau AG", "Neckartal Maschinenbau"), ("neckartal maschinenbau", "Neckartal Maschinenbau"), ("Neckartal Maschinebau", "Neckartal Maschinenbau"), ("Neckartal", ""),
        ("Maschinenbau", ""), ("Daimler", ""), ("Firma 11", ""), ("Firma 10 GmbH", "Firma 10"), ("Zwilling", ""), ("Zwilling AG", "Zwilling"),
    ],
)  # fmt: skip
async def test_a_customer_is_meant_where_the_name_is_clear(customers: Customers, text: str, name: str) -> None:
    for known in (
        ("Neckartal Maschinenbau", "AG"),
        ("Maschinenbau Ulm", "GmbH"),
        ("Daimler Truck", "AG"),
        ("Firma 10", "GmbH"),
        ("Zwilling", "AG"),
        ("Zwilling", "GmbH"),
    ):
        await customers.add("t", Customer(name=known[0], legal_form=known[1]))
    found = await customers.meant("t", text)
    assert (found.name if found else "") == name
    if text == "Neckartal Maschinebau":
        assert await customers.meant("t", text, exactly=True) is None


@pytest.mark.parametrize(
    ("headers", "street"),
    [
        (("Nr", "Firma", "Straße", "Hausnr.", "PLZ"), "Weg 5a"),
        (("Firma", "Straße", "Nr.", "PLZ"), "Weg 5a"),
        (("Nr.", "Firma", "Straße", "PLZ"), "Weg"),
    ],
)
def test_a_bare_number_is_the_houses_beside_the_street_alone(headers: tuple[str, ...], street: str) -> None:
    cells = {"Nr": "17", "Firma": "X GmbH", "Straße": "Weg", "Hausnr.": "5a", "PLZ": "01067"} | {"Nr.": "5a" if headers[0] == "Firma" else "17"}
    found = columns_of([headers])
    assert customer_of([cells[header] for header in headers], found, country="DE").street == street


@pytest.mark.parametrize(
    ("written", "name", "form"),
    [
        ("Neckartal Aktiengesellschaft", "Neckartal", "AG"), ("X GMBH & CO KG", "X", "GmbH & Co. KG"), ("Y gmbh", "Y", "GmbH"),
        ("AG", "AG", ""), ("Muster Gesellschaft mit beschränkter Haftung", "Muster", "GmbH"),
    ],
)  # fmt: skip
def test_a_legal_form_is_known_however_it_is_written(written: str, name: str, form: str) -> None:
    assert split_legal_form(written) == (name, form)


@pytest.mark.parametrize(
    ("said", "code"),
    [("Itallien", "IT"), ("UK", "GB"), ("Frankreich", "FR"), ("france", "FR"), ("at", "AT"), ("xx", "DE"), ("", "DE"), ("Polen", "PL")],
)
def test_a_country_is_known_with_slips_of_the_pen(said: str, code: str) -> None:
    assert country_of(said, "DE") == code


def test_a_customer_abroad_is_written_to_in_english_unless_the_list_says_otherwise() -> None:
    columns = columns_of([("Firma", "Land", "Sprache")])
    languages = [customer_of(row, columns, country="DE").language for row in (("X", "UK", ""), ("X", "Österreich", ""), ("X", "UK", "Deutsch"))]
    assert languages == ["en", "de", "de"]
