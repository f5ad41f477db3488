"""The month's balance is attested by a second officer, once, for good; and asked for twice at most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.models import Person
from marketplace.bankbook import attesting, reminding
from marketplace.bankbook.attesting_rules import Check
from marketplace.bankbook.models import Attestation, AttestationCalendar
from marketplace.escrow import paying
from marketplace.escrow.order_rules import State
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly
from marketplace.kernel.money import Money
from marketplace.ledger import queries as ledger
from marketplace.notifications.models import Notice
from tests.factories.accounts import a_person
from tests.factories.bank import kept
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.factories.proposals import SLIP, a_strict_group, approve, the_proposal
from tests.factories.together import at_once

MAY = date(2026, 5, 1)
IN_MAY, IN_JUNE = datetime(2026, 5, 20, 10, tzinfo=UTC), datetime(2026, 6, 3, 10, tzinfo=UTC)


@contextmanager
def on(month: int, day: int, hour: int = 10) -> Iterator[None]:
    with clock.at(datetime(2026, month, day, hour, tzinfo=UTC)):
        yield


def a_club() -> tuple[Group, Person, Person]:
    """A group with an owner, and a treasurer who confirmed 142.00 in May."""
    group = a_group()
    owner = db.session.get_one(Person, groups.officers(group.id, (Role.OWNER,))[0].person_id)
    treasurer = a_member(group, Role.TREASURER, name="Theo Treasurer")
    with clock.at(IN_MAY):
        an_order(State.HELD, group=group)
    return group, owner, treasurer


def confirmer_in(group: Group) -> int:
    return next(iter(attesting.officers_of(group, IN_MAY, IN_JUNE).confirmed))


def others(group: Group) -> list[int]:
    """Officers who confirmed nothing in May."""
    return [each.person_id for each in groups.officers(group.id) if each.person_id != confirmer_in(group)]


def attest(group: Group, by: int, minor: int = 142_00, *, month: date = MAY, note: str = "") -> bool:
    return attesting.attest(by=by, group_id=group.id, month=month, bank=Money(minor, "EUR"), note=note)


def the_one(group: Group, month: date = MAY) -> Attestation:
    found = attesting.attestation_of(group.id, month)
    assert found is not None
    return found


def told(kind: str) -> list[int]:
    return sorted(db.session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


def test_it_holds_the_books_of_that_moment_and_their_seal(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    with on(6, 3):
        an_order(State.HELD, group=group)  # money of June is not in it
        assert attest(group, others(group)[0])
        assert not attest(group, others(group)[0])  # a double click
    found = the_one(group)
    assert (found.books_minor, found.bank_minor, found.difference_minor) == (142_00, 142_00, 0)
    assert (found.independence, found.attested_by) == (Check.INDEPENDENT, others(group)[0])
    assert found.seal == ledger.transfer(group.id, found.number).hash
    assert found.number == 1
    assert told("balance_differs") == []


def test_a_difference_is_said_and_every_officer_hears_it(app: Flask) -> None:
    group, owner, treasurer = a_club()
    by = others(group)[0]
    with on(6, 3):
        with pytest.raises(RuleBroken) as refused:
            attest(group, by, 140_00)
        assert refused.value.field == "note"
        attest(group, by, 140_00, note="The bank kept 2.00.")
    assert the_one(group).difference == Money(-2_00, "EUR")
    assert told("balance_differs") == [each for each in sorted((owner.id, treasurer.id)) if each != by]


def test_who_confirmed_money_does_not_attest_it(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    with on(6, 3):
        with pytest.raises(NotAllowed, match="confirmed money"):
            attest(group, confirmer_in(group))
        attest(group, others(group)[0])


def test_who_approved_it_as_the_second_officer_does_not_either(app: Flask) -> None:
    with clock.at(IN_MAY):
        group, agnes, hedwig = a_strict_group(100_00)
        order = an_order(State.PAYMENT_CLAIMED, group=group)
        said = {"amount": Money(142_00, "EUR"), "bank_reference": "line 1", "proof_key": SLIP}
        paying.confirm_payment(order_id=order.id, by=agnes.id, **said)
        approve(the_proposal(), hedwig)
    irma = a_member(group, Role.MODERATOR)
    with on(6, 3):
        for confirmed in (agnes, hedwig):
            with pytest.raises(NotAllowed, match="confirmed money"):
                attest(group, confirmed.id)
        attest(group, irma.id)
    assert the_one(group).independence == Check.INDEPENDENT


def test_who_imported_the_statement_does_not_either(app: Flask) -> None:
    group, owner, treasurer = a_club()
    confirmed = confirmer_in(group)
    importer = next(person for person in (owner, treasurer) if person.id != confirmed)
    with on(5, 28):
        kept(group, (-1, "Dues", 1_00), by=importer)
    with on(6, 3):
        with pytest.raises(NotAllowed, match="imported"):
            attest(group, importer.id)
        attest(group, confirmed)
    assert the_one(group).independence == Check.CONFIRMED


def test_the_only_officer_attests_and_it_is_said_that_nobody_else_looked(app: Flask) -> None:
    group = a_group()
    owner = groups.officers(group.id)[0].person_id
    with clock.at(IN_MAY):
        an_order(State.HELD, group=group)
    with unit_of_work():  # the treasurer of the factory goes again
        for each in groups.officers(group.id, (Role.TREASURER, Role.MODERATOR)):
            each.role, each.officer_since = Role.MEMBER, None
    with on(6, 3):
        attest(group, owner)
    assert the_one(group).independence == Check.ALONE


def test_only_officers_attest_and_only_months_that_are_over(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    by = others(group)[0]
    with on(6, 3):
        for person, refusal in ((a_member(group), NotAllowed), (a_person(), NotFound)):
            with pytest.raises(refusal):
                attest(group, person.id)
        with pytest.raises(TooEarly):
            attest(group, by, month=date(2026, 6, 1))
        with pytest.raises(RuleBroken):
            attest(group, by, month=date(2026, 4, 1))
    empty = a_group()
    with pytest.raises(RuleBroken, match="nothing to attest"):
        attest(empty, groups.officers(empty.id)[0].person_id, month=date(2026, 6, 1))


def test_what_was_attested_stays(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    moderator = a_member(group, Role.MODERATOR)
    with on(6, 3):
        attest(group, others(group)[0])
        with pytest.raises(Stale):
            attest(group, moderator.id, 1_00, note="Another word.")
    for statement in (update(Attestation).values(bank_minor=1), delete(Attestation)):
        with pytest.raises(DBAPIError, match="never changed"), unit_of_work():
            db.session.execute(statement)
        db.session.rollback()
    assert the_one(group).bank_minor == 142_00


def test_two_officers_at_once_attest_it_once(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    people = [others(group)[0], a_member(group, Role.MODERATOR).id]
    place = group.id

    def say(person_id: int) -> bool:
        with clock.at(IN_JUNE):
            try:
                bank = Money(142_00, "EUR")
                return attesting.attest(by=person_id, group_id=place, month=MAY, bank=bank, note="")
            except Stale:
                return False

    assert sorted(at_once(app, *[lambda person=person: say(person) for person in people])) == [False, True]


# ---- The calendar ----


def work(month: int, day: int, hour: int = 10) -> None:
    with on(month, day, hour):
        while reminding.ask_for_attestations():
            pass


def test_officers_are_asked_on_the_first_and_on_the_eighth_and_never_twice(app: Flask) -> None:
    _group, owner, treasurer = a_club()
    everybody = sorted((owner.id, treasurer.id))
    work(5, 31, 21)
    assert told("attestation_due") == []
    for _ in range(2):
        work(5, 31, 22)  # midnight in Vienna
    assert told("attestation_due") == everybody
    work(6, 5)
    assert told("attestation_due_again") == []
    for _ in range(2):
        work(6, 8)
    assert told("attestation_due_again") == everybody
    work(7, 1)
    assert told("attestation_due") == sorted(everybody * 2)  # for June: money lies there still


def test_who_has_attested_is_not_asked_again(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    work(6, 1)
    with on(6, 3):
        attest(group, others(group)[0])
    work(6, 8)
    assert told("attestation_due_again") == []


def test_a_group_whose_money_is_all_gone_is_not_asked(app: Flask) -> None:
    group = a_group()
    a_member(group, Role.TREASURER)
    with clock.at(IN_MAY):
        an_order(State.CLOSED, group=group, hammer=100_00, shipping=0)
    fees = attesting.books_at(group, IN_JUNE)
    assert fees  # what the group earned lies there
    work(6, 1)
    assert told("attestation_due")
    other = a_group()
    work(7, 1)
    assert db.session.get(AttestationCalendar, other.id) is None


def test_two_workers_ask_once(app: Flask) -> None:
    _group, owner, treasurer = a_club()

    def ask() -> int:
        with on(6, 1):
            return reminding.ask_for_attestations()

    at_once(app, ask, ask)
    assert told("attestation_due") == sorted((owner.id, treasurer.id))


def test_what_is_due_is_counted_for_the_operators(app: Flask) -> None:
    a_club()
    assert reminding.to_ask(datetime(2026, 5, 31, 21, tzinfo=UTC)) == (0, 0)
    assert reminding.to_ask(datetime(2026, 5, 31, 22, 30, tzinfo=UTC)) == (1, 0)
    assert reminding.to_ask(IN_JUNE) == (1, 1)


def test_months_that_nobody_attested_stay_to_be_seen(app: Flask) -> None:
    group, _owner, _treasurer = a_club()
    with on(8, 3):
        attest(group, others(group)[0], month=date(2026, 6, 1))
        months = attesting.months_of(group)
    assert [(each.first_day.month, each.attestation is not None) for each in months] == [
        (7, False), (6, True), (5, False),
    ]  # fmt: skip
    assert attesting.months_of(a_group()) == []
