"""Cards of a match: verdicts with their evidence, and how to see it differently; comparisons side by side."""

from __future__ import annotations

from collections.abc import Sequence

from adaptivecards.baseobject import Element

from cards.actions import OverrideVerdict, button
from cards.elements import CardJson, OpenUrl, ShowCard, box, card, choice, clip, columns, entry, inner_card, plain, progress_bar, say, table, title
from cards.i18n import Catalogue
from cards.offer_actions import MakeOffer
from pipeline.model.match import Band, Match, Reason, Score, Status, Verdict
from pipeline.model.profile import Importance

ICONS = {Status.MET: "✅", Status.PARTLY: "🟡", Status.UNCLEAR: "❔", Status.NOT_FOUND: "❌"}
_STYLES = {Band.STRONG: "good", Band.GOOD: "accent", Band.PARTIAL: "warning", Band.WEAK: "attention"}
_ORDER = (Status.NOT_FOUND, Status.UNCLEAR, Status.PARTLY, Status.MET)
GAINS, LISTED, FEW = 3, 14, 8
"""Things that would change the result, requirements on one card, and up to how many of them have two quotes: a card must stay small."""


def match_card(match: Match, texts: Catalogue, *, report_url: str, job: str = "") -> CardJson:
    """With `job`, which made it, an offer can be made of it."""
    offer = [button(texts("offer.make"), MakeOffer(match.job, match.id, ""))] if job else []
    name = match.candidate_name or texts("result.unnamed")
    listed = sorted(match.verdicts, key=lambda v: (v.importance is Importance.NICE, _ORDER.index(v.status)))[:LISTED]
    quotes = 2 if len(match.verdicts) <= FEW else 1
    more = len(match.verdicts) - len(listed)
    gains = sorted((v for v in match.verdicts if v.points > 0), key=lambda v: -v.points)[:GAINS]
    return card(
        title(texts("match.title"), icon="🎯"),
        plain(name, limit=120, size="Large", weight="Bolder"),
        plain(" · ".join(filter(None, (match.profile.title, match.profile.customer))), limit=200, isSubtle=True, spacing="None"),
        _score(match.score, texts),
        say(_counts(match, texts), size="Small", spacing="Small"),
        *_section(texts("match.musts"), [v for v in listed if v.importance is Importance.MUST], texts, quotes),
        *_section(texts("match.nices"), [v for v in listed if v.importance is Importance.NICE], texts, quotes),
        *([say(texts.n("match.more", more), isSubtle=True, size="Small")] if more > 0 else []),
        *([box(say(f"**{texts('match.change')}**"), *(_gain(v, texts) for v in gains))] if gains else []),
        *[plain(reason_text(note, texts), limit=240, isSubtle=True, size="Small", spacing="Small") for note in match.notes],
        say(texts("match.rule"), isSubtle=True, size="Small"),
        say(texts("match.ai"), isSubtle=True, size="Small", spacing="Small"),
        actions=[OpenUrl(title=texts("match.report"), url=report_url), *offer, ShowCard(title=texts("match.differ"), card=_differ(match, texts))],
        summary=texts("match.summary", name=name, score=match.score.total),
    )


def reason_text(reason: Reason, texts: Catalogue) -> str:
    return texts(f"reason.{reason.key}", **reason.values)


def _score(score: Score, texts: Catalogue) -> Element:
    number = [say(f"**{score.total}**", size="ExtraLarge")]
    words = [say(f"**{texts(f'band.{score.band.value}')}**"), progress_bar(score.total / 100, style=_STYLES[score.band])]
    if score.missing:
        words.append(say(texts.n("match.capped", score.missing, cap=score.cap), size="Small", spacing="Small"))
    return columns(number, words, widths=("64px", "stretch"))


def _counts(match: Match, texts: Catalogue) -> str:
    found = {status: sum(v.status is status for v in match.verdicts) for status in Status}
    parts = [
        f"{ICONS[status]} {found[status]} {texts(f'verdict.{status.value}')}"
        for status in (Status.MET, Status.PARTLY, Status.UNCLEAR, Status.NOT_FOUND)
    ]
    parts.append(texts("match.years", years=texts.amount(match.years)))
    return " · ".join(parts)


def _section(heading: str, verdicts: Sequence[Verdict], texts: Catalogue, quotes: int) -> list[Element]:
    if not verdicts:
        return []
    return [say(f"**{heading}**"), *(_verdict(verdict, texts, quotes) for verdict in verdicts)]


def _verdict(verdict: Verdict, texts: Catalogue, quotes: int) -> Element:
    shown = [plain(verdict.text, limit=160)]
    shown += [
        plain(texts("match.quote", text=clip(quote.text, 110), page=quote.page), limit=150, isSubtle=True, size="Small", spacing="None")
        for quote in verdict.quotes[:quotes]
    ]
    told = [texts("match.experience", what=clip(one.what, 40), years=texts.amount(one.years)) for one in verdict.experience]
    told += [reason_text(reason, texts) for reason in verdict.reasons]
    if verdict.override:
        by = verdict.override
        told.append(texts("match.overridden", name=by.name or "–", reason=by.reason, engine=texts(f"verdict.{verdict.engine.value}")))
    if told:
        shown.append(plain("; ".join(told), limit=220, size="Small", italic=True, spacing="None"))
    return columns([say(ICONS[verdict.status])], shown, widths=("28px", "stretch"))


def _gain(verdict: Verdict, texts: Catalogue) -> Element:
    return plain(texts("match.gain", text=clip(verdict.text, 120), points=verdict.points), limit=180, size="Small", spacing="Small")


def _differ(match: Match, texts: Catalogue) -> Element:
    stati = [(status.value, f"{ICONS[status]} {texts(f'verdict.{status.value}')}") for status in reversed(_ORDER)]
    first = match.verdicts[0].requirement if match.verdicts else ""
    return inner_card(
        say(texts("match.differ_lead")),
        choice("requirement", texts("match.requirement"), [(v.requirement, clip(v.text, 60)) for v in match.verdicts], value=first),
        choice("status", texts("match.differ_status"), stati, value=Status.MET.value),
        entry("reason", texts("match.differ_reason"), limit=500, lines=True, required=texts("match.differ_missing")),
        actions=[button(texts("match.differ_save"), OverrideVerdict(match.id, "", "", ""), inputs=("requirement", "status", "reason"))],
    )


def side_by_side_card(heading: str, found: Sequence[tuple[str, Sequence[Verdict], Score]], texts: Catalogue) -> CardJson:
    """Two or three candidates, requirement by requirement."""
    head = [say(f"**{texts('match.requirement')}**"), *(plain(name, limit=40, weight="Bolder") for name, _, _ in found)]
    score = [say(texts("match.score")), *(say(f"**{score.total}** · {texts(f'band.{score.band.value}')}") for _, _, score in found)]
    rows = [
        [plain(verdicts[0].text, limit=120), *(say(f"{ICONS[v.status]} {texts(f'verdict.{v.status.value}')}") for v in verdicts)]
        for verdicts in zip(*(verdicts for _, verdicts, _ in found), strict=True)
    ]
    return card(
        title(texts("match.side_by_side"), icon="⚖️"),
        plain(heading, limit=200, isSubtle=True),
        table([head, score, *rows], [3, *[2 for _ in found]]),
        say(texts("match.ai"), isSubtle=True, size="Small"),
        summary=texts("match.side_by_side"),
    )
