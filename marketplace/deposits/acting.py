"""The one place where a deposit changes: the law is asked, its verdict written down, the money moved, and all told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.deposits.events import DepositChanged, DepositPayoutChanged
from marketplace.deposits.models import Deposit, DepositLine, DepositPayout
from marketplace.deposits.payout_rules import Action as PayoutAction, Kind, Party as PayoutParty, judge as judge_payout
from marketplace.deposits.reminding_rules import next_reminder
from marketplace.deposits.rules import Action, Deed, judge
from marketplace.groups import queries as groups
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.ledger import service as ledger
from marketplace.ledger.rules import Move
from marketplace.payments import service as payments
from marketplace.payments.rules import Kind as MovementKind

# For the books, in English: what is written there is sealed, and stays.
MEMOS: dict[str, str] = {
    Action.CONFIRM: "Deposit put up",
    Action.GIVE_BACK: "Deposit to go back",
    Action.FORFEIT: "Deposit forfeited, order not paid",
    PayoutAction.CONFIRM_PAYOUT: "Paid out of a deposit",
    PayoutAction.PAYOUT_MISSING: "Payout out of a deposit did not arrive",
}
_MOVEMENTS = {Kind.RETURN: MovementKind.REFUND, Kind.SHARE: MovementKind.PAYOUT}


def act(
    deposit: Deposit, deed: Deed, *, by: int | None, note: str = "", client_key: str | None = None,
    order_id: int | None = None, second: int | None = None,
) -> DepositLine | None:  # fmt: skip
    """Do `deed` to a deposit that is locked, and all that follows from it. `by` is the person; none for the clock.
    `second` is the officer who approved it, where it took two.

    The line of its history; none where the same form had done it before. Raises what the law raises.
    """
    if was_done(deposit, deed.action, client_key=client_key, note=note, amount=deed.amount):
        return None
    terms, now = groups.group(deposit.group_id).terms, clock.now()  # after the lock
    before = deposit.facts()
    after, moves = judge(before, deed, terms=terms, now=now)
    deposit.take(after)
    deposit.remind_at = next_reminder(after.deadline, after=now)
    moved = sum((move.amount.minor for move in moves), start=0)
    amount = Money(moved, deposit.currency) if moved else None
    line = _line(deposit, deed.action, by=by, to_state=after.state, amount=amount, note=note, client_key=client_key,
                 at=now, order_id=order_id)  # fmt: skip
    _post(deposit, line, moves)
    _note(deposit, line, second)
    db.session.flush()
    announce(DepositChanged(after, line.number, deed.action, before.state, by, amount))
    return line


def act_on_payout(
    deposit: Deposit, payout: DepositPayout, action: PayoutAction, party: PayoutParty, *, by: int | None,
    note: str = "", client_key: str | None = None, second: int | None = None,
) -> DepositLine | None:  # fmt: skip
    """The same for something that is paid out of a deposit that is locked."""
    if was_done(deposit, action, client_key=client_key, note=note):
        return None
    terms, now = groups.group(deposit.group_id).terms, clock.now()
    after, moves = judge_payout(payout.facts(), action, party, terms=terms, now=now)
    payout.take(after)
    payout.remind_at = next_reminder(after.deadline, after=now)
    line = _line(deposit, action, by=by, to_state=after.state, amount=payout.amount, note=note, client_key=client_key,
                 at=now, order_id=payout.order_id, payout_id=payout.id)  # fmt: skip
    _post(deposit, line, moves)
    _note(deposit, line, second)
    db.session.flush()
    announce(DepositPayoutChanged(after, deposit.id, line.number, action, by, note))
    return line


def owe(
    deposit: Deposit, line: DepositLine, kind: Kind, *, payee_id: int, amount: Money, order_id: int | None = None
) -> None:
    """Something of a deposit is somebody's own now: it is to be paid out. `line` is what it follows from."""
    deadline = line.at + timedelta(days=groups.group(deposit.group_id).terms.days_to_pay_out)
    payout = DepositPayout(
        deposit_id=deposit.id, group_id=deposit.group_id, payee_id=payee_id, kind=kind, order_id=order_id,
        currency=deposit.currency, amount_minor=amount.minor, due_since=line.at, deadline=deadline,
        remind_at=next_reminder(deadline, after=line.at),
    )  # fmt: skip
    db.session.add(payout)
    db.session.flush()
    intend(payout, line)
    announce(DepositPayoutChanged(payout.facts(), deposit.id, line.number, None, None, ""))


def intend(payout: DepositPayout, line: DepositLine) -> None:
    """The gateway is asked to pay it. Each try is a movement of its own, known by the deed that it follows from."""
    payments.intend(
        group_id=payout.group_id, kind=_MOVEMENTS[Kind(payout.kind)], amount=payout.amount,
        person_id=payout.payee_id, purpose=payout.purpose, key=f"{payout.purpose}:{line.number}",
    )  # fmt: skip


def was_done(
    deposit: Deposit, action: Action | PayoutAction, *, client_key: str | None, note: str, amount: Money | None = None
) -> bool:
    """Whether the same form has done it already. Raises Stale if it said something else then."""
    if client_key is None:
        return False
    same = select(DepositLine).where(DepositLine.deposit_id == deposit.id, DepositLine.client_key == client_key)
    line = db.session.scalar(same.where(DepositLine.action == action))
    if line is None:
        return False
    if line.note != note or (amount is not None and line.amount_minor != amount.minor):
        raise Stale("This form was sent once already, with something else in it. Look at where it stands now.")
    return True


def _line(
    deposit: Deposit, action: Action | PayoutAction, *, by: int | None, to_state: str, amount: Money | None,
    note: str, client_key: str | None, at: datetime, order_id: int | None, payout_id: int | None = None,
) -> DepositLine:  # fmt: skip
    deposit.line_count += 1
    line = DepositLine(
        deposit_id=deposit.id, number=deposit.line_count, at=at, action=action, person_id=by, to_state=to_state,
        amount_minor=amount.minor if amount else None, payout_id=payout_id, order_id=order_id, note=note,
        client_key=client_key,
    )  # fmt: skip
    db.session.add(line)
    return line


def _post(deposit: Deposit, line: DepositLine, moves: list[Move]) -> None:
    if moves:
        ledger.post(
            group_id=deposit.group_id, moves=moves, reference=f"deposit:{deposit.id}:{line.number}",
            memo=MEMOS[line.action], at=line.at, order_id=line.order_id,
        )  # fmt: skip


def _note(deposit: Deposit, line: DepositLine, second: int | None) -> None:
    line.approved_by = second
    why = "" if second is None else f"{line.note}, approved by person:{second}"
    subject, what = f"deposit:{deposit.id}", f"deposit: {line.action.replace('_', ' ')}"
    audit.note(what, subject, by=line.person_id, group_id=deposit.group_id, why=why)
