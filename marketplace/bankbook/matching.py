"""What each line of the bank's statement is: matched by itself where that is certain, else by an officer. Nobody says
it of his own money."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from sqlalchemy import delete, or_, select

from marketplace.bankbook import books
from marketplace.escrow.models import Order
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.money import Money
from marketplace.payments import bank_booked, bank_reconciling
from marketplace.payments.bank_booked import about_debt, about_deposit, about_of, about_order
from marketplace.payments.bank_matching_rules import Booked, LineState, Own, match_all
from marketplace.payments.bank_models import BankBook, BankLine, BankMatch
from marketplace.payments.events import MovementBounced, MovementConfirmed
from marketplace.payments.models import Movement
from marketplace.payments.rules import Through

_WEEKS = timedelta(days=60)
"""Nobody waits for more than two months of dues to be looked through when he confirms a payment."""


def movement_moved(fact: MovementConfirmed | MovementBounced) -> None:
    """An officer has confirmed money, or it came back: a line of these weeks may have waited for it."""
    if fact.gateway == Through.TREASURER and books.locked_if_any(fact.group_id) is not None:
        match_open(fact.group_id, since=(clock.now() - _WEEKS).date())


def match_open(group_id: int, *, since: date | None = None) -> int:
    """Match what is certain among the group's open lines, or those since a day; its book is locked. How many were
    matched."""
    lines = [line for line in bank_reconciling.open_lines(group_id, since=since) if not line.is_by_hand]
    if not lines:
        return 0
    found = match_all([line.facts() for line in lines], booked_around(group_id, lines))
    for line in lines:
        if line.id in found:
            _match(line, found[line.id], by=None)
    return len(found)


def booked_around(group_id: int, lines: Collection[BankLine]) -> list[Booked]:
    """What was confirmed and is on no line yet, as far back as these lines may be about. Two queries."""
    since = bank_reconciling.earliest(min(line.day for line in lines))
    return bank_booked.on_no_line(group_id, since=since, zone=books.book_of(group_id).time_zone)


@use_case
def match_line(*, line_id: int, by: int, group_id: int, chosen: list[str], note: str) -> None:
    """An officer says which payments a line is. Where the sums differ, `note` says why.

    Raises NotFound, NotAllowed where it is his own money, Stale where somebody was faster, RuleBroken.
    """
    line = _open_line(line_id, by=by, group_id=group_id)
    if not chosen:
        raise RuleBroken("Choose the payment that this line is.", field="chosen")
    by_id = {one.id: one for one in booked_around(group_id, [line])}
    if any(each not in by_id for each in chosen):
        raise Stale("One of these payments stands on another line meanwhile. Look again.", field="chosen")
    ones = [by_id[each] for each in dict.fromkeys(chosen)]
    _check_is_not_own(by, group_id, {about for one in ones for about in one.about} | set(line.about))
    difference = line.amount_minor - sum(one.minor for one in ones)
    if difference and not note:
        raise RuleBroken(
            "The line and what you chose differ by %(amount)s. Say why, or choose others.",
            field="note", amount=Money(abs(difference), line.currency),
        )  # fmt: skip
    _match(line, ones, by=by, note=note, difference=difference)


@use_case
def call_own(*, line_id: int, by: int, group_id: int, kind: Own, note: str) -> None:
    """An officer says that a line is no payment of Earnest's: the bank's charges or interest, or not ours at all."""
    line = _open_line(line_id, by=by, group_id=group_id)
    _check_is_not_own(by, group_id, set(line.about))
    if not note and (kind is Own.NOT_OURS or line.about):
        raise RuleBroken("Say what it is, so that others can follow it.", field="note")
    _decide(line, LineState.OWN, by=by, what="call a bank line own", own=kind, note=note)


@use_case
def undo(*, line_id: int, by: int, group_id: int) -> None:
    """What a line was taken for is taken back; from now on an officer decides on it. Done again it does nothing."""
    line = _locked_line(line_id, by=by, group_id=group_id)
    if line.state == LineState.OPEN:
        return
    _check_is_not_own(by, group_id, set(line.about) | _about_matched(line))
    db.session.execute(delete(BankMatch).where(BankMatch.line_id == line.id))
    line.is_by_hand = True
    _decide(line, LineState.OPEN, by=by, what="undo a bank line")


@use_case
def say_other(*, by: int, group_id: int, amount: Money, note: str) -> BankBook:
    """An officer says how much lay in the account before the first line that is not in Earnest's books."""
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    book = books.locked(group_queries.group(group_id))
    book.other_minor, book.other_note, book.other_by, book.other_at = amount.minor, note, by, clock.now()
    audit.note("say what else is in the bank", f"bank book:{group_id}", by=by, group_id=group_id, why=note)
    return book


def line_of(line_id: int, *, group_id: int) -> BankLine:
    """Raises NotFound. Who may see it the caller has asked."""
    found = db.session.get(BankLine, line_id)
    if found is None or found.group_id != group_id:
        raise _no_such_line()
    return found


def _open_line(line_id: int, *, by: int, group_id: int) -> BankLine:
    line = _locked_line(line_id, by=by, group_id=group_id)
    if line.state != LineState.OPEN:
        raise Stale("Somebody has said already what this line is. Look at it again.")
    return line


def _locked_line(line_id: int, *, by: int, group_id: int) -> BankLine:
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    if books.locked_if_any(group_id) is None:
        raise _no_such_line()
    found = db.session.get(BankLine, line_id, with_for_update=True)
    if found is None or found.group_id != group_id:
        raise _no_such_line()
    return found


def _match(
    line: BankLine, ones: Iterable[Booked], *, by: int | None, note: str = "", difference: int = 0
) -> None:  # fmt: skip
    db.session.add_all(
        BankMatch(movement_id=number, part=part.value, line_id=line.id) for one in ones for number, part in one.parts
    )
    _decide(line, LineState.MATCHED, by=by, what="match a bank line", note=note, difference=difference)
    db.session.flush()


def _decide(
    line: BankLine, state: LineState, *, by: int | None, what: str, own: Own | None = None, note: str = "",
    difference: int = 0,
) -> None:  # fmt: skip
    line.decided_by, line.decided_at = by, clock.now()
    line.state, line.own, line.note, line.difference_minor = state.value, own and own.value, note, difference
    audit.note(what, f"bank line:{line.id}", by=by, group_id=line.group_id, why=note)


def _about_matched(line: BankLine) -> set[str]:
    """What the payments are about that the line was taken for: its own text may name nothing."""
    matched = select(Movement).join(BankMatch, BankMatch.movement_id == Movement.id)
    return {about_of(each) for each in db.session.scalars(matched.where(BankMatch.line_id == line.id))}


def _check_is_not_own(person_id: int, group_id: int, about: set[str]) -> None:
    """Nobody says of money that is his, or of his own orders, what it was on the statement."""
    is_party = or_(Order.buyer_id == person_id, Order.seller_id == person_id)
    numbers = [int(each.partition(":")[2]) for each in about if each.startswith(about_order(0)[:-1])]
    own = select(Order.id).where(Order.group_id == group_id, Order.id.in_(numbers), is_party)
    is_his = not about.isdisjoint({about_deposit(person_id), about_debt(person_id)})
    if is_his or (numbers and db.session.scalar(own.limit(1)) is not None):
        raise NotAllowed("This is about your own money. Another officer says what the line is.")


def _no_such_line() -> NotFound:
    return NotFound("There is no such line of the bank’s statement.")
