"""The audit of deposits against the books and their own history; a part of `flask ledger verify`.

What is owed to people out of deposits is held against the books together with what orders owe them: escrow/proving.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Text, case, cast, func, literal, select

from marketplace.deposits.models import Deposit, DepositLine, DepositPayout, UnpaidOrder
from marketplace.deposits.payout_rules import Action as PayoutAction, State as PayoutState
from marketplace.deposits.rules import Action, State
from marketplace.groups.models import Group
from marketplace.kernel.database import db
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side, deposit as account_of

_NET = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=-Entry.amount_minor))


def deposit_findings() -> Iterator[Finding]:
    """Every deposit that says something else than the books, its history or its group. Six queries."""
    booked, states = _balances(), _last_states()
    currencies = {row.id: row.currency for row in db.session.execute(select(Group.id, Group.currency))}
    for deposit in db.session.scalars(select(Deposit).order_by(Deposit.id)):
        minor = booked.pop(account_of(deposit.group_id, deposit.person_id), 0)
        last = states.get(deposit.id, State.EMPTY)
        if deposit.held_minor != minor or (deposit.state == State.EMPTY and minor):
            yield _finding(
                deposit, "held", f"holds {deposit.held} by its own row, and {minor} minor units by the books"
            )
        if deposit.state != last:
            yield _finding(deposit, "changed", f"is {deposit.state}, and by its history it is {last}")
        if deposit.currency != currencies.get(deposit.group_id):
            yield _finding(deposit, "currency", f"is in {deposit.currency}, and its group is not")
    for account, minor in booked.items():
        if minor:
            yield Finding("held", f"{account} holds {minor} minor units, and there is no such deposit.")
    yield from _check_forfeits()
    yield from _check_payouts()


def _finding(deposit: Deposit, what: str, sentence: str) -> Finding:
    return Finding(what, f"Deposit {deposit.id} {sentence}.", group_id=deposit.group_id)


def _check_forfeits() -> Iterator[Finding]:
    """What unpaid orders have cost, by their rows and by the books."""
    booked = _moved(Chart.DEPOSIT, Side.DEBIT, [Action.FORFEIT])
    rows = select(UnpaidOrder.deposit_id, func.sum(UnpaidOrder.to_seller_minor + UnpaidOrder.to_fund_minor))
    told = {row[0]: int(row[1]) for row in db.session.execute(rows.group_by(UnpaidOrder.deposit_id))}
    for deposit_id in sorted(told.keys() | booked.keys()):
        if told.get(deposit_id, 0) != booked.get(deposit_id, 0):
            yield Finding(
                "forfeited",
                f"Deposit {deposit_id} has lost {booked.get(deposit_id, 0)} minor units by the books, and "
                f"{told.get(deposit_id, 0)} by the orders that were not paid.",
            )


def _check_payouts() -> Iterator[Finding]:
    """What has left the groups' accounts, less what did not arrive, and what is marked as paid."""
    booked = _moved(Chart.GATEWAY, Side.CREDIT, [PayoutAction.CONFIRM_PAYOUT, PayoutAction.PAYOUT_MISSING])
    rows = select(DepositPayout.deposit_id, func.sum(DepositPayout.amount_minor))
    rows = rows.where(DepositPayout.state == PayoutState.PAID).group_by(DepositPayout.deposit_id)
    told = {row[0]: int(row[1]) for row in db.session.execute(rows)}
    for deposit_id in sorted(told.keys() | booked.keys()):
        if told.get(deposit_id, 0) != booked.get(deposit_id, 0):
            yield Finding(
                "paid",
                f"{told.get(deposit_id, 0)} minor units are marked as paid out of deposit {deposit_id}, and "
                f"{booked.get(deposit_id, 0)} are in the books.",
            )


def _balances() -> dict[str, int]:
    query = select(Entry.account, _NET).where(Entry.account.startswith(f"{Chart.DEPOSIT}:", autoescape=True))
    return {account: int(minor) for account, minor in db.session.execute(query.group_by(Entry.account))}


def _last_states() -> dict[int, str]:
    """Where the last deed of each deposit led; what was done to payouts is not the deposit's."""
    own = select(DepositLine.deposit_id, func.max(DepositLine.number).label("number"))
    newest = own.where(DepositLine.payout_id.is_(None)).group_by(DepositLine.deposit_id).subquery()
    query = select(DepositLine.deposit_id, DepositLine.to_state).join(
        newest, (newest.c.deposit_id == DepositLine.deposit_id) & (newest.c.number == DepositLine.number)
    )
    return {row.deposit_id: row.to_state for row in db.session.execute(query)}


def _moved(chart: Chart, side: Side, actions: list[Action] | list[PayoutAction]) -> dict[int, int]:
    """What these deeds have moved on accounts of the chart, counted on one side, by deposit."""
    reference = literal("deposit:") + cast(DepositLine.deposit_id, Text) + ":" + cast(DepositLine.number, Text)
    net = func.sum(case((Entry.side == side, Entry.amount_minor), else_=-Entry.amount_minor))
    query = (
        select(DepositLine.deposit_id, net)
        .join(Transfer, Transfer.reference == reference)
        .join(Entry, Entry.transfer_id == Transfer.id)
        .where(DepositLine.action.in_(actions), Entry.account.startswith(f"{chart}:", autoescape=True))
        .group_by(DepositLine.deposit_id)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query)}
