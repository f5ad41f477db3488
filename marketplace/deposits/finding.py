"""Finding a deposit or a payout for somebody, locked or not, and what he is to it."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.payout_rules import Party as PayoutParty
from marketplace.deposits.rules import Party, State
from marketplace.groups import queries as groups, service as permissions
from marketplace.groups.models import Membership
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.kernel.statements import insert_into

# Asked for by every page of a lot: see groups/queries.py.
_HIS = select(Deposit).where(Deposit.group_id == bindparam("group_id"), Deposit.person_id == bindparam("person_id"))


def deposit_of(group_id: int, person_id: int) -> Deposit | None:
    """The row of this person in this group, if there ever was a deposit."""
    return db.session.scalar(_HIS, {"group_id": group_id, "person_id": person_id})


def locked_deposit(deposit_id: int) -> Deposit:
    """The deposit, its row locked until the unit of work ends."""
    return db.session.get_one(Deposit, deposit_id, with_for_update=True, populate_existing=True)


def locked_deposit_of(group_id: int, person_id: int) -> Deposit:
    """His deposit, locked; an empty one where there is none yet. Two first deeds at once wait for one another here."""
    now = clock.now()
    row = insert_into(Deposit).values(
        group_id=group_id, person_id=person_id, currency=groups.group(group_id).currency, state=State.EMPTY,
        held_minor=0, since=now, is_second_officer_due=False, line_count=0,
    )  # fmt: skip
    db.session.execute(row.on_conflict_do_nothing())
    wanted = select(Deposit).where(Deposit.group_id == group_id, Deposit.person_id == person_id)
    return db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()


def locked_payout(payout_id: int) -> tuple[Deposit, DepositPayout]:
    """A payout and its deposit, the deposit's row locked, which guards both. Raises NotFound."""
    found = db.session.get(DepositPayout, payout_id)
    if found is None:
        raise no_such_deposit()
    deposit = locked_deposit(found.deposit_id)
    db.session.refresh(found)
    return deposit, found


def membership_row(group_id: int, person_id: int) -> Membership:
    """How a person came to have a deposit here, member still or not. Raises NotFound."""
    found = groups.membership_row(group_id, person_id)
    if found is None:
        raise no_such_deposit()
    return found


def check_treasurer(group_id: int, person_id: int, by: int, *, second_officer: bool) -> Party:
    """Return if `by` may say what came from this person or went to him. Raises NotFound, NotAllowed for his own."""
    if by == person_id:
        raise _own_deposit()
    if not permissions.may_confirm(group_id, by, parties=frozenset({person_id}), second_officer=second_officer):
        raise no_such_deposit()
    return Party.TREASURER


def payout_party(payout: DepositPayout, by: int) -> PayoutParty:
    """In which capacity this person acts on a payout. Raises NotFound; NotAllowed to whose deposit it comes out of: the
    order that he left unpaid was his own, too."""
    if by == payout.payee_id:
        return PayoutParty.PAYEE
    if by == depositor_of(payout.deposit_id):
        raise _own_deposit()
    check_treasurer(payout.group_id, payout.payee_id, by, second_officer=payout.is_second_officer_due)
    return PayoutParty.TREASURER


def depositor_of(deposit_id: int) -> int:
    """Whose deposit it is."""
    return db.session.get_one(Deposit, deposit_id).person_id


def confirmers(group_id: int, *parties: int, second_officer: bool) -> tuple[int, ...]:
    """The officers who may confirm the money of these people now, none of them one of them."""
    officers = groups.officers(group_id, OFFICERS if second_officer else CONFIRMERS)
    return tuple(officer.person_id for officer in officers if officer.person_id not in parties)


def _own_deposit() -> NotAllowed:
    return NotAllowed("This is your own deposit. Another officer looks after its money.")


def no_such_deposit() -> NotFound:
    return NotFound("There is no such deposit.")
