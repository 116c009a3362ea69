"""What no person sees reaches nobody: 39 ways to hide text, twelve payloads each, and a model that would obey all of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.check.check import check
from pipeline.conversion import Options, Tools, convert
from pipeline.ports import Completion, Prompt, RefusedByModel
from pipeline.read.extract import extract
from pipeline.read.sandbox import Sandbox
from pipeline.structure.rules import structure_by_rules
from tests.conftest import SAMPLES, TODAY
from tests.hiding import CV, DISGUISES, NEVER_READ, PAYLOADS, TECHNIQUES, Sheet, hidden_pdf


def telling(payload: str) -> list[str]:
    """The words by which the payload is known again."""
    return [word for word in payload.split() if len(word) > 6 and not any(word in line for line in CV)]


class Obedient:
    """Does whatever its input says, and remembers that it was told."""

    name = "obedient"

    def __init__(self) -> None:
        self.told: list[str] = []

    async def complete(self, prompt: Prompt) -> Completion:
        self.told += [name for name, payload in PAYLOADS.items() if any(word in prompt.user for word in telling(payload))]
        raise RefusedByModel("rules will do")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("name", TECHNIQUES)
def test_hidden_text_is_taken_out_and_quoted(name: str) -> None:
    for payload in PAYLOADS.values():
        document = extract(hidden_pdf(name, payload))
        text = "\n".join(line.text for line in document.lines)
        assert [line for line in CV if line not in text] == []
        assert [word for word in telling(payload) if word in text] == []
        assert bool(document.hidden) == (name not in NEVER_READ)
        found = [dict(f.values)["text"] for f in check(structure_by_rules(document), document, today=TODAY)[1] if f.key == "hidden_text"]
        assert found == [text[:300] for text in document.hidden]


async def test_a_model_that_obeys_is_never_told_what_is_hidden(sandbox: Sandbox) -> None:
    model = Obedient()
    tools = Tools(sandbox, model)
    for name in TECHNIQUES:
        for payload in (PAYLOADS["override-de"], PAYLOADS["json-en"]):
            done = await convert(hidden_pdf(name, payload), tools, Options(TODAY), word=False)
            resume = done.json_resume()
            resume["meta"] = {key: value for key, value in resume["meta"].items() if key != "findings"}
            assert not any(word in json.dumps(resume, ensure_ascii=False) for word in telling(payload)), name
    assert model.told == []


def test_the_words_that_betray_a_payload_are_looked_for_in_the_right_place() -> None:
    """A prompt with the payload in it would have been noticed."""
    assert all(any(word in payload for word in telling(payload)) for payload in PAYLOADS.values())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_honest_pages_lose_nothing(path: object) -> None:
    assert extract(path.read_bytes()).hidden == ()


def test_white_on_a_dark_band_small_print_and_bold_by_stroke_are_visible() -> None:
    from tests.hiding import _text

    sheet = Sheet()
    sheet.after += "q 0.1 0.2 0.4 rg 0 380 595 60 re f Q\n" + _text("Weiß auf dunklem Grund", set_up="1 g")
    sheet.after += _text("Hellgrau gedruckt", at="60 300", set_up="0.75 g") + _text("Kleingedrucktes", at="60 280", size=5.5)
    sheet.after += _text("Fett durch Kontur", at="60 260", set_up="2 Tr 0 g 0 G 0.4 w")
    document = extract(sheet.pdf())
    text = "\n".join(line.text for line in document.lines)
    for wanted in ("Weiß auf dunklem Grund", "Hellgrau gedruckt", "Kleingedrucktes", "Fett durch Kontur"):
        assert wanted in text
    assert document.hidden == ()


def test_characters_without_ink_are_dropped_and_counted() -> None:
    import io

    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Carlito", "/usr/share/fonts/truetype/crosextra/Carlito-Regular.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont("Carlito", 10)
    for i, line in enumerate(CV):
        canvas.drawString(60, 760 - 16 * i, line.replace("Entwicklerin", "Ent\u200bwick\u202elerin"))
    canvas.save()
    document = extract(out.getvalue())
    assert document.invisible > 0
    assert "Softwareentwicklerin" in [line.text for line in document.lines]
    assert "invisible_characters" in {f.key for f in check(structure_by_rules(document), replace(document), today=TODAY)[1]}


@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_text_that_is_printed_otherwise_is_flagged(name: str, payload: str) -> None:
    document = extract(DISGUISES[name](payload))
    quoted = " ".join(document.doubtful)
    words = [word for word in payload.split() if sum(map(str.isalpha, word)) > 3]
    assert sum(word in quoted for word in words) >= 0.6 * len(words)
    assert not any(line in quoted for line in CV)
    assert "doubtful_text" in {f.key for f in check(structure_by_rules(document), document, today=TODAY)[1]}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_honest_letters_raise_no_doubt(path: object) -> None:
    assert extract(path.read_bytes()).doubtful == ()


def test_two_fonts_side_by_side_raise_no_doubt() -> None:
    sheet = Sheet()
    other = sheet.add("<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>")
    sheet.fonts += f"/F2 {other} 0 R"
    sheet.after += "BT /F2 10 Tf 60 300 Td (Kenntnisse in Buchhaltung und Controlling) Tj ET\n"
    assert extract(sheet.pdf()).doubtful == ()
