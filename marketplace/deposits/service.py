"""What other packages ask of deposits: may he bid with his, and what an order that ended unpaid costs him."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, tuple_

from marketplace.deposits import asking_rules, finding
from marketplace.deposits.acting import act, owe
from marketplace.deposits.asking_rules import Standing
from marketplace.deposits.events import DepositAsked, DepositForfeited
from marketplace.deposits.models import Deposit, UnpaidOrder
from marketplace.deposits.payout_rules import Kind
from marketplace.deposits.rules import Action, Deed, Party, State, forfeited, halves
from marketplace.groups import queries as groups
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, is_working, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money

# Asked at every bid: rows found by their key. Their lock is shared by bids, and taken alone by whoever asks one back.
_THEIRS = (
    select(
        Deposit.group_id, Deposit.person_id, Deposit.state, Deposit.held_minor, Deposit.currency, Deposit.asked_until
    )
    .where(tuple_(Deposit.group_id, Deposit.person_id).in_(bindparam("pairs", expanding=True)))
    .order_by(Deposit.id)
)
_THEIRS_LOCKED = _THEIRS.with_for_update(read=True)


def check(group_id: int, person_id: int, *, asked: Money, usual: Money, keeps_asked: bool = False) -> None:
    """Return if his deposit lets this person buy what asks everybody for `asked`; else raise DepositNeeded. One query.

    `usual` is what he is asked for who left orders unpaid. Inside a unit of work the deposit stays as it is to the end.
    """
    standing = standings_of([(group_id, person_id)]).get((group_id, person_id))
    if not asked and (standing is None or standing.asked_until is None):
        return  # nearly always: the time is not asked for
    asking_rules.check(standing, asked=asked, usual=usual, now=clock.now(), keeps_asked=keeps_asked)


def standings_of(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Standing]:
    """The deposits of these (group, person), where there are any, in one query; inside a unit of work they stay so."""
    rows = db.session.execute(_THEIRS_LOCKED if is_working() else _THEIRS, {"pairs": list(pairs)})
    return {
        (group_id, person_id): Standing(State(state), Money(minor, currency), asked_until)
        for group_id, person_id, state, minor, currency, asked_until in rows
    }


@use_case
def note_unpaid(
    *, order_id: int, group_id: int, buyer_id: int, seller_id: int, title: str, total: Money, at: datetime
) -> None:
    """An order has ended unpaid: what its buyer's deposit holds is forfeited, up to what the order came to; and after
    the second such order every lot of the group asks him for one. Told again, it does nothing."""
    deposit = finding.locked_deposit_of(group_id, buyer_id)
    if db.session.get(UnpaidOrder, order_id) is not None:
        return
    held = deposit.held
    to_seller, to_fund = halves(forfeited(held, total))
    row = UnpaidOrder(
        order_id=order_id, deposit_id=deposit.id, seller_id=seller_id, title=title, at=at, total_minor=total.minor,
        to_seller_minor=to_seller.minor, to_fund_minor=to_fund.minor,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _ask(deposit, order_id)
    if held and total:
        _forfeit(deposit, row, to_seller=to_seller, to_fund=to_fund)


def _ask(deposit: Deposit, order_id: int) -> None:
    unpaid = select(UnpaidOrder.at).where(UnpaidOrder.deposit_id == deposit.id).order_by(UnpaidOrder.at.desc())
    until = asking_rules.asked_until(db.session.scalars(unpaid.limit(asking_rules.UNPAID_ORDERS)).all())
    if until is None or until == deposit.asked_until:
        return
    deposit.asked_until = until
    audit.note("ask for a deposit", f"person:{deposit.person_id}", by=None, group_id=deposit.group_id)
    amount = asking_rules.usual(groups.group(deposit.group_id).terms, deposit.currency)
    announce(DepositAsked(deposit.group_id, deposit.person_id, order_id, amount, until))


def _forfeit(deposit: Deposit, row: UnpaidOrder, *, to_seller: Money, to_fund: Money) -> None:
    deed = Deed(Action.FORFEIT, Party.ORDER, Money(row.total_minor, deposit.currency), seller_id=row.seller_id)
    line = act(deposit, deed, by=None, note=row.title, order_id=row.order_id)
    if line is not None and to_seller:
        owe(deposit, line, Kind.SHARE, payee_id=row.seller_id, amount=to_seller, order_id=row.order_id)
    announce(DepositForfeited(deposit.facts(), row.order_id, row.title, row.seller_id, to_seller, to_fund))
