"""Cards of customers: one, its form, lists, what an import will do."""

from __future__ import annotations

from collections.abc import Sequence

from adaptivecards.baseobject import Element

from cards.actions import button
from cards.elements import CardJson, box, buttons, card, choice, columns, entry, facts, number_entry, plain, say, table, title
from cards.i18n import Catalogue
from cards.offer_actions import EditCustomer, ImportCustomers, MergeCustomers, SaveCustomer, ShowCustomer
from pipeline.model.customer import COUNTRIES, Contact, Customer, Doubt, ListPreview, ListRow

LISTED, CONTACTS = 10, 4
"""Customers on a list, contacts in the form."""
SALUTATIONS = ("-", "Frau", "Herr", "Ms", "Mr")
_ICONS = {"add": "➕", "change": "✏️", "same": "＝", "skip": "⏭️"}


def customer_card(customer: Customer, texts: Catalogue, *, doubts: Sequence[Doubt], doubles: Sequence[Customer] = ()) -> CardJson:
    people = "; ".join(_contact(one) for one in customer.contacts)
    days = texts("customer.days", days=customer.payment_days) if customer.payment_days is not None else ""
    rows = [
        (texts("customer.address"), ", ".join((*customer.address, customer.country))),
        (texts("customer.contacts"), people),
        (texts("customer.email"), customer.email),
        (texts("customer.phone"), customer.phone),
        (texts("customer.vat_id"), customer.vat_id),
        (texts("customer.payment_days"), days),
        (texts("customer.conditions"), customer.conditions),
        (texts("customer.template"), customer.template),
    ]
    return card(
        title(texts("customer.title"), icon="🏢"),
        plain(customer.company, limit=160, size="Large", weight="Bolder"),
        *facts(rows),
        *_doubts(doubts, texts),
        *([_double(customer, doubles[0], texts)] if doubles else []),
        actions=[button(texts("customer.edit"), EditCustomer(customer.id))],
        summary=customer.company,
    )


def customers_card(customers: Sequence[Customer], texts: Catalogue, *, heading: str = "") -> CardJson:
    heading = heading or texts("customer.list_title")
    new = [button(texts("customer.new"), EditCustomer(""))]
    if not customers:
        return card(title(heading, icon="🏢"), say(texts("customer.none")), actions=new, summary=heading)
    rows: list[list[Element]] = [
        [plain(one.company, limit=100), plain(one.town, limit=60), buttons(button(texts("customer.open"), ShowCustomer(one.id)))]
        for one in customers[:LISTED]
    ]
    more = len(customers) - LISTED
    rest = [say(texts.n("customer.more", more), isSubtle=True, size="Small")] if more > 0 else []
    return card(title(heading, icon="🏢"), table(rows, [4, 3, 2]), *rest, actions=new, summary=heading)


def customer_form(customer: Customer | None, texts: Catalogue, *, name: str = "") -> CardJson:
    """Of a new one where there is none."""
    known = customer or Customer(name=name or "-")
    countries = list(dict.fromkeys((*COUNTRIES, known.country)))
    languages = [(code, texts(f"rewrite.language_{code}")) for code in ("de", "en")]
    body: list[Element] = [
        title(texts("customer.form_title"), icon="🏢"),
        columns(
            [entry("name", texts("customer.name"), name if customer is None else known.name, limit=160, required=texts("customer.name_missing"))],
            [entry("legal_form", texts("customer.legal_form"), known.legal_form, limit=60)],
            widths=("2", "1"),
        ),
        entry("street", texts("customer.street"), known.street, limit=160),
        columns(
            [entry("postal_code", texts("customer.postal_code"), known.postal_code, limit=12)],
            [entry("town", texts("customer.town"), known.town, limit=100)],
            [choice("country", texts("customer.country"), [(code, code) for code in countries], value=known.country)],
            widths=("1", "2", "1"),
        ),
        columns(
            [entry("vat_id", texts("customer.vat_id"), known.vat_id, limit=20)],
            [entry("email", texts("customer.email"), known.email, limit=254)],
            [entry("phone", texts("customer.phone"), known.phone, limit=40)],
            widths=("1", "1", "1"),
        ),
        columns(
            [number_entry("payment_days", texts("customer.payment_days"), known.payment_days, least=0, most=365)],
            [choice("language", texts("customer.language"), languages, value=known.language if known.language in ("de", "en") else "en")],
            [entry("template", texts("customer.template"), known.template, limit=60)],
            widths=("1", "1", "1"),
        ),
        entry("conditions", texts("customer.conditions"), known.conditions, limit=500, lines=True),
        say(f"**{texts('customer.contacts')}**"),
    ]
    contacts: list[Contact | None] = [*known.contacts[: CONTACTS - 1], None]
    for number, contact in enumerate(contacts):
        body += _person(number, contact, texts)
    cancel = [button(texts("customer.cancel"), ShowCustomer(customer.id))] if customer else []
    save = SaveCustomer(customer.id if customer else "", str(known.version))
    return card(*body, actions=[button(texts("customer.save"), save, style="positive"), *cancel], summary=texts("customer.form_title"))


def preview_card(preview: ListPreview, texts: Catalogue) -> CardJson:
    """What the import will do, or has done."""
    counts = preview.counts
    told = " · ".join(f"{_ICONS[act]} {counts.get(act, 0)} {texts(f'customer.act_{act}')}" for act in ("add", "change", "same", "skip"))
    mapping = [plain(f"{header} → {texts(f'customer.{field}')}", limit=120, size="Small", spacing="None") for header, field in preview.mapping]
    rest = [plain(texts("customer.unused", columns=", ".join(preview.unused)), limit=300, isSubtle=True, size="Small")] if preview.unused else []
    work = counts.get("add", 0) + counts.get("change", 0)
    heading = texts("customer.done_title" if preview.done else "customer.preview_title")
    actions = [button(texts("customer.import"), ImportCustomers(preview.job), style="positive")] if work and not preview.done else []
    look: list[Element] = []
    if preview.doubts:
        look.append(say(texts.n("customer.doubts", preview.doubts), size="Small"))
    if preview.like:
        look.append(say(texts.n("customer.likes", preview.like), size="Small"))
    return card(
        title(heading, icon="✅" if preview.done else "🏢"),
        say(told),
        *look,
        *([say(f"**{texts('customer.mapping')}**"), *mapping, *rest] if not preview.done else []),
        *([say(f"**{texts('customer.look_at')}**"), *(_row(row, texts) for row in preview.rows)] if preview.rows and not preview.done else []),
        *([] if work or preview.done else [say(texts("customer.nothing"))]),
        actions=actions,
        summary=heading,
    )


def _double(customer: Customer, other: Customer, texts: Catalogue) -> Element:
    said = texts("customer.double", name=other.company, town=other.town or "–")
    return box(plain(f"⚠️ {said}", limit=240), buttons(button(texts("customer.merge"), MergeCustomers(customer.id, other.id))), style="warning")


def _doubts(doubts: Sequence[Doubt], texts: Catalogue) -> list[Element]:
    return [plain(f"⚠️ {doubt_text(doubt, texts)}", limit=240, size="Small", spacing="Small") for doubt in doubts]


def doubt_text(doubt: Doubt, texts: Catalogue) -> str:
    return texts(f"doubt.{doubt.key}", value=doubt.value)


def _person(number: int, contact: Contact | None, texts: Catalogue) -> list[Element]:
    salutations = [(one, texts("customer.salutation_none") if one == "-" else one) for one in SALUTATIONS]
    return [
        columns(
            [
                choice(
                    f"salutation_{number}", texts("customer.salutation"), salutations, value=(contact.salutation if contact else "") or SALUTATIONS[0]
                )
            ],
            [entry(f"contact_{number}", texts("customer.contact"), contact.name if contact else "", limit=120)],
            widths=("1", "2"),
        ),
        columns(
            [entry(f"email_{number}", texts("customer.email"), contact.email if contact else "", limit=254)],
            [entry(f"phone_{number}", texts("customer.phone"), contact.phone if contact else "", limit=40)],
            widths=("1", "1"),
        ),
    ]


def _contact(contact: Contact) -> str:
    return ", ".join(filter(None, (f"{contact.salutation} {contact.name}".strip(), contact.email, contact.phone)))


def _row(row: ListRow, texts: Catalogue) -> Element:
    why = [texts(f"error.{row.reason}")] if row.reason else []
    why += [texts("customer.like", name=row.like)] if row.like else []
    why += [doubt_text(doubt, texts) for doubt in row.doubts]
    said = texts("customer.row", row=row.row, name=row.name or "–")
    return plain(f"{_ICONS[row.act]} {said}{': ' if why else ''}{'; '.join(why)}", limit=260, size="Small", spacing="Small")
