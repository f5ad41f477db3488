"""The law of escrow holds wherever a payment processor and a bank can lead an order: walked at random, but the same
every time, with every line of the processor's law taken somewhere."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.escrow.clause_rules import Clause, When
from marketplace.escrow.condition_rules import CONDITIONS
from marketplace.escrow.gateway_rules import GATEWAY_LAW, HOLDING
from marketplace.escrow.judging_rules import Verdict, expected_hold, judge, longest_hold
from marketplace.escrow.money_rules import owed, paid
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.escrow.rules import ENDED, LAW
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import escrow, gateway, losses, payable, processor_fee, receivable
from marketplace.payments.rules import Through

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BUYER, SELLER, GROUP = 1, 2, 3
TERMS = Terms(fee_basis_points=500, gateway=Through.STRIPE)
AT_STRIPE = gateway(GROUP, "stripe_connect")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def an_order(**changes: object) -> Order:
    new = Order(
        id=7, group_id=GROUP, state=State.AWAITING_PAYMENT, buyer_id=BUYER, seller_id=SELLER, hammer=eur(1000),
        shipping=eur(90), terms=TERMS, since=NOON, deadline=NOON + timedelta(days=3), held=eur(0), owed_buyer=eur(0),
        owed_seller=eur(0), paid_buyer=eur(0), paid_seller=eur(0),
    )  # fmt: skip
    return replace(new, **changes)  # type: ignore[arg-type]


def held(**changes: object) -> Order:
    return an_order(
        state=State.HELD, held=eur(1090), held_at=NOON, deadline=NOON + timedelta(days=7), processor_fee=eur(45)
    ) if not changes else replace(held(), **changes)  # type: ignore[arg-type]  # fmt: skip


def by_gateway(action: Action, minor: int | None = None, payee: Party | None = None) -> Deed:
    return Deed(action, Party.GATEWAY, None if minor is None else eur(minor), payee)


class Walk:
    """An order on its way, with the books."""

    def __init__(self, seed: int, taken: set[Clause]) -> None:
        self.dice, self.taken = random.Random(seed), taken
        self.order, self.books, self.now = an_order(), Counter[str](), NOON

    def facts(self) -> Order:
        return replace(
            self.order, seller_owes=eur(max(0, -self.books[receivable(GROUP, SELLER)])), fund=eur(20),
            buyer_owes=eur(max(0, -self.books[receivable(GROUP, BUYER)])),
            is_seller_member=self.order.id % 2 == 1,
        )  # fmt: skip

    def step(self) -> bool:
        self.now += timedelta(hours=self.dice.choice([0, 1, 30]))
        open_ = [(clause, deed) for clause, deed in self.possible() if self.holds(clause, deed)]
        if not open_:
            return False
        new = [(clause, deed) for clause, deed in open_ if clause not in self.taken]
        clause, deed = self.dice.choice(new or open_)
        self.take(judge(self.facts(), deed, now=self.at(clause)))
        self.taken.add(clause)
        return True

    def at(self, clause: Clause) -> datetime:
        if clause.action is Action.LAPSE and self.order.deadline:
            self.now = max(self.now, self.order.deadline)
        if clause.action in (Action.PROPOSE_OTHERWISE, Action.AGREE_OTHERWISE):
            self.now = max(self.now, (self.order.held_at or NOON) + timedelta(days=80))
        return self.now

    def holds(self, clause: Clause, deed: Deed) -> bool:
        kept = self.now
        holds = CONDITIONS[clause.when].holds(self.facts(), deed, self.at(clause))
        self.now = kept
        return holds

    def possible(self) -> Iterator[tuple[Clause, Deed]]:
        order = self.order
        for clause in LAW:
            if clause.given is not order.state or (clause.action is Action.NOTE_FEE and order.processor_fee):
                continue
            for payee in (Party.BUYER, Party.SELLER):
                for amount in self.amounts(clause, payee):
                    yield clause, Deed(clause.action, clause.by, amount, payee)

    def amounts(self, clause: Clause, payee: Party) -> list[Money | None]:
        order = self.order
        match clause.action:
            case Action.CONFIRM_PAYMENT if clause.by is Party.GATEWAY and order.paid_buyer + order.owed_buyer < eur(
                4000
            ):
                return [eur(1090), eur(700), eur(1200)]
            case Action.NOTE_FEE:
                return [eur(45)]
            case Action.DIVIDE:
                return [eur(300)]
            case Action.LOSE_CHARGEBACK:
                return [eur(1090), eur(500)]
            case Action.CONFIRM_PAYOUT | Action.PAYOUT_FAILED | Action.PAYOUT_WAITS if clause.by is Party.GATEWAY:
                is_little = order.paid_buyer + order.paid_seller < eur(4000)
                beyond = [owed(order, payee) + eur(100)] if clause.when is When.NOT_OWED_SO_MUCH and is_little else []
                return beyond or [owed(order, payee)]
            case Action.PAYOUT_BOUNCED | Action.REVERSE_PAYOUT | Action.PAYOUT_MISSING:
                whose = Party.SELLER if clause.action is Action.REVERSE_PAYOUT else payee
                return [paid(order, whose)] if whose is payee else []
        return [None]

    def take(self, verdict: Verdict) -> None:
        for move in verdict.moves:
            self.books[move.debit] -= move.amount.minor
            self.books[move.credit] += move.amount.minor
        was, self.order = self.order, verdict.order
        if self.order.state is State.HELD and was.state is not State.HELD and was.was is None:
            self.order = replace(self.order, held_at=self.now)
        self.check()

    def check(self) -> None:
        order, books = self.order, self.books
        assert books[escrow(7)] == order.held.minor == expected_hold(order).minor
        assert books[payable(GROUP, BUYER)] == order.owed_buyer.minor >= 0
        assert books[payable(GROUP, SELLER)] == order.owed_seller.minor >= 0
        assert order.paid_buyer.minor >= 0 and order.paid_seller.minor >= 0
        assert -books[processor_fee(7)] == (order.processor_fee or eur(0)).minor >= 0
        assert -books[receivable(GROUP, SELLER)] >= 0 and -books[receivable(GROUP, BUYER)] >= 0
        if order.state in ENDED:
            assert not order.held and not order.owed_buyer and not order.owed_seller and not order.processor_fee
        if order.state not in {*ENDED, State.DISPUTED, State.CHARGEBACK}:
            assert order.deadline is not None


def test_the_books_agree_wherever_a_processor_and_a_bank_lead_and_every_kind_of_line_is_taken() -> None:
    taken: set[Clause] = set()
    for seed in range(120):
        walk = Walk(seed, taken)
        for _ in range(25):
            if not walk.step():
                break
    kinds = {(clause.action, clause.when) for clause in GATEWAY_LAW}
    assert kinds - {(clause.action, clause.when) for clause in taken if clause in GATEWAY_LAW} == set()


def test_a_processor_has_nothing_to_say_about_a_treasurers_order() -> None:
    with pytest.raises(RuleBroken):
        judge(an_order(terms=Terms()), by_gateway(Action.SUBMIT_PAYMENT), now=NOON)


def test_a_treasurer_confirms_no_card_payment() -> None:
    with pytest.raises(RuleBroken, match="by card"):
        judge(an_order(), Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(1090)), now=NOON)


def test_a_bank_has_fourteen_days_and_then_nobody_is_punished() -> None:
    claimed = judge(an_order(), by_gateway(Action.SUBMIT_PAYMENT), now=NOON).order
    assert (claimed.state, claimed.deadline) == (State.PAYMENT_CLAIMED, NOON + timedelta(days=14))
    ended = judge(claimed, Deed(Action.LAPSE, Party.CLOCK), now=NOON + timedelta(days=14))
    assert ended.order.state is State.CANCELLED and ended.strike is None


def test_the_processors_fee_comes_from_the_sellers_proceeds() -> None:
    inspecting = held(state=State.INSPECTING)
    after = judge(inspecting, Deed(Action.CONFIRM_RECEIPT, Party.BUYER), now=NOON).order
    assert after.owed_seller == eur(1090 - 50 - 45)
    assert (after.borne, after.earned, after.processor_fee) == (eur(45), eur(50), eur(0))


def test_on_a_refund_the_party_at_fault_owes_the_fee_else_the_fund_and_then_the_group() -> None:
    cancelled = judge(held(), Deed(Action.CANCEL, Party.SELLER), now=NOON)
    assert (receivable(GROUP, SELLER), eur(45)) in [(move.debit, move.amount) for move in cancelled.moves]
    assert cancelled.order.owed_buyer == eur(1090)
    lapsed = judge(held(fund=eur(20)), Deed(Action.LAPSE, Party.CLOCK), now=NOON + timedelta(days=7))
    assert [(m.debit, m.amount.minor) for m in lapsed.moves[1:]] == [("guarantee_fund:3", 20), (losses(GROUP), 25)]


def test_a_fee_that_is_heard_of_after_the_release_is_owed_by_the_seller() -> None:
    closed = an_order(state=State.CLOSED, paid_seller=eur(1040), deadline=None)
    late = judge(closed, by_gateway(Action.NOTE_FEE, 45), now=NOON)
    assert [move.debit for move in late.moves] == [processor_fee(7), receivable(GROUP, SELLER)]
    assert late.order.state is State.CLOSED and not late.order.processor_fee


def test_what_he_owes_is_taken_out_of_his_next_proceeds() -> None:
    inspecting = held(state=State.INSPECTING, seller_owes=eur(300))
    after = judge(inspecting, Deed(Action.CONFIRM_RECEIPT, Party.BUYER), now=NOON).order
    assert (after.owed_seller, after.set_off) == (eur(1090 - 50 - 45 - 300), eur(300))
    broke = judge(replace(inspecting, seller_owes=eur(5000)), Deed(Action.CONFIRM_RECEIPT, Party.BUYER), now=NOON).order
    assert not broke.owed_seller
    assert judge(broke, Deed(Action.LAPSE, Party.CLOCK), now=NOON).order.state is State.CLOSED


@pytest.mark.parametrize("state", sorted(HOLDING))
def test_a_chargeback_that_is_won_gives_back_the_time_that_was_left(state: State) -> None:
    order = held(state=state, since=NOON, deadline=NOON + timedelta(days=5))
    frozen = judge(order, by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON + timedelta(days=2)).order
    assert (frozen.state, frozen.deadline, frozen.held) == (State.CHARGEBACK, None, eur(1090))
    for by, action in (
        (Party.BUYER, Action.CONFIRM_RECEIPT),
        (Party.CLOCK, Action.LAPSE),
        (Party.RULING, Action.RELEASE),
    ):
        with pytest.raises(RuleBroken):
            judge(frozen, Deed(action, by), now=NOON + timedelta(days=3))
    back = judge(frozen, by_gateway(Action.WIN_CHARGEBACK, 1090), now=NOON + timedelta(days=42)).order
    assert (back.state, back.since, back.deadline) == (state, NOON + timedelta(days=40), NOON + timedelta(days=45))
    assert back.was is None


def test_a_chargeback_that_is_lost_takes_what_is_held() -> None:
    frozen = judge(held(), by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    lost = judge(frozen, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
    assert lost.order.state is State.CLOSED and not lost.order.held
    assert (lost.moves[0].debit, lost.moves[0].credit, lost.moves[0].amount) == (escrow(7), AT_STRIPE, eur(1090))


def paid_out() -> Order:
    return held(
        state=State.CLOSED, held=eur(0), deadline=None, paid_seller=eur(995), paid_seller_at=NOON, earned=eur(50),
        borne=eur(45), processor_fee=eur(0),
    )  # fmt: skip


def test_after_the_release_the_sellers_part_waits_for_the_bank() -> None:
    frozen = judge(paid_out(), by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    back = judge(frozen, by_gateway(Action.REVERSE_PAYOUT, 995, Party.SELLER), now=NOON).order
    assert (back.state, back.owed_seller, back.paid_seller) == (State.CHARGEBACK, eur(995), eur(0))
    won = judge(back, by_gateway(Action.WIN_CHARGEBACK, 1090), now=NOON).order
    assert (won.state, won.owed_seller) == (State.PAYING_OUT, eur(995))
    lost = judge(back, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
    assert lost.order.state is State.CLOSED and not lost.order.owed_seller
    assert [(m.debit, m.amount.minor) for m in lost.moves] == [
        (payable(GROUP, SELLER), 995), ("fees:3", 50), (receivable(GROUP, SELLER), 45),
    ]  # fmt: skip


def test_a_reversal_that_failed_is_owed_by_the_seller_or_borne_by_the_fund_and_never_a_hole() -> None:
    frozen = judge(paid_out(), by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    lost = judge(frozen, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
    assert [(m.debit, m.amount.minor) for m in lost.moves] == [("fees:3", 50), (receivable(GROUP, SELLER), 1040)]
    gone = judge(
        replace(frozen, is_seller_member=False, fund=eur(100)), by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON
    )
    assert [(m.debit, m.amount.minor) for m in gone.moves] == [
        ("fees:3", 50), ("guarantee_fund:3", 100), (losses(GROUP), 940),
    ]  # fmt: skip


def test_who_bears_the_banks_fee_is_the_same_whether_or_not_the_sellers_part_came_back() -> None:
    split = replace(paid_out(), paid_buyer=eur(300), paid_seller=eur(695))
    frozen = judge(split, by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    frozen = judge(frozen, by_gateway(Action.NOTE_FEE, 15), now=NOON).order
    back = judge(frozen, by_gateway(Action.REVERSE_PAYOUT, 695, Party.SELLER), now=NOON).order
    for order in (frozen, back):
        lost = judge(order, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
        assert lost.order.at_fault is Party.SELLER
        assert lost.moves[-1].debit == receivable(GROUP, SELLER)


def test_who_was_refunded_and_charged_back_owes_it() -> None:
    refunded = an_order(state=State.CLOSED, deadline=None, paid_buyer=eur(1090), held_at=NOON)
    frozen = judge(refunded, by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    lost = judge(frozen, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
    assert [(m.debit, m.amount.minor) for m in lost.moves] == [(receivable(GROUP, BUYER), 1090)]


def test_who_paid_twice_and_had_one_payment_back_owes_nothing_of_the_other() -> None:
    twice = replace(paid_out(), paid_buyer=eur(1090))
    frozen = judge(twice, by_gateway(Action.OPEN_CHARGEBACK, 1090), now=NOON).order
    lost = judge(frozen, by_gateway(Action.LOSE_CHARGEBACK, 1090), now=NOON)
    assert [(m.debit, m.amount.minor) for m in lost.moves] == [("fees:3", 50), (receivable(GROUP, SELLER), 1040)]


def test_a_refund_that_goes_after_the_bank_took_the_money_is_owed_by_who_has_it_and_no_hole() -> None:
    lost = an_order(state=State.CLOSED, deadline=None, held_at=NOON, owed_buyer=eur(0))
    gone = judge(lost, by_gateway(Action.CONFIRM_PAYOUT, 1090, Party.BUYER), now=NOON)
    assert [(m.debit, m.credit, m.amount) for m in gone.moves] == [(receivable(GROUP, BUYER), AT_STRIPE, eur(1090))]
    assert (gone.order.state, gone.order.paid_buyer, gone.order.owed_buyer) == (State.CLOSED, eur(1090), eur(0))
    back = judge(
        replace(gone.order, buyer_owes=eur(1090)), by_gateway(Action.PAYOUT_BOUNCED, 1090, Party.BUYER), now=NOON
    )
    assert [(m.debit, m.credit) for m in back.moves] == [
        (AT_STRIPE, payable(GROUP, BUYER)), (payable(GROUP, BUYER), receivable(GROUP, BUYER)),
    ]  # fmt: skip
    assert not back.order.owed_buyer and not back.order.paid_buyer


def test_of_a_payout_that_is_more_than_is_owed_only_the_rest_is_a_debt() -> None:
    order = an_order(state=State.PAYING_OUT, held_at=NOON, owed_seller=eur(400))
    after = judge(order, by_gateway(Action.CONFIRM_PAYOUT, 995, Party.SELLER), now=NOON)
    assert [(m.debit, m.amount.minor) for m in after.moves] == [
        (payable(GROUP, SELLER), 400), (receivable(GROUP, SELLER), 595),
    ]  # fmt: skip
    assert (after.order.owed_seller, after.order.paid_seller) == (eur(0), eur(995))


def test_a_reversal_that_comes_after_the_loss_pays_what_he_owes() -> None:
    lost = replace(paid_out(), earned=eur(0), seller_owes=eur(1040))
    late = judge(lost, by_gateway(Action.REVERSE_PAYOUT, 995, Party.SELLER), now=NOON).order
    assert (late.state, late.owed_seller, late.set_off) == (State.CLOSED, eur(0), eur(995))
    less = judge(replace(lost, seller_owes=eur(900)), by_gateway(Action.REVERSE_PAYOUT, 995, Party.SELLER), now=NOON)
    assert (less.order.state, less.order.owed_seller) == (State.PAYING_OUT, eur(95))


def test_a_processor_holds_no_longer_than_a_treasurer() -> None:
    assert longest_hold(TERMS) == longest_hold(Terms()) == timedelta(days=80)


def test_from_day_eighty_officers_pay_the_seller_otherwise() -> None:
    order = an_order(
        state=State.PAYING_OUT, owed_seller=eur(995), held_at=NOON, is_second_officer_due=True,
        deadline=NOON + timedelta(days=90),
    )  # fmt: skip
    propose = Deed(Action.PROPOSE_OTHERWISE, Party.TREASURER, payee=Party.SELLER)
    agree = Deed(Action.AGREE_OTHERWISE, Party.TREASURER, payee=Party.SELLER)
    pay = Deed(Action.CONFIRM_PAYOUT, Party.TREASURER, payee=Party.SELLER)
    day_80 = NOON + timedelta(days=80)
    for too_early in (propose, agree, pay):
        with pytest.raises(RuleBroken):
            judge(order, too_early, now=day_80 - timedelta(seconds=1))
    proposed = judge(order, propose, now=day_80).order
    with pytest.raises(RuleBroken):
        judge(replace(proposed, owed_buyer=eur(100)), replace(agree, payee=Party.BUYER), now=day_80)
    agreed = judge(proposed, agree, now=day_80).order
    assert agreed.seller_otherwise
    closed = judge(agreed, pay, now=day_80)
    assert closed.order.state is State.CLOSED and closed.moves[0].credit == gateway(GROUP)


def test_when_marks_hold_only_for_those_they_name() -> None:
    assert {clause.by for clause in GATEWAY_LAW} == {Party.GATEWAY, Party.TREASURER}
    assert all(clause.when is not When.OVERDUE for clause in GATEWAY_LAW)
