"""Matches as they are kept: between tenants, when two are at it, and before anything is opened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import Conflict, TransientError, UserError
from pipeline.lang.concept import Concepts
from pipeline.model.document import Document
from pipeline.model.job import Kind, Source, State
from pipeline.model.match import Match, Override, Status
from pipeline.ports import Completion, Prompt, Record, RefusedByModel
from pipeline.replay import replay
from pipeline.store import FACTS, PAGES
from tests.world import World, make_world

POSTING = b"# Stelle\n\n## Anforderungen\n\n- Projektleitung\n- Deutsch\n"


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def ranking(world: World, tenant: str) -> str:
    """A profile, a CV and a shortlist of that tenant; the shortlist's id."""
    await world.submit(tenant=tenant)
    profile = await world.submit(tenant=tenant, kind=Kind.PROFILE, data=POSTING, source=Source(name="stelle.md"))
    await world.work()
    made = await world.submit(tenant=tenant, kind=Kind.SHORTLIST, profile=profile.id, data=None)
    await world.work()
    return made.id


async def test_a_ranking_is_its_tenant_s_alone_whatever_a_card_or_an_address_says(world: World) -> None:
    theirs = await ranking(world, "other")
    await ranking(world, "t")
    assert (await world.service.matches.ranking("other", theirs)).count == 1
    for name in (theirs, f"../other/{theirs}", f"x/../../other/{theirs}", "..", "", "%2e%2e"):
        with pytest.raises(UserError) as caught:
            await world.service.matches.ranking("t", name)
        assert caught.value.key == "unknown_match", name
        with pytest.raises(UserError):
            await world.service.matches.get("t", name)
    with pytest.raises(UserError):
        await world.service.matches.turn_page("t", f"../other/{theirs}", 1)


@dataclass
class Hasty:
    """Records in which somebody else is quicker, so many times."""

    inner: object
    times: int
    tables: tuple[str, ...]
    lost: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        if table in self.tables and len(self.lost) < self.times:
            self.lost.append(key)
            raise Conflict(key)
        return await self.inner.put(table, tenant, key, value, etag=etag)

    async def get(self, table: str, tenant: str, key: str) -> Record | None:
        return await self.inner.get(table, tenant, key)


@pytest.mark.parametrize("times", [1, 100])
async def test_a_cv_is_done_although_another_of_the_same_candidate_was_quicker(world: World, times: int) -> None:
    hasty = Hasty(world.service.store.records, times, (FACTS,))
    world.service.store.records = hasty
    job = await world.submit()
    await world.work()
    done = await world.service.job("t", job.id)
    assert (done.state, done.attempts) == (State.DONE, 1)
    assert hasty.lost


async def test_two_may_turn_the_page_at_once(world: World) -> None:
    key = await ranking(world, "t")
    hasty = Hasty(world.service.store.records, 1, (PAGES,))
    world.service.store.records = hasty
    await asyncio.gather(*(world.service.matches.turn_page("t", key, page) for page in (1, 2)))
    assert hasty.lost


@dataclass
class Scan:
    seen: list[bytes] = field(default_factory=list)

    async def check(self, data: bytes) -> None:
        self.seen.append(data)
        raise UserError("malware")


async def test_a_job_description_is_scanned_before_it_is_opened(world: World) -> None:
    scan = Scan()
    world.runner = replace(world.runner, tools=replace(world.runner.tools, scan=scan))
    job = await world.submit(kind=Kind.PROFILE, data=b"%PDF-1.7 something", source=Source(name="stelle.pdf"))
    await world.work()
    failed = await world.service.job("t", job.id)
    assert (failed.state, failed.problem and failed.problem.key) == (State.FAILED, "malware")
    assert (len(scan.seen), world.reader.calls) == (1, 0)


# --- a model's opinion, and a match made again


@dataclass
class Says:
    """A model that gives each requirement the same verdict, on the same statements."""

    verdict: str
    statements: tuple[int, ...] = (0,)
    fault: Exception | None = None
    prompts: list[Prompt] = field(default_factory=list)
    name: str = "gpt-test"

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if self.fault:
            raise self.fault
        wanted = re.findall(r"^(r\d+): ", prompt.user.partition("Requirements:")[2], re.MULTILINE)
        said = [{"requirement": key, "verdict": self.verdict, "statements": list(self.statements)} for key in wanted]
        return Completion({"opinions": said}, 100, 20, 0.0001, self.name)

    async def close(self) -> None: ...


async def matched(world: World, llm: Says | None) -> Match:
    """Of one CV (rules read it) with requirements of which one is met and one is not."""
    cv = await world.submit()
    posting = b"# Stelle\n\n## Anforderungen\n\n- Lohnbuchhaltung\n- Kubernetes\n"
    profile = await world.submit(kind=Kind.PROFILE, data=posting, source=Source(name="stelle.md"))
    await world.work()
    world.runner = replace(world.runner, tools=replace(world.runner.tools, llm=llm))
    made = await world.submit(kind=Kind.MATCH, profile=profile.id, about=cv.id, data=None)
    await world.work()
    done = await world.service.job("t", made.id)
    assert done.state == State.DONE, done.problem
    return await world.service.matches.get("t", made.id)


async def test_where_rules_and_model_disagree_a_person_looks(world: World) -> None:
    llm = Says("met")
    found = await matched(world, llm)
    assert [v.status for v in found.verdicts] == [Status.MET, Status.UNCLEAR]
    assert [r.key for r in found.verdicts[1].reasons][-1] == "disagree"
    assert found.verdicts[1].quotes, "the statement that the model points at"
    assert (found.versions.model, len(found.versions.prompt)) == ("gpt-test", 8)


async def test_the_model_sees_no_person(world: World) -> None:
    llm = Says("met")
    await matched(world, llm)
    [prompt] = llm.prompts
    for private in ("Deniz", "Yilmaz", "@", "Rheinkontor", "19", "+49"):
        assert private not in prompt.user.partition("Requirements:")[0], private


@pytest.mark.parametrize(
    "llm",
    [
        None,
        Says("met", statements=()),
        Says("met", statements=(999, -1)),
        Says("perfect"),
        Says("met", fault=RefusedByModel("no")),
        Says("met", fault=TransientError("down")),
    ],
    ids=str,
)
async def test_without_an_opinion_of_use_the_rules_decide(world: World, llm: Says | None) -> None:
    found = await matched(world, llm)
    assert [v.status for v in found.verdicts] == [Status.MET, Status.NOT_FOUND]


async def test_a_match_is_made_again_from_what_is_stored(world: World) -> None:
    llm = Says("met")
    found = await matched(world, llm)
    said = Override(status=Status.MET, reason="Zeugnis liegt vor", user="u", at=world.clock.now())
    await world.service.matches.override("t", found.id, found.verdicts[1].requirement, said)
    world.clock.time += timedelta(days=400)
    again = await replay(world.service, world.storage.blobs, world.reader, found.id)
    assert again.same, again.differing
    assert again.reread
    assert len(llm.prompts) == 1, "the recorded answer stands for the model"
    assert again.now.versions == found.versions


async def test_a_replay_shows_what_is_another_today(world: World) -> None:
    found = await matched(world, None)
    world.service.matches.lexicon = Concepts([], "other")
    again = await replay(world.service, world.storage.blobs, world.reader, found.id)
    assert again.now.versions != found.versions
    with pytest.raises(UserError):
        await replay(world.service, world.storage.blobs, world.reader, "0" * 32)
