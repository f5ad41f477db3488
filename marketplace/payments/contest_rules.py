"""The law of an answer to a bank that asks money back: once for each stage of its claim, and in time.

Its limits are Stripe's: a text has 20,000 characters at most, all of them 150,000
(https://docs.stripe.com/api/disputes/update); files come to 4.5 MB, and to nineteen pages where the card is a
Mastercard (https://docs.stripe.com/disputes/best-practices).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.kernel.errors import RuleBroken, TooLate
from marketplace.payments.stripe_rules import Bank

LONGEST_TEXT = 20_000
LONGEST_OF_ALL = 150_000
MOST_BYTES = 4_500_000
MOST_PAGES = 19

LEAD = timedelta(minutes=10)
"""So long before the bank stops hearing us nothing more is taken in: it has to get there."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a buyer's bank is shown of an order, in our words. A text that is empty is not sent."""

    product: str = ""
    """What was sold, as its listing said it."""
    customer_name: str = ""
    customer_email: str = ""
    address: str = ""
    """Where it was sent."""
    carrier: str = ""
    tracking: str = ""
    shipped_on: str = ""
    account: str = ""
    """What happened when, in plain words, and what people said of it."""


class Verb(StrEnum):
    """What a bank is answered."""

    CONTEST = "contest"
    GIVE_UP = "give_up"


class State(StrEnum):
    """How far an answer has come."""

    INTENDED = "intended"
    SENT = "sent"
    REFUSED = "refused"


STANDS = (State.INTENDED, State.SENT)
"""Of these a claim has one at each of its stages."""


def check_can_answer(claim: Bank, *, due_at: datetime | None, now: datetime, is_answered: bool) -> None:
    """Raise the rule that is broken where a bank cannot be answered, or not any more."""
    if is_answered:
        raise RuleBroken("The bank was answered already, and that cannot be changed.")
    if claim in (Bank.WON, Bank.LOST):
        raise RuleBroken("The bank has decided. There is nothing to answer any more.")
    if due_at is not None and now >= due_at - LEAD:
        raise TooLate("The bank heard evidence until %(until)s.", until=due_at)


def check_fits(evidence: Evidence) -> None:
    """Raise RuleBroken where the texts are longer than the processor takes."""
    lengths = [len(text) for text in astuple(evidence)]
    if max(lengths) > LONGEST_TEXT or sum(lengths) > LONGEST_OF_ALL:
        raise RuleBroken(
            "That is %(length)s characters, and the bank reads %(most)s at most. Untick messages, or say it shorter.",
            field="statement", length=max(lengths), most=LONGEST_TEXT,
        )  # fmt: skip


def check_pages(count: int) -> None:
    """Raise RuleBroken where there are more pictures than a bank takes."""
    if count > MOST_PAGES:
        raise RuleBroken(
            "That is %(count)s photographs, and a bank takes %(most)s at most. Untick some of them.",
            field="pictures", count=count, most=MOST_PAGES,
        )  # fmt: skip


def check_size(count: int) -> None:
    """Raise RuleBroken where the files together have more bytes than the processor takes."""
    if count > MOST_BYTES:
        raise RuleBroken("The photographs are larger than 4.5 MB together. Untick some of them.", field="pictures")
