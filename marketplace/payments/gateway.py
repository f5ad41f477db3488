"""The port: what every way of moving money must be able to do, in our words.

A verb may answer that it is done, that it is asked and will be heard of later, or that it is refused. One that does
not answer, or raises, leaves the outcome open: then it is looked up under its key before anything is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from marketplace.kernel.money import Money
from marketplace.payments.contest_rules import Evidence
from marketplace.payments.rules import Kind


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a gateway is told. The same key is always the same instruction, and carries it out once."""

    key: str
    kind: Kind
    amount: Money
    group_id: int
    person_id: int
    purpose: str
    order_id: int | None
    source: str | None = None
    """Of a payout or refund: what the gateway calls the payment that the money came with."""
    account: str | None = None
    """Of a payout or reversal: what the gateway calls the person's account."""


@dataclass(frozen=True, slots=True)
class Contest:
    """An answer to a bank that asks money back. The same key is always the same answer, and is given once."""

    key: str
    claim: str
    """What the gateway calls the bank's claim."""
    evidence: Evidence | None
    """None: the bank is told that nobody contests it."""
    parcel: bytes | None = None
    """A PDF that shows that it was sent."""
    pictures: bytes | None = None
    """A PDF of what else is shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The gateway has it. What comes of it will be heard later."""

    reference: str | None = None
    """What the gateway calls it."""


@dataclass(frozen=True, slots=True)
class Done:
    """The money has moved already."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway will not do it under this key, now or later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The gateway cannot do it now, and may later, under another key: the payee's account is restricted, or too little
    of the money has arrived yet."""

    reason: str


Outcome = Asked | Done | Refused | Waits


class Gateway(Protocol):
    """Somebody or something that moves money for a group."""

    name: str

    def collect(self, instruction: Instruction) -> Outcome:
        """Take money in from a person."""
        ...

    def refund(self, instruction: Instruction) -> Outcome:
        """Give a person back what was collected from him."""
        ...

    def pay_out(self, instruction: Instruction) -> Outcome:
        """Give a person what is his."""
        ...

    def reverse(self, instruction: Instruction) -> Outcome:
        """Take back what was paid out to a person."""
        ...

    def look_up(self, instruction: Instruction) -> Outcome | None:
        """What became of an instruction whose outcome is not known; none if it never arrived."""
        ...


class Advocate(Protocol):
    """A gateway that speaks with the buyers' banks. It answers as a gateway does, and what it leaves open is looked up
    before it is asked again."""

    name: str

    def contest(self, contest: Contest) -> Outcome:
        """Hand in what speaks for the seller."""
        ...

    def give_up(self, contest: Contest) -> Outcome:
        """Leave the money to the bank."""
        ...

    def look_up_contest(self, contest: Contest) -> Outcome | None:
        """What became of an answer whose outcome is not known; none if it never arrived."""
        ...


def tell(gateway: Gateway, instruction: Instruction) -> Outcome:
    """Use the verb that the instruction is."""
    verbs = {
        Kind.COLLECT: gateway.collect,
        Kind.REFUND: gateway.refund,
        Kind.PAYOUT: gateway.pay_out,
        Kind.REVERSAL: gateway.reverse,
    }
    return verbs[instruction.kind](instruction)
