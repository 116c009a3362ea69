"""What buttons about customers and offers carry. `version` is the one that the person saw, as digits."""

from __future__ import annotations

from dataclasses import dataclass, field

Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """For the CV of a job, or of a match where there is one; `text` is what was said about it."""

    job: str
    match: str
    text: str


@dataclass(frozen=True, slots=True)
class ShowOffer:
    offer: str


@dataclass(frozen=True, slots=True)
class ViewOffer:
    """What a client asks for by itself: the offer as this person may see it."""

    offer: str


@dataclass(frozen=True, slots=True)
class EditOffer:
    offer: str


@dataclass(frozen=True, slots=True)
class SaveOffer:
    offer: str
    version: str
    form: Form = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubmitOffer:
    """`approver` is an input of the card: a person's id, "role" or "channel"."""

    offer: str
    version: str
    approver: str


@dataclass(frozen=True, slots=True)
class WithdrawOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class ApproveOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class RejectOffer:
    """`reason` is an input of the card, as those below are."""

    offer: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestChanges:
    offer: str
    version: str
    comment: str


@dataclass(frozen=True, slots=True)
class DelegateOffer:
    offer: str
    version: str
    delegate: str


@dataclass(frozen=True, slots=True)
class SendOffer:
    """The person has sent it to the customer."""

    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class ExpireOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class ReopenOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class DiscardOffer:
    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class MailOffer:
    """Put a draft of the e-mail into the person's mailbox."""

    offer: str


@dataclass(frozen=True, slots=True)
class PhraseOffer:
    """Let a model phrase the introduction, of the facts that are quoted."""

    offer: str
    version: str


@dataclass(frozen=True, slots=True)
class ListOffers:
    """`stage` is an input of the card, "all" for every one; `page` from 0, as digits."""

    stage: str
    text: str
    page: str


@dataclass(frozen=True, slots=True)
class ShowCustomer:
    customer: str


@dataclass(frozen=True, slots=True)
class EditCustomer:
    """A new one where `customer` is empty."""

    customer: str


@dataclass(frozen=True, slots=True)
class SaveCustomer:
    customer: str
    version: str
    form: Form = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MergeCustomers:
    kept: str
    gone: str


@dataclass(frozen=True, slots=True)
class ImportCustomers:
    """Carry out what the preview of a list shows."""

    job: str


OfferAction = (
    MakeOffer
    | ShowOffer
    | ViewOffer
    | EditOffer
    | SaveOffer
    | SubmitOffer
    | WithdrawOffer
    | ApproveOffer
    | RejectOffer
    | RequestChanges
    | DelegateOffer
    | SendOffer
    | AcceptOffer
    | DeclineOffer
    | ExpireOffer
    | ReopenOffer
    | DiscardOffer
    | MailOffer
    | PhraseOffer
    | ListOffers
)
CustomerAction = ShowCustomer | EditCustomer | SaveCustomer | MergeCustomers | ImportCustomers

OFFER_VERBS: dict[str, type[OfferAction | CustomerAction]] = {
    "offer.make": MakeOffer,
    "offer.show": ShowOffer,
    "offer.view": ViewOffer,
    "offer.edit": EditOffer,
    "offer.save": SaveOffer,
    "offer.submit": SubmitOffer,
    "offer.withdraw": WithdrawOffer,
    "offer.approve": ApproveOffer,
    "offer.reject": RejectOffer,
    "offer.request_changes": RequestChanges,
    "offer.delegate": DelegateOffer,
    "offer.send": SendOffer,
    "offer.accept": AcceptOffer,
    "offer.decline": DeclineOffer,
    "offer.expire": ExpireOffer,
    "offer.reopen": ReopenOffer,
    "offer.discard": DiscardOffer,
    "offer.mail": MailOffer,
    "offer.phrase": PhraseOffer,
    "offer.list": ListOffers,
    "customer.show": ShowCustomer,
    "customer.edit": EditCustomer,
    "customer.save": SaveCustomer,
    "customer.merge": MergeCustomers,
    "customer.import": ImportCustomers,
}
