"""Model objects <-> JSON bytes, strictly: unknown fields and wrong types are refused."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(kind, config=ConfigDict(extra="forbid"))
    except Exception as error:
        if "config" not in str(error):
            raise
        return TypeAdapter(kind)  # a type that brings its own configuration


def to_json(value: Any, kind: Any) -> bytes:
    return _adapter(kind).dump_json(value)


def from_json(data: bytes, kind: type[T]) -> T:
    """Raises pydantic.ValidationError."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]  # types are hashable
    return adapter.validate_json(data)
