"""What members owe a group is paid, or written off by two officers; and what the group has earned is paid to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.escrow import debt_paying, debts, fees, proving
from marketplace.escrow.debt_models import DebtDeed
from marketplace.escrow.debt_rules import TIME_TO_AGREE, check_paid, owed_more, stands, write_off_moves
from marketplace.escrow.fee_rules import State, available
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome, State as Course
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.ledger import audit, queries as books
from marketplace.ledger.rules import fees as fees_of, gateway, guarantee_fund, losses, moved, receivable
from marketplace.notifications.models import Notice
from marketplace.payments.asking import ask_gateways
from marketplace.payments.models import Movement
from marketplace.payments.rules import Through
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.claims import an_order_by_card
from tests.factories.debts import a_debt, earned, in_fund
from tests.factories.escrow import release
from tests.factories.groups import a_group, a_member
from tests.factories.payments import eur
from tests.factories.proposals import SLIP, approve, the_proposal
from tests.factories.stripe import hear, stripe_at


class Cast:
    """A group with its officers, and a member who owes 40.00."""

    def __init__(self) -> None:
        owner = a_person("Olga Owner")
        self.owner_id, group = owner.id, a_group(owner)
        self.group_id = group.id
        self.treasurer_id = a_member(group, Role.TREASURER).id
        self.moderator_id = a_member(group, Role.MODERATOR).id
        debtor = a_member(group)
        self.debtor_id = debtor.id
        a_debt(group, debtor)

    @property
    def group(self) -> Group:
        return db.session.get_one(Group, self.group_id)

    def owed(self) -> int:
        db.session.rollback()
        return books.balance(receivable(self.group_id, self.debtor_id), "EUR").minor

    def on(self, account: str) -> int:
        db.session.rollback()
        return books.balance(account, "EUR").minor

    def pays(
        self, minor: int, *, by: int | None = None, reference: str = "Line 1", key: str = "key-of-payment",
        slip: str | None = None,
    ) -> bool:  # fmt: skip
        return self.says(minor, by=by, reference=reference, key=key, slip=slip) is not Outcome.KNOWN

    def says(
        self, minor: int, *, by: int | None = None, reference: str = "Line 1", key: str = "key-of-payment",
        slip: str | None = None,
    ) -> Outcome:  # fmt: skip
        return debt_paying.confirm(
            group_id=self.group_id, person_id=self.debtor_id, by=by or self.treasurer_id, amount=eur(minor),
            bank_reference=reference, client_key=key, proof_key=slip,
        )  # fmt: skip

    def proposes(self, *, by: int | None = None, key: str = "key-of-proposal") -> None:
        debts.propose_write_off(
            group_id=self.group_id, person_id=self.debtor_id, by=by or self.owner_id, reason="Moved.", client_key=key
        )

    def agrees(self, by: int | None = None) -> None:
        debts.agree_write_off(group_id=self.group_id, person_id=self.debtor_id, by=by or self.moderator_id)

    def told(self, person_id: int) -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


@pytest.fixture
def cast(app: Flask) -> Cast:
    return Cast()


def check_books() -> None:
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []


def test_what_came_in_is_owed_no_more_and_stands_in_the_books_once(cast: Cast) -> None:
    assert cast.pays(15_00)
    assert not cast.pays(15_00), "the same form sent twice"
    assert (cast.owed(), cast.on(gateway(cast.group_id))) == (25_00, 15_00)
    movement = db.session.scalars(select(Movement).where(Movement.purpose.startswith("debt:"))).one()
    assert (movement.bank_reference, movement.confirmed_by) == ("Line 1", cast.treasurer_id)
    assert cast.told(cast.debtor_id) == ["debt_paid"]
    check_books()
    with pytest.raises(RuleBroken, match="confirmed already"):
        cast.pays(5_00, key="key-of-another")
    with pytest.raises(RuleBroken, match="at most"):
        cast.pays(25_01, reference="Line 2", key="key-of-a-third")


def test_only_what_makes_a_debt_larger_is_told_as_one() -> None:
    debt, other = receivable(1, 2), receivable(1, 3)
    moves = (
        *moved(debt, gateway(1), eur(5_00)), *moved(fees_of(1), debt, eur(2_00)), *moved(debt, losses(1), eur(1_00)),
        *moved(other, gateway(1), eur(3_00)), *moved(gateway(1), losses(1), eur(9_00)),
    )  # fmt: skip
    assert owed_more(moves) == {debt: eur(4_00), other: eur(3_00)}
    assert owed_more((*moves, *moved(fees_of(1), debt, eur(4_00)))) == {other: eur(3_00)}, "it is all paid at once"


def test_who_may_confirm(cast: Cast) -> None:
    for person_id in (cast.moderator_id, cast.debtor_id):
        with pytest.raises(NotAllowed):
            cast.pays(1_00, by=person_id)
    with pytest.raises(NotFound):
        cast.pays(1_00, by=a_person().id)
    a_debt(cast.group, db.session.get_one(Person, cast.treasurer_id))
    with pytest.raises(NotAllowed, match="own debt"):
        debt_paying.confirm(
            group_id=cast.group_id, person_id=cast.treasurer_id, by=cast.treasurer_id, amount=eur(1_00),
            bank_reference="Line 1", client_key="key-of-his-own",
        )  # fmt: skip


def a_strict_cast() -> tuple[Cast, Person]:
    """The treasurer confirms up to 30.00 alone; and the other owner, who can be his second."""
    cast = Cast()
    with unit_of_work():
        cast.group.terms = replace(cast.group.terms, officer_limit_minor=30_00)
    return cast, db.session.get_one(Person, cast.owner_id)


def test_above_the_limit_it_is_paid_once_a_second_officer_has_seen_the_slip(app: Flask) -> None:
    cast, owner = a_strict_cast()
    assert cast.says(20_00, reference="Line 1", key="key-of-a-part") is Outcome.DONE
    with pytest.raises(RuleBroken, match="would pass your limit"):
        cast.says(20_00, reference="Line 2")
    assert cast.says(20_00, reference="Line 2", slip=SLIP) is Outcome.PROPOSED
    assert cast.says(20_00, reference="Line 2", slip=SLIP) is Outcome.STILL_WAITS
    assert cast.owed() == 20_00
    with pytest.raises(RuleBroken, match="waits for a second officer"):
        cast.says(5_00, by=cast.owner_id, reference="Line 3", key="key-of-another")
    assert approve(the_proposal(), owner) is Course.APPROVED
    assert cast.owed() == 0
    (deed,) = db.session.scalars(select(DebtDeed).where(DebtDeed.note == "Line 2")).all()
    assert (deed.by_id, deed.second_id) == (cast.treasurer_id, owner.id)
    movement = db.session.scalars(select(Movement).where(Movement.bank_reference == "Line 2")).one()
    assert (movement.confirmed_by, movement.proof_key) == (cast.treasurer_id, SLIP)
    check_books()


def test_the_debtor_is_no_second_for_what_he_owes(app: Flask) -> None:
    cast, owner = a_strict_cast()
    a_debt(cast.group, owner, 35_00)
    debt_paying.confirm(
        group_id=cast.group_id, person_id=owner.id, by=cast.treasurer_id, amount=eur(35_00), bank_reference="Line 1",
        client_key="key-of-payment", proof_key=SLIP,
    )  # fmt: skip
    with pytest.raises(NotFound):
        approve(the_proposal(), owner)
    assert cast.owed() == 40_00


def test_what_was_written_off_meanwhile_is_not_paid(app: Flask) -> None:
    cast, owner = a_strict_cast()
    cast.says(40_00, slip=SLIP)
    cast.proposes()
    cast.agrees()
    assert the_proposal().state == Course.OVERTAKEN
    assert cast.owed() == 0
    with pytest.raises(RuleBroken):
        approve(the_proposal(), owner)
    assert db.session.scalars(select(Movement)).all() == []
    check_books()


def test_a_form_that_was_used_says_nothing_else(app: Flask, cast: Cast) -> None:
    cast.says(15_00)
    with pytest.raises(Stale):
        cast.says(16_00)
    assert cast.owed() == 25_00


def test_two_who_confirm_the_last_of_it_at_once_confirm_it_once(app: Flask, cast: Cast) -> None:
    def confirms(number: int) -> Callable[[], object]:
        return lambda: cast.pays(40_00, reference=f"Line {number}", key=f"key-of-payment-{number}")

    (refused,) = at_once(app, confirms(1), confirms(2))
    assert isinstance(refused, RuleBroken)
    assert cast.owed() == 0
    check_books()


def test_the_word_of_an_owner_who_is_none_any_more_writes_nothing_off(cast: Cast) -> None:
    other = a_member(cast.group, Role.OWNER)
    cast.proposes()
    members.give_role(by=other.id, group_id=cast.group_id, person_id=cast.owner_id, role=Role.MEMBER)
    with pytest.raises(RuleBroken, match="is no owner any more"):
        cast.agrees(cast.moderator_id)
    assert cast.owed() == 40_00
    debts.drop_write_off(group_id=cast.group_id, person_id=cast.debtor_id, by=cast.moderator_id)
    cast.proposes(by=other.id, key="key-of-another")
    cast.agrees(cast.moderator_id)
    assert cast.owed() == 0


def test_the_fund_bears_what_is_written_off_and_then_the_group(cast: Cast) -> None:
    in_fund(cast.group, 30_00)
    cast.proposes()
    assert cast.told(cast.moderator_id) == ["write_off_proposed"]
    assert cast.told(cast.owner_id) == []
    assert [each.person_id for each in debts.proposals_for(cast.moderator_id)] == [cast.debtor_id]
    assert debts.proposals_for(cast.owner_id) == debts.proposals_for(cast.debtor_id) == []
    with pytest.raises(NotAllowed, match="another officer"):
        cast.agrees(cast.owner_id)
    cast.agrees()
    assert (cast.owed(), cast.on(guarantee_fund(cast.group_id)), cast.on(losses(cast.group_id))) == (0, 0, 10_00)
    assert cast.told(cast.debtor_id) == ["debt_written_off"]
    with pytest.raises(RuleBroken, match="Nothing is proposed"):
        cast.agrees()
    with pytest.raises(RuleBroken, match="Nothing is owed"):
        cast.proposes(key="key-of-another")
    check_books()


def test_what_was_paid_meanwhile_is_not_written_off(cast: Cast) -> None:
    cast.proposes()
    cast.pays(25_00)
    cast.agrees()
    assert (cast.owed(), cast.on(losses(cast.group_id))) == (0, 15_00)


def test_who_may_write_off(cast: Cast) -> None:
    for person_id in (cast.treasurer_id, cast.moderator_id, cast.debtor_id):
        with pytest.raises(NotAllowed):
            cast.proposes(by=person_id)
    cast.proposes()
    with pytest.raises(RuleBroken, match="proposed already"):
        cast.proposes(key="key-of-another")
    with pytest.raises(NotAllowed):
        cast.agrees(cast.debtor_id)


def test_a_proposal_is_dropped_or_lapses_and_can_be_made_again(cast: Cast) -> None:
    cast.proposes()
    debts.drop_write_off(group_id=cast.group_id, person_id=cast.debtor_id, by=cast.treasurer_id)
    cast.proposes(key="key-of-another")
    with clock.at(clock.now() + TIME_TO_AGREE):
        assert debts.proposals_for(cast.moderator_id) == []
        with pytest.raises(RuleBroken, match="Nothing is proposed"):
            cast.agrees()
        cast.proposes(key="key-of-a-third")
        cast.agrees()
    assert cast.owed() == 0


def test_a_debt_is_seen_by_the_debtor_and_the_officers(cast: Cast) -> None:
    own = debts.debt_of(cast.group_id, cast.debtor_id)
    assert own.amount == eur(40_00)
    assert [line.amount for line in own.lines] == [eur(40_00)]
    assert own.reference.startswith("O-")
    assert debts.own_debts(cast.debtor_id) == {cast.group_id: eur(40_00)}
    assert debts.own_debts(cast.moderator_id) == {}
    assert debts.debts_of_group(cast.group_id, cast.moderator_id) == {cast.debtor_id: eur(40_00)}
    with pytest.raises(NotAllowed):
        debts.debts_of_group(cast.group_id, cast.debtor_id)
    with pytest.raises(NotFound):
        debts.debt_for(cast.group_id, cast.moderator_id, cast.treasurer_id)
    with pytest.raises(NotFound):
        debts.debt_of(cast.group_id, a_person().id)


def test_the_law_of_debts_and_fees_by_itself() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert stands(now, now=now + TIME_TO_AGREE - timedelta(seconds=1))
    assert not stands(now, now=now + TIME_TO_AGREE)
    check_paid(eur(10), eur(10))
    for wrong in (eur(0), eur(11)):
        with pytest.raises(RuleBroken):
            check_paid(eur(10), wrong)
    assert [move.amount.minor for move in write_off_moves(1, 2, eur(10), fund=eur(4))] == [4, 6]
    assert [move.amount.minor for move in write_off_moves(1, 2, eur(10), fund=eur(40))] == [10]
    for earned_minor, there, theirs, asked, most in [
        (10, 100, 90, 0, 10), (10, 95, 90, 0, 5), (10, 80, 90, 0, 0), (10, 100, 0, 4, 6), (0, 100, 0, 0, 0),
    ]:  # fmt: skip
        found = available(earned=eur(earned_minor), at_processor=eur(there), of_others=eur(theirs), asked=eur(asked))
        assert found == eur(most)


def a_rich_group(app: Flask) -> Cast:
    cast = Cast()
    earned(cast.group, 90_00)  # 40.00 of it is away, and owed
    return cast


def test_fees_are_asked_for_and_paid_once(app: Flask) -> None:
    cast, operator = a_rich_group(app), a_person(is_operator=True)
    assert fees.earnings_of(cast.group_id).available == eur(50_00)
    with pytest.raises(RuleBroken, match="at most"):
        fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(50_01))
    fees.ask(group_id=cast.group_id, by=cast.treasurer_id, amount=eur(30_00))
    with pytest.raises(RuleBroken, match="asked already"):
        fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(1_00))
    (request,) = fees.open_requests()
    fees.confirm_paid(request_id=request.id, by=operator.id, reference="Wire 7")
    assert cast.on(fees_of(cast.group_id)) == 60_00
    assert cast.on(gateway(cast.group_id, Through.STRIPE)) == 20_00
    assert cast.told(cast.treasurer_id) == ["fees_paid"]
    for again in (
        lambda number, by: fees.confirm_paid(request_id=number, by=by, reference="Wire 8"),
        lambda number, by: fees.decline(request_id=number, by=by, reason="No."),
    ):
        with pytest.raises(NotFound):
            again(request.id, operator.id)
    check_books()


def test_what_a_bank_took_meanwhile_is_not_paid_to_the_group(app: Flask) -> None:
    cast, operator = a_rich_group(app), a_person(is_operator=True)
    fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(50_00))
    a_debt(cast.group, db.session.get_one(Person, cast.debtor_id), 20_00)
    (request,) = fees.open_requests()
    with pytest.raises(RuleBroken, match="not there any more"):
        fees.confirm_paid(request_id=request.id, by=operator.id, reference="Wire 7")
    fees.decline(request_id=request.id, by=operator.id, reason="A bank took 20.00 of it.")
    fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(30_00))
    fees.confirm_paid(request_id=fees.open_requests()[0].id, by=operator.id, reference="Wire 8")
    assert cast.on(gateway(cast.group_id, Through.STRIPE)) == 0


def test_what_is_held_for_others_cannot_be_asked_for(app: Flask) -> None:
    with stripe_at(app) as stripe:
        order = an_order_by_card(stripe, OrderState.INSPECTING)
        earned(db.session.get_one(Group, order.group_id), 2_00)
        before = fees.earnings_of(order.group_id).available
        release(order)
        ask_gateways()
        hear(stripe)
        after = fees.earnings_of(order.group_id)
    assert before < eur(2_00), "the processor kept a fee of what is held"
    assert after.earned == after.available == eur(8_60)


def test_a_request_is_declined_or_taken_back_and_another_can_be_made(app: Flask) -> None:
    cast, operator = a_rich_group(app), a_person(is_operator=True)
    fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(30_00))
    fees.decline(request_id=fees.open_requests()[0].id, by=operator.id, reason="Say where to.")
    assert cast.told(cast.owner_id)[-1] == "fees_declined"
    fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(50_00))
    assert not fees.earnings_of(cast.group_id).available
    fees.take_back(group_id=cast.group_id, by=cast.treasurer_id)
    with pytest.raises(RuleBroken, match="Nothing is asked"):
        fees.take_back(group_id=cast.group_id, by=cast.treasurer_id)
    states = [each.state for each in fees.earnings_of(cast.group_id).requests]
    assert states == [State.WITHDRAWN, State.DECLINED]


def test_fees_go_into_the_fund_once_and_not_those_that_are_asked_for(app: Flask) -> None:
    cast = a_rich_group(app)
    fees.ask(group_id=cast.group_id, by=cast.owner_id, amount=eur(50_00))
    for _press in range(2):
        fees.fill_fund(group_id=cast.group_id, by=cast.owner_id, amount=eur(10_00), client_key="key-of-the-fund")
    assert (cast.on(fees_of(cast.group_id)), cast.on(guarantee_fund(cast.group_id))) == (80_00, 10_00)
    with pytest.raises(RuleBroken, match="at most"):
        fees.fill_fund(group_id=cast.group_id, by=cast.owner_id, amount=eur(30_01), client_key="key-of-another")
    check_books()


def test_who_asks_and_who_fills_the_fund(app: Flask) -> None:
    cast = a_rich_group(app)
    for person_id in (cast.moderator_id, cast.debtor_id):
        with pytest.raises(NotAllowed):
            fees.ask(group_id=cast.group_id, by=person_id, amount=eur(1_00))
    with pytest.raises(NotAllowed):
        fees.fill_fund(group_id=cast.group_id, by=cast.treasurer_id, amount=eur(1_00), client_key="key-of-it")
