"""The one place where an order changes: the law is asked, its verdict written down, the money moved, and all told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.escrow import finding, order_rules
from marketplace.escrow.condition_rules import is_for_officers
from marketplace.escrow.debt_rules import owed_more
from marketplace.escrow.events import DebtArose, OrderChanged, OrderClosed
from marketplace.escrow.judging_rules import Verdict, judge
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.money_rules import owed
from marketplace.escrow.moving import follow_money, with_books
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.reminding_rules import next_reminder
from marketplace.escrow.rules import AWAITED, ENDED
from marketplace.groups import service as groups
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books, service as ledger
from marketplace.ledger.rules import person_of
from marketplace.reputation.rules import Ending

_MONEY_ACTIONS = {
    Action.PROPOSE_OTHERWISE,
    Action.AGREE_OTHERWISE,
    Action.PROPOSE_PAYMENT,
    Action.CONFIRM_PAYMENT,
    Action.NOT_FOUND,
    Action.CONFIRM_PAYOUT,
    Action.PAYOUT_FAILED,
    Action.FALL_SHORT,
}
MEMOS = {
    Action.CONFIRM_PAYOUT: "Paid out",
    Action.PAYOUT_MISSING: "Payout did not arrive",
    Action.PAYOUT_BOUNCED: "Payout came back",
    Action.REVERSE_PAYOUT: "Payout taken back",
    Action.NOTE_FEE: "Fee of the payment processor",
    Action.WIN_CHARGEBACK: "Chargeback won",
    Action.LOSE_CHARGEBACK: "Chargeback lost",
}
_BY_STATE = {State.RELEASED: "Released", State.REFUNDED: "Refund", State.SPLIT: "Split"}
_STRIKES = {
    Party.BUYER: "Did not pay for lot %(number)s, %(title)s.",
    Party.SELLER: "Cancelled lot %(number)s, %(title)s, after it was paid.",
}


@use_case
def take(action: Action, *, order_id: int, by: int, note: str = "", client_key: str | None = None) -> Order:
    """Take an action that needs nothing but a word, in whatever capacity `by` acts on the order."""
    order = finding.locked_order(order_id)
    act(order, Deed(action, finding.party_of(order, by)), by=by, note=note, client_key=client_key)
    return order


def act(
    order: Order, deed: Deed, *, by: int | None, note: str = "", client_key: str | None = None,
    in_parcel: bool = False, second: int | None = None,
) -> bool:  # fmt: skip
    """Do `deed` to an order that is locked, and all that follows from it. `by` is the person; none for the clock.
    `in_parcel`: the same is done to every order of its parcel, and told once for all of them. `second`: the officer
    who approved it, where it took two.

    Whether it was done now: the same deed with the same client key is not done twice. Raises what the law raises.
    """
    if was_done(order, deed, note=note, client_key=client_key):
        return False
    _check_not_own_money(order, deed, by)
    now = clock.now()  # after the lock: who waited for it does not act in the past
    before = with_books(order)
    verdict = judge(before, deed, now=now)
    amount = _amount_of(deed, verdict)
    _write(order, before, verdict.order, now)
    line = _line(order, before, deed, amount=amount, by=by, note=note, client_key=client_key, at=now)
    line.approved_by = second
    _strike(order, verdict)
    follow_money(order, before, verdict.order)
    _post(order, verdict, line)
    _tell_debtors(order, verdict, line)
    why = note if second is None else f"{note}, approved by person:{second}"
    audit.note(deed.action.replace("_", " "), f"order:{order.id}", by=by, group_id=order.group_id, why=why)
    _tell(order, before, verdict.order, deed, line, amount=amount, in_parcel=in_parcel)
    return True


def check(order: Order, deed: Deed, *, by: int) -> None:
    """Return if `deed` could be done to the locked order now; else raise what the law raises. Changes nothing."""
    _check_not_own_money(order, deed, by)
    judge(with_books(order), deed, now=clock.now())


def was_done(order: Order, deed: Deed, *, note: str, client_key: str | None) -> bool:
    """Whether the same form has done it already. Raises Stale if it said something else then."""
    if client_key is None:
        return False
    same = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.client_key == client_key)
    line = db.session.scalar(same.where(OrderLine.action == deed.action))
    if line is None:
        return False
    amount = deed.amount.minor if deed.amount else line.amount_minor
    if (line.by_party, line.payee, line.amount_minor, line.note) != (deed.by, deed.payee, amount, note):
        raise Stale("This form was sent once already, with something else in it. Look at where the order stands now.")
    return True


def _check_not_own_money(order: Order, deed: Deed, by: int | None) -> None:
    """The law of people around an order: an officer's own trade needs another officer."""
    if deed.action in _MONEY_ACTIONS and by is not None and finding.is_party(order, by):
        raise NotAllowed("This is your own order. Another officer looks after its money.")


def _amount_of(deed: Deed, verdict: Verdict) -> Money | None:
    if deed.amount is not None:
        return deed.amount
    if verdict.moves:
        return verdict.moves[0].amount
    return owed(verdict.order, deed.payee) or None if deed.payee else None


def _write(order: Order, before: order_rules.Order, after: order_rules.Order, now: datetime) -> None:
    order.take(after)
    order.is_for_officers = is_for_officers(after, now)
    order.remind_at = next_reminder(after, after=now)
    order.line_count += 1
    if after.state is State.HELD and before.state is not State.HELD:
        order.held_at = now
    if after.state is not before.state:
        order.closed_at = now if after.state in ENDED else None


def _line(
    order: Order, before: order_rules.Order, deed: Deed, *, amount: Money | None, by: int | None, note: str,
    client_key: str | None, at: datetime,
) -> OrderLine:  # fmt: skip
    line = OrderLine(
        order_id=order.id, number=order.line_count, at=at, action=deed.action, by_party=deed.by, person_id=by,
        from_state=before.state, to_state=order.state, amount_minor=amount.minor if amount else None,
        payee=deed.payee, note=note, client_key=client_key,
    )  # fmt: skip
    db.session.add(line)
    return line


def _strike(order: Order, verdict: Verdict) -> None:
    if verdict.strike:
        words = {"number": order.lot_number, "title": order.title}
        groups.give_strike(
            group_id=order.group_id, person_id=finding.person_of(order, verdict.strike),
            reason=_STRIKES[verdict.strike] % words, order_id=order.id,
        )  # fmt: skip


def _post(order: Order, verdict: Verdict, line: OrderLine) -> None:
    if verdict.moves:
        ledger.post(
            group_id=order.group_id, moves=verdict.moves, reference=f"order:{order.id}:{line.number}",
            memo=f"{_memo(line)}, order {order.id}", at=line.at, order_id=order.id,
        )  # fmt: skip


def _tell_debtors(order: Order, verdict: Verdict, line: OrderLine) -> None:
    for account, amount in owed_more(verdict.moves).items():
        left = books.balance(account, order.currency)
        announce(
            DebtArose(order.group_id, person_of(account), order.id, line.number, order.title, amount, left=left)
        )  # fmt: skip


def _memo(line: OrderLine) -> str:
    """For the books, in English: what is written there is sealed, and stays."""
    if line.action == Action.CONFIRM_PAYMENT:
        return "Payment held" if line.from_state in AWAITED else "Late payment"
    return MEMOS.get(Action(line.action)) or _BY_STATE.get(State(line.to_state), "Settled")


def _tell(
    order: Order, before: order_rules.Order, after: order_rules.Order, deed: Deed, line: OrderLine,
    *, amount: Money | None, in_parcel: bool,
) -> None:  # fmt: skip
    announce(
        OrderChanged(
            order=after, lot_id=order.lot_id, lot_number=order.lot_number, title=order.title, number=line.number,
            action=deed.action, by=deed.by, person_id=line.person_id, was=before.state, amount=amount,
            payee=deed.payee, note=line.note, at=line.at, in_parcel=in_parcel,
        )
    )  # fmt: skip
    if after.state in ENDED and before.state is not after.state:
        announce(
            OrderClosed(
                order_id=order.id, group_id=order.group_id, lot_id=order.lot_id, title=order.title,
                buyer_id=order.buyer_id, seller_id=order.seller_id, hammer=after.hammer, total=after.total,
                ending=_ending(order), days_for_feedback=order.terms.days_for_feedback, closed_at=line.at,
                is_unpaid=after.state is State.UNPAID,
            )
        )  # fmt: skip


def _ending(order: Order) -> Ending:
    """How it ended, as far as others can learn from it."""
    if order.paid_seller_minor:
        return Ending.COMPLETED
    return Ending.UNDONE if order.held_at else Ending.FELL_THROUGH
