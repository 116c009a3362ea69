"""Cards of offers: for who makes one, for who approves it, for everybody else; the form; lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adaptivecards.baseobject import Element
from babel.dates import format_date
from rapidfuzz import fuzz, process

from cards.actions import Action, button
from cards.elements import (
    CardJson,
    OpenUrl,
    ShowCard,
    box,
    buttons,
    card,
    choice,
    columns,
    date_entry,
    entry,
    facts,
    inner_card,
    number_entry,
    plain,
    say,
    seen_by,
    table,
    title,
    toggle,
)
from cards.i18n import LANGUAGES, Catalogue, catalogue
from cards.offer_actions import (
    AcceptOffer,
    ApproveOffer,
    DeclineOffer,
    DelegateOffer,
    DiscardOffer,
    EditOffer,
    ExpireOffer,
    ListOffers,
    MailOffer,
    MakeOffer,
    PhraseOffer,
    RejectOffer,
    ReopenOffer,
    RequestChanges,
    SaveOffer,
    SendOffer,
    ShowOffer,
    SubmitOffer,
    ViewOffer,
    WithdrawOffer,
)
from pipeline.model.customer import Customer, Doubt
from pipeline.model.job import Candidate
from pipeline.model.money import CURRENCIES, Money, locale_of, printed, printed_number, printed_sum
from pipeline.model.offer import Colleague, Offer, Stage, Unit, Verb
from pipeline.model.totals import totals

ROLE, CHANNEL, ALL = "role", "channel", "all"
"""What may be chosen instead of a person; and of a stage."""
LISTED, CHOSEN, REFRESHED = 8, 30, 60
"""Offers on a page of a list, customers to choose from, people whose clients ask for a view of their own (learn.microsoft.com, universal actions)."""
ICONS = {
    Stage.DRAFT: "📝",
    Stage.SUBMITTED: "⏳",
    Stage.CHANGES: "↩️",
    Stage.REJECTED: "❌",
    Stage.LAPSED: "⌛",
    Stage.APPROVED: "✅",
    Stage.SENT: "📤",
    Stage.ACCEPTED: "🎉",
    Stage.DECLINED: "🚫",
    Stage.EXPIRED: "⌛",
    Stage.DISCARDED: "🗑️",
}
_MARKS: dict[Verb, Callable[[str, str], Action]] = {
    Verb.SEND: SendOffer,
    Verb.ACCEPT: AcceptOffer,
    Verb.DECLINE: DeclineOffer,
    Verb.EXPIRE: ExpireOffer,
    Verb.REOPEN: ReopenOffer,
}


@dataclass(frozen=True, slots=True)
class Around:
    """What a card says beside the offer: where its Word file opens, what may be done, by whom it may be approved.

    `word_url` opens the draft or the approved file, `verbs` what this person may do, `approvers` whom they may ask, `channel` whether there is one
    for approvals. `mails`: drafts of e-mails can be made, `mail_url` opens one that no mailbox holds; `words`: a model can phrase the introduction.
    `four_eyes`: nobody approves their own.
    """

    word_url: str
    verbs: Collection[Verb] = ()
    approvers: Sequence[Colleague] = ()
    channel: bool = False
    mails: bool = False
    words: bool = False
    four_eyes: bool = True
    mail_url: str = ""
    missing: Sequence[str] = ()
    doubts: Sequence[Doubt] = ()


def offer_card(offer: Offer, texts: Catalogue, around: Around) -> CardJson:
    """For who makes it."""
    can, version = around.verbs, str(offer.version)
    actions: list[Element] = []
    if Verb.EDIT in can and offer.stage is not Stage.SUBMITTED:
        actions.append(button(texts("offer.edit"), EditOffer(offer.id)))
    if around.words and Verb.EDIT in can and offer.stage is Stage.DRAFT and offer.match and not offer.wants_words:
        actions.append(button(texts("offer.phrase"), PhraseOffer(offer.id, version)))
    if Verb.SUBMIT in can and not around.missing:
        actions.append(_submit(offer, texts, around))
    actions.append(_open(offer, texts, around))
    if Verb.WITHDRAW in can:
        actions.append(button(texts("offer.withdraw"), WithdrawOffer(offer.id, version)))
    if offer.stage.final and around.mails and offer.mail is None:
        actions.append(button(texts("offer.mail"), MailOffer(offer.id)))
    if offer.mail:
        actions.append(OpenUrl(title=texts("offer.mail_open"), url=offer.mail.url or around.mail_url))
    actions += [button(texts(f"offer.do_{verb.value}"), kind(offer.id, version)) for verb, kind in _MARKS.items() if verb in can]
    if Verb.DISCARD in can:
        sure = inner_card(
            say(texts("offer.discard_sure")), actions=[button(texts("offer.discard"), DiscardOffer(offer.id, version), style="destructive")]
        )
        actions.append(ShowCard(title=texts("offer.discard"), card=sure))
    notes = [box(say(texts("offer.lacks", what=_names(around.missing, texts))), style="warning")] if around.missing else []
    return card(
        *_head(offer, texts), *_body(offer, texts, inside=True), *_doubts(around.doubts, texts), *notes, *_state(offer, texts), actions=actions
    )


def approval_card(offer: Offer, texts: Catalogue, around: Around) -> CardJson:
    """For somebody who is asked to approve it."""
    can, version = around.verbs, str(offer.version)
    actions: list[Element] = []
    if Verb.APPROVE in can:
        actions.append(button(texts("offer.approve"), ApproveOffer(offer.id, version), style="positive"))
        actions.append(_asked(texts, "changes", RequestChanges(offer.id, version, ""), "comment"))
        actions.append(_asked(texts, "reject", RejectOffer(offer.id, version, ""), "reason"))
    if Verb.DELEGATE in can and around.approvers and offer.request and offer.request.approvers:
        people = [(one.user, one.name or one.user) for one in around.approvers][:CHOSEN]
        passed = inner_card(
            say(texts("offer.delegate_lead")),
            choice("delegate", texts("offer.delegate_to"), people, value=people[0][0]),
            actions=[button(texts("offer.delegate"), DelegateOffer(offer.id, version, ""), inputs=("delegate",))],
        )
        actions.append(ShowCard(title=texts("offer.delegate"), card=passed))
    actions.append(_open(offer, texts, around))
    lead = plain(texts("offer.asked_by", name=offer.owner_name or "–"), limit=160, isSubtle=True, spacing="None")
    return card(*_head(offer, texts, lead=lead), *_body(offer, texts, inside=True), *_state(offer, texts), actions=actions)


def state_card(offer: Offer, texts: Catalogue, *, old: bool = False) -> CardJson:
    """For everybody else: how far it is. `old`: the offer has changed since this card asked about it."""
    people = [*_people(offer, texts)[:1], (texts("offer.candidate"), offer.shown_candidate), *_people(offer, texts)[2:]]
    body = [say(texts("offer.outdated"))] if old else [*facts(people), *_state(offer, texts, reasons=False)]
    return card(*_head(offer, texts), *body, summary=_heading(offer, texts))


def watched(shown: CardJson, offer: Offer, texts: Catalogue, users: Sequence[str]) -> CardJson:
    """A card in a channel, which the clients of these users (by the channel's ids) ask for anew."""
    view = button(texts("offer.view"), ViewOffer(offer.id))
    with_view = shown | {"actions": [*shown.get("actions", []), *card(actions=[view])["actions"]]}
    return seen_by(with_view, view, list(dict.fromkeys(users))[:REFRESHED])


def own_again(shown: CardJson, offer: Offer, texts: Catalogue, user: str) -> CardJson:
    """A view of one's own in a channel, which the person's client asks for anew."""
    return seen_by(shown, button(texts("offer.view"), ViewOffer(offer.id)), [user])


def decided_card(offer: Offer, texts: Catalogue) -> CardJson:
    """Tells who made it what has become of it; its own card says the rest."""
    move = offer.moves[-1]
    said = texts(f"offer.told_{offer.stage.value}", name=move.name or "–", offer=_heading(offer, texts))
    reason = [plain(move.text, limit=500, isSubtle=True, italic=True)] if move.text else []
    return card(plain(f"{ICONS[offer.stage]} {said}", limit=300), *reason, actions=[button(texts("offer.show"), ShowOffer(offer.id))], summary=said)


def reminder_card(offer: Offer, texts: Catalogue) -> CardJson:
    said = texts("offer.reminder", offer=_heading(offer, texts), name=offer.owner_name or "–")
    return card(plain(f"⏰ {said}", limit=300), actions=[button(texts("offer.show"), ShowOffer(offer.id))], summary=said)


def offer_form(offer: Offer, texts: Catalogue, *, customers: Sequence[Customer], wanted: str = "") -> CardJson:
    """All that can be said about an offer. `customers` to choose from, `wanted` the name that was said and fits none of them."""
    terms = offer.terms
    units = [(unit.value, texts(f"offer.per_{unit.value}")) for unit in Unit]
    languages = [(code, texts(f"rewrite.language_{code}")) for code in ("de", "en")]
    own = [offer.customer] if offer.customer else []
    known = {one.id: one.company for one in (*own, *customers)}
    chosen = [("-", texts("offer.no_customer")), *known.items()][: CHOSEN + 1]
    contacts = [(str(i), contact.name) for i, contact in enumerate(offer.customer.contacts)] if offer.customer else []
    current = next((str(i) for i, c in enumerate(offer.customer.contacts) if c == offer.contact), "-") if offer.customer else "-"
    return card(
        title(texts("offer.form_title"), icon="📝"),
        plain(offer.candidate_name or texts("result.unnamed"), limit=120, weight="Bolder"),
        toggle("blind", texts("offer.blind", reference=offer.reference), on=offer.blind),
        choice("customer", texts("offer.customer"), chosen, value=offer.customer.id if offer.customer else "-"),
        entry("new_customer", texts("offer.new_customer"), "" if offer.customer else wanted, limit=160),
        *([choice("contact", texts("offer.contact"), [*contacts, ("-", texts("offer.no_contact"))], value=current)] if contacts else []),
        columns(
            [entry("role", texts("offer.role"), terms.role, limit=160)],
            [choice("language", texts("customer.language"), languages, value=offer.language)],
            widths=("2", "1"),
        ),
        columns(
            [number_entry("rate", texts("offer.rate"), float(terms.rate), least=0, most=1_000_000)],
            [choice("currency", texts("offer.currency"), [(code, code) for code in CURRENCIES], value=terms.currency)],
            [choice("unit", texts("offer.unit"), units, value=terms.unit.value)],
            widths=("1", "1", "1"),
        ),
        columns([date_entry("start", texts("offer.start"), terms.start)], [date_entry("end", texts("offer.end"), terms.end)], widths=("1", "1")),
        columns(
            [number_entry("days_a_week", texts("offer.days_a_week"), float(terms.days_a_week), least=0.5, most=7)],
            [number_entry("volume", texts("offer.volume"), float(terms.volume), least=0, most=100_000)],
            widths=("1", "1"),
        ),
        say(texts("offer.volume_hint"), isSubtle=True, size="Small", spacing="None"),
        columns(
            [entry("place", texts("offer.place"), terms.place, limit=160)],
            [number_entry("remote", texts("offer.remote"), float(terms.remote), least=0, most=100)],
            widths=("2", "1"),
        ),
        entry("travel", texts("offer.travel"), terms.travel, limit=200),
        columns(
            [number_entry("payment_days", texts("offer.payment_days"), float(terms.payment_days), least=0, most=365)],
            [number_entry("vat", texts("offer.vat"), float(terms.vat), least=0, most=100)],
            widths=("1", "1"),
        ),
        columns(
            [date_entry("valid_until", texts("offer.valid_until"), terms.valid_until)],
            [number_entry("cost", texts("offer.cost"), float(terms.cost or 0), least=0, most=1_000_000)],
            widths=("1", "1"),
        ),
        entry("conditions", texts("offer.conditions"), terms.conditions, limit=500, lines=True),
        entry("introduction", texts("offer.introduction"), terms.introduction, limit=3000, lines=True),
        actions=[
            button(texts("offer.save"), SaveOffer(offer.id, str(offer.version)), style="positive"),
            button(texts("offer.cancel"), ShowOffer(offer.id)),
        ],
        summary=texts("offer.form_title"),
    )


def stage_named(text: str) -> str:
    """The stage that people call so in one of the languages: "entwurf", "freigegebene"; empty where it is none."""
    names = {catalogue(language)(f"offer.stage_{stage.value}").casefold(): stage.value for stage in Stage for language in LANGUAGES}
    wanted = text.casefold()
    found = next((name for name in names if name == wanted or (len(wanted) > 4 and wanted.removesuffix("e").removesuffix("n") == name)), None)
    found = found or (process.extractOne(wanted, names.keys(), scorer=fuzz.ratio, score_cutoff=85) or (None,))[0]
    return names[found] if found else ""


def offers_card(offers: Sequence[Offer], texts: Catalogue, *, seen: Collection[str], stage: str, text: str, page: int, csv_url: str) -> CardJson:
    """A page of the list, with the totals by currency of all whose ids are `seen`: of the others the person may not see the amounts."""
    pages = max(1, -(-len(offers) // LISTED))
    page = max(0, min(page, pages - 1))
    heading = texts("offer.list_title")
    stages = [(ALL, texts("offer.all_stages")), *((one.value, texts(f"offer.stage_{one.value}")) for one in Stage if one is not Stage.DISCARDED)]
    again = ListOffers(stage or ALL, text, "0")
    filters = columns(
        [choice("stage", texts("offer.filter"), stages, value=stage or ALL)],
        [entry("text", texts("offer.search"), text, limit=80)],
        [buttons(button(texts("offer.apply"), again, inputs=("stage", "text")))],
        widths=("2", "2", "1"),
    )
    if not offers:
        none = texts("offer.none_such" if stage or text else "offer.none")
        return card(title(heading, icon="📑"), filters, say(none), summary=heading)
    rows = [_listed(offer, texts, amount=offer.id in seen) for offer in offers[page * LISTED : (page + 1) * LISTED]]
    actions: list[Element] = [OpenUrl(title="CSV", url=csv_url)]
    if page > 0:
        actions.insert(0, button(texts("offer.before"), ListOffers(stage or ALL, text, str(page - 1))))
    if page < pages - 1:
        actions.insert(len(actions) - 1, button(texts("offer.next"), ListOffers(stage or ALL, text, str(page + 1))))
    return card(
        title(heading, icon="📑"),
        filters,
        table(rows, [3, 4, 3, 2]),
        plain(texts.n("offer.total", len(offers), sums=_sums([one for one in offers if one.id in seen], texts)), limit=240, weight="Bolder"),
        *([say(texts("profile.page", page=page + 1, pages=pages), isSubtle=True, size="Small")] if pages > 1 else []),
        actions=actions,
        summary=heading,
    )


def which_candidate_card(found: Sequence[Candidate], texts: Catalogue, *, text: str) -> CardJson:
    """For whom is it?"""
    rows = [
        [plain(one.name, limit=80), buttons(button(texts("offer.make"), MakeOffer(one.jobs[-1], "", text)))] for one in found[:LISTED] if one.jobs
    ]
    return card(title(texts("offer.which"), icon="📑"), table(rows, [3, 2]), summary=texts("offer.which"))


def _submit(offer: Offer, texts: Catalogue, around: Around) -> Element:
    people = [(ROLE, texts("offer.everybody")), *((one.user, one.name or one.user) for one in around.approvers)]
    if around.channel:
        people.insert(1, (CHANNEL, texts("offer.channel")))
    ask = inner_card(
        say(texts("offer.submit_lead" if around.four_eyes else "offer.submit_lead_any")),
        choice("approver", texts("offer.approver"), people[:CHOSEN], value=people[1][0] if len(people) == 2 else ROLE),
        actions=[button(texts("offer.submit"), SubmitOffer(offer.id, str(offer.version), ""), inputs=("approver",))],
    )
    return ShowCard(title=texts("offer.submit"), card=ask)


def _asked(texts: Catalogue, key: str, action: RejectOffer | RequestChanges, name: str) -> Element:
    """Asks why."""
    ask = inner_card(
        entry(name, texts(f"offer.{key}_why"), limit=500, lines=True, required=texts("offer.why_missing")),
        actions=[button(texts(f"offer.{key}"), action, inputs=(name,))],
    )
    return ShowCard(title=texts(f"offer.{key}"), card=ask)


def _open(offer: Offer, texts: Catalogue, around: Around) -> Element:
    if offer.frozen and offer.frozen.item.drive:
        return OpenUrl(title=texts("result.open"), url=offer.frozen.item.url)
    return OpenUrl(title=texts("result.open" if offer.frozen else "offer.word_draft"), url=around.word_url)


def _heading(offer: Offer, texts: Catalogue) -> str:
    return f"{offer.name or texts('offer.title')} · {offer.terms.role}" if offer.terms.role else offer.name or texts("offer.title")


def _head(offer: Offer, texts: Catalogue, *, lead: Element | None = None) -> list[Element]:
    found = [
        title(offer.name or texts("offer.title"), icon="📑"),
        say(f"{ICONS[offer.stage]} **{texts(f'offer.stage_{offer.stage.value}')}**", spacing="None"),
    ]
    return [*found, lead] if lead else found


def _people(offer: Offer, texts: Catalogue) -> list[tuple[str, str]]:
    contact = f" ({offer.contact.name})" if offer.contact else ""
    shown = texts("offer.blind_as", name=offer.candidate_name, reference=offer.reference) if offer.blind else offer.candidate_name
    return [
        (texts("offer.customer"), f"{offer.customer.company}{contact}" if offer.customer else ""),
        (texts("offer.candidate"), shown),
        (texts("offer.role"), offer.terms.role),
    ]


def _body(offer: Offer, texts: Catalogue, *, inside: bool) -> list[Element]:
    """At a glance; `inside` the firm also what it earns."""
    terms, sums = offer.terms, totals(offer.terms)
    locale = locale_of(offer.language, offer.customer.country if offer.customer else "DE")
    mine = texts.language

    def amount(value: Decimal) -> str:
        return printed(Money(amount=value, currency=terms.currency), locale)

    days = [format_date(day, "medium", locale=mine) if day else "…" for day in (terms.start, terms.end)]
    period = " – ".join(days) if terms.start or terms.end else ""
    week = texts.n("offer.week", float(terms.days_a_week), days=printed_number(terms.days_a_week, mine)) if terms.days_a_week != 5 else ""
    place = ", ".join(filter(None, (terms.place, f"{terms.remote} % remote" if terms.remote else "")))
    unit = texts.n(f"offer.units_{terms.unit.value}", float(terms.volume))
    volume = f"{printed_number(terms.volume, mine)} {unit}" if terms.volume else ""
    vat = texts("offer.with_vat", gross=printed(sums.gross, locale), percent=printed_number(terms.vat, mine))
    rows = [
        *_people(offer, texts),
        (texts("offer.rate"), f"{amount(terms.rate)} {texts(f'offer.per_{terms.unit.value}')}" if terms.rate else ""),
        (texts("offer.volume"), volume),
        (texts("offer.period"), ", ".join(filter(None, (period, week)))),
        (texts("offer.place"), place),
        (texts("offer.sum"), f"{printed(sums.net, locale)} {vat}" if sums.net.amount else ""),
        (texts("offer.valid_until"), str(format_date(terms.valid_until, "medium", locale=mine)) if terms.valid_until else ""),
    ]
    if inside and sums.margin is not None and sums.profit:
        rows.append((texts("offer.margin"), f"{printed_number(sums.margin, mine)} % · {printed(sums.profit, locale)}"))
    return facts(rows)


def _state(offer: Offer, texts: Catalogue, *, reasons: bool = True) -> list[Element]:
    """What was decided, and what became of it; `reasons` may speak of terms and margin."""
    found: list[Element] = []
    move = next((m for m in reversed(offer.moves) if m.verb is not Verb.EDIT), None)
    if move and move.text and offer.stage in (Stage.REJECTED, Stage.CHANGES):
        said = [plain(move.text, limit=500)] if reasons else []
        found.append(box(plain(texts("offer.said_by" if reasons else "offer.decided_by", name=move.name or "–"), limit=120, weight="Bolder"), *said))
    elif offer.stage is Stage.SUBMITTED and offer.request:
        who = ", ".join(one.name or "–" for one in offer.request.approvers) or texts("offer.everybody")
        until = format_date(offer.request.lapse.date(), "medium", locale=texts.language)
        found.append(plain(texts("offer.waits_for", who=who, date=str(until)), limit=240, isSubtle=True, size="Small"))
    elif offer.decision and offer.stage.final:
        found.append(plain(texts("offer.approved_by", name=offer.decision.name or "–"), limit=160, isSubtle=True, size="Small"))
    if offer.wants_words:
        found.append(say(texts("offer.phrasing"), isSubtle=True, size="Small"))
    if offer.stage.final and not offer.frozen:
        found.append(say(texts("offer.being_written"), isSubtle=True, size="Small"))
    if offer.frozen:
        item = offer.frozen.item
        if item.drive:
            found.append(plain(f"📁 {' › '.join((item.site or 'OneDrive', *item.path.split('/')))}", limit=300, size="Small"))
        if item.waits:
            found.append(plain(texts("drive.waits"), limit=300, size="Small"))
        if offer.frozen.problem:
            found.append(plain(texts("offer.not_saved", why=_error(offer.frozen.problem, texts)), limit=400, size="Small"))
        if offer.frozen.edited:
            found.append(box(say(texts("offer.edited")), style="warning"))
    if offer.mail_problem:
        found.append(plain(texts("offer.mail_failed", why=_error(offer.mail_problem, texts)), limit=400, size="Small"))
    elif offer.mail:
        found.append(say(texts("offer.mail_there"), size="Small"))
    elif offer.wants_mail:
        found.append(say(texts("offer.mail_coming"), isSubtle=True, size="Small"))
    return found


def _error(key: str, texts: Catalogue) -> str:
    return texts(f"error.{key}") if f"error.{key}" in texts else texts("error.bug")


def _doubts(doubts: Sequence[Doubt], texts: Catalogue) -> list[Element]:
    return [plain(f"⚠️ {texts(f'doubt.{doubt.key}', value=doubt.value)}", limit=240, size="Small", spacing="Small") for doubt in doubts]


def _names(fields: Sequence[str], texts: Catalogue) -> str:
    return ", ".join(texts(f"offer.{field}") for field in fields)


def _listed(offer: Offer, texts: Catalogue, *, amount: bool) -> list[Element]:
    locale = locale_of(offer.language, offer.customer.country if offer.customer else "DE")
    who = " · ".join(filter(None, (offer.customer.company if offer.customer else "", offer.candidate_name, offer.terms.role)))
    return [
        plain(f"{ICONS[offer.stage]} {offer.name or texts(f'offer.stage_{offer.stage.value}')}", limit=60),
        plain(who, limit=140),
        plain(printed(totals(offer.terms).net, locale) if amount else "–", limit=40),
        buttons(button(texts("offer.show"), ShowOffer(offer.id))),
    ]


def _sums(offers: Sequence[Offer], texts: Catalogue) -> str:
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    for offer in offers:
        by_currency[offer.terms.currency] += totals(offer.terms).net.amount
    return " + ".join(printed_sum(amount, currency, texts.language) for currency, amount in sorted(by_currency.items()))
