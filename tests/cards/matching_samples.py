"""Cards of profiles, matches and shortlists, also with hostile content in every field that comes from outside."""

from __future__ import annotations

from cards.elements import CardJson
from cards.i18n import Catalogue
from cards.match import match_card, side_by_side_card
from cards.profile import profile_card, profile_form, profiles_card, scored_profiles_card, which_cv_card
from cards.shortlist import shortlist_card
from pipeline.match.score import scored
from pipeline.model.job import Job
from pipeline.model.match import Experience, Match, Override, Quote, Ranked, Reason, Shortlist, Status, Verdict, Versions
from pipeline.model.profile import Importance, Profile, Requirement
from tests.conftest import NOW

WISHES = (
    ("Abgeschlossene Ausbildung als Gesundheits- und Krankenpfleger/in oder Pflegefachfrau/-mann", "must", "met"),
    ("Fachweiterbildung Intensivpflege und Anästhesie", "must", "met"),
    ("mindestens drei Jahre Berufserfahrung in der Intensivpflege", "must", "partly"),
    ("Weiterbildung zur Stationsleitung", "must", "not_found"),
    ("Teamfähigkeit", "must", "unclear"),
    ("Praxisanleitung", "nice", "met"),
    ("Türkischkenntnisse mindestens B1", "nice", "unclear"),
    ("Erfahrung mit elektronischer Patientenakte", "nice", "not_found"),
)


def profile(text: str = "", *, count: int = 1) -> Profile:
    wishes = [
        Requirement(
            id=f"r{i}", text=(text or what)[:400], importance=Importance(kind), weight=Importance(kind).weight, years=3.0 if "drei" in what else 0
        )
        for i, (what, kind, _) in enumerate(WISHES * count, start=1)
    ]
    suggested = Requirement(id="s1", text=(text or "Erfahrung mit Beatmung")[:400], suggested=True)
    return Profile(
        id="e" * 32,
        tenant="t",
        user="u",
        title=(text or "Stationsleitung Intensivpflege (m/w/d)")[:200],
        customer=text or "St.-Marien-Hospital Bergisch Land gGmbH",
        place=text or "Bergisch Gladbach",
        start=text or "sofort",
        workload=text or "Vollzeit",
        tasks=(text or "Dienst- und Urlaubsplanung",) * 3,
        suggested_tasks=(text or "Pflegeplanung",),
        requirements=(*wishes, suggested),
        created=NOW,
        updated=NOW,
    )


def match(text: str = "", *, count: int = 1, overridden: bool = False) -> Match:
    made = []
    for i, (what, kind, status) in enumerate(WISHES * count, start=1):
        state = Status(status)
        verdict = Verdict(
            requirement=f"r{i}",
            text=(text or what)[:400],
            importance=Importance(kind),
            weight=Importance(kind).weight,
            status=state,
            engine=state,
            quotes=(Quote(text=text or "Fachkrankenpflegerin Intensivpflege", page=1, line=24),) * 2 if status in ("met", "partly") else (),
            reasons=(Reason(key="years_short", values={"found": text[:40] or "2,5", "least": "3"}),) if status == "partly" else (),
            experience=(Experience(what=text or "Intensivpflege", years=2.5),) if status == "partly" else (),
            scored="Team" not in what,
        )
        if overridden and status == "not_found":
            said = Override(status=Status.MET, reason=text[:500] or "Zeugnis liegt vor", user="u", name=text[:80] or "Eva Lange", at=NOW)
            verdict = verdict.model_copy(update={"status": Status.MET, "override": said})
        made.append(verdict)
    verdicts, score = scored(made)
    return Match(
        id="f" * 32,
        tenant="t",
        user="u",
        job="a" * 32,
        candidate="b" * 32,
        candidate_name=text or "Aylin Özdemir-Thoß",
        profile=profile(text),
        score=score,
        verdicts=verdicts,
        notes=(Reason(key="place", values={"place": text or "Bergisch Gladbach", "city": text or "Köln"}),),
        years=15.2,
        versions=Versions(engine="1", lexicon="abc"),
        created=NOW,
    )


def shortlist(text: str = "", *, count: int = 24, page: int = 0) -> Shortlist:
    names = ("Aylin Özdemir-Thoß", "Mia-Sophie Kowalczyk", "Björn Weißenfels")
    ranked = tuple(
        Ranked(candidate=f"{i:032x}", job=f"{i:032x}", total=93 - 2 * i, uncapped=93, missing=i % 3, name=text or names[i % 3])
        for i in range(page * 10, min(count, page * 10 + 10))
    )
    return Shortlist(
        id="f" * 32,
        tenant="t",
        user="u",
        profile=profile(text),
        ranked=ranked,
        count=count,
        page=page,
        versions=Versions(engine="1", lexicon="a"),
        created=NOW,
    )


def matching_cards(texts: Catalogue, jobs: list[Job], *, text: str = "") -> dict[str, CardJson]:
    url = "http://127.0.0.1:3978/api/x"
    one, held = profile(text), match(text)

    def ranking(**changes: int) -> CardJson:
        return shortlist_card(shortlist(text, **changes), texts, csv_url=url, word_url=url)

    return {
        "profile": profile_card(one, texts, word_url=url, job="a" * 32),
        "profile-empty": profile_card(one.model_copy(update={"requirements": (), "tasks": ()}), texts, word_url=url),
        "profile-form": profile_form(one, texts, page=0),
        "profile-form-last": profile_form(profile(text, count=2), texts, page=9),
        "profiles": profiles_card([one] * 12, texts),
        "profiles-choose": profiles_card([one, one], texts, job="a" * 32, heading=texts("match.which_profile")),
        "profiles-none": profiles_card([], texts),
        "profiles-for": scored_profiles_card(text or "Aylin Özdemir-Thoß", [(one, held.score)] * 2, texts, job="a" * 32),
        "which-cv": which_cv_card(one, jobs, texts),
        "match": match_card(held, texts, report_url=url),
        "match-overridden": match_card(match(text, overridden=True), texts, report_url=url),
        "match-long": match_card(match(text, count=5), texts, report_url=url),
        "side-by-side": side_by_side_card(one.title, [(held.candidate_name, held.verdicts, held.score)] * 3, texts),
        "shortlist": ranking(),
        "shortlist-last-page": ranking(page=2),
        "shortlist-none": ranking(count=0),
    }
