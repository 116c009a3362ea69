"""What makes a scanned page easier to recognise: pale text darkened, ruled lines taken away, white text on dark bands turned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.ports import PageImage

PALE, PAPER = 90, 30
"""Grey levels below the paper's white: as dark as the first is black, as light as the second is white."""

DARK = 128
"""What is darker than this, of 0 to 255, is ink."""

LONG = 0.2
"""Share of the page's width that a run of ink has which is no letter."""

LINE, BAND = 7, (14, 120)
"""Thickness in pixels of a ruled line at most, and of a dark band."""

_INK = bytes(1 if level < DARK else 0 for level in range(256))
_TURNED = bytes(255 - level for level in range(256))


def prepared(image: PageImage) -> PageImage:
    """The picture of an evenly lit page, for the engine."""
    return _without_bands_and_lines(_with_contrast(image))


def _with_contrast(image: PageImage) -> PageImage:
    """The paper, which is most of the page, becomes white; what is a little darker becomes ink."""
    sample = sorted(image.grey[::101])
    white = sample[len(sample) // 2]
    black, paper = white - PALE, white - PAPER
    return replace(image, grey=image.grey.translate(bytes(max(0, min(255, (v - black) * 255 // (paper - black))) for v in range(256))))


def _without_bands_and_lines(image: PageImage) -> PageImage:
    width, rows = image.width, bytearray(image.grey)
    for top, bottom, left, right in _filled(image):
        for y in range(top, bottom):
            at = y * width
            if bottom - top <= LINE:
                rows[at + left : at + right] = b"\xff" * (right - left)
            elif BAND[0] <= bottom - top <= BAND[1]:
                rows[at + left : at + right] = rows[at + left : at + right].translate(_TURNED)
    return replace(image, grey=bytes(rows))


def _filled(image: PageImage) -> Iterator[tuple[int, int, int, int]]:
    """Areas (top, bottom, left, right) whose every row has a long run of ink between about the same ends."""
    width = image.width
    run = re.compile(rb"\x01{%d,}" % max(1, int(LONG * width)))
    open_areas: list[list[int]] = []
    for y in range(image.height + 1):
        inked = image.grey[y * width : (y + 1) * width].translate(_INK) if y < image.height else b""
        # letters that stand in a band are holes in its runs; a band is as wide as what is left and right of them
        spans = [match.span() for match in run.finditer(inked)]
        for area in list(open_areas):
            if not any(left < area[3] and area[2] < right for left, right in spans) and y - area[1] > 2 * LINE:
                open_areas.remove(area)
                yield area[0], area[1] + 1, area[2], area[3]
        for left, right in spans:
            for area in open_areas:
                if left < area[3] and area[2] < right and y - area[1] <= 2 * LINE:
                    area[1], area[2], area[3] = y, min(area[2], left), max(area[3], right)
                    break
            else:
                open_areas.append([y, y, left, right])
    for area in open_areas:
        yield area[0], area[1] + 1, area[2], area[3]
