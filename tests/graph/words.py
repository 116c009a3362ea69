"""Word files that are just enough of one."""

from __future__ import annotations

import io
import random
import zipfile

from pipeline.adapters.graph.own import PART
from pipeline.model.formats import job_mark


def word(text: str, *, job: str = "j1", size: int = 0) -> bytes:
    """A .docx that names its job; `size` in bytes, about, of what a picture in it takes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(PART, f'<w:document><w:bookmarkStart w:id="1" w:name="{job_mark(job)}"/>{text}</w:document>')
        archive.writestr("word/media/photo.jpg", random.Random(1).randbytes(size))
    return made.getvalue()


def text_of(data: bytes | None) -> str:
    """What a person reads in it, whatever the service has written into it."""
    assert data is not None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(PART).decode().rpartition("/>")[2].removesuffix("</w:document>")
