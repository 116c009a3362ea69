"""What people say and click about job profiles and matches."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from pydantic import ValidationError
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cards.actions import (
    ArchiveProfile,
    AskMatch,
    CompareSome,
    ConfirmProfile,
    EditProfile,
    MatchCv,
    OverrideVerdict,
    RankAll,
    RestoreProfile,
    SaveProfile,
    ShowProfile,
    TurnRanking,
)
from cards.chat import note_card
from cards.match import side_by_side_card
from cards.offer_actions import Form
from cards.profile import HEAD, NEW, archived_card, profile_card, profile_form, profiles_card, scored_profiles_card, which_cv_card
from cards.shortlist import SIDE_BY_SIDE
from dialogs.talk import Talk
from dialogs.turn import DroppedFile, Meant, Redraw, ShowJob, Turn
from pipeline.errors import UserError
from pipeline.model.job import Job, Kind, Source, State
from pipeline.model.match import Override, Shortlist, Status
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.profiles import requirement_of
from pipeline.service import Submission

MatchAction = (
    EditProfile
    | SaveProfile
    | ShowProfile
    | ConfirmProfile
    | ArchiveProfile
    | RestoreProfile
    | MatchCv
    | AskMatch
    | RankAll
    | TurnRanking
    | CompareSome
    | OverrideVerdict
)

_PROFILE = r"(?:(?:stellen|job-?)?profile?s?|stelle|job)"
_NEW = re.compile(
    rf"(?:(?:leg(?:e)?|erstell(?:e|en)?|mach(?:e|en)?|create|make|add|new|neues?|anlegen)\s+(?:(?:mir|me|ein|eine|a|an|new|neues?|bitte|please)\s+)*{_PROFILE}"
    rf"(?:\s+(?:an|for|für))?\s*[:\-–]?\s*|{_PROFILE}\s*:\s*)(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_PASTED = re.compile(rf"(?:[^\n]{{0,60}}\s)?{_PROFILE}\s*:?\s*\n(?P<text>.*\n.*)", re.IGNORECASE | re.DOTALL)
"""A posting pasted into the chat, behind a line that ends in the word."""
_FOR = re.compile(rf"{_PROFILE}\s+(?:for|für|fuer)\s+(?P<name>.+)", re.IGNORECASE)
_LIST = re.compile(r"(?:stellen|job-?)?profile?s?(?:\s+(?P<text>.+))?", re.IGNORECASE)
_ARCHIVED = re.compile(rf"(?:archivierte|archived)\s+{_PROFILE}|{_PROFILE}\s+(?:archiv|archiviert|archived?|im\s+archiv)", re.IGNORECASE)
_RANK = re.compile(
    rf"(?:short-?list|rangliste|bestenliste|ranking|rank)\s+(?:for\s+|für\s+|fuer\s+|zu\s+)?(?:{_PROFILE}\s+)?(?P<text>.+)", re.IGNORECASE
)
_MATCH = re.compile(r"(?:match|passt|abgleichen|abgleich|vergleiche|vergleichen|vergleich)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_MATCH_LAST = re.compile(
    rf"(?:gleiche?\s+)?(?P<name>.*?)\s*\bmit\s+(?:dem\s+)?(?:{_PROFILE}\s+)?(?P<text>.+?)\s+(?:abgleichen|vergleichen|abzugleichen|ab)", re.IGNORECASE
)
_POLITE = re.compile(r"^(?:bitte|please|kannst du|können sie|can you|could you|mal|nun|jetzt|now)\s+|[\s,]+(?:bitte|please)$", re.IGNORECASE)
_VERBS = ("match", "abgleich", "abgleichen", "vergleiche", "vergleich", "shortlist", "rangliste", "bestenliste", "ranking")
_THIS = frozenset(
    [
        *("this", "that", "it", "him", "her", "cv", "resume", "the", "candidate", "please", "bitte"),
        *("den", "die", "das", "dem", "ihn", "sie", "es", "diesen", "diese", "dieses", "diesem", "lebenslauf", "kandidaten", "kandidatin", "person"),
    ]
)
"""Words that name nobody: the CV of this conversation is meant."""
_TO = re.compile(rf"^(?P<name>.*?)\s*\b(?:to|with|mit|zu|gegen|against)\b\s+(?:the\s+|dem\s+|das\s+)?(?:{_PROFILE}\s+)?(?P<text>.+)$", re.IGNORECASE)
_MEANT = re.compile(r"(?<!\w)(?:stellen|job-?)?(?:profile?|beschreibung|description|ausschreibung)(?!\w)", re.IGNORECASE)
"""In the text beside a file: it is no CV but a job description."""
_OF_SOMEBODY = re.compile(r"\bprofile?\s+(?:von|of|des|der)\s+(?:(?:frau|herrn?|mrs?|ms)\.?\s+)?[A-ZÄÖÜ][a-zäöüß]+", re.UNICODE | re.IGNORECASE)
"""Somebody's profile is a CV."""


def means_profile(text: str) -> bool:
    """A file with "match to profile X" beside it is the CV that is to be matched."""
    plain = _plain(text)
    to_be_matched = _MATCH.match(plain) or _MATCH_LAST.fullmatch(plain) or _RANK.fullmatch(plain)
    return bool(_MEANT.search(_OF_SOMEBODY.sub("", text))) and not to_be_matched


def _plain(text: str) -> str:
    """Without politeness, and with the verb as it is spelt: "please macth …" is "match …"."""
    text = text.strip(" .!?")
    while (shorter := _POLITE.sub("", text)) != text:
        text = shorter
    first, space, rest = text.partition(" ")
    slip = process.extractOne(first.casefold(), _VERBS, scorer=OSA.normalized_similarity, score_cutoff=0.79) if len(first) > 4 else None
    return f"{slip[0]}{space}{rest}" if slip else text


def meant(text: str, talk: Talk) -> Meant | None:
    """None where the text is about something else."""
    stripped = _POLITE.sub("", text.strip())
    if found := _NEW.fullmatch(stripped) or _PASTED.fullmatch(stripped):
        begin = partial(_begin, talk, kind=Kind.PROFILE, name=talk.texts("profile.title"), data=found["text"].encode())
        return Meant("say.new_profile", begin)
    if found := _FOR.fullmatch(text):
        return Meant("say.profiles_for", partial(_profiles_for, found["name"].strip(), talk))
    if found := _RANK.fullmatch(_plain(text)):
        return Meant("say.shortlist", partial(_with_profile, found["text"], talk, partial(_rank, talk)))
    if _ARCHIVED.fullmatch(text):
        return Meant("say.profiles", partial(_archived, talk))
    text = _plain(text)
    if found := _MATCH_LAST.fullmatch(text):
        return Meant("say.match", partial(_match, found["name"].strip(), found["text"], talk))
    if found := _MATCH.fullmatch(text):
        rest = found["rest"].strip()
        parts = _TO.fullmatch(rest)
        name, wanted = (parts["name"].strip(), parts["text"]) if parts else ("", re.sub(rf"^{_PROFILE}\s+", "", rest, flags=re.IGNORECASE))
        return Meant("say.match", partial(_match, name, wanted, talk))
    if found := _LIST.fullmatch(text):
        return Meant("say.profiles", partial(_profiles, found["text"] or "", talk))
    return None


def _profile_card(profile: Profile, talk: Talk) -> dict[str, object]:
    word_url = talk.services.link(f"profiles/{profile.id}/word", profile.tenant)
    return profile_card(profile, talk.texts, word_url=word_url, job=talk.flow.job)


def _choose(profiles: Sequence[Profile], job: str, talk: Talk) -> dict[str, object]:
    """With which profile?"""
    return profiles_card(profiles, talk.texts, job=job, heading=talk.texts("match.which_profile"))


async def _profiles(text: str, talk: Talk) -> Turn:
    profiles = await talk.service.profiles.find(talk.tenant, text) if text else await talk.service.profiles.all(talk.tenant)
    return talk.show(_profile_card(profiles[0], talk) if text and len(profiles) == 1 else profiles_card(profiles, talk.texts))


async def _archived(talk: Talk) -> Turn:
    profiles = await talk.service.profiles.all(talk.tenant, archived=True)
    return talk.show(
        profiles_card(profiles, talk.texts, heading=talk.texts("profile.archive_title"))
        if profiles
        else note_card(talk.texts("profile.archive_empty"), talk.texts)
    )


async def dropped(file: DroppedFile, number: int, talk: Talk) -> tuple[Job, bool]:
    """A job description: its profile is made by a job."""
    where = talk.event.conversation
    submission = Submission(
        tenant=where.tenant,
        user=where.user,
        kind=Kind.PROFILE,
        source=Source(url=file.url, name=file.name),
        key=f"{where.id}\n{talk.event.id}\nprofile\n{number}",
        conversation=where,
        locale=where.locale,
    )
    return await talk.service.submit(submission, start=False)


async def clicked(action: MatchAction, talk: Talk) -> Turn:
    """Raises UserError."""
    service, texts, tenant = talk.service, talk.texts, talk.tenant
    match action:
        case ShowProfile(profile=key):
            return talk.answer(_profile_card(await service.profiles.get(tenant, key), talk))
        case EditProfile(profile=key, page=page):
            return talk.answer(profile_form(await service.profiles.get(tenant, key), texts, page=_number(page)))
        case SaveProfile():
            return await _save(action, talk)
        case ConfirmProfile(profile=key, version=version):
            return talk.answer(_profile_card(await service.profiles.change(tenant, key, _number(version), _confirmed), talk))
        case ArchiveProfile(profile=key):
            profile = await service.profiles.archive(tenant, key)
            return talk.answer(archived_card(profile, texts))
        case RestoreProfile(profile=key):
            return talk.answer(_profile_card(await service.profiles.archive(tenant, key, archived=False), talk))
        case AskMatch(job=job):
            await service.job(tenant, job)
            return talk.show(_choose(await service.profiles.all(tenant), job, talk))
        case MatchCv(profile=key, job=job):
            return await _hold(talk, job, await service.profiles.get(tenant, key))
        case RankAll(profile=key):
            return await _rank(talk, await service.profiles.get(tenant, key))
        case TurnRanking(job=key, page=page):
            await _own_ranking(key, talk)
            await service.matches.turn_page(tenant, key, _number(page))
            return Turn((Redraw(await service.job(tenant, key)),), flow=talk.flow)
        case CompareSome(job=key, chosen=chosen):
            return await _compare(key, chosen.split(","), talk)
        case OverrideVerdict():
            return await _override(action, talk)


async def _match(name: str, wanted: str, talk: Talk) -> Turn:
    """A candidate's CV, else the one of this conversation, with the profile that is meant."""
    if not wanted.strip():
        return talk.show(
            profiles_card(await talk.service.profiles.all(talk.tenant), talk.texts, job=talk.flow.job, heading=talk.texts("match.which_profile"))
        )
    job = talk.flow.job
    if name := " ".join(word for word in name.split() if word.casefold().strip(",.") not in _THIS):
        found = await talk.service.candidates.find(talk.tenant, talk.user, name)
        if not found:
            return talk.note(talk.texts("delete.none", name=name))
        job = found[0].jobs[-1]
        if len(found) > 1 and found[0].name.casefold() == found[1].name.casefold():  # two people of one name: which?
            jobs = [await talk.service.shown(talk.tenant, one.jobs[-1]) for one in found if one.name.casefold() == found[0].name.casefold()]
            return await _with_profile(wanted, talk, partial(_which, talk, jobs))
    return await _with_profile(wanted, talk, partial(_hold, talk, job), job=job)


async def _with_profile(wanted: str, talk: Talk, act: Callable[[Profile], Awaitable[Turn]], *, job: str = "") -> Turn:
    """Do it with the profile that is meant; ask where several are, or none."""
    found = await talk.service.profiles.find(talk.tenant, wanted)
    if len(found) == 1:
        return await act(found[0])
    return talk.show(
        profiles_card(found or await talk.service.profiles.all(talk.tenant), talk.texts, job=job, heading=talk.texts("match.which_profile"))
    )


async def _hold(talk: Talk, job: str, profile: Profile) -> Turn:
    """At once a card; the match follows on it."""
    if not job:
        recent = await talk.service.jobs_of(talk.tenant, talk.user, limit=30)
        ready = [one for one in recent if one.kind is Kind.CV and one.state == State.DONE and one.result]
        return talk.show(which_cv_card(profile, ready, talk.texts)) if ready else talk.note(talk.texts("match.no_cv"))
    about = await talk.service.shown(talk.tenant, job)
    candidate = about.result.candidate if about.result else about.source.name
    return await _begin(talk, kind=Kind.MATCH, name=f"{candidate} – {profile.title}", profile=profile.id, about=job)


async def _which(talk: Talk, jobs: Sequence[Job], profile: Profile) -> Turn:
    return talk.show(which_cv_card(profile, jobs, talk.texts))


async def _rank(talk: Talk, profile: Profile) -> Turn:
    return await _begin(talk, kind=Kind.SHORTLIST, name=profile.title, profile=profile.id)


async def _begin(talk: Talk, *, kind: Kind, name: str, profile: str = "", about: str = "", data: bytes | None = None) -> Turn:
    """A job of its own; the same message or click again finds it."""
    where = talk.event.conversation
    submission = Submission(
        tenant=where.tenant,
        user=where.user,
        kind=kind,
        profile=profile,
        about=about,
        source=Source(name=name[:160]),
        data=data,
        key=f"{where.id}\n{talk.event.id}\n{kind.value}\n{profile}\n{about}",
        conversation=where,
        locale=where.locale,
    )
    job, new = await talk.service.submit(submission, start=False)
    return Turn((ShowJob(job),) if new else (), (job,) if new else (), talk.flow)


async def _profiles_for(name: str, talk: Talk) -> Turn:
    found = await talk.service.candidates.find(talk.tenant, talk.user, name)
    if not found:
        return talk.note(talk.texts("delete.none", name=name))
    scores = await talk.service.matches.profiles_for(found[0])
    return talk.show(scored_profiles_card(found[0].name, scores, talk.texts, job=found[0].jobs[-1]))


async def _save(action: SaveProfile, talk: Talk) -> Turn:
    page = _number(action.page)
    changed = await talk.service.profiles.change(talk.tenant, action.profile, _number(action.version), lambda known: _filled(known, action.form))
    if action.then:
        return talk.answer(profile_form(changed, talk.texts, page=_number(action.then)))
    if any(key.endswith(f"_{NEW}") and key.startswith("text_") and value.strip() for key, value in action.form.items()):
        return talk.answer(profile_form(changed, talk.texts, page=page))  # one was added: perhaps there are more
    return talk.answer(_profile_card(changed, talk))


def _filled(known: Profile, form: Form) -> Profile:
    """The profile with what the form holds. Fields that the form does not show stay as they are."""
    head: dict[str, object] = {name: form[name].strip()[:200] for name in HEAD if form.get(name, "").strip() or (name in form and name != "title")}
    tasks = tuple(line.strip() for line in form["tasks"].splitlines() if line.strip()) if "tasks" in form else known.tasks
    kept = [_edited(r, form) if f"text_{r.id}" in form else r for r in known.requirements]
    requirements = [r for r in kept if r is not None]
    if text := form.get(f"text_{NEW}", "").strip():
        numbers = [int(r.id[1:]) for r in known.requirements if r.id[1:].isdigit()]
        fresh = requirement_of(text, Importance.MUST, number=max(numbers, default=0) + 1)
        requirements.append(_with_choices(fresh, NEW, form, read=fresh))
    return known.model_copy(update={**head, "tasks": tasks, "requirements": tuple(requirements)})


def _edited(known: Requirement, form: Form) -> Requirement | None:
    text = form[f"text_{known.id}"].strip()
    if not text:
        return None
    fresh = requirement_of(text, known.importance, known=known)
    untouched = (
        _years(form.get(f"years_{known.id}", ""), known.years) == known.years and form.get(f"level_{known.id}", "-").replace("-", "") == known.level
    )
    if text != known.text and untouched:  # what the old text asked for goes with it
        form = {**form, f"years_{known.id}": str(fresh.years), f"level_{known.id}": fresh.level or "-"}
    return _with_choices(fresh, known.id, form, read=None)


def _with_choices(requirement: Requirement, key: str, form: Form, *, read: Requirement | None) -> Requirement:
    """What the person chose; of a new one, what was read from its text where nothing was chosen. Whatever a person saves is confirmed."""
    chosen = form.get(f"importance_{key}", requirement.importance.value)
    if chosen not in list(Importance):
        raise UserError("bad_requirement")
    importance = Importance(chosen)
    weight = _number(form.get(f"weight_{key}", ""), requirement.weight)
    years = _years(form.get(f"years_{key}", ""), requirement.years)
    level = form.get(f"level_{key}", requirement.level or "-").replace("-", "")
    if read:
        weight = importance.weight if weight == Importance.MUST.weight else weight
        years, level = years or read.years, level or read.level
    values = {"importance": importance, "weight": max(1, min(weight, 5)), "years": years, "level": level, "suggested": False}
    try:
        return Requirement.model_validate({**requirement.model_dump(), **values})
    except ValidationError:
        raise UserError("bad_requirement") from None


def _confirmed(known: Profile) -> Profile:
    requirements = tuple(r.model_copy(update={"suggested": False}) for r in known.requirements)
    return known.model_copy(update={"requirements": requirements, "tasks": (*known.tasks, *known.suggested_tasks), "suggested_tasks": ()})


async def _compare(key: str, chosen: list[str], talk: Talk) -> Turn:
    """Raises UserError: too_few_chosen."""
    chosen = [one for one in chosen if one]
    if not 2 <= len(chosen) <= SIDE_BY_SIDE:
        return talk.note(talk.texts("shortlist.few"))
    ranking = await _own_ranking(key, talk)
    found = await talk.service.matches.side_by_side(talk.tenant, ranking.profile, chosen)
    return talk.show(side_by_side_card(ranking.profile.title, found, talk.texts)) if found else talk.note(talk.texts("shortlist.few"))


async def _own_ranking(key: str, talk: Talk) -> Shortlist:
    """Raises UserError: unknown_match, not_yours."""
    ranking = await talk.service.matches.ranking(talk.tenant, key)
    if ranking.user != talk.user:
        raise UserError("not_yours")
    return ranking


async def _override(action: OverrideVerdict, talk: Talk) -> Turn:
    """Raises UserError: bad_verdict, unknown_match."""
    where, reason = talk.event.conversation, action.reason.strip()
    if action.status not in list(Status) or len(reason) < 3:
        raise UserError("bad_verdict")
    if (await talk.service.matches.get(talk.tenant, action.match)).user != where.user:
        raise UserError("not_yours")
    said_so = Override(status=Status(action.status), reason=reason[:500], user=where.user, name=where.name, at=talk.services.now())
    await talk.service.matches.override(talk.tenant, action.match, action.requirement, said_so)
    return Turn((Redraw(await talk.service.job(talk.tenant, action.match)),), flow=talk.flow)


def _number(text: str, default: int = 0) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else default


def _years(text: str, default: float) -> float:
    try:
        return max(0.0, min(float(text.replace(",", ".")), 50.0)) if text else default
    except ValueError:
        return default
