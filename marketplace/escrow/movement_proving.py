"""The audit of each order's money against its movements: what the gateways did, each with its bank reference.

Seals prove that the books are as they were written; this proves that what was written is what happened. Whoever forges
a whole chain, seals and all, has the movements to forge, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import aliased

from marketplace.escrow.acting import MEMOS
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side, gateway
from marketplace.payments.models import Movement
from marketplace.payments.rules import COMES_IN, Kind, State, Through

Sums = tuple[int, int]
"""What came in and what went out, in minor units."""
Way = tuple[str, str]
"""The group's account that it went through, and the number of who was paid; of what came in, nobody's."""
_CAME_BACK = (Action.PAYOUT_MISSING, Action.PAYOUT_BOUNCED)
_NOBODY_ASKED = (Action.NOTE_FEE, Action.WIN_CHARGEBACK, Action.LOSE_CHARGEBACK)
"""What a processor or a bank takes by itself: no movement of ours. `processor_proving` looks after it."""


def movement_findings() -> Iterator[Finding]:
    """Every order of which the books say that something else came in or went out than its movements do: in all, or
    through another gateway, or to somebody else. Two queries, and one for what is found."""
    booked, moved = _booked(), _moved()
    wrong = {order_id for order_id in booked.keys() | moved.keys() if booked.get(order_id) != moved.get(order_id)}
    query = select(Order.id, Order.group_id, Order.currency).where(Order.id.in_(wrong)).order_by(Order.id)
    for order_id, group_id, currency in db.session.execute(query) if wrong else ():
        ways = booked.get(order_id, {}), moved.get(order_id, {})
        in_all = _in_all(ways[0]), _in_all(ways[1])
        if in_all[0] != in_all[1]:
            yield _finding(order_id, group_id, in_all, currency)
            continue
        for way in sorted(ways[0].keys() | ways[1].keys()):
            sums = ways[0].get(way, (0, 0)), ways[1].get(way, (0, 0))
            if sums[0] != sums[1]:
                yield _finding(order_id, group_id, sums, currency, way)


def moved_by_order() -> dict[int, Sums]:
    """What came in and went out for each order, by the movements that are confirmed."""
    return {order_id: _in_all(ways) for order_id, ways in _moved().items()}


def _finding(
    order_id: int, group_id: int, sums: tuple[Sums, Sums], currency: str, way: Way | None = None
) -> Finding:  # fmt: skip
    """`sums`: by the books, and by the gateways."""
    by_books, by_gateways = (
        f"{Money(came, currency)} came in and {Money(went, currency)} went out" for came, went in sums
    )
    where = _words(way) if way else ""
    sentence = f"Order {order_id}: by the books {by_books}, and by what the gateways did {by_gateways}{where}."
    return Finding("moved", sentence, group_id=group_id)


def _words(way: Way) -> str:
    account, person = way
    return f", through {account}, to person {person}" if person else f", through {account}"


def _in_all(ways: Mapping[Way, Sums]) -> Sums:
    return sum(came for came, _ in ways.values()), sum(went for _, went in ways.values())


def _booked() -> dict[int, dict[Way, Sums]]:
    """What each order's transfers put into the group's accounts and took out of them, and on whose account that left
    its mark. A payout that came back is as if it had not gone."""
    other = aliased(Entry)
    is_debit, is_back, is_reversal = Entry.side == Side.DEBIT, _is_of(_CAME_BACK), _is_of((Action.REVERSE_PAYOUT,))
    place = case((is_debit, Entry.number + 1), else_=Entry.number - 1)
    whose = case((is_debit & ~is_back & ~is_reversal, ""), else_=other.account).label("whose")
    came = func.sum(case((is_debit & ~is_back, Entry.amount_minor), else_=0))
    went = func.sum(case((is_debit & is_back, -Entry.amount_minor), (is_debit, 0), else_=Entry.amount_minor))
    query = select(Transfer.order_id, Entry.account, whose, came, went).join(Entry, Entry.transfer_id == Transfer.id)
    query = query.outerjoin(other, (other.transfer_id == Entry.transfer_id) & (other.number == place))
    query = query.where(Entry.account.startswith(f"{Chart.GATEWAY}:", autoescape=True))
    # Of its own deeds: what a deposit paid because of the order is not the order's.
    query = query.where(Transfer.reference.startswith("order:"), ~_is_of(_NOBODY_ASKED))
    found = db.session.execute(query.group_by(Transfer.order_id, Entry.account, whose))
    return _by_order(
        (order_id, (account, str(whose or "").rpartition(":")[2]), int(came), int(went))
        for order_id, account, whose, came, went in found
    )


def _is_of(actions: tuple[Action, ...]) -> ColumnElement[bool]:
    """Whether a transfer was posted for one of these deeds: its memo begins as theirs do."""
    return or_(*[Transfer.memo.startswith(f"{MEMOS[action]}, ", autoescape=True) for action in actions])


def _moved() -> dict[int, dict[Way, Sums]]:
    """The same by the movements that are confirmed; a payout that bounced is not."""
    comes_in = Movement.kind.in_(COMES_IN)
    person = case((Movement.kind == Kind.COLLECT, None), else_=Movement.person_id).label("person")
    came = func.sum(case((comes_in, Movement.moved_minor), else_=0))
    went = func.sum(case((comes_in, 0), else_=Movement.moved_minor))
    of = (Movement.order_id, Movement.group_id, Movement.gateway, person)
    query = select(*of, came, went).where(Movement.state == State.CONFIRMED, Movement.order_id.is_not(None))
    return _by_order(
        (order_id, (_place(group_id, through), str(person_id or "")), int(came), int(went))
        for order_id, group_id, through, person_id, came, went in db.session.execute(query.group_by(*of))
    )


def _place(group_id: int, through: str) -> str:
    return gateway(group_id, "" if through == Through.TREASURER else through)


def _by_order(rows: Iterator[tuple[int | None, Way, int, int]]) -> dict[int, dict[Way, Sums]]:
    """Summed up by order and way. Where nothing is left, there is nothing."""
    sums: defaultdict[int, Counter[tuple[Way, bool]]] = defaultdict(Counter)
    for order_id, way, came, went in rows:
        if order_id is not None:
            sums[order_id][way, True] += came
            sums[order_id][way, False] += went
    found = {
        order_id: {
            way: (counts[way, True], counts[way, False])
            for way in {way for way, _ in counts}
            if counts[way, True] or counts[way, False]
        }
        for order_id, counts in sums.items()
    }
    return {order_id: ways for order_id, ways in found.items() if ways}
