"""Cards of job profiles: as it is, as a form, lists to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from adaptivecards.baseobject import Element

from cards.actions import (
    Action,
    ArchiveProfile,
    AskMatch,
    ConfirmProfile,
    EditProfile,
    MatchCv,
    RankAll,
    RestoreProfile,
    SaveProfile,
    ShowProfile,
    button,
)
from cards.elements import (
    CardJson,
    OpenUrl,
    box,
    buttons,
    card,
    choice,
    columns,
    entry,
    facts,
    number_entry,
    plain,
    say,
    table,
    title,
)
from cards.i18n import Catalogue
from pipeline.model.job import Job
from pipeline.model.match import Score
from pipeline.model.profile import Importance, Profile, Requirement

PAGE = 5
"""Requirements on one page of the form."""
LISTED = 10
LEVELS = ("", "A1", "A2", "B1", "B2", "C1", "C2")
NEW = "new"
"""In place of a requirement's id: one that is added."""
HEAD = ("title", "customer", "place", "start", "workload")


def profile_card(profile: Profile, texts: Catalogue, *, word_url: str, job: str = "") -> CardJson:
    """`job`: the CV that the conversation is about, to be matched by one click."""
    suggested = [r for r in profile.requirements if r.suggested]
    actions: list[Element] = [button(texts("profile.edit"), EditProfile(profile.id, "0")), OpenUrl(title=texts("profile.word"), url=word_url)]
    if profile.suggests:
        actions.insert(0, button(texts("profile.confirm"), ConfirmProfile(profile.id, str(profile.version)), style="positive"))
    if profile.confirmed:
        if job:
            actions.append(button(texts("profile.match"), MatchCv(profile.id, job)))
        actions.append(button(texts("profile.shortlist"), RankAll(profile.id)))
    actions.append(_back(profile, texts) if profile.archived else button(texts("profile.archive"), ArchiveProfile(profile.id)))
    missing = [texts(f"profile.{name}") for name in ("customer", "place", "start", "workload", "tasks") if not getattr(profile, name)]
    ask = [say(texts("profile.still_open", what=", ".join(missing)), isSubtle=True, size="Small")] if missing else []
    empty = [] if profile.requirements else [box(say(texts("profile.empty")), style="warning")]
    return card(
        title(texts("profile.title"), icon="📋"),
        plain(profile.title, limit=200, size="Large", weight="Bolder"),
        *([plain(profile.customer, limit=120, isSubtle=True, spacing="None")] if profile.customer else []),
        *facts([(texts(f"profile.{name}"), getattr(profile, name)) for name in ("place", "start", "workload")]),
        *_listed(texts("profile.tasks"), profile.tasks),
        *_requirements(texts("match.musts"), [r for r in profile.confirmed if r.importance is Importance.MUST], texts),
        *_requirements(texts("match.nices"), [r for r in profile.confirmed if r.importance is Importance.NICE], texts),
        *_listed(texts("profile.suggested_tasks"), profile.suggested_tasks),
        *_requirements(texts("profile.suggested"), suggested, texts),
        *empty,
        *ask,
        actions=actions,
        summary=f"{texts('profile.title')}: {profile.title}",
    )


def archived_card(profile: Profile, texts: Catalogue) -> CardJson:
    said = texts("profile.archived", title=profile.title)
    return card(plain(said, limit=300), actions=[_back(profile, texts)], summary=said)


def _back(profile: Profile, texts: Catalogue) -> Element:
    return button(texts("profile.restore"), RestoreProfile(profile.id))


def _listed(heading: str, items: Sequence[str]) -> list[Element]:
    if not items:
        return []
    more = [say(f"+ {len(items) - LISTED}", isSubtle=True, size="Small")] if len(items) > LISTED else []
    return [say(f"**{heading}**"), *(plain(f"• {item}", limit=200, spacing="Small") for item in items[:LISTED]), *more]


def _requirements(heading: str, requirements: Sequence[Requirement], texts: Catalogue) -> list[Element]:
    if not requirements:
        return []
    rows = [[plain(r.text, limit=200), say(_asked(r, texts), isSubtle=True, size="Small")] for r in requirements]
    return [say(f"**{heading}**"), table(rows, [7, 3])]


def _asked(requirement: Requirement, texts: Catalogue) -> str:
    parts = [texts("profile.weight_is", weight=requirement.weight)]
    if requirement.years:
        parts.append(texts("profile.years_least", years=texts.amount(requirement.years)))
    if requirement.level:
        parts.append(texts("profile.level_least", level=requirement.level))
    return " · ".join(parts)


def profile_form(profile: Profile, texts: Catalogue, *, page: int) -> CardJson:
    """All fields to edit; requirements a page at a time. Emptying a requirement's text takes it out."""
    pages = max(1, -(-len(profile.requirements) // PAGE))
    page = max(0, min(page, pages - 1))
    shown = profile.requirements[page * PAGE : (page + 1) * PAGE]

    def save(text: str, then: str, style: str = "default") -> Element:
        return button(text, SaveProfile(profile.id, str(profile.version), str(page), then), style=style)

    turns = [save(f"‹ {texts('batch.previous')}", str(page - 1))] if page else []
    turns += [save(f"{texts('batch.next')} ›", str(page + 1))] if page + 1 < pages else []
    head: list[Element] = []
    if page == 0:
        head = [
            entry("title", texts("profile.name"), profile.title, required=texts("profile.name_missing")),
            *(entry(name, texts(f"profile.{name}"), getattr(profile, name)) for name in HEAD[1:]),
            entry("tasks", texts("profile.tasks_lines"), "\n".join(profile.tasks), limit=3000, lines=True),
        ]
    number = [say(texts("profile.page", page=page + 1, pages=pages), isSubtle=True, size="Small")] if pages > 1 else []
    return card(
        title(texts("profile.form_title"), icon="✏️"),
        *head,
        say(f"**{texts('profile.requirements')}**"),
        say(texts("profile.form_lead"), isSubtle=True, size="Small", spacing="None"),
        *(element for requirement in shown for element in _fields(requirement.id, requirement, texts)),
        say(f"**{texts('profile.add')}**"),
        *_fields(NEW, None, texts),
        *number,
        *([buttons(*turns)] if turns else []),
        actions=[save(texts("profile.save"), "", "positive"), button(texts("profile.cancel"), ShowProfile(profile.id))],
        summary=texts("profile.form_title"),
    )


def _fields(key: str, requirement: Requirement | None, texts: Catalogue) -> list[Element]:
    kinds = [(kind.value, texts(f"match.{kind.value}")) for kind in Importance]
    weights = [(str(weight), str(weight)) for weight in range(1, 6)]
    levels = [(level or "-", level or "–") for level in LEVELS]
    kind = requirement.importance if requirement else Importance.MUST
    return [
        entry(f"text_{key}", texts("match.requirement"), requirement.text if requirement else "", limit=400),
        columns(
            [choice(f"importance_{key}", texts("profile.importance"), kinds, value=kind.value)],
            [choice(f"weight_{key}", texts("profile.weight"), weights, value=str(requirement.weight if requirement else kind.weight))],
            [number_entry(f"years_{key}", texts("profile.years"), requirement.years if requirement else 0, least=0, most=50)],
            [choice(f"level_{key}", texts("profile.level"), levels, value=(requirement.level if requirement else "") or "-")],
            widths=("1", "1", "1", "1"),
        ),
    ]


def profiles_card(profiles: Sequence[Profile], texts: Catalogue, *, job: str = "", heading: str = "") -> CardJson:
    """A list; with `job`, to match that CV with one of them."""
    if not profiles:
        return card(say(texts("profile.none")), summary=texts("profile.list_title"))
    rows = [[plain(_name(profile), limit=120), _choose(profile, texts, job)] for profile in profiles[:LISTED]]
    more = [say(texts.n("profile.more", len(profiles) - LISTED), isSubtle=True, size="Small")] if len(profiles) > LISTED else []
    shown = heading or texts("profile.list_title")
    return card(title(shown, icon="📋"), table(rows, [3, 2]), *more, summary=shown)


def _choose(profile: Profile, texts: Catalogue, job: str) -> Element:
    if profile.archived:
        return buttons(_back(profile, texts))
    if job:
        return buttons(button(texts("profile.match"), MatchCv(profile.id, job)))
    return buttons(button(texts("profile.open"), ShowProfile(profile.id)), button(texts("profile.shortlist"), RankAll(profile.id)))


def scored_profiles_card(name: str, found: Sequence[tuple[Profile, Score]], texts: Catalogue, *, job: str) -> CardJson:
    """The profiles that suit a candidate, best first."""
    if not found:
        return card(say(texts("profile.none")), summary=texts("profile.list_title"))
    rows = [
        [
            say(f"**{score.total}**"),
            plain(_name(profile), limit=120),
            say(texts(f"band.{score.band.value}"), isSubtle=True, size="Small"),
            buttons(button(texts("profile.match"), MatchCv(profile.id, job))),
        ]
        for profile, score in found[:LISTED]
    ]
    heading = texts("profile.for_title", name=name)
    return card(title(texts("profile.list_title"), icon="📋"), plain(heading, limit=160), table(rows, [1, 4, 3, 3]), summary=heading)


def which_cv_card(profile: Profile, jobs: Sequence[Job], texts: Catalogue) -> CardJson:
    """Of which CV is it about?"""
    rows = [[plain(_candidate(job), limit=80), buttons(button(texts("profile.match"), MatchCv(profile.id, job.id)))] for job in jobs[:LISTED]]
    return card(
        title(texts("match.which_cv"), icon="🎯"),
        plain(_name(profile), limit=160, isSubtle=True),
        table(rows, [3, 2]),
        summary=texts("match.which_cv"),
    )


def ask_match(job: str, texts: Catalogue) -> Element:
    """The button on a result card."""
    action: Action = AskMatch(job)
    return button(texts("match.ask"), action)


def _candidate(job: Job) -> str:
    return (job.result.candidate if job.result else "") or job.source.name


def _name(profile: Profile) -> str:
    return " · ".join(filter(None, (profile.title, profile.customer, profile.place)))
