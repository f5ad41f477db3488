"""A deposit is put up, stands behind bids, goes back, and is forfeited; on both databases, and by two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from marketplace.accounts.models import Person
from marketplace.auctions import bidding, buying, chances, depositing, offering
from marketplace.auctions.chance_models import Chance
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.deposits import asking_rules, payouts, putting_up, queries, service, waiting
from marketplace.deposits.asking_rules import DepositNeeded
from marketplace.deposits.models import Deposit, DepositLine, DepositPayout, UnpaidOrder
from marketplace.deposits.payout_rules import Kind, State as PayoutState
from marketplace.deposits.rules import State
from marketplace.escrow import lapsing, queries as orders
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups import founding, members
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.money import Money, zero
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import deposit as account_of, gateway, guarantee_fund, payable
from marketplace.notifications.models import Notice
from marketplace.payments.models import Movement
from marketplace.payments.rules import State as MovementState
from tests.at_once import at_once
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.deposits import (
    DEAR,
    a_club,
    a_deposit,
    after,
    an_unpaid_order,
    claim,
    confirm,
    findings,
    fresh,
    give_back,
    lapse,
    pay_out,
    payouts_to,
)
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.factories.statements import statements


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def balance(account: str) -> int:
    db.session.rollback()
    return ledger.balance(account, "EUR").minor


def a_dear_lot(group: Group, **how: Any) -> Lot:
    seller = a_member(group, name="Sigrid Seller")
    return a_lot(an_item(seller, group), **({"opening": 100_00, "terms": DEAR} | how))


def told(person: Person) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)))


# ---- put up, and looked for ----


def test_what_the_treasurer_found_stands_and_lies_in_an_account_of_its_own(app: Flask) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    assert fresh(group, marta).state == State.CLAIMED
    assert told(treasurer) == ["deposit_said_sent"]
    assert confirm(group, marta, 50_00, bank_reference="D-1")
    found = fresh(group, marta)
    assert (found.state, found.held) == (State.STANDING, eur(50_00))
    assert balance(account_of(group.id, marta.id)) == balance(gateway(group.id)) == 50_00
    assert told(marta) == ["deposit_confirmed"]
    movement = db.session.scalars(select(Movement)).one()
    assert (movement.state, movement.person_id, movement.order_id) == (MovementState.CONFIRMED, marta.id, None)
    assert findings() == []


def test_the_same_form_twice_is_one_deed_and_the_same_line_of_the_bank_one_payment(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    claim(group, marta, client_key="one")
    claim(group, marta, client_key="one")
    assert confirm(group, marta, client_key="two", bank_reference="D-1") is Outcome.DONE
    assert confirm(group, marta, client_key="two", bank_reference="D-1") is Outcome.KNOWN
    with pytest.raises(Stale):
        confirm(group, marta, 60_00, client_key="two", bank_reference="D-1")
    with pytest.raises(RuleBroken, match="confirmed already") as refusal:
        confirm(group, marta, bank_reference="D-1")
    assert refusal.value.field == "bank_reference"
    assert confirm(group, marta, bank_reference="D-2") is Outcome.DONE
    assert fresh(group, marta).held == eur(100_00)


def test_nobody_confirms_his_own_and_no_member_anybodys(app: Flask) -> None:
    group, treasurer, marta = a_club()
    moderator = a_member(group, Role.MODERATOR)
    claim(group, treasurer)
    claim(group, marta)
    for by, whose in ((treasurer, treasurer), (marta, marta), (marta, treasurer), (moderator, marta)):
        refusal = NotAllowed if by is whose else NotFound
        with pytest.raises(refusal):
            confirm(group, whose, by=by.id)
        with pytest.raises(refusal):
            putting_up.not_found(group_id=group.id, person_id=whose.id, by=by.id)
    assert confirm(group, treasurer, by=group.founded_by)


def test_where_nobody_else_can_confirm_it_nothing_is_sent(app: Flask) -> None:
    group = a_group(terms=DEAR)
    owner = db.session.get_one(Person, group.founded_by)
    with pytest.raises(RuleBroken, match="another member treasurer"):
        claim(group, owner)


def test_strangers_have_no_deposit(app: Flask) -> None:
    group, treasurer, _marta = a_club()
    stranger = a_member(a_group())
    with pytest.raises(NotFound):
        claim(group, stranger)
    with pytest.raises(NotFound):
        confirm(group, stranger, by=treasurer.id)
    with pytest.raises(NotFound):
        queries.own(group.id, stranger.id)


def test_what_is_not_found_is_said_and_can_be_sent_again(app: Flask) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    putting_up.not_found(group_id=group.id, person_id=marta.id, by=treasurer.id)
    assert fresh(group, marta).state == State.EMPTY
    assert told(marta) == ["deposit_not_found"]
    claim(group, marta)
    assert fresh(group, marta).state == State.CLAIMED


def test_a_sleeping_treasurer_is_passed_over_and_then_it_lapses(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    moderator = a_member(group, Role.MODERATOR)
    claim(group, marta)
    with after(3.1):
        lapse()
        assert told(moderator) == ["deposit_said_sent"]
        assert [deposit.person_id for deposit in queries.queue_for(group.id, moderator.id).claims] == [marta.id]
    with after(5.1):
        lapse()
    assert fresh(group, marta).state == State.EMPTY
    assert told(marta) == ["deposit_not_confirmed"]
    assert confirm(group, marta)  # it was there after all
    assert fresh(group, marta).state == State.STANDING


# ---- behind bids ----


def test_a_dear_lot_takes_no_bid_without_one(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    lot = a_dear_lot(group)
    for bid in (
        lambda: a_bid(lot, marta, 110_00),
        lambda: bidding.try_bid(lot_id=lot.id, by=marta.id, maximum=eur(110_00)),
    ):
        with pytest.raises(DepositNeeded, match=r"EUR 50\.00"):
            bid()
    a_deposit(group, marta)
    assert bidding.try_bid(lot_id=lot.id, by=marta.id, maximum=eur(110_00)).leads
    assert a_bid(lot, marta, 110_00).leads


def test_nor_is_it_bought_at_once_or_offered_for(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    lot = a_dear_lot(group, buy_now_minor=200_00)
    asked = {"lot_id": lot.id, "by": marta.id, "price_seen": eur(200_00), "shipping_seen": lot.shipping}
    with pytest.raises(DepositNeeded):
        buying.buy_now(**asked)
    now = clock.now()
    past = a_dear_lot(group, state=LotState.PASSED, starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1))
    made = {"lot_id": past.id, "by": marta.id, "amount": eur(90_00), "shipping_seen": past.shipping, "client_key": "k"}
    with pytest.raises(DepositNeeded):
        offering.make_offer(**made)
    a_deposit(group, marta)
    offering.make_offer(**made)
    buying.buy_now(**asked)


def test_an_offer_made_before_is_not_accepted_once_the_deposit_is_lost(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    now = clock.now()
    lot = a_dear_lot(group, state=LotState.PASSED, starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1))
    offer = offering.make_offer(
        lot_id=lot.id, by=marta.id, amount=eur(90_00), shipping_seen=lot.shipping, client_key="k"
    )
    putting_up.ask_return(group_id=group.id, by=marta.id)
    with unit_of_work():  # that he asked for it back does not free him of what he offered
        depositing.check_offerers_deposit(db.session.get_one(Lot, lot.id), marta.id)
    an_unpaid_order(group, marta, a_member(group))
    with pytest.raises(RuleBroken, match="cannot buy here at present"):
        offering.accept(lot_id=lot.id, offer_id=offer.id, by=lot.seller_id)


def test_a_second_chance_goes_to_who_has_a_deposit(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    ferenc, anna = a_member(group, name="Ferenc"), a_member(group, name="Anna")
    lot = a_dear_lot(group)
    for person, maximum in ((anna, 110_00), (ferenc, 120_00), (marta, 130_00)):
        a_deposit(group, person)
        a_bid(lot, person, maximum)
    with unit_of_work():
        sold = db.session.get_one(Lot, lot.id)
        sold.state, sold.fell_through_at = LotState.SOLD, clock.now()
        db.session.execute(update(Deposit).where(Deposit.person_id == ferenc.id).values(state="empty", held_minor=0))
    chances.offer_next(lot_id=lot.id, unpaid_by=marta.id)
    assert db.session.scalars(select(Chance.person_id)).all() == [anna.id]
    db.session.rollback()
    putting_up.ask_return(group_id=group.id, by=anna.id)
    with pytest.raises(DepositNeeded, match="Keep it"):
        chances.take(lot_id=lot.id, by=anna.id, price_seen=lot.opening, shipping_seen=lot.shipping)


def test_what_a_lot_asks_is_fixed_when_it_starts(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    lot = a_dear_lot(group)
    cheap = a_dear_lot(group, opening=50_00)
    founding.change_terms(by=group.founded_by, group_id=group.id, terms=asking_terms(deposit_minor=500_00))
    a_deposit(group, marta, minor=50_00)
    assert a_bid(lot, marta, 110_00).leads
    assert a_bid(cheap, a_member(group), 110_00).leads


def asking_terms(**changes: Any) -> Any:
    return type(DEAR)(**(DEAR.as_dict() | changes))


def test_a_bid_asks_one_query_more_and_many_are_asked_of_at_once(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    group_id, marta_id = group.id, marta.id
    with unit_of_work(), statements() as sent:
        service.check(group_id, marta_id, asked=zero("EUR"), usual=eur(50_00))
        service.check(group_id, 10**6, asked=zero("EUR"), usual=eur(50_00))
    assert sum("FROM deposits" in statement for statement in sent) == 2
    assert sum(statement.startswith("SELECT") for statement in sent) == 2
    with statements() as sent:
        found = service.standings_of([(group_id, marta_id), (group_id, 999), (999, marta_id)])
    assert list(found) == [(group_id, marta_id)] and len([s for s in sent if "SELECT" in s]) == 1
    assert asking_rules.is_enough(found[group_id, marta_id], asked=eur(50_00), usual=eur(1), now=clock.now())


# ---- two unpaid orders ----


def test_after_two_unpaid_orders_every_lot_asks_him_and_nobody_else(app: Flask) -> None:
    group = a_group()
    a_member(group, Role.TREASURER)
    marta, seller = a_member(group, name="Marta"), a_member(group)
    cheap = a_lot(an_item(seller, group), opening=5_00)
    an_unpaid_order(group, marta, seller)
    assert a_bid(cheap, marta, 6_00).leads
    second = an_unpaid_order(group, marta, seller)
    assert "deposit_asked" in told(marta)
    with pytest.raises(DepositNeeded, match=r"EUR 50\.00"):
        a_bid(cheap, marta, 10_00)
    assert a_bid(cheap, a_member(group), 20_00).leads
    a_deposit(group, marta)
    assert a_bid(cheap, marta, 30_00).leads
    order = orders.order(second)
    service.note_unpaid(order_id=second, group_id=group.id, buyer_id=marta.id, seller_id=seller.id, title="told again",
                        total=order.facts().total, at=clock.now())  # fmt: skip
    assert fresh(group, marta).held == eur(50_00)
    assert len(db.session.scalars(select(UnpaidOrder)).all()) == 2
    with after(184):
        assert a_bid(a_lot(an_item(seller, group), opening=5_00), marta, 6_00).leads


# ---- forfeited ----


def test_an_unpaid_order_costs_it_half_to_the_seller_half_to_the_fund(app: Flask) -> None:
    group, treasurer, marta = a_club()
    seller = a_member(group, name="Sigrid")
    a_deposit(group, marta)
    order_id = an_unpaid_order(group, marta, seller)
    assert fresh(group, marta).state == State.EMPTY
    assert balance(account_of(group.id, marta.id)) == 0
    assert balance(payable(group.id, seller.id)) == balance(guarantee_fund(group.id)) == 25_00
    assert findings() == []
    [share] = payouts_to(group, seller)
    assert (share.kind, share.amount, share.order_id) == (Kind.SHARE, eur(25_00), order_id)
    assert {"order_unpaid", "deposit_forfeited"} <= set(told(marta))
    assert "deposit_share" in told(seller)
    assert {"deposit_forfeit_noted", "deposit_payout_to_make"} <= set(told(treasurer))
    with pytest.raises(DepositNeeded):
        a_bid(a_dear_lot(group), marta, 110_00)
    assert pay_out(share)
    assert balance(payable(group.id, seller.id)) == 0
    assert findings() == []


def test_never_more_than_the_order_came_to(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    an_unpaid_order(group, marta, a_member(group), hammer=5_00)
    assert fresh(group, marta).held == eur(35_00) and fresh(group, marta).state == State.STANDING
    assert balance(guarantee_fund(group.id)) == 7_50
    assert findings() == []


@pytest.mark.parametrize("state", [State.CLAIMED, State.RETURN_ASKED])
def test_what_is_there_is_forfeited_in_every_state(app: Flask, state: State) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    claim(group, marta) if state is State.CLAIMED else putting_up.ask_return(group_id=group.id, by=marta.id)
    an_unpaid_order(group, marta, a_member(group))
    assert fresh(group, marta).state == (State.CLAIMED if state is State.CLAIMED else State.EMPTY)
    assert fresh(group, marta).held == eur(0)
    assert findings() == []


@pytest.mark.parametrize(
    "ending", [OrderState.CANCELLED, OrderState.REFUNDED, OrderState.SPLIT, OrderState.DISPUTED, OrderState.CLOSED]
)
def test_no_other_end_of_an_order_costs_anything(app: Flask, ending: OrderState) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    an_order(ending, group=group, buyer=marta)
    while lapsing.lapse_due_orders():
        pass
    assert fresh(group, marta).held == eur(50_00)
    assert findings() == []


def test_nor_does_a_payment_that_no_officer_looked_at(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    order = an_order(OrderState.PAYMENT_CLAIMED, group=group, buyer=marta)
    with after(3.1):
        lapsing.lapse_due_orders()
    with after(5.2):
        lapsing.lapse_due_orders()
    assert orders.order(order.id).state == OrderState.CANCELLED
    assert fresh(group, marta).held == eur(50_00)


# ---- back ----


def test_it_goes_back_when_nothing_is_open(app: Flask) -> None:
    group, treasurer, marta = a_club()
    a_deposit(group, marta)
    lot = a_dear_lot(group)
    a_bid(lot, marta, 110_00)
    putting_up.ask_return(group_id=group.id, by=marta.id)
    assert give_back() == 0
    with pytest.raises(DepositNeeded, match="Keep it"):
        a_bid(lot, marta, 120_00)
    putting_up.keep(group_id=group.id, by=marta.id)
    a_bid(lot, marta, 120_00)
    putting_up.ask_return(group_id=group.id, by=marta.id)
    with unit_of_work():
        db.session.execute(update(Lot).values(state=LotState.WITHDRAWN))
    assert give_back() == 1
    assert fresh(group, marta).state == State.EMPTY
    [payout] = payouts_to(group, marta)
    assert (payout.kind, payout.amount, payout.state) == (Kind.RETURN, eur(50_00), PayoutState.DUE)
    assert balance(payable(group.id, marta.id)) == 50_00
    assert "deposit_payout_to_make" in told(treasurer) and "deposit_given_back" in told(marta)
    assert findings() == []
    assert pay_out(payout)
    assert balance(gateway(group.id)) == 0 and "deposit_payout_sent" in told(marta)
    assert findings() == []


def test_an_open_order_an_offer_and_a_second_chance_keep_it(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    order = an_order(group=group, buyer=marta)
    putting_up.ask_return(group_id=group.id, by=marta.id)
    assert give_back() == 0
    with unit_of_work():
        orders.order(order.id).state = OrderState.CANCELLED
    now = clock.now()
    lot = a_dear_lot(group, state=LotState.PASSED, starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1))
    chance = Chance(
        lot_id=lot.id, person_id=marta.id, currency="EUR", price_minor=1, offered_at=now, ends_at=now, state="open"
    )
    with unit_of_work():
        db.session.add(chance)
    with after(0.1):
        assert give_back() == 0
        with unit_of_work():
            db.session.execute(update(Chance).values(state="lapsed", settled_at=now))
    putting_up.keep(group_id=group.id, by=marta.id)
    offer = offering.make_offer(
        lot_id=lot.id, by=marta.id, amount=eur(90_00), shipping_seen=lot.shipping, client_key="k"
    )
    putting_up.ask_return(group_id=group.id, by=marta.id)
    assert give_back() == 0
    offering.withdraw(lot_id=lot.id, offer_id=offer.id, by=marta.id)
    with after(0.2):
        assert give_back() == 1


def test_what_waits_is_not_looked_at_all_the_time(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    an_order(group=group, buyer=marta)
    putting_up.ask_return(group_id=group.id, by=marta.id)
    give_back()
    look_at = fresh(group, marta).look_at
    assert look_at is not None and look_at > clock.now() + timedelta(minutes=9)


@pytest.mark.parametrize("way", ["leaves", "is removed", "group closes"])
def test_it_goes_back_by_itself_when_he_goes_or_the_group_closes(app: Flask, way: str) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    lot = a_dear_lot(group)
    a_bid(lot, marta, 110_00)
    if way == "leaves":
        members.leave_group(by=marta.id, group_id=group.id)
    elif way == "is removed":
        members.remove_member(by=group.founded_by, group_id=group.id, person_id=marta.id, reason="Rude.")
    else:
        founding.close_group(by=group.founded_by, group_id=group.id)
        assert give_back() == 0  # the lot runs on, and others may still bid
        a_deposit(group, a_member(group, name="Late"))
        with unit_of_work():
            db.session.execute(update(Lot).values(state=LotState.WITHDRAWN))
    with after(0.1):
        assert give_back() == (2 if way == "group closes" else 1)
    assert [payout.amount for payout in payouts_to(group, marta)] == [eur(50_00)]
    assert findings() == []
    assert give_back() == 0


def test_the_last_owner_of_a_closed_group_stays_until_the_last_deposit_is_paid_back(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    founding.close_group(by=group.founded_by, group_id=group.id)
    for _wait in ("it stands", "it is owed"):
        with pytest.raises(RuleBroken, match="deposits of members"):
            members.leave_group(by=group.founded_by, group_id=group.id)
        give_back()
    [payout] = payouts_to(group, marta)
    pay_out(payout)
    members.leave_group(by=group.founded_by, group_id=group.id)


def test_money_that_comes_after_he_has_gone_goes_back_too(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    claim(group, marta)
    members.leave_group(by=marta.id, group_id=group.id)
    assert confirm(group, marta, 30_00)
    assert give_back() == 1
    with pytest.raises(NotFound):
        claim(group, marta)
    assert [payout.amount for payout in payouts_to(group, marta)] == [eur(30_00)]


def test_a_payout_fails_goes_again_does_not_arrive_and_goes_again(app: Flask) -> None:
    group, treasurer, marta = a_club()
    a_deposit(group, marta, State.EMPTY)
    [payout] = payouts_to(group, marta)
    payouts.payout_failed(payout_id=payout.id, by=treasurer.id, reason="No such account.")
    assert told(marta)[-1] == "deposit_payout_failed"
    assert pay_out(payout, client_key="paid", bank_reference="P-1")
    assert pay_out(payout, client_key="paid", bank_reference="P-1") is Outcome.KNOWN
    payouts.payout_missing(payout_id=payout.id, by=marta.id)
    assert told(treasurer)[-1] == "deposit_payout_missing"
    assert balance(payable(group.id, marta.id)) == balance(gateway(group.id)) == 50_00
    assert findings() == []
    [payout] = payouts_to(group, marta)
    assert pay_out(payout)
    assert findings() == []
    tried = [movement.state for movement in queries.tries(payout)]
    assert tried == [MovementState.FAILED, MovementState.FAILED, MovementState.CONFIRMED]
    with after(15), pytest.raises(RuleBroken):
        payouts.payout_missing(payout_id=payout.id, by=marta.id)


def test_a_payout_is_not_the_payees_to_confirm_and_a_late_one_every_officers(app: Flask) -> None:
    group, treasurer, _marta = a_club()
    moderator = a_member(group, Role.MODERATOR)
    a_deposit(group, treasurer, State.EMPTY)
    [payout] = payouts_to(group, treasurer)
    with pytest.raises(NotAllowed):
        pay_out(payout, by=treasurer.id)
    with pytest.raises(NotFound):
        pay_out(payout, by=moderator.id)
    with after(2.1):
        lapse()
        assert told(moderator) == ["deposit_payout_to_make"]
        assert [each.id for each in queries.queue_for(group.id, moderator.id).payouts] == [payout.id]
        assert pay_out(payout, by=moderator.id)


def test_where_nobody_is_left_to_confirm_it_the_owners_hear_of_it(app: Flask) -> None:
    group, treasurer, _marta = a_club()
    owner = db.session.get_one(Person, group.founded_by)
    claim(group, owner)
    members.give_role(by=owner.id, group_id=group.id, person_id=treasurer.id, role=Role.MEMBER)
    with after(3.1):
        lapse()
    assert "deposit_confirmer_missing" in told(owner)


# ---- by two at once ----


def raced(app: Flask, *deeds: Callable[[], object]) -> list[BaseException]:
    return at_once(app, *deeds)


@pytest.mark.parametrize("attempt", range(4))
def test_a_bid_and_the_wish_to_have_it_back_at_the_same_moment(app: Flask, attempt: int) -> None:
    """Either the bid is refused, or it is there and the deposit stays."""
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    lot, group_id, marta_id = a_dear_lot(group), group.id, marta.id
    lot_id = lot.id

    def ask() -> None:
        putting_up.ask_return(group_id=group_id, by=marta_id)
        give_back()

    def bid() -> None:
        bidding.place_bid(lot_id=lot_id, by=marta_id, maximum=eur(110_00), client_key="k", confirmed=True)

    failures = raced(app, ask, bid)
    assert all(isinstance(failure, DepositNeeded) for failure in failures)
    leads = db.session.get_one(Lot, lot_id).leader_id == marta_id
    with after(0.1):
        give_back()
    assert leads == (not failures)
    assert (fresh(group, marta).state == State.RETURN_ASKED) == leads
    assert findings() == []


def test_a_bid_that_is_under_way_holds_the_deposit_until_it_is_written(app: Flask) -> None:
    """PostgreSQL: who asks it back waits for the bid. SQLite has one writer at a time anyway."""
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    lot = a_dear_lot(group)
    group_id, marta_id, lot_id = group.id, marta.id, lot.id
    db.session.rollback()
    is_back = threading.Event()

    def ask() -> None:
        with app.app_context():
            putting_up.ask_return(group_id=group_id, by=marta_id)
            give_back()
            is_back.set()

    with unit_of_work():
        bidding.place_bid(lot_id=lot_id, by=marta_id, maximum=eur(110_00), client_key="k", confirmed=True)
        thread = threading.Thread(target=ask)
        thread.start()
        assert not is_back.wait(0.5)
    thread.join()
    assert fresh(group, marta).state == State.RETURN_ASKED


def test_an_unpaid_order_and_the_wish_to_have_it_back_at_the_same_moment(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    order = an_order(group=group, buyer=marta)
    assert order.deadline is not None
    deadline, order_id, group_id, marta_id = order.deadline, order.id, group.id, marta.id
    putting_up.ask_return(group_id=group_id, by=marta_id)

    def end() -> None:
        with clock.at(deadline):
            lapsing._lapse_one(order_id)

    assert raced(app, end, give_back, give_back) == []
    assert fresh(group, marta).state == State.EMPTY
    assert balance(guarantee_fund(group.id)) == 25_00
    assert findings() == []


def test_two_officers_confirm_the_same_line_once_and_two_workers_give_back_once(app: Flask) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    group_id, marta_id, officers = group.id, marta.id, (treasurer.id, group.founded_by)

    def found(by: int) -> Callable[[], object]:
        return lambda: putting_up.confirm(
            group_id=group_id, person_id=marta_id, by=by, amount=eur(50_00), bank_reference="D-1"
        )

    failures = raced(app, *(found(by) for by in officers))
    assert [type(failure) for failure in failures] == [RuleBroken]
    assert fresh(group, marta).held == eur(50_00)
    putting_up.ask_return(group_id=group_id, by=marta_id)
    assert raced(app, *[give_back for _worker in range(3)]) == []
    assert db.session.scalars(select(DepositPayout.amount_minor)).all() == [50_00]
    assert findings() == []


def test_two_first_claims_at_once_are_one_deposit(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    group_id, marta_id = group.id, marta.id
    failures = raced(app, *[lambda: putting_up.say_sent(group_id=group_id, by=marta_id) for _click in range(3)])
    assert all(isinstance(failure, RuleBroken) for failure in failures) and len(failures) == 2
    assert len(db.session.scalars(select(Deposit)).all()) == 1


# ---- read ----


def test_what_waits_for_officers_is_counted_without_their_own(app: Flask) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    claim(group, treasurer)
    a_deposit(group, a_member(group), State.EMPTY)
    [wait] = waiting.waiting_for(treasurer.id)
    assert (wait.claims, wait.payouts, wait.group_name) == (1, 1, group.name)
    assert [found.claims for found in waiting.waiting_for(group.founded_by)] == [2]
    assert waiting.waiting_for(marta.id) == []
    assert queries.queue_for(group.id, treasurer.id).own == 1


def test_each_deed_leaves_a_line_in_the_trail_of_its_group(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    before = len(db.session.scalars(select(AuditLine).where(AuditLine.group_id == group.id)).all())
    a_deposit(group, marta, State.EMPTY)
    [payout] = payouts_to(group, marta)
    pay_out(payout)
    lines = db.session.scalars(select(AuditLine).where(AuditLine.group_id == group.id).order_by(AuditLine.id)).all()
    told_of = [line.what for line in lines[before:] if line.subject.startswith("deposit:")]
    assert told_of == [f"deposit: {deed}" for deed in (
        "say sent", "confirm", "ask return", "give back", "confirm payout")]  # fmt: skip
    assert [line.number for line in db.session.scalars(select(DepositLine).order_by(DepositLine.number))] == [
        1,
        2,
        3,
        4,
        5,
    ]
