"""Microsoft Graph by HTTP: one request with its retries, in bounded time, and what its refusals mean here.

Paths are never logged: they hold names of people. Sources: learn.microsoft.com/graph/errors, /graph/throttling and
/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
from yarl import URL

from pipeline.errors import SignInNeeded, TransientError

GRAPH = "https://graph.microsoft.com/v1.0"
AGENT = "NONISV|CVGenerator|CVGenerator/1.0"
"""Traffic that says who it is from is throttled later."""
TRIES = 4
SECONDS = 90.0
"""One call with all its retries; a wait that the service asks for beyond that is the job's, not the call's."""
SILENCE = 20.0
"""So long a connection may be silent before the request is tried again."""
THROTTLED = 429
_PASSING = frozenset({408, 429, 500, 502, 503, 504, 509})


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON object that came, empty where none did; `data` the bytes of a download."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""

    @property
    def code(self) -> str:
        """Graph's name of an error, such as "nameAlreadyExists"."""
        error = self.body.get("error")
        return str(error.get("code", ""))[:80] if isinstance(error, dict) else ""


class Refused(Exception):
    """Graph refused a request, and trying again would not help. Whoever called knows what that means for people."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Graph: status {status} {code}")
        self.status = status
        self.code = code


class GraphClient:
    """`url` ends with the version. `pause` scales the waits between tries, `seconds` bounds a call with all of them, `silence` one try."""

    def __init__(
        self, *, now: Callable[[], datetime], url: str = GRAPH, seconds: float = SECONDS, silence: float = SILENCE, pause: float = 1.0
    ) -> None:
        self._url = url.rstrip("/")
        self._now = now
        self._seconds = seconds
        self._silence = silence
        self._pause = pause
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        limit: int = 0,
        repeatable: bool = True,
    ) -> Answer:
        """`path` is encoded already, and below the version; or a whole address that Graph gave, which must not get a `token`.

        Statuses in `accept` come back as answers, though they are refusals. With a `limit` in bytes, a success is `data` and no JSON; what is
        larger is cut off. Redirects are not followed. What is not `repeatable` is tried again only where it was certainly not done (429).
        Raises SignInNeeded (401), Refused, TransientError.
        """
        url = self._address(path, token)
        sent = {"User-Agent": AGENT, "Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        deadline = asyncio.get_running_loop().time() + self._seconds
        for attempt in itertools.count(1):
            asked, done = None, True
            try:
                async with asyncio.timeout_at(deadline):
                    answer = await self._once(method, url, sent, json=json, data=data, limit=limit)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                why = type(error).__name__
            else:
                if answer.status not in _PASSING or answer.status in accept:
                    return _checked(answer, accept)
                why, asked, done = f"status {answer.status} {answer.code}", self._asked(answer), answer.status != THROTTLED
            wait = self._wait(attempt, asked)
            if attempt >= TRIES or (done and not repeatable) or asyncio.get_running_loop().time() + wait > deadline:
                raise TransientError(f"Graph: {why}", retry_after=asked)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _address(self, path: str, token: str) -> URL:
        """Raises Refused for an address that is less safe than Graph's own, and for one of another host that would get a token."""
        if not path.startswith(("https://", "http://")):
            return URL(f"{self._url}/{path.lstrip('/')}", encoded=True)
        own, given = urlsplit(self._url), urlsplit(path)
        if (own.scheme == "https" and given.scheme != "https") or (token and given.netloc != own.netloc):
            raise Refused(0, "addressNotAllowed")
        return URL(path, encoded=True)

    async def _once(self, method: str, url: URL, headers: Mapping[str, str], *, json: object, data: bytes | None, limit: int) -> Answer:
        body = None if data is None else io.BytesIO(data)
        async with self._opened().request(method, url, headers=headers, json=json, data=body, allow_redirects=False) as response:
            if limit and response.status == 200:
                return Answer(200, headers=response.headers, data=await _upto(response, limit))
            found = await response.json(content_type=None) if response.content_type == "application/json" else None
            location = {"Location": urljoin(str(url), response.headers["Location"])} if "Location" in response.headers else {}
            return Answer(response.status, found if isinstance(found, dict) else {}, {**response.headers, **location})

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=self._silence)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _asked(self, answer: Answer) -> float | None:
        """Seconds that the service asks to wait: a number, or the time when (RFC 9110, 10.2.3)."""
        value = next((v for k, v in answer.headers.items() if k.lower() == "retry-after"), "").strip()
        if value.isdigit():
            return float(value)
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - self._now()).total_seconds())

    def _wait(self, attempt: int, asked: float | None) -> float:
        """What is asked for and a little more, else exponential; with jitter, so that not all workers come back at once."""
        if asked is not None:
            return asked * random.uniform(1.0, 1.1)  # noqa: S311  # jitter, nothing secret
        return float(self._pause * 2**attempt * random.uniform(0.25, 0.5))  # noqa: S311


def segments(path: str) -> str:
    """A path of names, each encoded on its own, as Graph's addressing by path wants it."""
    return "/".join(quote(name, safe="") for name in path.split("/"))


def _checked(answer: Answer, accept: Collection[int]) -> Answer:
    if answer.status < 400 or answer.status in accept:
        return answer
    if answer.status == 401:
        raise SignInNeeded
    raise Refused(answer.status, answer.code)


async def _upto(response: aiohttp.ClientResponse, limit: int) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        data += chunk
        if len(data) >= limit:
            break
    return bytes(data[:limit])
