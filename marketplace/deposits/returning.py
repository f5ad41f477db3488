"""Deposits go back by themselves: asked for, or because their member has gone or the group has closed.

Whether something is open that a deposit stands behind is known on floors above, and handed in. It is asked with the
deposit locked. Bids that need it lock it too, so none slips through between the question and the money.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from marketplace.deposits import finding
from marketplace.deposits.acting import act, owe
from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.payout_rules import Kind, State as PayoutState
from marketplace.deposits.rules import Action, Deed, Party, State
from marketplace.groups import queries as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.events import LastOwnerLeft
from marketplace.groups.models import Group, Membership
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.errors import RuleBroken

IsOpen = Callable[[Group, int], bool]
"""Whether this person has bids, offers or orders in the group that his deposit stands behind."""
LOOKED_AT_EVERY = timedelta(minutes=10)
LATE_AFTER = timedelta(minutes=5)


def return_due(is_open: IsOpen, limit: int = 50) -> int:
    """Give back the deposits that are to go back and stand behind nothing any more. How many went."""
    now = clock.now()
    wanted = select(Deposit.id).join(Group, Group.id == Deposit.group_id).join(Membership, _his_membership())
    due = wanted.where(or_(Deposit.look_at.is_(None), Deposit.look_at <= now), _is_to_go_back())
    ids = list(db.session.scalars(due.order_by(Deposit.id).limit(limit)))
    let_go()

    def return_one(deposit_id: int) -> bool:
        return _return_one(deposit_id, is_open)

    return sum(survives(return_one, deposit_id) for deposit_id in ids)


def last_owner_left(fact: LastOwnerLeft) -> None:
    """What is still in a closed group's hands needs somebody who confirms that it went back: he stays until then."""
    held = select(Deposit.id).where(Deposit.group_id == fact.group_id, Deposit.held_minor > 0)
    owed = select(DepositPayout.id).where(DepositPayout.group_id == fact.group_id)
    owed = owed.where(DepositPayout.state == PayoutState.DUE)
    if db.session.scalar(held.limit(1)) is not None or db.session.scalar(owed.limit(1)) is not None:
        raise RuleBroken(
            "You are the only owner, and deposits of members are still to go back. Make another member an owner, or "
            "leave when the last one is paid out."
        )


def to_return(now: datetime) -> Backlog:
    """How many deposits wait to be looked at whether they can go back."""
    return backlog_of(Deposit.look_at, Deposit.state == State.RETURN_ASKED, now=now, late_after=LATE_AFTER)


@use_case
def _return_one(deposit_id: int, is_open: IsOpen) -> bool:
    deposit = finding.locked_deposit(deposit_id)
    group = groups.group(deposit.group_id)
    has_gone = groups.membership(deposit.group_id, deposit.person_id) is None
    is_asked = deposit.state == State.RETURN_ASKED
    if not is_asked and (deposit.state != State.STANDING or not (has_gone or group.is_closed)):
        return False
    if is_open(group, deposit.person_id):
        deposit.look_at = clock.now() + LOOKED_AT_EVERY
        return False
    amount = deposit.held
    line = act(deposit, Deed(Action.GIVE_BACK, Party.CLOCK), by=None)
    if line is not None:
        owe(deposit, line, Kind.RETURN, payee_id=deposit.person_id, amount=amount)
    return True


def _his_membership() -> ColumnElement[bool]:
    return and_(Membership.group_id == Deposit.group_id, Membership.person_id == Deposit.person_id)


def _is_to_go_back() -> ColumnElement[bool]:
    stays_no_more = or_(Membership.state != Belonging.MEMBER, Group.closed_at.is_not(None))
    return or_(Deposit.state == State.RETURN_ASKED, and_(Deposit.state == State.STANDING, stays_no_more))
