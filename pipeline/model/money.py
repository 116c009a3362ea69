"""Amounts of money: decimal, always with their currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal
from pydantic import BaseModel, ConfigDict, Field

CENT = Decimal("0.01")
CURRENCIES = ("EUR", "CHF", "USD", "GBP")
"""ISO 4217; what offers are made in."""


class Money(BaseModel):
    """`currency` by ISO 4217."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Decimal = Field(max_digits=14, decimal_places=2)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")


def to_cents(amount: Decimal) -> Decimal:
    """Rounded commercially: a half goes away from zero (DIN 1333)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def printed(money: Money, locale: str) -> str:
    """As people in that locale write it: "1.234,50 €"."""
    return str(format_currency(money.amount, money.currency, locale=locale))


def printed_sum(amount: Decimal, currency: str, locale: str) -> str:
    """Of what is more than any one amount may be."""
    return str(format_currency(amount, currency, locale=locale))


def printed_number(number: Decimal, locale: str) -> str:
    """Without zeros at the end: "82,5"."""
    return str(format_decimal(number.normalize() if number else number, locale=locale))


@cache
def locale_of(language: str, country: str) -> str:
    """The locale of a customer; the language's own where the country has none of that language."""
    try:
        return str(Locale.parse(f"{language}_{country}"))
    except (UnknownLocaleError, ValueError):
        return language if language in ("de", "en") else "en"
