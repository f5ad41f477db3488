"""What deposits wait for an officer to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.payout_rules import State as PayoutState
from marketplace.deposits.rules import State
from marketplace.groups import proposal_queries as proposals, queries as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership
from marketplace.groups.proposal_rules import Deed
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel.database import Big, db

_CLAIMS, _OWED = "claims", "owed"
_ME: BindParameter[int] = bindparam("person_id", type_=Big)


@dataclass(frozen=True, slots=True)
class DepositsWait:
    """Other members' deposits that an officer has to look after."""

    slug: str
    group_name: str
    zone: str
    claims: int
    payouts: int
    until: datetime | None
    """The earliest deadline among them."""


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id`: see web/waiting.py."""
    return _waiting().exists()


def waiting_for(person_id: int) -> list[DepositsWait]:
    """By group, without what waits for a second officer only. Two queries, however much it is."""
    rows = db.session.execute(_waiting(), {"person_id": person_id})
    found = {(row[0], row[1]): _Counted(row[2], row[3]) for row in rows}
    claims, owed = ({at: each for (kind, at), each in found.items() if kind == wanted} for wanted in (_CLAIMS, _OWED))
    named = groups.groups(claims.keys() | owed.keys()) if claims or owed else {}
    return [_of(group, claims.get(group_id), owed.get(group_id)) for group_id, group in named.items()]


@cache
def _waiting() -> CompoundSelect[str, int, int, datetime | None]:
    """Asked for with the head of every page: see escrow/waiting.py."""
    claimed = and_(Deposit.state == State.CLAIMED, ~proposals.is_open_about((Deed.DEPOSIT,), Deposit.id))
    due = and_(
        DepositPayout.state == PayoutState.DUE,
        is_of_others(_ME),
        ~proposals.is_open_about((Deed.DEPOSIT_PAYOUT,), DepositPayout.id),
    )
    return union_all(
        _counted(_CLAIMS, Deposit, Deposit.person_id, claimed),
        _counted(_OWED, DepositPayout, DepositPayout.payee_id, due),
    )


def is_of_others(person_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Whether a payout neither goes to this person nor comes out of his deposit."""
    his = select(Deposit.id).where(Deposit.person_id == person_id)
    return and_(DepositPayout.payee_id != person_id, DepositPayout.deposit_id.not_in(his))


def _of(group: Group, claims: _Counted | None, owed: _Counted | None) -> DepositsWait:
    until = min((each.until for each in (claims, owed) if each is not None and each.until is not None), default=None)
    counts = (claims.waiting if claims else 0, owed.waiting if owed else 0)
    return DepositsWait(group.slug, group.name, group.time_zone, *counts, until)


class _Counted(NamedTuple):
    waiting: int
    until: datetime | None


def _counted(
    kind: str,
    table: type[Deposit] | type[DepositPayout],
    whose: InstrumentedAttribute[int],
    which: ColumnElement[bool],
) -> Select[str, int, int, datetime | None]:
    """How many there are for each group of which this person looks after the money, and their earliest deadline."""
    is_late = and_(Membership.role.in_(OFFICERS), table.is_second_officer_due)
    return (
        select(literal(kind), table.group_id, func.count(), func.min(table.deadline))
        .join(Membership, and_(Membership.group_id == table.group_id, Membership.person_id == _ME))
        .where(Membership.state == Belonging.MEMBER, which, whose != _ME)
        .where(or_(Membership.role.in_(CONFIRMERS), is_late))
        .group_by(table.group_id)
    )
