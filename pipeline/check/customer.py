"""What a person should look at in a customer's data: postal code and town, VAT id, e-mail. Doubts, no refusals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email
from rapidfuzz import fuzz
from stdnum.ch import uid as swiss_uid
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError as BadNumber

from pipeline.model.customer import Customer, Doubt

LIKE = 86
"""So alike, of 100, two spellings of a town must be."""
_CODES = {"DE": r"\d{5}", "AT": r"[1-9]\d{3}", "CH": r"[1-9]\d{3}", "LI": r"94[89]\d", "NL": r"[1-9]\d{3} ?[A-Z]{2}"}
"""How a postal code looks (upu.int, postal addressing systems)."""


def customer_doubts(customer: Customer, towns: Sequence[str] | None) -> tuple[Doubt, ...]:
    """`towns` are those with the postal code; None where nobody knows."""
    found = []
    pattern = _CODES.get(customer.country)
    if customer.postal_code and pattern and not re.fullmatch(pattern, customer.postal_code.upper()):
        found.append(Doubt(key="postal_code_form", value=customer.postal_code))
    elif customer.postal_code and towns is not None and not towns:
        found.append(Doubt(key="postal_code_unknown", value=customer.postal_code))
    elif towns and customer.town and not any(same_town(customer.town, town) for town in towns):
        found.append(Doubt(key="town", value=f"{customer.postal_code} {customer.town} ({', '.join(dict.fromkeys(towns[:3]))})"))
    if customer.vat_id and not is_vat_id(customer.vat_id, customer.country):
        found.append(Doubt(key="vat_id", value=customer.vat_id))
    for email in filter(None, (customer.email, *(contact.email for contact in customer.contacts))):
        try:
            validate_email(email, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            found.append(Doubt(key="email", value=email))
    return tuple(found)


def same_town(one: str, other: str) -> bool:
    """The same town, whatever it is called beside: "Frankfurt am Main", "Frankfurt/Main", "Frankfurt"."""
    left, right = _plain(one), _plain(other)
    return left == right or left[0] == right[0] or fuzz.token_sort_ratio(" ".join(left), " ".join(right)) >= LIKE


def is_vat_id(number: str, country: str) -> bool:
    """By its check digits."""
    try:
        if number.upper().startswith("CHE") or country in ("CH", "LI"):
            try:
                swiss_vat.validate(number)
            except BadNumber:
                swiss_uid.validate(number)
        else:
            eu_vat.validate(number if re.match(r"[A-Za-z]{2}", number) else f"{country}{number}")
    except BadNumber:
        return False
    return True


def _plain(town: str) -> list[str]:
    town = town.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("saint ", "st ")
    return re.findall(r"[^\W\d_]+", town) or [""]
