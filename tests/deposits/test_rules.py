"""The law of deposits, walked: every state reached, everything else refused; and who needs one where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.deposits import asking_rules, payout_rules, rules
from marketplace.deposits.asking_rules import DepositNeeded, Standing
from marketplace.deposits.payout_rules import Payout
from marketplace.deposits.reference_rules import membership_of, reference_of
from marketplace.deposits.rules import LAW, Action, Deed, Deposit, Flow, Party, State, halves, judge
from marketplace.escrow.reference_rules import order_of
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money, zero
from marketplace.ledger.rules import Move, deposit, gateway, guarantee_fund, payable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SELLER = 9


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def a_deposit(state: State = State.STANDING, held: int = 50_00, **facts: Any) -> Deposit:
    deadline = NOW + DAY if state is State.CLAIMED else None
    known: dict[str, Any] = {"since": NOW - DAY, "deadline": deadline}
    return Deposit(1, 3, 7, state, eur(held), **(known | facts))


def deed(action: Action, by: Party, amount: int = 50_00) -> Deed:
    return Deed(action, by, eur(amount), seller_id=SELLER)


def take(before: Deposit, action: Action, by: Party, amount: int = 50_00, now: datetime = NOW) -> rules.Verdict:
    return judge(before, deed(action, by, amount), terms=Terms(), now=now)


def held_in(state: State) -> int:
    return 0 if state is State.EMPTY else 50_00


def test_every_state_is_reached_and_none_is_the_end() -> None:
    assert {clause.then for clause in LAW} == {clause.given for clause in LAW} == set(State)


WHO = {clause.action: clause.by for clause in LAW}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("by", Party)
@pytest.mark.parametrize("action", Action)
def test_what_is_not_in_the_table_is_refused(state: State, by: Party, action: Action) -> None:
    before = a_deposit(state, held_in(state), **({"deadline": NOW} if state is State.CLAIMED else {}))
    if any((clause.given, clause.action, clause.by) == (state, action, by) for clause in LAW):
        after = take(before, action, by).deposit
        assert after.state in {clause.then for clause in LAW if clause.given is state and clause.action is action}
    else:
        with pytest.raises(RuleBroken, match=r"\.$"):
            take(before, action, by)


@pytest.mark.parametrize("clause", LAW, ids=lambda clause: f"{clause.given}-{clause.action}-{clause.when}")
def test_what_lies_in_it_is_what_the_moves_leave(clause: rules.Clause) -> None:
    for held in (0, 50_00):
        before = a_deposit(clause.given, held, **({"deadline": NOW} if clause.given is State.CLAIMED else {}))
        if (clause.given is State.EMPTY) != (held == 0) and clause.given is not State.CLAIMED:
            continue
        try:
            after, moves = take(before, clause.action, clause.by, 30_00)
        except RuleBroken:
            continue
        own = deposit(3, 7)
        came = sum(move.amount.minor for move in moves if move.credit == own)
        went = sum(move.amount.minor for move in moves if move.debit == own)
        assert after.held.minor == held + came - went
        assert bool(moves) == (clause.flow is not Flow.NOTHING)
        assert after.held or after.state in {State.EMPTY, State.CLAIMED}
        assert (after.deadline is not None) == (after.state is State.CLAIMED)


def test_the_treasurer_then_any_officer_then_nobody() -> None:
    terms, start = Terms(), a_deposit(State.EMPTY, 0)
    claimed = take(start, Action.SAY_SENT, Party.MEMBER).deposit
    assert claimed.deadline == NOW + terms.days_to_confirm_payment * DAY
    with pytest.raises(RuleBroken):
        take(claimed, Action.LAPSE, Party.CLOCK, now=claimed.deadline - timedelta(seconds=1))
    late = take(claimed, Action.LAPSE, Party.CLOCK, now=claimed.deadline).deposit
    assert late.state is State.CLAIMED and late.is_second_officer_due
    assert late.deadline == claimed.deadline + terms.days_for_second_officer * DAY
    over = take(late, Action.LAPSE, Party.CLOCK, now=late.deadline).deposit
    assert over.state is State.EMPTY and over.deadline is None and not over.is_second_officer_due


def test_what_stood_before_stands_still_when_more_is_not_found() -> None:
    more = take(a_deposit(), Action.SAY_SENT, Party.MEMBER).deposit
    assert take(more, Action.NOT_FOUND, Party.TREASURER).deposit == a_deposit(since=NOW)
    assert more.deadline is not None
    late = take(more, Action.LAPSE, Party.CLOCK, now=more.deadline).deposit
    assert late.deadline is not None
    assert take(late, Action.LAPSE, Party.CLOCK, now=late.deadline).deposit.state is State.STANDING


def test_money_goes_where_the_law_says() -> None:
    own = deposit(3, 7)
    assert take(a_deposit(State.CLAIMED, 0), Action.CONFIRM, Party.TREASURER, 20_00).moves == [
        Move(gateway(3), own, eur(20_00))
    ]
    assert take(a_deposit(State.RETURN_ASKED), Action.GIVE_BACK, Party.CLOCK).moves == [
        Move(own, payable(3, 7), eur(50_00))
    ]


@pytest.mark.parametrize(
    ("held", "total", "to_seller", "to_fund", "then"),
    [
        (50_00, 142_00, 25_00, 25_00, State.EMPTY),
        (50_01, 142_00, 25_00, 25_01, State.EMPTY),
        (50_00, 50_00, 25_00, 25_00, State.EMPTY),
        (50_00, 15_01, 7_50, 7_51, State.STANDING),
        (1, 142_00, 0, 1, State.EMPTY),
    ],
)
def test_of_what_is_forfeited_the_seller_has_half_rounded_down(
    held: int, total: int, to_seller: int, to_fund: int, then: State
) -> None:
    after, moves = take(a_deposit(held=held), Action.FORFEIT, Party.ORDER, total)
    expected = [(payable(3, SELLER), to_seller), (guarantee_fund(3), to_fund)]
    assert [(move.credit, move.amount.minor) for move in moves] == [each for each in expected if each[1]]
    assert (after.state, after.held) == (then, eur(max(held - total, 0)))


@pytest.mark.parametrize("minor", range(1, 50))
def test_the_seller_never_has_more_than_the_fund(minor: int) -> None:
    to_seller, to_fund = halves(eur(minor))
    assert to_seller <= to_fund and to_seller + to_fund == eur(minor)


def test_nothing_is_put_up_by_an_amount_that_cannot_be() -> None:
    for amount in (eur(0), eur(-5), eur(10**12 + 1), Money(5, "USD")):
        with pytest.raises(RuleBroken) as refusal:
            judge(a_deposit(), Deed(Action.CONFIRM, Party.TREASURER, amount), terms=Terms(), now=NOW)
        assert refusal.value.field == "amount"


# ---- payouts ----


def a_payout(state: payout_rules.State = payout_rules.State.DUE, **facts: Any) -> Payout:
    due = state is payout_rules.State.DUE
    known: dict[str, Any] = {
        "deadline": NOW if due else None,
        "paid_at": None if due else NOW,
        "is_second_officer_due": False,
    }
    return Payout(1, 3, 7, payout_rules.Kind.RETURN, state, eur(50_00), **(known | facts))


@pytest.mark.parametrize("state", payout_rules.State)
@pytest.mark.parametrize("by", payout_rules.Party)
@pytest.mark.parametrize("action", payout_rules.Action)
def test_a_payout_does_what_its_table_says_and_nothing_else(
    state: payout_rules.State, by: payout_rules.Party, action: payout_rules.Action
) -> None:
    clause = next((c for c in payout_rules.LAW if (c.given, c.action, c.by) == (state, action, by)), None)
    if clause is None:
        with pytest.raises(RuleBroken, match=r"\.$"):
            payout_rules.judge(a_payout(state), action, by, terms=Terms(), now=NOW)
        return
    after, moves = payout_rules.judge(a_payout(state), action, by, terms=Terms(), now=NOW)
    assert after.state is clause.then
    assert (after.deadline is not None) == (after.state is payout_rules.State.DUE)
    assert (after.paid_at is not None) == (after.state is payout_rules.State.PAID)
    assert [move.amount for move in moves] == ([] if clause.flow is payout_rules.Flow.NOTHING else [eur(50_00)])


def test_a_late_payout_is_asked_of_every_officer_again_and_again() -> None:
    payout = a_payout()
    for _time in range(3):
        assert payout.deadline is not None
        moment = payout.deadline
        payout = payout_rules.judge(
            payout, payout_rules.Action.PAYOUT_LATE, payout_rules.Party.CLOCK, terms=Terms(), now=moment
        ).payout
        assert payout.is_second_officer_due and payout.deadline == moment + Terms().days_to_pay_out * DAY


def test_that_it_did_not_arrive_is_said_within_the_days_for_feedback() -> None:
    paid = a_payout(payout_rules.State.PAID)
    end = NOW + Terms().days_for_feedback * DAY
    assert payout_rules.may_say_missing(paid, terms=Terms(), now=end - DAY)
    assert not payout_rules.may_say_missing(paid, terms=Terms(), now=end)
    with pytest.raises(RuleBroken):
        payout_rules.judge(
            paid, payout_rules.Action.PAYOUT_MISSING, payout_rules.Party.PAYEE, terms=Terms(), now=end
        )  # fmt: skip


# ---- who needs one ----

DEAR = Terms(deposit_threshold_minor=100_00, deposit_minor=50_00)


@pytest.mark.parametrize(
    ("terms", "opening", "buy_now", "asked"),
    [
        (DEAR, 99_99, None, 0),
        (DEAR, 100_00, None, 50_00),
        (DEAR, 5_00, 100_00, 50_00),
        (DEAR, 5_00, 99_99, 0),
        (Terms(), 10**9, None, 0),
    ],
)
def test_a_dear_lot_asks_for_a_deposit(terms: Terms, opening: int, buy_now: int | None, asked: int) -> None:
    assert asking_rules.asked_by(terms, eur(opening), None if buy_now is None else eur(buy_now)) == eur(asked)


def test_two_unpaid_orders_in_half_a_year_and_every_lot_asks_for_half_a_year_from_the_first() -> None:
    assert asking_rules.asked_until([]) is asking_rules.asked_until([NOW]) is None
    assert asking_rules.asked_until([NOW, NOW - 10 * DAY]) == NOW + 170 * DAY
    assert asking_rules.asked_until([NOW - 300 * DAY, NOW - 10 * DAY, NOW]) == NOW + 170 * DAY
    assert asking_rules.asked_until([NOW - 180 * DAY, NOW]) is None


@pytest.mark.parametrize(
    ("standing", "asked", "words"),
    [
        (None, 0, None),
        (None, 50_00, "needs a deposit of EUR 50.00"),
        (Standing(State.EMPTY, eur(0), None), 50_00, "needs a deposit of EUR 50.00"),
        (Standing(State.STANDING, eur(50_00), None), 50_00, None),
        (Standing(State.STANDING, eur(49_99), None), 50_00, "Send the rest"),
        (Standing(State.CLAIMED, eur(0), None), 50_00, "not confirmed yet"),
        (Standing(State.CLAIMED, eur(50_00), None), 50_00, None),
        (Standing(State.RETURN_ASKED, eur(50_00), None), 50_00, "asked for your deposit back"),
        (Standing(State.RETURN_ASKED, eur(50_00), None), 0, None),
        (Standing(State.EMPTY, eur(0), NOW), 0, None),
        (Standing(State.EMPTY, eur(0), NOW + DAY), 0, "needs a deposit of EUR 40.00"),
        (Standing(State.STANDING, eur(40_00), NOW + DAY), 0, None),
        (Standing(State.STANDING, eur(40_00), NOW + DAY), 50_00, "Send the rest"),
    ],
)
def test_who_may_bid_with_which_deposit(standing: Standing | None, asked: int, words: str | None) -> None:
    assert asking_rules.is_enough(standing, asked=eur(asked), usual=eur(40_00), now=NOW) == (words is None)
    if words is not None:
        with pytest.raises(DepositNeeded, match=words):
            asking_rules.check(standing, asked=eur(asked), usual=eur(40_00), now=NOW)


def test_what_was_asked_back_counts_for_an_offer_that_is_accepted() -> None:
    standing = Standing(State.RETURN_ASKED, eur(50_00), None)
    asking_rules.check(standing, asked=eur(50_00), usual=eur(50_00), now=NOW, keeps_asked=True)
    with pytest.raises(DepositNeeded):
        asking_rules.check(standing, asked=eur(60_00), usual=eur(50_00), now=NOW, keeps_asked=True)
    assert asking_rules.needed(standing, asked=zero("EUR"), usual=eur(5), now=NOW) == zero("EUR")


def test_a_reference_names_its_membership_and_no_order() -> None:
    text = reference_of(512)
    assert text.startswith("D-512-")
    assert membership_of(f"thanks {text.lower().replace('-', ' ')}, Marta") == 512
    assert order_of(text) is None and membership_of("D-512-XXX") is None


def test_who_may_not_do_it_is_told_so() -> None:
    with pytest.raises(NotAllowed):
        take(a_deposit(State.CLAIMED, 0), Action.CONFIRM, Party.MEMBER)
    assert rules.may(a_deposit(), Action.ASK_RETURN, Party.MEMBER)
    assert not rules.may(a_deposit(State.EMPTY, 0), Action.ASK_RETURN, Party.MEMBER)
