"""A profile against a CV: the verdicts, the score, and what stands beside the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.lang.concept import Concepts
from pipeline.match.facts import Facts
from pipeline.match.matcher import Judged, judge
from pipeline.match.opinion import Opinion, agreed
from pipeline.match.quotes import quoted
from pipeline.match.score import score, scored
from pipeline.match.wanted import Wanted, wanted
from pipeline.model.document import Document
from pipeline.model.match import Quote, Score, Verdict
from pipeline.model.profile import Profile


def asked_by(profile: Profile, lexicon: Concepts) -> tuple[Wanted, ...]:
    """What the profile asks for: made once, held against many CVs."""
    return tuple(wanted(requirement, profile.title, lexicon) for requirement in profile.confirmed)


def score_of(facts: Facts, asked: Sequence[Wanted], lexicon: Concepts) -> Score:
    """The score alone, for lists."""
    return score([_verdict(one, judge(facts, one, lexicon), ()) for one in asked])


def verdicts_of(
    facts: Facts, document: Document, asked: Sequence[Wanted], lexicon: Concepts, *, opinions: Mapping[str, Opinion] | None = None
) -> tuple[tuple[Verdict, ...], Score]:
    """All verdicts with their quotes, and the score. `opinions` are a model's, by requirement."""
    found = []
    for one in asked:
        judged = agreed(judge(facts, one, lexicon), (opinions or {}).get(one.requirement.id))
        quotes = {quote.line: quote for place in judged.places for quote in quoted(document, facts, place)}
        found.append(_verdict(one, judged, tuple(quotes.values())))
    return scored(found)


def _verdict(one: Wanted, judged: Judged, quotes: tuple[Quote, ...]) -> Verdict:
    asked = one.requirement
    return Verdict(
        requirement=asked.id,
        text=asked.text,
        importance=asked.importance,
        weight=asked.weight,
        status=judged.status,
        engine=judged.status,
        reasons=judged.reasons,
        quotes=quotes,
        experience=judged.experience,
        share=judged.share,
        scored=not one.soft,
    )
