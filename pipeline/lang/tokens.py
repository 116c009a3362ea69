"""Words as they are compared: casefolded, with what belongs inside a word (e-mail addresses, "C++", "1,3") kept together."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:[.@&'’+#]+\w+)*[+#]*")


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text, in order. A hyphen separates: "Müller-Schmidt" has two."""
    return tuple(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " ")))
