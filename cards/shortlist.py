"""The card of a ranking: all CVs for one profile, in pages."""

from __future__ import annotations

from cards.actions import CompareSome, MatchCv, TurnRanking, button
from cards.elements import CardJson, OpenUrl, buttons, card, choices, inner_card, plain, say, table, title
from cards.elements import ShowCard as Ask
from cards.i18n import Catalogue
from pipeline.model.match import Shortlist

PAGE = 10
SIDE_BY_SIDE = 3
"""So many can be compared at a time."""


def shortlist_card(found: Shortlist, texts: Catalogue, *, csv_url: str, word_url: str) -> CardJson:
    heading = " · ".join(filter(None, (found.profile.title, found.profile.customer)))
    if not found.count:
        return card(
            title(texts("shortlist.title"), icon="🏁"), plain(heading, limit=200), say(texts("shortlist.none")), summary=texts("shortlist.title")
        )
    first = found.page * PAGE
    rows = [
        [
            say(str(first + i), isSubtle=True),
            plain(one.name, limit=60),
            say(f"**{one.total}**"),
            say(texts.n("shortlist.missing", one.missing) if one.missing else "", isSubtle=True, size="Small"),
            buttons(button(texts("shortlist.reasons"), MatchCv(found.profile.id, one.job))),
        ]
        for i, one in enumerate(found.ranked, start=1)
    ]
    pages = -(-found.count // PAGE)
    turns = [(found.page - 1, f"‹ {texts('batch.previous')}"), (found.page + 1, f"{texts('batch.next')} ›")]
    turn = [button(text, TurnRanking(found.id, str(to))) for to, text in turns if 0 <= to < pages]
    compare = inner_card(
        choices("chosen", texts("shortlist.choose", count=SIDE_BY_SIDE), [(one.candidate, one.name) for one in found.ranked]),
        actions=[button(texts("shortlist.compare"), CompareSome(found.id, ""), inputs=("chosen",))],
    )
    shown = texts("batch.page", first=first + 1, last=first + len(found.ranked), count=found.count)
    return card(
        title(texts("shortlist.title"), icon="🏁"),
        plain(heading, limit=200, weight="Bolder"),
        table(rows, [1, 5, 2, 4, 4]),
        say(shown, isSubtle=True, size="Small"),
        *([buttons(*turn)] if turn else []),
        say(texts("match.ai"), isSubtle=True, size="Small"),
        actions=[
            *([Ask(title=texts("shortlist.compare"), card=compare)] if len(found.ranked) > 1 else []),
            OpenUrl(title=texts("shortlist.word"), url=word_url),
            OpenUrl(title=texts("shortlist.csv"), url=csv_url),
        ],
        summary=texts.n("shortlist.summary", found.count),
    )
