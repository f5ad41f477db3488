"""What stays unexplained between a bank's statement and the books, and the sum that leads from one to the other.

the bank's balance  =  the books now
                    +  what else lies in the account        (an officer said so, once)
                    +  charges, interest, other people's     (lines that are none of Earnest's)
                    +  lines that nobody matched yet
                    -  payments that are on no line yet
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from marketplace.kernel.money import Money
from marketplace.payments.bank_matching_rules import Booked, Line, Shelf, other_sum

GRACE = timedelta(days=3)
"""A payment that was confirmed on the last days of a statement may stand on the next one."""


class Gap(StrEnum):
    """What there is to explain."""

    LINE = "line"
    """The bank has a payment that nobody confirmed."""
    PAYMENT = "payment"
    """Somebody confirmed a payment that the bank has not."""
    AMOUNT = "amount"
    """Both have it, with different sums."""
    BALANCE = "balance"
    """The bank's balance is another than all of this explains."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Something between the bank and the books that nobody has explained."""

    group_id: int
    kind: Gap
    what: str
    """In plain English, without names and without the bank's text."""
    amount_minor: int
    """What came, or lies too much in the bank, is positive."""
    currency: str
    since: date


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a group's bank account. Sums are in minor units."""

    group_id: int
    currency: str
    first_day: date
    last_day: date
    """Of the lines that were imported."""
    books: int
    """What lies in the account by the ledger, now."""
    lines: Sequence[Line]
    """Open ones."""
    booked: Sequence[Booked]
    """On no line, from shortly before the first day on."""
    closing: int | None
    """The bank's balance, of the newest statement that has one."""
    closing_day: date
    other: int
    own: int
    """Of lines that are none of Earnest's up to that day, and what sums differed by an officer's word."""
    matched_later: int
    """Of lines after the day of the balance."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """From the books to the bank, each with its sign; the rest is what nothing explains."""

    books: int
    other: int
    own: int
    open_lines: int
    not_on_a_line: int
    closing: int

    @property
    def rest(self) -> int:
        return self.closing - (self.books + self.other + self.own + self.open_lines + self.not_on_a_line)


def bridge_of(facts: Facts) -> Bridge | None:
    """None where no statement had a balance."""
    if facts.closing is None:
        return None
    waiting = sum(one.minor for one in facts.booked if one.day >= facts.first_day)
    return Bridge(
        books=facts.books, other=facts.other, own=facts.own,
        open_lines=sum(line.minor for line in facts.lines if line.day <= facts.closing_day),
        not_on_a_line=-waiting - facts.matched_later, closing=facts.closing,
    )  # fmt: skip


def unexplained_in(facts: Facts) -> list[Unexplained]:
    """Lines first, then payments, then the balance; each by its day."""
    shelf = Shelf(facts.booked)
    doubts = {line.id: one for line in facts.lines if (one := other_sum(line, shelf))}
    lines = sorted(facts.lines, key=lambda line: (line.day, line.id))
    found = [_of_line(facts, line, doubts.get(line.id)) for line in lines]
    in_doubt = {one.parts for one in doubts.values()}
    late = [one for one in facts.booked if facts.first_day <= one.day < facts.last_day - GRACE]
    late.sort(key=lambda one: (one.day, one.id))
    found += [_of_payment(facts, one) for one in late if one.parts not in in_doubt]
    bridge = bridge_of(facts)
    if bridge is not None and bridge.rest:
        more = "more" if bridge.rest > 0 else "less"
        sentence = f"The bank has {_sum(facts, bridge.rest)} {more} than the books and all that is known explain."
        found.append(_found(facts, Gap.BALANCE, sentence, bridge.rest, facts.closing_day))
    return found


def _of_line(facts: Facts, line: Line, one: Booked | None) -> Unexplained:
    """`one`: the payment that it names, with another sum."""
    way = "into" if line.minor > 0 else "out of"
    if one is not None:
        sentence = (
            f"{_sum(facts, line.minor)} went {way} the account on {line.day}, and {_sum(facts, one.minor)} was "
            f"confirmed ({_numbers(one)})."
        )
        return _found(facts, Gap.AMOUNT, sentence, line.minor - one.minor, line.day)
    sentence = f"{_sum(facts, line.minor)} went {way} the account on {line.day}, and no confirmed payment is matched."
    return _found(facts, Gap.LINE, sentence, line.minor, line.day)


def _of_payment(facts: Facts, one: Booked) -> Unexplained:
    way = "come in" if one.minor > 0 else "gone out"
    sentence = (
        f"{_sum(facts, one.minor)} was confirmed to have {way} on {one.day} ({_numbers(one)}), and the bank’s "
        "statement does not have it."
    )
    return _found(facts, Gap.PAYMENT, sentence, one.minor, one.day)


def _numbers(one: Booked) -> str:
    return ", ".join(f"movement {number}" for number, _part in one.parts)


def _sum(facts: Facts, minor: int) -> str:
    return str(Money(abs(minor), facts.currency))


def _found(facts: Facts, kind: Gap, what: str, minor: int, since: date) -> Unexplained:
    return Unexplained(facts.group_id, kind, what, minor, facts.currency, since)
