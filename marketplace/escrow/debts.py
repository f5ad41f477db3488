"""What members owe the group: seen by the debtor and the officers, confirmed as paid, or written off by two officers.

Each deed locks its row, if it has one, and then the end of the group's books: what is owed stays so until it is posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, Text, bindparam, cast, or_, select

from marketplace.escrow import debt_rules
from marketplace.escrow.debt_models import DebtDeed
from marketplace.escrow.debt_rules import TIME_TO_AGREE, Deed, State
from marketplace.escrow.events import DebtWrittenOff, WriteOffProposed
from marketplace.groups import queries as groups, service as permissions
from marketplace.groups.models import Membership
from marketplace.groups.rules import Permission, Role
from marketplace.groups.waiting import officer_in
from marketplace.kernel import audit, clock
from marketplace.kernel.database import Big, db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds
from marketplace.ledger import queries as books, service as ledger
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Move, Side, guarantee_fund, person_of, receivable

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a debt: what made it larger, or, below nothing, smaller."""

    at: datetime
    memo: str
    order_id: int | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Debt:
    """What a person owes a group now, and how that came about, the last first."""

    group_id: int
    person_id: int
    membership_id: int
    amount: Money
    lines: list[Line]
    deeds: list[DebtDeed]

    @property
    def reference(self) -> str:
        """What a payment of it carries."""
        return debt_rules.reference_of(self.membership_id)

    @property
    def proposal(self) -> DebtDeed | None:
        """To write it off, as long as it can be agreed to."""
        now = clock.now()
        found = (each for each in self.deeds if each.state == State.PROPOSED)
        return next((each for each in found if debt_rules.stands(each.at, now=now)), None)


def debt_of(group_id: int, person_id: int) -> Debt:
    """What a person owes a group, if anything. Raises NotFound where he never belonged to it."""
    row = db.session.scalar(
        select(Membership.id).where(Membership.group_id == group_id, Membership.person_id == person_id)
    )
    if row is None:
        raise no_such_debt()
    account, currency = receivable(group_id, person_id), groups.group(group_id).currency
    deeds = select(DebtDeed).where(DebtDeed.group_id == group_id, DebtDeed.person_id == person_id)
    return Debt(
        group_id, person_id, row, books.balance(account, currency), _lines(account, currency),
        list(db.session.scalars(deeds.order_by(DebtDeed.id.desc()).limit(MOST_LINES))),
    )  # fmt: skip


def debt_for(group_id: int, person_id: int, officer_id: int) -> Debt:
    """The same for an officer who confirms money, or may agree to write it off. Raises NotFound and NotAllowed; nobody
    looks after his own."""
    permissions.require(officer_id, group_id, Permission.AGREE_WRITE_OFF)
    debt_rules.check_is_not_own(person_id, officer_id)
    found = debt_of(group_id, person_id)
    if not found.amount and not found.lines:
        raise no_such_debt()
    return found


def person_with(group_id: int, officer_id: int, text: str) -> int | None:
    """Whose debt here, other than one's own, a line of the bank's statement is for, by its reference."""
    permissions.require(officer_id, group_id, Permission.CONFIRM_MONEY)
    number = debt_rules.membership_of(text)
    if number is None:
        return None
    wanted = select(Membership.person_id).where(Membership.id == number, Membership.group_id == group_id)
    person_id = db.session.scalar(wanted.where(Membership.person_id != officer_id))
    owes = person_id is not None and books.balance(receivable(group_id, person_id), groups.group(group_id).currency)
    return person_id if owes else None


def debts_of_group(group_id: int, officer_id: int) -> dict[int, Money]:
    """What is owed by whom, the most first; for officers. One query."""
    permissions.require(officer_id, group_id, Permission.AGREE_WRITE_OFF)
    found = books.balances_of_group(group_id, Chart.RECEIVABLE)
    rows = [(person_of(account), amount) for account, amount in found.items() if amount]
    return dict(sorted(rows, key=lambda row: -row[1].minor))


def may_wait() -> ColumnElement[bool]:
    """False where `person_id` never owed a group anything, and has nothing to agree to: see web/waiting.py."""
    me: BindParameter[int] = bindparam("person_id", type_=Big)
    account = f"{Chart.RECEIVABLE}:" + cast(Membership.group_id, Text) + ":" + cast(Membership.person_id, Text)
    owed = select(Entry.account).join(Membership, Entry.account == account).where(Membership.person_id == me)
    return or_(finds(owed), finds(_proposals_for(me)))


def own_debts(person_id: int) -> dict[int, Money]:
    """What a person owes, by group, wherever he is or was a member. Two queries."""
    wanted = select(Membership.group_id).where(Membership.person_id == person_id)
    group_by_account = {receivable(group_id, person_id): group_id for group_id in db.session.scalars(wanted)}
    if not group_by_account:
        return {}
    sums = books.sums_on(list(group_by_account))
    return {group_by_account[account]: amount for account, amount in sums.items() if amount}


def proposals_for(person_id: int) -> list[DebtDeed]:
    """What this officer may agree to write off."""
    wanted = _proposals_for(person_id).where(DebtDeed.at > clock.now() - TIME_TO_AGREE)
    return list(db.session.scalars(wanted.order_by(DebtDeed.id)))


def _proposals_for(person_id: int | BindParameter[int]) -> Select[DebtDeed]:
    wanted = select(DebtDeed).where(DebtDeed.state == State.PROPOSED, DebtDeed.group_id.in_(officer_in(person_id)))
    return wanted.where(DebtDeed.person_id != person_id, DebtDeed.by_id != person_id)


@use_case
def propose_write_off(*, group_id: int, person_id: int, by: int, reason: str, client_key: str) -> None:
    """An owner proposes to write all of a debt off. Another officer has to agree."""
    permissions.require(by, group_id, Permission.WRITE_OFF_DEBT)
    debt_rules.check_is_not_own(person_id, by)
    former, debt = _proposed(group_id, person_id), locked_debt(group_id, person_id)
    if known_deed(group_id, person_id, client_key) is not None:
        return
    debt_rules.check_is_owed(debt)
    if former is not None and debt_rules.stands(former.at, now=clock.now()):
        raise RuleBroken("To write it off is proposed already. Another officer has to agree.")
    if former is not None:
        former.state, former.done_at = State.DROPPED, clock.now()
        db.session.flush()
    deed = write_deed(
        group_id, person_id, Deed.WRITE_OFF, State.PROPOSED, amount=debt, note=reason, by=by, client_key=client_key
    )
    announce(WriteOffProposed(group_id, person_id, deed.id, debt, debt, by_id=by, reason=reason))


@use_case
def agree_write_off(*, group_id: int, person_id: int, by: int) -> None:
    """Another officer agrees: what of it is still owed is borne by the guarantee fund, and then by the group."""
    deed = _open_proposal(group_id, person_id, by)
    if deed.by_id == by:
        raise NotAllowed("You proposed it: another officer has to agree.")
    _check_is_still_an_owners(deed)
    debt = locked_debt(group_id, person_id)
    debt_rules.check_is_owed(debt)
    amount = min(debt, deed.amount)
    fund = books.balance(guarantee_fund(group_id), deed.currency)
    deed.state, deed.second_id, deed.done_at, deed.amount_minor = State.DONE, by, clock.now(), amount.minor
    post(deed, debt_rules.write_off_moves(group_id, person_id, amount, fund=fund), "Debt written off")
    audit.note("agree to write a debt off", f"debt:{deed.id}", by=by, group_id=group_id, why=deed.note)
    announce(DebtWrittenOff(group_id, person_id, deed.id, amount, debt - amount))


@use_case
def drop_write_off(*, group_id: int, person_id: int, by: int) -> None:
    """The debt stays: whoever proposed it, or another officer, says so."""
    deed = _open_proposal(group_id, person_id, by)
    deed.state, deed.second_id, deed.done_at = State.DROPPED, by, clock.now()
    audit.note("drop a proposal to write a debt off", f"debt:{deed.id}", by=by, group_id=group_id)


def _open_proposal(group_id: int, person_id: int, by: int) -> DebtDeed:
    """Locked, for an officer who is not the debtor."""
    permissions.require(by, group_id, Permission.AGREE_WRITE_OFF)
    debt_rules.check_is_not_own(person_id, by)
    deed = _proposed(group_id, person_id)
    if deed is None or not debt_rules.stands(deed.at, now=clock.now()):
        raise RuleBroken("Nothing is proposed any more. Look at where it stands now.")
    return deed


def _check_is_still_an_owners(deed: DebtDeed) -> None:
    """It takes two officers of now: who proposed it may have been put out since, for this very thing."""
    proposer = groups.membership(deed.group_id, deed.by_id)
    if proposer is None or proposer.role != Role.OWNER:
        raise RuleBroken("Who proposed it is no owner any more. Leave the debt as it is, and an owner can propose it.")


def _proposed(group_id: int, person_id: int) -> DebtDeed | None:
    wanted = select(DebtDeed).where(DebtDeed.group_id == group_id, DebtDeed.person_id == person_id)
    return db.session.scalar(wanted.where(DebtDeed.state == State.PROPOSED).with_for_update())


def locked_debt(group_id: int, person_id: int) -> Money:
    """What is owed, and stays so until the unit of work ends."""
    currency = groups.group(group_id).currency
    ledger.lock(group_id, currency=currency)
    return books.balance(receivable(group_id, person_id), currency)


def known_deed(group_id: int, person_id: int, client_key: str | None) -> DebtDeed | None:
    """What the same form has done."""
    wanted = select(DebtDeed).where(DebtDeed.group_id == group_id, DebtDeed.person_id == person_id)
    return db.session.scalar(wanted.where(DebtDeed.client_key == client_key))


def write_deed(
    group_id: int, person_id: int, what: Deed, state: State, *, amount: Money, note: str, by: int, client_key: str,
    second: int | None = None,
) -> DebtDeed:  # fmt: skip
    """Keep what was done, or proposed; `second` approved it, where it took two."""
    now = clock.now()
    deed = DebtDeed(
        group_id=group_id, person_id=person_id, deed=what, state=state, amount_minor=amount.minor,
        currency=amount.currency, note=note, by_id=by, at=now, done_at=now if state is State.DONE else None,
        client_key=client_key, second_id=second,
    )  # fmt: skip
    db.session.add(deed)
    db.session.flush()
    audit.note(f"debt {what}".replace("_", " "), f"debt:{deed.id}", by=by, group_id=group_id, why=note)
    return deed


def post(deed: DebtDeed, moves: tuple[Move, ...], memo: str) -> None:
    """What became of it in the books."""
    ledger.post(group_id=deed.group_id, moves=moves, reference=f"debt:{deed.id}", memo=memo, at=clock.now())


def _lines(account: str, currency: str) -> list[Line]:
    wanted = select(Transfer.posted_at, Transfer.memo, Transfer.order_id, Entry.side, Entry.amount_minor)
    wanted = wanted.join(Entry, Entry.transfer_id == Transfer.id).where(Entry.account == account)
    rows = db.session.execute(wanted.order_by(Transfer.number.desc()).limit(MOST_LINES))
    return [
        Line(at, memo, order_id, Money(minor if side == Side.DEBIT else -minor, currency))
        for at, memo, order_id, side, minor in rows
    ]


def no_such_debt() -> NotFound:
    """To whom it does not concern, too."""
    return NotFound("There is no such debt.")
