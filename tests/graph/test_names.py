"""S18: names from CVs, as files in OneDrive and SharePoint."""

from __future__ import annotations

import re
import unicodedata

import pytest

from pipeline.adapters.names import numbered, safe_name
from pipeline.ports import WordFile
from tests.conftest import NOW
from tests.graph.conftest import ANNA, Cloud
from tests.graph.words import text_of, word

NAMES = [
    "CV Jörg Müller.docx", "../../etc/passwd", "..\\..\\windows\\system32", "/etc/shadow", "C:\\autoexec.bat", "a/b/c.docx", "a\\b.docx",
    'a"b.docx', "a*b.docx", "a:b.docx", "a<b>.docx", "a?b.docx", "a|b.docx", "a:$DATA.docx", "a::$INDEX_ALLOCATION",
    "CON", "con.docx", "PRN.docx", "AUX", "NUL.docx", "COM0", "COM1.docx", "com9", "LPT0.docx", "lpt9.docx", "CON.tar.gz", "Con .docx",
    ".lock", "desktop.ini", "Desktop.INI", "_vti_", "a_vti_b.docx", "_VTI_cnf.docx", "~$CV.docx", "~CV.docx", "~", "~~~.docx",
    "", " ", ".", "..", "...", ".docx", " .docx", "x. ", " x", "x .docx", "x..docx", "x\t.docx", "x\n.docx", "x\r\ny.docx",
    "x\x00.docx", "x\x1f.docx", "x\x7f.docx", "x\x85.docx", "a\u202egnp.docx", "a\u2066b\u2069.docx", "a\u200bb.docx", "\ufeffa.docx", "a\u2028b.docx",
    "%2e%2e%2fetc", "a%00b.docx", "100%.docx", "C#.docx", "a&b=c.docx", "a;b,c.docx", "a'b''c.docx", "a+b.docx", "{a}[b](c).docx", "$HOME`id`.docx",
    "Mu\u0308ller.docx", "\u1112\u1161\u11ab.docx", "山田太郎.docx", "Ελένη.docx", "😀.docx", "\ud800.docx", "x" * 300 + ".docx", "ü" * 300 + ".docx", "😀" * 90 + ".docx",
]  # fmt: skip


def test_there_are_at_least_sixty_vectors() -> None:
    assert len(set(NAMES)) >= 60


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_a_safe_name_is_one_name(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not re.search(r'["*:<>?/\\|%#\x00-\x1f\x7f-\x9f]', safe)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in safe)
    assert safe == safe.strip() == unicodedata.normalize("NFC", safe)
    assert not safe.startswith(("~", ".")) and not safe.endswith(".")  # noqa: PT018
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)(\..*)?", safe)
    assert "_vti_" not in safe.lower()
    assert len(safe.encode()) <= 120
    assert safe_name(safe) == safe


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
async def test_it_comes_back_as_it_went(cloud: Cloud, name: str) -> None:
    candidate = name.removesuffix(".docx")
    item = await cloud.drive().save(ANNA, WordFile("j1", candidate, f"CV {candidate}.docx", word("one"), created=NOW))
    assert [one.path for one in cloud.onedrive.files] == [f"{item.path}/{item.name}"]
    assert item.path.count("/") == 2
    assert text_of(await cloud.drive().read("t", item)) == "one"


@pytest.mark.parametrize(("name", "safe"),
    [("CV Jörg Müller.docx", "CV Jörg Müller.docx"), ("../../etc/passwd", "etc passwd"), ('a"b*c:d<e>f?g|h', "a b c d e f g h"), ("CON", "_CON"),
     ("com1.docx", "_com1.docx"), ("", "_"), ("...", "_"), (" x. ", "x"), ("~$lock.docx", "$lock.docx"), ("a\u202egnp.exe\u200b", "a gnp.exe"), ("x" * 300, "x" * 100)],
)  # fmt: skip
def test_a_safe_name_stays_readable(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(("number", "name"), [(1, "CV A.docx"), (2, "CV A (2).docx"), (11, "CV A (11).docx")])
def test_names_beside_each_other(number: int, name: str) -> None:
    assert numbered("CV A.docx", number) == name
