"""The company that gets an offer (Kunde)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


COUNTRIES = ("DE", "AT", "CH", "NL", "LI")
"""ISO 3166-1; for these the postal code is held against the town."""


class Contact(_Stored):
    """A person at the customer's. `salutation`: "Herr", "Frau", "Mr", "Ms", or empty, where nothing is assumed."""

    name: str = Field(min_length=1, max_length=120)
    salutation: str = Field(default="", max_length=20)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)


class Customer(_Stored):
    """`name` is the company's without its `legal_form` ("GmbH"). `country` by ISO 3166-1, `language` (ISO 639-1) of what is written to it.

    `payment_days` and `conditions` hold for its offers unless they say otherwise; `template` names the Word template of its offers.
    `merged_into` is the customer that this one turned out to be; then no list shows it. `version` counts its changes.
    """

    id: str = ""
    tenant: str = ""
    name: str = Field(min_length=1, max_length=160)
    legal_form: str = Field(default="", max_length=60)
    contacts: tuple[Contact, ...] = Field(default=(), max_length=20)
    street: str = Field(default="", max_length=160)
    postal_code: str = Field(default="", max_length=12)
    town: str = Field(default="", max_length=100)
    country: str = Field(default="DE", pattern="^[A-Z]{2}$")
    vat_id: str = Field(default="", max_length=20)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)
    language: str = Field(default="de", pattern="^[a-z]{2}$")
    payment_days: int | None = Field(default=None, ge=0, le=365)
    conditions: str = Field(default="", max_length=500)
    template: str = Field(default="", max_length=60)
    merged_into: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    version: int = 1

    @property
    def company(self) -> str:
        """As it signs: name and legal form."""
        return f"{self.name} {self.legal_form}".strip()

    @property
    def address(self) -> tuple[str, ...]:
        """The lines of a letter's address below the company and the person, without the country."""
        town = f"{self.postal_code} {self.town}".strip()
        return tuple(line for line in (self.street, town) if line)


class Doubt(_Stored):
    """What a person should look at; no refusal. `key` names a message, `value` is what is doubted."""

    key: str
    value: str


class ListRow(_Stored):
    """What becomes of one row of a list: `act` is "add", "change", "same" or "skip"; `reason` the key of a message.

    `like` is a customer of nearly that name.
    """

    row: int
    act: str
    name: str = ""
    reason: str = ""
    like: str = ""
    doubts: tuple[Doubt, ...] = ()


class ListPreview(_Stored):
    """What the import of a customer list will do, or has `done`. `counts` by act; `doubts` and `like` count customers; `rows` tell the most."""

    job: str
    mapping: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    counts: dict[str, int]
    doubts: int
    like: int
    rows: tuple[ListRow, ...]
    done: bool = False
