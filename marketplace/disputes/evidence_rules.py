"""What a bank is told of an order, out of what is known of it. Pure: a record in, texts and a list of pictures out.

It is written in English, whoever asks for it: that is what banks read. What somebody wrote to somebody in private goes
out only where it is ticked, and nobody's maximum goes out at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from marketplace.escrow.order_rules import Action, Party, State
from marketplace.kernel.money import Money
from marketplace.payments.contest_rules import LONGEST_TEXT, Evidence

A, P, S = Action, Party, State


@dataclass(frozen=True, slots=True)
class Happened:
    """One deed of the order's history."""

    action: Action
    by: Party
    at: datetime
    was: State
    became: State
    amount: Money | None = None
    payee: Party | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a person wrote, and may be sent along."""

    name: str
    """By which a form ticks it: message-7."""
    kind: str
    """message, statement, ruling or seller."""
    who: str
    """As the bank reads it: the buyer."""
    at: datetime
    text: str

    @property
    def is_private(self) -> bool:
        """Whether it was written for others than the bank, and is sent only if somebody ticks it."""
        return self.kind != "seller"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A photograph that may be sent along."""

    name: str
    key: str
    title: str
    """As it stands beneath it: Listing 2."""
    alt: str
    is_ticked: bool
    """Unless somebody says otherwise."""
    is_of_parcel: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an order, as far as a bank may read it."""

    order_id: int
    group: str
    title: str
    description: str
    promises: tuple[tuple[str, str], ...]
    buyer: str
    seller: str
    hammer: Money
    shipping: Money
    total: Money
    won_at: datetime
    bids: int
    bidders: int
    own_bids: tuple[datetime, ...]
    """When the buyer bid: not how much."""
    recipient: str
    address: str
    """Where it was sent; empty where it was not, or not yet."""
    email: str
    carrier: str
    tracking: str
    happened: tuple[Happened, ...]
    said: tuple[Said, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()

    @property
    def shipped_at(self) -> datetime | None:
        """When the seller said that he sent it, or had it ready."""
        return next((each.at for each in self.happened if each.action is A.SHIP), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an officer wants to be sent."""

    said: frozenset[str]
    exhibits: frozenset[str]
    with_address: bool
    with_email: bool
    statement: str = ""
    """His own words."""


# fmt: off
SENTENCES: dict[Action, str] = {
    A.SUBMIT_PAYMENT:     "The buyer paid by bank debit; his bank needed some days.",
    A.CONFIRM_PAYMENT:    "The buyer’s payment of {amount} was received, and held until he would confirm receipt.",
    A.USE_CODE:           "The goods were picked up: the buyer proved it with a code that only he had.",
    A.SAY_ARRIVED:        "The buyer said that the parcel had arrived.",
    A.EXTEND:             "The buyer asked for more time to inspect it.",
    A.CONFIRM_RECEIPT:    "The buyer confirmed that he had received it and was content with it.",
    A.NOT_RECEIVED:       "The buyer said that it had not arrived.",
    A.DISPUTE:            "The buyer said that something was wrong with it.",
    A.RELEASE:            "After both sides were heard, the money was released to the seller.",
    A.REFUND:             "After both sides were heard, the money went back to the buyer.",
    A.DIVIDE:             "After both sides were heard, the money was split: {amount} went back to the buyer.",
    A.RETURN_FIRST:       "After both sides were heard, it was to go back to the seller before the buyer was refunded.",
    A.SHIP_RETURN:        "The buyer said that he had sent it back.",
    A.SAY_RETURN_ARRIVED: "The seller said that the return had arrived.",
    A.ACCEPT_RETURN:      "The seller accepted what came back.",
    A.CONTEST_RETURN:     "The seller said that what came back was not what he had sent.",
    A.CANCEL:             "The sale was cancelled, and the payment was to go back to the buyer.",
    A.CONFIRM_PAYOUT:     "{amount} was paid to the {payee}.",
    A.REVERSE_PAYOUT:     "{amount} was taken back from the {payee}, because of this claim.",
}
LAPSED: dict[tuple[State, State], str] = {
    (S.SHIPPED, S.INSPECTING):     "The time for the parcel to arrive was over; the buyer did not say that it had not.",
    (S.INSPECTING, S.RELEASED):    "The buyer’s time to inspect it was over; he had said nothing against it.",
    (S.HELD, S.REFUNDED):          "The seller had not sent it in time, and the payment was to go back to the buyer.",
    (S.RETURN_DUE, S.RELEASED):    "The buyer had not sent it back in time, and the money was released to the seller.",
}
_HEADS = {
    "seller":    "What the seller says:",
    "message":   "What the two wrote to each other:",
    "statement": "What they said when the group looked into it:",
    "ruling":    "How it was decided, and why:",
}
# fmt: on


def default_choice(record: Record) -> Chosen:
    """What is sent unless somebody says otherwise: nothing that was written in private."""
    return Chosen(
        said=frozenset(each.name for each in record.said if not each.is_private),
        exhibits=frozenset(each.name for each in record.exhibits if each.is_ticked),
        with_address=bool(record.address), with_email=False,
    )  # fmt: skip


def evidence_of(record: Record, chosen: Chosen) -> Evidence:
    """The texts for the bank. They may be longer than it reads: payments.contest_rules.check_fits says so."""
    shipped_at = record.shipped_at
    is_posted = bool(record.carrier)
    return Evidence(
        product=_product(record)[:LONGEST_TEXT], customer_name=record.recipient or record.buyer,
        customer_email=record.email if chosen.with_email else "",
        address=record.address if chosen.with_address else "", carrier=record.carrier, tracking=record.tracking,
        shipped_on=shipped_at.astimezone(UTC).date().isoformat() if shipped_at and is_posted else "",
        account="\n\n".join(_account(record, chosen)),
    )  # fmt: skip


def exhibits_of(record: Record, chosen: Chosen, *, of_parcel: bool) -> list[Exhibit]:
    """The pictures of one of the two files, in their order."""
    return [each for each in record.exhibits if each.name in chosen.exhibits and each.is_of_parcel is of_parcel]


def _product(record: Record) -> str:
    promises = [f"{label}: {text}" for label, text in record.promises]
    return "\n\n".join(part for part in (record.title, record.description, "\n".join(promises)) if part)


def _account(record: Record, chosen: Chosen) -> Iterable[str]:
    yield (
        f"Order {record.order_id} in {record.group}, whose members sell to each other by auction. The buyer is"
        f" {record.buyer}, the seller {record.seller}. The price was {_sum(record.hammer)}, shipping"
        f" {_sum(record.shipping)}, together {_sum(record.total)}."
    )
    yield "What happened (times are UTC):\n" + "\n".join(_course(record))
    if chosen.statement:
        yield f"What an officer of {record.group} says who is party to neither side:\n{chosen.statement}"
    for kind, head in _HEADS.items():
        lines = [f"- {_moment(each.at)}, {each.who}: {each.text}" for each in record.said
                 if each.kind == kind and each.name in chosen.said]  # fmt: skip
        if lines:
            yield "\n".join([head, *lines])
    shown = [f"- {each.title}{': ' if each.alt else ''}{each.alt}" for each in record.exhibits
             if each.name in chosen.exhibits]  # fmt: skip
    if shown:
        yield "\n".join(["Photographs:", *shown])


def _course(record: Record) -> Iterable[str]:
    own = ", ".join(_moment(at) for at in record.own_bids)
    if own:
        yield f"- The buyer bid on it at {own}."
    yield f"- {_moment(record.won_at)}: The buyer won it for {_sum(record.hammer)}{_against_whom(record)}."
    for each in record.happened:
        sentence = _sentence(record, each)
        if sentence:
            yield f"- {_moment(each.at)}: {sentence}"


def _against_whom(record: Record) -> str:
    return f", after {record.bids} bids of {record.bidders} members" if record.bidders > 1 else ""


def _sentence(record: Record, happened: Happened) -> str:
    if happened.action is A.LAPSE:
        return LAPSED.get((happened.was, happened.became), "")
    if happened.action is A.SHIP:
        if not record.carrier:
            return "The seller had it ready to be picked up."
        return f"The seller sent it with {record.carrier}, parcel number {record.tracking}."
    amount = _sum(happened.amount) if happened.amount else ""
    return SENTENCES.get(happened.action, "").format(amount=amount, payee=happened.payee or "")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _sum(amount: Money) -> str:
    return str(amount)
