"""Deposits, put up and confirmed through the service."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from marketplace.accounts.models import Person
from marketplace.deposits import finding, lapsing, payouts, proving, putting_up, queries
from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.rules import State
from marketplace.escrow import lapsing as orders, proving as escrow
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger import audit
from marketplace.worker import deposits
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member

DEAR = Terms(deposit_threshold_minor=100_00, deposit_minor=50_00)
"""A lot of a hundred or more asks for fifty."""

_numbers = itertools.count(1)


def a_club() -> tuple[Group, Person, Person]:
    """A group whose dear lots ask for a deposit, its treasurer, and a member."""
    group = a_group(terms=DEAR)
    return group, a_member(group, Role.TREASURER, name="Theo Treasurer"), a_member(group, name="Marta Lind")


def treasurer_of(group_id: int, person_id: int) -> int:
    """Somebody else who may confirm this person's money."""
    officers = groups.officers(group_id, (Role.TREASURER, Role.OWNER))
    return next(officer.person_id for officer in officers if officer.person_id != person_id)


def claim(group: Group, person: Person, **how: Any) -> None:
    putting_up.say_sent(group_id=group.id, by=person.id, **how)


def confirm(group: Group, person: Person, minor: int = 50_00, **how: Any) -> Outcome:
    """The treasurer finds so much of his."""
    by = how.pop("by", None) or treasurer_of(group.id, person.id)
    reference = how.pop("bank_reference", f"deposit line {next(_numbers)}")
    amount = Money(minor, group.currency)
    return putting_up.confirm(
        group_id=group.id, person_id=person.id, by=by, amount=amount, bank_reference=reference, **how
    )


def a_deposit(
    group: Group, person: Person, state: State = State.STANDING, minor: int = 50_00
) -> Deposit:  # fmt: skip
    """His deposit in this state."""
    claim(group, person)
    if state is not State.CLAIMED:
        confirm(group, person, minor)
    if state is State.RETURN_ASKED:
        putting_up.ask_return(group_id=group.id, by=person.id)
    if state is State.EMPTY:
        putting_up.ask_return(group_id=group.id, by=person.id)
        give_back()
    return fresh(group, person)


def fresh(group: Group, person: Person) -> Deposit:
    """As it stands in the database now."""
    db.session.rollback()
    found = finding.deposit_of(group.id, person.id)
    assert found is not None
    return found


def an_unpaid_order(group: Group, buyer: Person, seller: Person, hammer: int = 132_00) -> int:
    """An order that its buyer left unpaid; its number. Time goes on for it alone."""
    order = an_order(group=group, buyer=buyer, seller=seller, hammer=hammer, shipping=10_00)
    assert order.deadline is not None
    with clock.at(order.deadline):
        orders._lapse_one(order.id)
    return order.id


def give_back() -> int:
    """The worker comes by."""
    return deposits.return_due_deposits()


def lapse() -> None:
    """The worker comes by, until nothing is due."""
    while lapsing.lapse_due_deposits():
        pass


def after(days: float) -> Any:
    """Inside, so many days have gone by."""
    return clock.at(clock.now() + timedelta(days=days))


def payouts_to(group: Group, person: Person) -> list[DepositPayout]:
    db.session.rollback()
    return queries.own(group.id, person.id).payouts


def pay_out(payout: DepositPayout, **how: Any) -> Outcome:
    by = how.pop("by", None) or treasurer_of(payout.group_id, payout.payee_id)
    reference = how.pop("bank_reference", f"deposit payout {next(_numbers)}")
    return payouts.confirm_payout(payout_id=payout.id, by=by, bank_reference=reference, **how)


def findings() -> list[tuple[str, str]]:
    """Whatever is wrong with the books, by all audits that know of deposits."""
    db.session.rollback()
    found: Iterable[Any] = [*audit.findings(), *escrow.held_findings(), *proving.deposit_findings()]
    return [(each.what, each.sentence) for each in found]
