"""An officer attests what the bank had at a month's end; every member reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Date, bindparam, select, text

from marketplace.bankbook import attesting_rules as rules
from marketplace.bankbook.attesting_rules import Officers
from marketplace.bankbook.events import BalanceDiffers
from marketplace.bankbook.models import Attestation, AttestationCalendar
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import State as ProposalState
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import UtcDateTime, db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import BEFORE_THE_FIRST, gateway, month_of
from marketplace.payments.bank_models import BankStatement, StatementState
from marketplace.payments.events import MovementConfirmed
from marketplace.payments.models import Movement
from marketplace.payments.rules import Through


@dataclass(frozen=True, slots=True)
class Month:
    """A month that is over."""

    first_day: date
    attestation: Attestation | None


@use_case
def attest(
    *, by: int, group_id: int, month: date, bank: Money, note: str, proof_key: str | None = None
) -> bool:  # fmt: skip
    """Say what the bank had at the end of a month, for good. Whether that was news: the same said again is not.

    Raises NotAllowed to who may not, TooEarly, Stale where another was faster, RuleBroken.
    """
    groups.require(by, group_id, Permission.ATTEST_BALANCE)
    group, calendar = group_queries.group(group_id), locked_calendar(group_id)
    now = clock.now()
    start, end = rules.check_month(month, first=calendar.first_month, now=now, zone=group.time_zone)
    independence = rules.check_of(by, officers_of(group, start, end))
    before = attestation_of(group_id, month)
    if before is not None:
        if (before.attested_by, before.bank, before.note) == (by, bank, note):
            return False
        raise Stale("This month is attested already. What was attested stays.")
    books, last = books_at(group, end), ledger.last_before(group_id, end)
    rules.check_difference(bank - books, note)
    attestation = Attestation(
        group_id=group_id, month=month, currency=group.currency, books_minor=books.minor, bank_minor=bank.minor,
        difference_minor=(bank - books).minor, note=note, independence=independence.value, proof_key=proof_key,
        attested_by=by, attested_at=now, number=last.number if last else 0,
        seal=last.hash if last else BEFORE_THE_FIRST,
    )  # fmt: skip
    db.session.add(attestation)
    db.session.flush()
    audit.note("attest the bank's balance", f"attestation:{attestation.id}", by=by, group_id=group_id, why=note)
    if attestation.difference:
        announce(BalanceDiffers(group_id, month, end, attestation.difference, by))
    return True


def months_of(group: Group) -> list[Month]:
    """The months that are over, newest first, as far back as the group had money at the treasurer's bank."""
    calendar = db.session.get(AttestationCalendar, group.id)
    if calendar is None:
        return []
    there = {each.month: each for each in _attestations(group.id)}
    months = rules.months_before(clock.now(), group.time_zone)
    return [Month(month, there.get(month)) for month in months if month >= calendar.first_month]


def attestation_of(group_id: int, month: date) -> Attestation | None:
    return db.session.scalar(select(Attestation).where(Attestation.group_id == group_id, Attestation.month == month))


def with_proof(attestation_id: int, *, by: int, group_id: int) -> Attestation:
    """One whose picture this officer may see. Raises NotFound, NotAllowed."""
    groups.require(by, group_id, Permission.ATTEST_BALANCE)
    found = db.session.get(Attestation, attestation_id)
    if found is None or found.group_id != group_id or found.proof_key is None:
        raise NotFound("There is no such picture.")
    return found


def books_at(group: Group, moment: datetime) -> Money:
    """What lay in the treasurer's bank by the books, at that moment."""
    return ledger.balance_before(gateway(group.id), group.currency, moment)


def is_wanted(group: Group, month: date) -> bool:
    """Whether there is anything to attest: money lay there at the month's end, or some moved in it."""
    start, end = month_of(month, group.time_zone)
    return bool(books_at(group, end)) or ledger.has_moved(gateway(group.id), start, end)


def officers_of(group: Group, start: datetime, end: datetime) -> Officers:
    """Who is an officer now, who confirmed money in that time, alone or as the second of two, who imported the
    statement of its end. Three queries."""
    confirmed = select(Movement.confirmed_by).where(
        Movement.group_id == group.id, Movement.confirmed_at >= start, Movement.confirmed_at < end,
        Movement.gateway == Through.TREASURER, Movement.confirmed_by.is_not(None),
    )  # fmt: skip
    approved = select(Proposal.decided_by).where(
        Proposal.group_id == group.id, Proposal.state == ProposalState.APPROVED,
        Proposal.decided_at >= start, Proposal.decided_at < end,
    )  # fmt: skip
    imported = select(BankStatement.sent_by).where(
        BankStatement.group_id == group.id, BankStatement.state == StatementState.KEPT,
        BankStatement.first_day < end.date(), BankStatement.last_day >= start.date(),
    )  # fmt: skip
    newest = imported.order_by(BankStatement.last_day.desc(), BankStatement.id.desc()).limit(1)
    return Officers(
        all=frozenset(each.person_id for each in group_queries.officers(group.id)),
        confirmed=frozenset(each for each in db.session.scalars(confirmed.union(approved)) if each is not None),
        imported=db.session.scalar(newest),
    )


def begin_calendar(group_id: int) -> None:
    """The group has money at its treasurer's bank: from this month on its balance is attested."""
    if db.session.get(AttestationCalendar, group_id) is not None:
        return
    group = group_queries.group(group_id)
    month = clock.now().astimezone(ZoneInfo(group.time_zone)).date().replace(day=1)
    values = {"group": group_id, "month": month, "due": month_of(month, group.time_zone)[1]}
    db.session.execute(_BEGIN, values)


def movement_confirmed(fact: MovementConfirmed) -> None:
    """The first money of a group at its treasurer's bank begins its calendar."""
    if fact.gateway == Through.TREASURER:
        begin_calendar(fact.group_id)


def locked_calendar(group_id: int) -> AttestationCalendar:
    """The group's calendar, locked until the unit of work ends. Raises RuleBroken where no money ever came."""
    found = db.session.get(AttestationCalendar, group_id, with_for_update=True)
    if found is None:
        raise RuleBroken("No money of this group ever lay in its treasurer’s bank: there is nothing to attest yet.")
    return found


_BEGIN = text(
    "INSERT INTO attestation_calendars (group_id, first_month, month, is_second, due_at) "
    "VALUES (:group, :month, :month, FALSE, :due) ON CONFLICT DO NOTHING"
).bindparams(bindparam("month", type_=Date()), bindparam("due", type_=UtcDateTime()))


def _attestations(group_id: int) -> Sequence[Attestation]:
    query = select(Attestation).where(Attestation.group_id == group_id).order_by(Attestation.month.desc())
    return db.session.scalars(query.limit(rules.MONTHS_BACK)).all()
