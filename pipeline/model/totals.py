"""What an offer comes to, in decimal arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.model.money import Money, to_cents
from pipeline.model.offer import Terms


@dataclass(frozen=True, slots=True)
class Totals:
    """`margin` in percent of the rate and `profit` on the whole, None where no cost is known."""

    net: Money
    vat: Money
    gross: Money
    margin: Decimal | None
    profit: Money | None


def totals(terms: Terms) -> Totals:
    """VAT is rounded once, on the sum: an invoice names the tax on the total (§ 14 UStG, paragraph 4, number 8)."""
    net = to_cents(terms.rate * terms.volume)
    vat = to_cents(net * terms.vat / 100)
    margin = profit = None
    if terms.cost is not None and terms.rate:
        margin = ((terms.rate - terms.cost) / terms.rate * 100).quantize(Decimal("0.1"))
        profit = Money(amount=to_cents((terms.rate - terms.cost) * terms.volume), currency=terms.currency)

    def money(amount: Decimal) -> Money:
        return Money(amount=amount, currency=terms.currency)

    return Totals(money(net), money(vat), money(net + vat), margin, profit)
