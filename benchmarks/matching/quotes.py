"""Does a quote stand in a CV? Asked of poppler's pdftotext, which the product does not use."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path


def bare(text: str) -> str:
    """Without white space, hyphens and bullets: where a line ends, and how a word is divided there, is the layout's business."""
    return re.sub(r"[\s\-\u2010-\u2015\u00ad\u2022\u25cf\uf0b7]", "", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(maxsize=256)
def texts(pdf: Path) -> tuple[str, ...]:
    """The bare text in each order that poppler knows; empty for a scan."""
    read = lambda *order: subprocess.run(["pdftotext", *order, str(pdf), "-"], capture_output=True, check=True, text=True).stdout
    return tuple(bare(read(*order)) for order in ((), ("-layout",), ("-raw",)))


def readable(pdf: Path) -> bool:
    return any(texts(pdf))


def stands_in(quote: str, pdf: Path) -> bool:
    return any(bare(quote) in text for text in texts(pdf))
