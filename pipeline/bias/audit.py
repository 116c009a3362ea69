"""Does it matter who a person is? CVs that differ in one protected thing alone are read, structured and matched as everybody's are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pipeline.bias.cvs import Pair, Version, word_file
from pipeline.conversion import Options, Tools, convert
from pipeline.lang.concept import Concepts
from pipeline.matching import asked_model, compare, read_profile
from pipeline.model.bias import Audit, Outcome
from pipeline.model.match import Score, Verdict, Versions


@dataclass(frozen=True, slots=True)
class _Held:
    verdicts: tuple[Verdict, ...]
    score: Score
    versions: Versions
    structurer: str


class Auditor:
    """`tools` and `lexicon` are the live configuration's. Each version of a CV is read once."""

    def __init__(self, tools: Tools, lexicon: Concepts, *, today: date) -> None:
        self._tools = tools
        self._lexicon = lexicon
        self._today = today
        self._held: dict[tuple[object, ...], _Held] = {}

    async def audit(self, told: Callable[[], None], some: Iterable[Pair]) -> Audit:
        """`told` hears of each pair that is done. Raises TransientError, UserError."""
        outcomes = []
        for pair in some:
            outcomes.append(await self._compared(pair))
            told()
        held = next(iter(self._held.values()))
        return Audit(self._today, tuple(outcomes), held.versions, held.structurer)

    async def _compared(self, pair: Pair) -> Outcome:
        one, other = await self._hold(pair.one), await self._hold(pair.other)
        differing = tuple(a.text for a, b in zip(one.verdicts, other.verdicts, strict=True) if a.status != b.status)
        return Outcome(pair.kind, pair.one.person["key"], one.score.total, other.score.total, differing, pair.other.name)

    async def _hold(self, version: Version) -> _Held:
        if version.key in self._held:
            return self._held[version.key]
        profile = await read_profile(version.person["profile"].encode(), f"{version.person['key']}.md", self._tools.reader, self._lexicon)
        done = await convert(word_file(version), self._tools, Options(self._today), word=False)
        llm = self._tools.llm
        said = await asked_model(done.cv, done.document, profile, self._lexicon, llm, today=self._today) if llm else None
        compared = compare(done.cv, done.document, profile, self._lexicon, today=self._today, recorded=said)
        self._held[version.key] = held = _Held(compared.verdicts, compared.score, compared.versions, done.cv.structurer)
        return held
