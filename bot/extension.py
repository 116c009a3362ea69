"""The message extension: search from the compose box, and "Make Word CV" on a message (teams-docs: messaging-extensions/how-to).

Answers stand within the channel's five seconds; work becomes a job, whose card comes to the 1:1 chat.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botbuilder.schema import ErrorResponseException
from msrest.exceptions import ClientRequestError

from bot.errands import Errands
from bot.invokes import Answered, Handler, Invoked
from bot.sender import CARD, Sender, Unreachable
from bot.signin import ChatSignIn
from cards.elements import CardJson
from cards.extension import MAKE, candidate_card, candidate_line, job_profile_card, job_profile_line, make_card, offer_hit_card, offer_line, owned
from cards.i18n import Catalogue, catalogue
from pipeline.errors import TransientError
from pipeline.model.formats import SUFFIXES
from pipeline.model.job import Conversation, Job, Source
from pipeline.service import Service, Submission

_log = logging.getLogger("extension")

MOST = 25
"""Hits of one page; the client asks for the next."""
MOST_FILES = 10
RECENT = 100
"""So many of a person's newest CVs are offered where nothing is typed yet."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`card` is what is inserted, `title` and `text` what the list shows."""

    card: CardJson
    title: str
    text: str


Search = Callable[[Conversation, str, Catalogue], Awaitable[Sequence[Hit]]]


class MessageExtension:
    """`begin` shows a job's first card and lets the work begin; `link` makes a path of the REST API an address.

    `sign_in` is None where nobody can sign in: then the messages of others are out of reach.
    """

    def __init__(
        self,
        service: Service,
        sender: Sender,
        errands: Errands,
        sign_in: ChatSignIn | None,
        *,
        link: Callable[[str, str], str],
        begin: Callable[[Job], Coroutine[Any, Any, None]],
    ) -> None:
        self._service = service
        self._sender = sender
        self._errands = errands
        self._sign_in = sign_in
        self._link = link
        self._begin = begin
        self._searches: dict[str, Search] = {
            "searchCandidates": self._candidates,
            "searchProfiles": self._profiles,
            "searchOffers": self._offers,
        }

    @property
    def commands(self) -> frozenset[str]:
        """The commands that are answered, as the app package names them."""
        return frozenset(self._searches) | {"makeWordCv"}

    def invokes(self) -> dict[str, Handler]:
        return {"composeExtension/query": self.query, "composeExtension/fetchTask": self.fetch_task, "composeExtension/submitAction": self.submit}

    # --- search

    async def query(self, event: Invoked) -> Answered:
        search = self._searches.get(str(event.value.get("commandId")))
        if search is None:
            return Answered(400)
        options = event.value.get("queryOptions")
        skip, count = (_number(options, "skip", 0), _number(options, "count", MOST)) if isinstance(options, dict) else (0, MOST)
        texts = catalogue(event.where.locale)
        hits = await search(event.where, _typed(event.value.get("parameters")), texts)
        page = hits[skip : skip + min(count, MOST)]
        if not page and not skip:
            return Answered(body={"composeExtension": {"type": "message", "text": texts("extension.nothing")}})
        return Answered(body={"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": [_attachment(hit) for hit in page]}})

    async def _candidates(self, where: Conversation, typed: str, texts: Catalogue) -> Sequence[Hit]:
        """The person's own candidates, as in the chat."""
        jobs = await self._service.jobs_of(where.tenant, where.user, limit=None if typed else RECENT)
        results = owned(jobs)
        if typed:
            by_id = {result.candidate_id: result for result in results}
            found = await self._service.candidates.find(where.tenant, where.user, typed)
            results = [by_id[candidate.id] for candidate in found if candidate.id in by_id]
        return [Hit(candidate_card(result, texts), *candidate_line(result, texts)) for result in results]

    async def _profiles(self, where: Conversation, typed: str, texts: Catalogue) -> Sequence[Hit]:
        profiles = self._service.profiles
        found = await profiles.find(where.tenant, typed) if typed else await profiles.all(where.tenant)
        return [
            Hit(job_profile_card(profile, texts, word_url=self._link(f"profiles/{profile.id}/word", where.tenant)), *job_profile_line(profile, texts))
            for profile in found
        ]

    async def _offers(self, where: Conversation, typed: str, texts: Catalogue) -> Sequence[Hit]:
        found = await self._service.offers.all(where.tenant, text=typed)
        return [Hit(offer_hit_card(offer, texts), *offer_line(offer, texts)) for offer in found[:RECENT]]

    # --- make a Word CV of a message

    async def fetch_task(self, event: Invoked) -> Answered:
        """Which files are meant? Asked on a dialog, so that nothing begins by a slip."""
        if event.value.get("commandId") != "makeWordCv":
            return Answered(400)
        texts = catalogue(event.where.locale)
        if self._sign_in is None:
            return _said(texts("extension.off"))
        files = _files(event.value.get("messagePayload"))
        if not files:
            return _said(texts("extension.no_file"))
        try:
            needed = await self._sign_in.needed(event.where.person)
        except TransientError:
            return _said(texts("signin.later"))
        if needed:
            self._errands.start(self._ask(self._sign_in, event.where))
            return _said(texts("extension.sign_in"))
        data: dict[str, object] = {"nonce": event.id, "files": [[file.name, file.share] for file in files]}
        dialog = {
            "title": texts("extension.make_title"),
            "height": "small",
            "width": "small",
            "card": {"contentType": CARD, "content": make_card([file.name for file in files], data, texts)},
        }
        return Answered(body={"task": {"type": "continue", "value": dialog}})

    async def submit(self, event: Invoked) -> Answered:
        """The files are opened with the person's own rights, so what the client sends back needs no trust."""
        data = event.value.get("data")
        if event.value.get("commandId") != "makeWordCv" or not isinstance(data, dict) or data.get("verb") != MAKE:
            return Answered(400)
        where, texts = event.where, catalogue(event.where.locale)
        files = _sources(data.get("files"))
        try:
            chat = await self._sender.chat_with(where)
        except (Unreachable, ErrorResponseException, ClientRequestError) as error:
            _log.info("no 1:1 chat: %s", type(error).__name__)
            return _said(texts("extension.no_chat"))
        for number, file in enumerate(files):
            key = f"extension\n{where.user}\n{str(data.get('nonce'))[:200]}\n{number}"
            submission = Submission(tenant=where.tenant, user=where.user, source=file, key=key, conversation=chat, locale=where.locale)
            job, new = await self._service.submit(submission, start=False)
            if new:
                self._errands.start(self._begin(job))
        return _said(texts.n("extension.made", len(files)) if files else texts("extension.no_file"))

    async def _ask(self, sign_in: ChatSignIn, where: Conversation) -> None:
        try:
            await sign_in.ask(where, here=False)
        except TransientError as error:
            _log.warning("not asked to sign in: %s", error)


def _said(text: str) -> Answered:
    return Answered(body={"task": {"type": "message", "value": text}})


def _attachment(hit: Hit) -> dict[str, Any]:
    preview = {"title": html.escape(hit.title), "text": html.escape(hit.text)}  # the client reads HTML there
    return {
        "contentType": CARD,
        "content": hit.card,
        "preview": {"contentType": "application/vnd.microsoft.card.thumbnail", "content": preview},
    }


def _typed(parameters: object) -> str:
    """What the person typed; nothing at the first call, before they could."""
    found = [item for item in parameters if isinstance(item, dict)] if isinstance(parameters, list) else []
    return next((str(item.get("value") or "").strip()[:200] for item in found if item.get("name") != "initialRun"), "")


def _number(options: Mapping[str, Any], name: str, default: int) -> int:
    value = options.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000 else default


def _files(message: object) -> list[Source]:
    """The CVs among a message's attachments."""
    found = message.get("attachments") if isinstance(message, dict) else None
    named = [item for item in found if isinstance(item, dict) and item.get("contentType") == "reference"] if isinstance(found, list) else []
    return _sources([[item.get("name"), item.get("contentUrl")] for item in named])


def _sources(pairs: object) -> list[Source]:
    """Name and address of files, as they come from outside."""
    found = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2] if isinstance(pairs, list) else []
    return [
        Source(name=name[-160:], share=address)
        for name, address in found
        if isinstance(name, str) and isinstance(address, str) and name.lower().endswith(tuple(SUFFIXES)) and re.match(r"https://", address)
    ][:MOST_FILES]
