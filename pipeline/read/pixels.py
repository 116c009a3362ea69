"""Page of a PDF -> picture in grey. Runs only inside the sandbox's child process."""

from __future__ import annotations

import math
import struct

import pypdfium2 as pdfium

from pipeline.errors import UserError

DPI = 200
MAX_PIXELS = 12_000_000
"""An A4 page at 200 dpi has 3.9 million; a larger sheet is shown smaller."""

HEAD = struct.Struct(">HHf")
"""Width and height in pixels, dots per inch; the grey bytes follow."""


def page_pixels(data: bytes, number: int) -> bytes:
    """What a person sees of page `number` (from 1) on paper: no annotations, no form fields. Raises UserError: damaged."""
    try:
        page = pdfium.PdfDocument(data)[number - 1]
        width, height = page.get_size()
        dpi = min(DPI, 72 * math.sqrt(MAX_PIXELS / max(1.0, width * height)), 72 * 30000 / max(width, height, 1.0))
        bitmap = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=False, draw_annots=False)
    except pdfium.PdfiumError:
        raise UserError("damaged") from None
    rows = memoryview(bitmap.buffer)
    grey = b"".join(rows[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height))
    return HEAD.pack(bitmap.width, bitmap.height, dpi) + grey
