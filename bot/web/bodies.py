"""JSON bodies of requests, as strict models."""

from __future__ import annotations

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from pipeline.errors import UserError

T = TypeVar("T", bound=BaseModel)


async def body_of(request: web.Request, kind: type[T]) -> T:
    """Raises UserError: bad_request."""
    try:
        return kind.model_validate(await request.json())
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        raise UserError("bad_request", detail=f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else "JSON") from None
