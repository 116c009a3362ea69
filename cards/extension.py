"""What the message extension shows: results to insert into a message, and the dialog of "Make Word CV"."""

from __future__ import annotations

from collections.abc import Sequence

from adaptivecards.baseobject import Element

from cards.elements import CardJson, OpenUrl, Submit, card, clip, facts, plain, say, title
from cards.i18n import Catalogue
from pipeline.model.job import Job, Result
from pipeline.model.money import locale_of, printed
from pipeline.model.offer import Offer
from pipeline.model.profile import Profile
from pipeline.model.totals import totals

MAKE = "extension.make"
"""Marks what the dialog sends back."""


def candidate_card(result: Result, texts: Catalogue) -> CardJson:
    """A candidate as a person inserts it into a message: others read it, so it has no buttons that only its owner may use."""
    name = result.candidate or texts("result.unnamed")
    return card(
        plain(name, limit=120, size="Large", weight="Bolder"),
        *([plain(result.headline, limit=160, isSubtle=True, spacing="None")] if result.headline else []),
        *facts([(texts("result.years"), _years(result, texts)), (texts("result.position"), result.position), _skills(result, texts)]),
        actions=[OpenUrl(title=texts("result.open"), url=result.word.url)],
        summary=name,
    )


def candidate_line(result: Result, texts: Catalogue) -> tuple[str, str]:
    """Title and text of a hit."""
    return clip(result.candidate or texts("result.unnamed"), 80), clip(" · ".join(filter(None, (result.headline, _years(result, texts)))), 120)


def job_profile_card(profile: Profile, texts: Catalogue, *, word_url: str) -> CardJson:
    """A job profile as a person inserts it into a message."""
    about = [(texts(f"profile.{name}"), getattr(profile, name)) for name in ("place", "start", "workload")]
    wishes = [plain(f"• {r.text}", limit=200, spacing="Small") for r in profile.confirmed[:8]]
    body: list[Element] = [title(texts("profile.title"), icon="📋"), plain(profile.title, limit=200, size="Large", weight="Bolder")]
    if profile.customer:
        body.append(plain(profile.customer, limit=120, isSubtle=True, spacing="None"))
    body += [*facts(about), *wishes]
    return card(*body, actions=[OpenUrl(title=texts("profile.word"), url=word_url)], summary=profile.title)


def job_profile_line(profile: Profile, texts: Catalogue) -> tuple[str, str]:
    return clip(profile.title, 80), clip(" · ".join(filter(None, (profile.customer, profile.place))), 120)


def offer_hit_card(offer: Offer, texts: Catalogue) -> CardJson:
    """An offer as a person inserts it into a message: how far it is, and nothing that is the firm's own business."""
    locale = locale_of(offer.language, offer.customer.country if offer.customer else "DE")
    rows = [
        (texts("offer.customer"), offer.customer.company if offer.customer else ""),
        (texts("offer.candidate"), offer.shown_candidate),
        (texts("offer.role"), offer.terms.role),
        (texts("offer.sum"), printed(totals(offer.terms).net, locale)),
    ]
    heading = offer.name or texts("offer.title")
    state = say(texts(f"offer.stage_{offer.stage.value}"), isSubtle=True, spacing="None")
    return card(title(heading, icon="📑"), state, *facts(rows), summary=heading)


def offer_line(offer: Offer, texts: Catalogue) -> tuple[str, str]:
    who = filter(None, (offer.customer.company if offer.customer else "", offer.shown_candidate, offer.terms.role))
    return clip(f"{offer.name or texts('offer.title')} – {texts(f'offer.stage_{offer.stage.value}')}", 80), clip(" · ".join(who), 120)


def make_card(names: Sequence[str], data: dict[str, object], texts: Catalogue) -> CardJson:
    """Asks whether these files of a message shall become Word files; `data` comes back with the click."""
    listed = [plain(f"📄 {name}", limit=160, spacing="Small") for name in names]
    body = [say(texts.n("extension.make_lead", len(names))), *listed, say(texts("extension.make_where"), isSubtle=True, size="Small")]
    do = Submit(title=texts("extension.make_do"), data={"verb": MAKE, **data}, style="positive")
    return card(*body, actions=[do], summary=texts("extension.make_title"))


def owned(jobs: Sequence[Job]) -> list[Result]:
    """One result per candidate, the newest, in the order of the jobs."""
    found: dict[str, Result] = {}
    for job in jobs:
        if job.result:
            found.setdefault(job.result.candidate_id, job.result)
    return list(found.values())


def _years(result: Result, texts: Catalogue) -> str:
    return texts.n("result.years_value", result.years, years=texts.number(result.years)) if result.years else ""


def _skills(result: Result, texts: Catalogue) -> tuple[str, str]:
    return texts("result.skills"), ", ".join(result.skills)
