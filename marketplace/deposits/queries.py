"""What pages read of deposits: a member's own, and the treasurer's list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select

from marketplace.deposits import finding
from marketplace.deposits.models import Deposit, DepositLine, DepositPayout, UnpaidOrder
from marketplace.deposits.payout_rules import State as PayoutState
from marketplace.deposits.reference_rules import membership_of
from marketplace.deposits.rules import State
from marketplace.deposits.waiting import is_of_others
from marketplace.groups import service as groups
from marketplace.groups.models import Membership
from marketplace.groups.rules import CONFIRMERS, Permission
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money, zero
from marketplace.ledger.rules import payable
from marketplace.payments import queries as payments
from marketplace.payments.models import Movement

MOST = 200
"""Rows that a page of the treasurer's list shows; the others come up as these are done."""
SHOWN = 100
"""Lines of a deposit's history."""


@dataclass(frozen=True, slots=True)
class Own:
    """A member's deposit in a group, and what is paid to him out of deposits there."""

    deposit: Deposit | None
    lines: list[DepositLine]
    """What was done, the last first."""
    unpaid: list[UnpaidOrder]
    payouts: list[DepositPayout]
    movements: dict[int, Movement]
    """What an officer confirmed, by the movement's number."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What an officer looks after."""

    claims: list[Deposit]
    """Their members say that they have sent it."""
    payouts: list[DepositPayout]
    standing: list[Deposit]
    """The others with money in them; for whoever may confirm money at any time."""
    memberships: dict[int, int]
    """By person: for the references."""
    own: int
    """The officer's own, which another one looks after."""


def own(group_id: int, person_id: int) -> Own:
    """Raises NotFound where he is no member and never had to do with a deposit here. Five queries."""
    deposit = finding.deposit_of(group_id, person_id)
    wanted = select(DepositPayout).where(DepositPayout.group_id == group_id, DepositPayout.payee_id == person_id)
    payouts = list(db.session.scalars(wanted.order_by(DepositPayout.id.desc()).limit(SHOWN)))
    if deposit is None and not payouts:
        groups.require(person_id, group_id, Permission.PUT_UP_DEPOSIT)
    lines = _lines(deposit, [payout.id for payout in payouts])
    unpaid = select(UnpaidOrder).where(UnpaidOrder.deposit_id == (deposit.id if deposit else 0))
    moved = {line.movement_id for line in lines if line.movement_id is not None}
    movements = db.session.scalars(select(Movement).where(Movement.id.in_(moved)))
    return Own(
        deposit, lines, list(db.session.scalars(unpaid.order_by(UnpaidOrder.at.desc()).limit(SHOWN))), payouts,
        {movement.id: movement for movement in movements},
    )  # fmt: skip


def queue_for(group_id: int, person_id: int, *, first: Collection[int] = ()) -> Queue:
    """What waits for this officer, most urgent first, of payouts those of `first` before all others. Raises NotFound or
    NotAllowed to anybody else.

    A moderator sees what the treasurer is late with: that is his to do, too. Five queries.
    """
    claims, owed, is_confirmer = _waiting(group_id, person_id)
    standing = select(Deposit).where(
        Deposit.group_id == group_id, Deposit.held_minor > 0, Deposit.state != State.CLAIMED,
        Deposit.person_id != person_id,
    )  # fmt: skip
    found = list(db.session.scalars(claims.order_by(Deposit.deadline, Deposit.id).limit(MOST)))
    is_first = DepositPayout.id.in_(first)
    due = list(db.session.scalars(owed.order_by(is_first.desc(), DepositPayout.deadline, DepositPayout.id).limit(MOST)))
    rest = list(db.session.scalars(standing.order_by(Deposit.id).limit(MOST))) if is_confirmer else []
    people = {each.person_id for each in [*found, *rest]} | {payout.payee_id for payout in due}
    return Queue(found, due, rest, memberships(group_id, people), _own_waiting(group_id, person_id))


def count_for(group_id: int, person_id: int) -> int:
    """How much waits for this officer. Two queries."""
    claims, owed, _is_confirmer = _waiting(group_id, person_id)
    return sum(db.session.scalar(select(func.count()).select_from(each.subquery())) or 0 for each in (claims, owed))


def held_in(group_id: int, currency: str) -> tuple[int, Money, int]:
    """Of how many members deposits are held, how much that is, and how many say that they have sent one. One query."""
    held = func.count().filter(Deposit.held_minor > 0), func.coalesce(func.sum(Deposit.held_minor), 0)
    claimed = func.count().filter(Deposit.state == State.CLAIMED)
    count, minor, claims = db.session.execute(select(*held, claimed).where(Deposit.group_id == group_id)).one()
    return count, Money(int(minor), currency), claims


def memberships(group_id: int, people: Collection[int]) -> dict[int, int]:
    """The number of the membership of each of these, for the references."""
    wanted = select(Membership.person_id, Membership.id).where(Membership.group_id == group_id)
    return {row[0]: row[1] for row in db.session.execute(wanted.where(Membership.person_id.in_(people)))}


def person_with(group_id: int, by: int, text: str) -> int | None:
    """Whose deposit here, other than one's own, a line of the bank's statement is for, by its reference."""
    groups.require(by, group_id, Permission.CONFIRM_MONEY)
    number = membership_of(text)
    if number is None:
        return None
    wanted = select(Membership.person_id).where(Membership.id == number, Membership.group_id == group_id)
    return db.session.scalar(wanted.where(Membership.person_id != by))


def payout(payout_id: int) -> DepositPayout:
    """Raises NotFound."""
    found = db.session.get(DepositPayout, payout_id)
    if found is None:
        raise finding.no_such_deposit()
    return found


def deposit_behind(payout: DepositPayout) -> Deposit:
    """The deposit that a payout comes out of."""
    return db.session.get_one(Deposit, payout.deposit_id)


def tries(payout: DepositPayout) -> list[Movement]:
    """Every call to pay it, oldest first."""
    return list(db.session.scalars(select(Movement).where(Movement.purpose == payout.purpose).order_by(Movement.id)))


def seen(deposit: Deposit | None) -> list[Movement]:
    """What came in for a deposit, as officers confirmed it, the last first."""
    if deposit is None:
        return []
    made = select(Movement).where(Movement.purpose == f"deposit:{deposit.id}:payment")
    return list(db.session.scalars(made.order_by(Movement.id.desc()).limit(SHOWN)))


def proof_for(movement_id: int, person_id: int) -> Movement:
    """A payment of which a picture is kept, for whoever paid or was paid and the officers who may confirm his money.

    Raises NotFound.
    """
    movement = payments.movement(movement_id)
    line = db.session.scalar(select(DepositLine).where(DepositLine.movement_id == movement_id).limit(1))
    if line is None or movement.proof_key is None:
        raise NotFound("There is no such picture.")
    if movement.person_id != person_id:
        finding.check_treasurer(movement.group_id, movement.person_id, person_id, second_officer=False)
    return movement


def sums_of(group_id: int, person_id: int, currency: str) -> tuple[Money, Money]:
    """What a person's deposit holds in a group, and what is being paid out to him of deposits there. Two queries."""
    deposit = finding.deposit_of(group_id, person_id)
    due = select(func.coalesce(func.sum(DepositPayout.amount_minor), 0)).where(
        DepositPayout.group_id == group_id, DepositPayout.payee_id == person_id, DepositPayout.state == PayoutState.DUE
    )
    return (deposit.held if deposit else zero(currency)), Money(int(db.session.scalar(due) or 0), currency)


def owed_by_account() -> Counter[str]:
    """What is owed to whom out of deposits, by the accounts of the books, in minor units: for their audit."""
    total = func.sum(DepositPayout.amount_minor)
    wanted = select(DepositPayout.group_id, DepositPayout.payee_id, total).where(DepositPayout.state == PayoutState.DUE)
    rows = db.session.execute(wanted.group_by(DepositPayout.group_id, DepositPayout.payee_id))
    return Counter({payable(group_id, person_id): int(minor) for group_id, person_id, minor in rows})


def _lines(deposit: Deposit | None, payout_ids: Collection[int]) -> list[DepositLine]:
    """His deposit's, and those of payouts to him: not of what a seller is paid out of it."""
    his = and_(DepositLine.deposit_id == (deposit.id if deposit else 0), DepositLine.payout_id.is_(None))
    wanted = select(DepositLine).where(or_(his, DepositLine.payout_id.in_(payout_ids)))
    return list(db.session.scalars(wanted.order_by(DepositLine.at.desc(), DepositLine.id.desc()).limit(SHOWN)))


def _waiting(group_id: int, person_id: int) -> tuple[Select[Deposit], Select[DepositPayout], bool]:
    """The claims and the payouts that an officer looks after, and whether he may confirm money at any time."""
    member = groups.require_member(person_id, group_id, Permission.CONFIRM_MONEY_LATE)
    claims = select(Deposit).where(
        Deposit.group_id == group_id, Deposit.state == State.CLAIMED, Deposit.person_id != person_id
    )
    owed = select(DepositPayout).where(
        DepositPayout.group_id == group_id, DepositPayout.state == PayoutState.DUE, is_of_others(person_id)
    )
    if member.role in CONFIRMERS:
        return claims, owed, True
    return claims.where(Deposit.is_second_officer_due), owed.where(DepositPayout.is_second_officer_due), False


def _own_waiting(group_id: int, person_id: int) -> int:
    claim = select(func.count()).where(
        Deposit.group_id == group_id, Deposit.person_id == person_id, Deposit.state == State.CLAIMED
    )
    owed = select(func.count()).where(
        DepositPayout.group_id == group_id, DepositPayout.payee_id == person_id, DepositPayout.state == PayoutState.DUE
    )
    return (db.session.scalar(claim) or 0) + (db.session.scalar(owed) or 0)
