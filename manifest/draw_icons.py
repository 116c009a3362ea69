"""Draws the app's two icons from the shape of bot/web/static/icon.svg: a sheet with a folded corner, a head, two lines of text."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
NAVY, PALE, WHITE = (31, 58, 95, 255), (184, 198, 214, 255), (255, 255, 255, 255)
FINE = 2048
"""Drawn so many pixels wide and then made small: edges get their greys."""


class Pen:
    """A mask to draw into, in units of its own: `scale` pixels each, from (left, top) on."""

    def __init__(self, size: int, *, left: float = 0, top: float = 0, scale: float = 1) -> None:
        self._size, self._left, self._top = size, left, top
        self._scale, self._fine = scale, FINE // size
        self._image = Image.new("L", (size * self._fine, size * self._fine), 0)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: list[tuple[float, float]], *, fill: int = 255) -> None:
        self._draw.polygon([self._at(x, y) for x, y in points], fill=fill)

    def disc(self, x: float, y: float, radius: float, *, fill: int = 255) -> None:
        self._draw.ellipse([*self._at(x - radius, y - radius), *self._at(x + radius, y + radius)], fill=fill)

    def line(self, points: list[tuple[float, float]], width: float) -> None:
        """A line with round ends and corners."""
        self._draw.line([self._at(x, y) for x, y in points], fill=255, width=round(width * self._scale * self._fine))
        for x, y in points:
            self.disc(x, y, width / 2)

    def sheet(self, box: tuple[float, float, float, float], *, cut: float, corner: float, fill: int = 255) -> None:
        """A sheet (left, top, right, bottom) with three round corners; the fourth, on the top right, is cut off."""
        left, top, right, bottom = box
        self.polygon(
            [
                (left + corner, top),
                (right - cut, top),
                (right, top + cut),
                (right, bottom - corner),
                (right - corner, bottom),
                (left + corner, bottom),
                (left, bottom - corner),
                (left, top + corner),
            ],
            fill=fill,
        )
        for x, y in ((left + corner, top + corner), (left + corner, bottom - corner), (right - corner, bottom - corner)):
            self.disc(x, y, corner, fill=fill)

    def mask(self) -> Image.Image:
        return self._image.resize((self._size, self._size), Image.Resampling.BOX)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (self._left + x * self._scale) * self._fine, (self._top + y * self._scale) * self._fine


def color() -> Image.Image:
    """192 by 192, filled to the edges; the sheet stands within the middle 120, for Teams rounds or cuts off the corners itself."""
    sheet, fold, text = (Pen(192, left=38, top=36, scale=120 / 64) for _ in range(3))
    sheet.sheet((8, 4, 54, 60), cut=14, corner=6)
    fold.polygon([(40, 4), (54, 18), (44, 18), (40, 14)])
    fold.disc(44, 14, 4)
    text.disc(22, 24, 6)
    text.line([(16, 38), (46, 38)], 4)
    text.line([(16, 47), (36, 47)], 4)
    picture = Image.new("RGBA", (192, 192), NAVY)
    for pen, colour in ((sheet, WHITE), (fold, PALE), (text, NAVY)):
        picture.paste(colour, mask=pen.mask())
    return picture


def outline() -> Image.Image:
    """32 by 32, white on transparent: the sheet by its border. Lines lie on whole pixels, two wide, so that they stay lines in the side bar."""
    pen = Pen(32)
    pen.sheet((4, 1, 28, 31), cut=8, corner=3)
    pen.sheet((6, 3, 26, 29), cut=6.8, corner=1, fill=0)
    pen.line([(20, 3), (20, 9), (26, 9)], 2)
    pen.disc(12, 12, 3)
    pen.line([(10, 19), (22, 19)], 2)
    pen.line([(10, 24), (18, 24)], 2)
    picture = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    picture.putalpha(pen.mask())
    return picture


if __name__ == "__main__":
    color().save(HERE / "color.png", optimize=True)
    outline().save(HERE / "outline.png", optimize=True)
