"""Text that Word can hold: the one place where strings are cleaned for XML."""

from __future__ import annotations

import re

# C0 controls but tab and line feed, non-characters, lone surrogates, bidirectional and zero-width marks, tag characters,
# and the private-use characters that this package uses as marks
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000-\ue001\U000e0000-\U000e007f]"
)


def xml_safe(text: str) -> str:
    """The text without characters that XML or a reader's eye cannot take; form feeds and the like become spaces."""
    return _UNSAFE.sub(lambda m: " " if m.group() in "\x0b\x0c\x1c\x1d\x1e\x1f\r" else "", text)


def safe_context(value: object) -> object:
    """A template context with every string cleaned."""
    if isinstance(value, str):
        return xml_safe(value)
    if isinstance(value, dict):
        return {k: v if k == "mark" else safe_context(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [safe_context(v) for v in value]
    return value
