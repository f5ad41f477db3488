"""What the bank's lines are taken for, by itself and by officers, and what stays unexplained."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.bankbook import matching, queries
from marketplace.bankbook.queries import Awaited, Way
from marketplace.deposits.reference_rules import reference_of as deposit_reference
from marketplace.escrow import debt_paying, payouts
from marketplace.escrow.debt_rules import reference_of as debt_reference
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.money import Money
from marketplace.payments.bank_matching_rules import LineState, Own
from marketplace.payments.bank_models import BankLine, BankMatch
from marketplace.payments.bank_reconciling import unexplained
from marketplace.payments.bank_reconciling_rules import Gap
from marketplace.payments.models import Movement
from tests.factories.bank import kept, lines_in, treasurer_in
from tests.factories.debts import a_debt
from tests.factories.deposits import DEAR, confirm as confirm_deposit
from tests.factories.escrow import an_order, confirm, fresh, pay_out
from tests.factories.groups import a_group, a_member
from tests.factories.together import at_once


def states(group: Group) -> list[str]:
    return [line.state for line in lines_in(group)]


def gaps(group: Group) -> list[tuple[Gap, int]]:
    return [(found.kind, found.amount_minor) for found in unexplained(group.id)]


def the_line(group: Group) -> BankLine:
    return lines_in(group)[-1]


def on(line: BankLine, person: Person | None = None) -> dict[str, int]:
    by = person or treasurer_in(db.session.get_one(Group, line.group_id))
    return {"line_id": line.id, "by": by.id, "group_id": line.group_id}


def candidate(line: BankLine) -> str:
    return queries.one_open(line).candidates[0].id


def matches(group: Group) -> int:
    return len(db.session.scalars(select(BankMatch).join(BankLine).where(BankLine.group_id == group.id)).all())


# ---- By itself ----


def test_a_payment_is_matched_by_the_reference_of_its_order(app: Flask) -> None:
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, f"Marta Lind {order.reference}", 142_00), balance=0)
    assert states(group) == [LineState.MATCHED] and the_line(group).decided_by is None
    assert gaps(group) == []
    assert [each.order_id for each in queries.matched_with(the_line(group))] == [order.id]


def test_a_line_that_came_first_is_matched_when_the_officer_confirms(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, order.reference, 142_00), balance=0)
    assert gaps(group) == [(Gap.LINE, 142_00)]
    assert queries.one_open(the_line(group)).awaited == [Awaited(Way.PAYMENT, order.id)]
    confirm(order)
    assert states(group) == [LineState.MATCHED] and gaps(group) == []


def test_without_a_reference_the_officers_own_words_tell(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = db.session.get_one(Group, order.group_id)
    confirm(order, bank_reference="Marta Lind 2026-1117-04")
    kept(group, (-1, "MARTA LIND 2026 1117 04 SEPA", 142_00), (-1, "Somebody", 142_00))
    assert states(group) == [LineState.MATCHED, LineState.OPEN]


def test_two_that_look_alike_are_asked_about(app: Flask) -> None:
    group = a_group()
    orders = [an_order(State.PAYMENT_CLAIMED, group=group) for _ in range(2)]
    for order in orders:
        confirm(order, bank_reference="Lind family")
    kept(group, (-1, "LIND FAMILY", 142_00))
    assert states(group) == [LineState.OPEN]
    assert len(queries.one_open(the_line(group)).candidates) == 2


def test_one_line_pays_two_orders_that_it_names(app: Flask) -> None:
    group = a_group()
    seller, buyer = a_member(group), a_member(group)
    orders = [an_order(State.PAYMENT_CLAIMED, group=group, seller=seller, buyer=buyer) for _ in range(2)]
    kept(group, (-1, " ".join(order.reference for order in orders), 284_00), balance=0)
    confirm(orders[0])
    assert states(group) == [LineState.OPEN]
    confirm(orders[1])
    assert states(group) == [LineState.MATCHED] and matches(group) == 2 and gaps(group) == []


def test_a_payout_and_its_return_are_two_lines(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    group = db.session.get_one(Group, order.group_id)
    pay_out(order)
    paid = -fresh(order).facts().paid_seller.minor
    kept(group, (-1, order.reference, 142_00), (0, order.reference, paid), balance=0)
    assert states(group) == [LineState.MATCHED, LineState.MATCHED] and gaps(group) == []
    payouts.payout_missing(order_id=order.id, by=order.seller_id)
    assert [found.minor for found in queries.overview_of(group.id, by=treasurer_in(group).id).facts.booked] == [-paid]  # type: ignore[union-attr]
    kept(group, (0, f"RETURN {order.reference}", -paid), closing=142_00)
    assert states(group) == [LineState.MATCHED] * 3 and gaps(group) == []


def a_paid_debt(text: str) -> tuple[Group, Membership]:
    """A member owed 50.00 and paid it; the officer copied `text`."""
    group = a_group(terms=DEAR)
    marta = a_member(group)
    a_debt(group, marta, 50_00)
    amount, by = Money(50_00, "EUR"), treasurer_in(group).id
    debt_paying.confirm(
        group_id=group.id, person_id=marta.id, by=by, amount=amount, bank_reference=text, client_key="key-of-page"
    )
    return group, db.session.scalars(select(Membership).where(Membership.person_id == marta.id)).one()


def test_a_deposit_that_came_is_not_taken_for_a_debt_that_was_paid(app: Flask) -> None:
    group, membership = a_paid_debt("Line 17")
    kept(group, (-1, deposit_reference(membership.id), 50_00))
    assert states(group) == [LineState.OPEN]


def test_a_debt_is_matched_by_its_reference(app: Flask) -> None:
    group, membership = a_paid_debt("Line 17")
    kept(
        group, (-1, f"Marta Lind {debt_reference(membership.id)}", 50_00), (-1, deposit_reference(membership.id), 9_00)
    )
    assert states(group) == [LineState.MATCHED, LineState.OPEN]


def test_a_line_that_names_an_open_debt_leads_to_it_and_is_no_debtors_to_call(app: Flask) -> None:
    group = a_group()
    treasurer, owner = treasurer_in(group), a_member(group, Role.OWNER)
    a_debt(group, treasurer, 50_00)
    membership = db.session.scalars(select(Membership).where(Membership.person_id == treasurer.id)).one()
    kept(group, (-1, debt_reference(membership.id), 50_00))
    assert queries.one_open(the_line(group)).awaited == [Awaited(Way.DEBT, treasurer.id)]
    with pytest.raises(NotAllowed, match="your own money"):
        matching.call_own(**on(the_line(group)), kind=Own.NOT_OURS, note="Not mine.")
    matching.call_own(**on(the_line(group), owner), kind=Own.NOT_OURS, note="Not his.")


def test_a_deposit_is_matched_by_the_reference_of_the_membership(app: Flask) -> None:
    group = a_group(terms=DEAR)
    marta = a_member(group)
    membership = db.session.scalars(select(Membership).where(Membership.person_id == marta.id)).one()
    kept(group, (-1, deposit_reference(membership.id), 50_00), balance=0)
    assert queries.one_open(the_line(group)).awaited == [Awaited(Way.DEPOSIT, marta.id)]
    confirm_deposit(group, marta)
    assert states(group) == [LineState.MATCHED] and gaps(group) == []


def test_what_another_group_is_paid_for_is_not_named_here(app: Flask) -> None:
    group, elsewhere = a_group(), an_order(State.HELD)
    kept(group, (-1, elsewhere.reference, 142_00))
    assert states(group) == [LineState.OPEN] and the_line(group).about == []
    assert queries.one_open(the_line(group)).candidates == []


# ---- By an officer ----


def a_doubtful_line(minor: int = 142_00) -> tuple[Order, Group]:
    """A payment that was confirmed, and a line that does not say that it is this one."""
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, f"Lind {order.reference if minor != 142_00 else ''}", minor), balance=0)
    return order, group


def test_an_officer_says_which_payment_it_is_and_takes_it_back(app: Flask) -> None:
    _order, group = a_doubtful_line()
    assert states(group) == [LineState.OPEN]
    line = the_line(group)
    matching.match_line(**on(line), chosen=[candidate(line)], note="")
    line = the_line(group)
    assert (line.state, line.decided_by) == (LineState.MATCHED, treasurer_in(group).id) and gaps(group) == []
    with pytest.raises(Stale):
        matching.match_line(**on(line), chosen=["1:moved"], note="")
    matching.undo(**on(line))
    matching.undo(**on(line))
    assert states(group) == [LineState.OPEN] and matches(group) == 0


def test_nobody_takes_back_what_a_line_of_his_own_money_is_taken_for(app: Flask) -> None:
    group = a_group()
    treasurer, owner = treasurer_in(group), a_member(group, Role.OWNER)
    an_order(State.HELD, group=group, buyer=treasurer)
    kept(group, (-1, "Names nothing", 142_00), by=owner)
    matching.match_line(**on(the_line(group), owner), chosen=[candidate(the_line(group))], note="")
    with pytest.raises(NotAllowed, match="your own money"):
        matching.undo(**on(the_line(group), treasurer))
    assert states(group) == [LineState.MATCHED]


def test_what_an_officer_undid_is_not_matched_by_itself_again(app: Flask) -> None:
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, order.reference, 142_00))
    matching.undo(**on(the_line(group)))
    kept(group, (-1, "Dues", 1_00))
    assert states(group) == [LineState.OPEN, LineState.OPEN]


def test_sums_that_differ_need_a_word_and_are_counted(app: Flask) -> None:
    _order, group = a_doubtful_line(140_00)
    assert gaps(group) == [(Gap.AMOUNT, -2_00)]
    line = the_line(group)
    with pytest.raises(RuleBroken) as refused:
        matching.match_line(**on(line), chosen=[candidate(line)], note="")
    assert refused.value.field == "note"
    matching.match_line(**on(line), chosen=[candidate(line)], note="The bank kept 2.00.")
    assert the_line(group).difference_minor == -2_00 and gaps(group) == []


def test_nothing_or_something_that_is_gone_cannot_be_chosen(app: Flask) -> None:
    _order, group = a_doubtful_line()
    line = the_line(group)
    for chosen, refusal in (([], RuleBroken), (["x"], Stale), (["999999:moved"], Stale)):
        with pytest.raises(refusal) as refused:
            matching.match_line(**on(line), chosen=chosen, note="")
        assert refused.value.field == "chosen"


@pytest.mark.parametrize("kind", Own)
def test_what_is_none_of_ours_is_counted_in_the_difference(app: Flask, kind: Own) -> None:
    group = a_group()
    kept(group, (-1, "Account fee", -3_00), balance=0)
    assert gaps(group) == [(Gap.LINE, -3_00)]
    matching.call_own(**on(the_line(group)), kind=kind, note="As every month.")
    assert states(group) == [LineState.OWN] and gaps(group) == []
    matching.undo(**on(the_line(group)))
    assert gaps(group) == [(Gap.LINE, -3_00)] and the_line(group).own is None


def test_what_is_not_ours_or_names_an_order_needs_a_note(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, "Dues", 1_00), (-1, order.reference, 142_00))
    first, second = lines_in(group)
    for line, kind in ((first, Own.NOT_OURS), (second, Own.CHARGES)):
        with pytest.raises(RuleBroken) as refused:
            matching.call_own(**on(line), kind=kind, note="")
        assert refused.value.field == "note"
    matching.call_own(**on(first), kind=Own.CHARGES, note="")


def test_nobody_says_what_a_line_about_his_own_money_is(app: Flask) -> None:
    group = a_group()
    buyer = a_member(group, Role.OWNER)
    order = an_order(State.PAYMENT_CLAIMED, group=group, buyer=buyer)
    treasurer_in(group)
    say_nothing = {"kind": Own.NOT_OURS, "note": "Mine."}
    kept(group, (-1, order.reference, 142_00), (-1, "Lind", 142_00))
    named, bare = lines_in(group)
    with pytest.raises(NotAllowed):
        matching.call_own(**on(named, buyer), **say_nothing)
    confirm(order)
    matching.undo(**on(named))
    with pytest.raises(NotAllowed):
        matching.match_line(**on(bare, buyer), chosen=[candidate(bare)], note="")
    matching.match_line(**on(bare), chosen=[candidate(bare)], note="")


def test_only_who_handles_the_groups_money_says_what_a_line_is(app: Flask) -> None:
    _order, group = a_doubtful_line()
    line = the_line(group)
    for person, refusal in (
        (a_member(group, Role.MODERATOR), NotAllowed), (a_member(group), NotAllowed),
        (a_member(a_group(), Role.TREASURER), NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            matching.match_line(**on(line, person), chosen=[candidate(line)], note="")
        with pytest.raises(refusal):
            matching.undo(**on(line, person))
        with pytest.raises(refusal):
            matching.say_other(by=person.id, group_id=group.id, amount=Money(1, "EUR"), note="x")
    elsewhere = a_group()
    stranger = treasurer_in(elsewhere)
    kept(elsewhere, (-1, "Dues", 1_00))
    with pytest.raises(NotFound):
        matching.undo(line_id=line.id, by=stranger.id, group_id=elsewhere.id)


def test_two_officers_who_match_two_lines_with_one_payment_match_it_once(app: Flask) -> None:
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, "Lind one", 142_00), (-1, "Lind two", 142_00))
    chosen = candidate(the_line(group))
    places = [on(line) for line in lines_in(group)]

    def match(place: dict[str, int]) -> bool:
        try:
            matching.match_line(**place, chosen=[chosen], note="")
        except Stale:
            return False
        return True

    assert sorted(at_once(app, *[lambda place=place: match(place) for place in places])) == [False, True]
    assert sorted(states(group)) == [LineState.MATCHED, LineState.OPEN] and matches(group) == 1


# ---- The balance ----


def test_a_group_without_a_statement_has_nothing_to_explain(app: Flask) -> None:
    order = an_order(State.HELD)
    assert unexplained(order.group_id) == []


def test_money_that_lay_there_before_is_said_once(app: Flask) -> None:
    group = a_group()
    kept(group, (-1, "Dues", 10_00), balance=300_00)
    matching.call_own(**on(the_line(group)), kind=Own.NOT_OURS, note="Dues.")
    assert gaps(group) == [(Gap.BALANCE, 300_00)]
    matching.say_other(by=treasurer_in(group).id, group_id=group.id, amount=Money(300_00, "EUR"), note="Old dues.")
    assert gaps(group) == []


def test_a_payment_that_the_bank_does_not_know_is_found(app: Flask) -> None:
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    movement = db.session.scalars(select(Movement).where(Movement.order_id == order.id)).one()
    with clock.at(clock.now() + timedelta(days=8)):
        kept(group, (-9, "Dues", 10_00), (0, "Dues", 10_00))
    for line in lines_in(group):
        matching.call_own(**on(line), kind=Own.NOT_OURS, note="Dues.")
    found = unexplained(group.id)
    assert [(each.kind, each.amount_minor) for each in found] == [(Gap.PAYMENT, 142_00)]
    assert f"movement {movement.id}" in found[0].what


def test_the_payee_of_an_open_payout_is_named(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    group = db.session.get_one(Group, order.group_id)
    owed = order.facts().owed_seller.minor
    kept(group, (-1, order.reference, 142_00), (0, order.reference, -owed))
    assert queries.one_open(the_line(group)).awaited == [Awaited(Way.PAYOUT, order.id, Party.SELLER)]
