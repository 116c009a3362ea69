"""Scanned pages: made here from the samples, read by the real engine."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.adapters.local.picture import prepared
from pipeline.adapters.local.tesseract import Tesseract, installed, words_of
from pipeline.check.check import check
from pipeline.errors import UserError
from pipeline.ports import OcrWord, PageImage
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.structure.rules import structure_by_rules
from tests.conftest import TODAY, sample

Picture = Image.Image


def scanned(name: str, change: Callable[[Picture], Picture] = lambda p: p, *, layer: bool = False) -> bytes:
    """The sample as pictures, with or without the text layer of a scanner's software."""
    source, out = pdfium.PdfDocument(sample(name)), io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for page in source:
        width, height = page.get_size()
        canvas.setPageSize((width, height))
        picture = change(page.render(scale=200 / 72).to_pil().convert("L"))
        canvas.drawImage(ImageReader(picture), 0, 0, width, height)
        if layer:
            text = canvas.beginText(20, 20)
            text.setTextRenderMode(3)
            for line in page.get_textpage().get_text_bounded().splitlines():
                text.textLine(line.upper())
            canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def tilted(picture: Picture) -> Picture:
    return picture.rotate(1.5, expand=False, fillcolor=255, resample=Image.Resampling.BICUBIC)


def shaded(picture: Picture) -> Picture:
    """Light falls from one side, and the picture is a little soft."""
    shade = Image.linear_gradient("L").resize(picture.size).point(lambda v: 160 + v * 95 // 255)
    return Image.composite(picture, Image.new("L", picture.size, 0), shade).filter(ImageFilter.GaussianBlur(0.6))


def fax(picture: Picture) -> Picture:
    return picture.convert("1", dither=Image.Dither.NONE).convert("L")


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    languages = installed()
    assert languages == "deu+eng", "Tesseract is missing: apt-get install tesseract-ocr tesseract-ocr-deu"
    return Reader(sandbox, Tesseract(languages))


@pytest.mark.parametrize("change", [lambda p: p, tilted, shaded, fax], ids=["grey", "tilted", "shaded", "fax"])
async def test_a_scan_is_read_like_the_page_it_was(reader: Reader, change: Callable[[Picture], Picture]) -> None:
    document = await reader.read(scanned("de-tabelle-yilmaz", change))
    real = await reader.read(sample("de-tabelle-yilmaz"))
    assert document.scanned == tuple(range(1, len(real.pages) + 1))
    assert all(line.confidence is not None for line in document.lines)
    cv, wanted = structure_by_rules(document), structure_by_rules(real)
    assert cv.basics.name.text == wanted.basics.name.text
    assert [p.period.start.text for p in cv.positions if p.period.start] == [p.period.start.text for p in wanted.positions if p.period.start]
    companies = [p.company.text for p in wanted.positions if p.company]
    assert sum(p.company is not None and p.company.text in companies for p in cv.positions) >= len(companies) - 1
    assert "recognised" in {f.key for f in check(cv, document, today=TODAY)[1]}


async def test_the_cells_of_a_tilted_row_stand_level_again(reader: Reader) -> None:
    document = await reader.read(scanned("de-tabelle-yilmaz", tilted))
    boxes = {line.text: line.box for line in document.lines}
    for label, beside in (("Anschrift", "Kastanienallee 7, 50969 Köln"), ("08/2003", "Fachhochschulreife")):
        found = next(box for text, box in boxes.items() if text.startswith(label))
        assert abs(found.y1 - boxes[beside].y1) < 1.5


async def test_two_columns_of_a_scan_are_read_one_after_the_other(reader: Reader) -> None:
    document = await reader.read(scanned("en-two-column-okafor"))
    assert len({line.flow for line in document.lines}) > 1


async def test_a_scanner_s_text_layer_is_not_trusted(reader: Reader) -> None:
    document = await reader.read(scanned("de-tabelle-yilmaz", layer=True))
    assert document.scanned
    assert structure_by_rules(document).basics.name.text != structure_by_rules(document).basics.name.text.upper()


@pytest.mark.parametrize("layer", [False, True])
async def test_without_an_engine_a_scan_is_refused(sandbox: Sandbox, layer: bool) -> None:
    with pytest.raises(UserError) as caught:
        await Reader(sandbox, None).read(scanned("de-tabelle-yilmaz", layer=layer))
    assert caught.value.key == "scanned"


async def test_an_empty_picture_says_what_to_do(reader: Reader) -> None:
    with pytest.raises(UserError) as caught:
        await reader.read(scanned("de-tabelle-yilmaz", lambda p: Image.new("L", p.size, 255)))
    assert caught.value.key == "no_text"


class Mumbling:
    """An engine that is not sure of anything."""

    async def words(self, image: PageImage) -> list[OcrWord]:
        return [OcrWord(f"Wort{i}x", 200, 200 + 60 * i, 420, 230 + 60 * i, 0.4, i) for i in range(20)]


async def test_lines_that_the_engine_is_not_sure_of_are_a_finding(sandbox: Sandbox) -> None:
    document = await Reader(sandbox, Mumbling()).read(scanned("de-tabelle-yilmaz", lambda p: (ImageDraw.Draw(p).line((0, 0, 9, 9)), p)[1]))
    found = {f.key: f for f in check(structure_by_rules(document), document, today=TODAY)[1]}
    assert dict(found["recognised_badly"].values)["count"] == str(len(document.lines))


def test_rows_of_the_engine_s_table() -> None:
    tsv = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    tsv += '4\t1\t1\t1\t1\t0\t10\t10\t90\t20\t-1\t\n5\t1\t1\t1\t1\t1\t10\t12\t30\t18\t91.5\t"Quoted\n5\t1\t1\t1\t2\t1\t10\t52\t30\t18\t-1\tx\n'
    assert words_of(tsv) == [OcrWord('"Quoted', 10, 12, 40, 30, 0.915, 0), OcrWord("x", 10, 52, 40, 70, 0.0, 1)]


def drawn_page(paper: int = 250) -> tuple[Picture, ImageDraw.ImageDraw]:
    picture = Image.new("L", (1200, 500), paper)
    return picture, ImageDraw.Draw(picture)


async def recognised(picture: Picture) -> str:
    image = PageImage(*picture.size, 200, picture.tobytes())
    return " ".join(word.text for word in await Tesseract(installed()).words(image))


async def test_white_letters_on_a_dark_band_are_read() -> None:
    picture, draw = drawn_page()
    draw.text((60, 60), "Ada Beispiel", fill=0, font_size=40)
    draw.rectangle((50, 200, 1100, 260), fill=70)
    draw.text((70, 210), "Berufserfahrung", fill=255, font_size=36)
    draw.text((60, 320), "Entwicklerin in Bonn", fill=0, font_size=36)
    assert "Berufserfahrung" in await recognised(picture)


async def test_pale_letters_between_ruled_lines_are_read() -> None:
    picture, draw = drawn_page(paper=235)
    draw.text((60, 40), "Ada Beispiel", fill=0, font_size=40)
    for y in (150, 230):
        draw.line((40, y, 1160, y), fill=60, width=3)
    draw.text((60, 170), "ada.beispiel@example.org", fill=150, font_size=36)
    assert "ada.beispiel@example.org" in await recognised(picture)


def test_the_picture_keeps_its_letters_and_loses_its_lines() -> None:
    picture, draw = drawn_page()
    draw.line((40, 100, 1160, 100), fill=0, width=3)
    draw.rectangle((100, 200, 130, 240), fill=0)  # as wide as a letter
    draw.rectangle((300, 300, 900, 360), fill=50)
    after = Image.frombytes("L", picture.size, prepared(PageImage(*picture.size, 200, picture.tobytes())).grey)
    assert [after.getpixel(at) for at in ((600, 100), (115, 220), (600, 330), (600, 450))] == [255, 0, 255, 255]
