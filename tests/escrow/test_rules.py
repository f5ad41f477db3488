"""The law of escrow holds on every path an order can take, not only on those we thought of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.escrow.clause_rules import Clause, Flow, When
from marketplace.escrow.condition_rules import CONDITIONS
from marketplace.escrow.gateway_rules import HOLDING
from marketplace.escrow.judging_rules import (
    LONGEST_HOLD,
    Verdict,
    check_terms,
    expected_hold,
    judge,
    lapse_of,
    longest_hold,
    open_to,
)
from marketplace.escrow.money_rules import paid
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.escrow.rules import ENDED, LAW, OF_PEOPLE, STAYS
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money
from marketplace.ledger.rules import escrow, fees, gateway, payable

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BUYER, SELLER, GROUP = 1, 2, 3


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def an_order(**changes: object) -> Order:
    new = Order(
        id=7, group_id=GROUP, state=State.AWAITING_PAYMENT, buyer_id=BUYER, seller_id=SELLER, hammer=eur(1000),
        shipping=eur(90), terms=Terms(fee_basis_points=500), since=NOON, deadline=NOON + timedelta(days=3),
        held=eur(0), owed_buyer=eur(0), owed_seller=eur(0), paid_buyer=eur(0), paid_seller=eur(0),
    )  # fmt: skip
    return replace(new, **changes)  # type: ignore[arg-type]


def deeds(order: Order, clause: Clause) -> list[Deed]:
    """The deeds to try for a clause: each amount and payee that could make a difference."""
    part = eur(600) if not order.held else eur(1)
    amounts: list[Money | None] = {
        When.IN_FULL: [order.missing],
        When.IN_PART: [part] if order.held < eur(602) else [],
        When.NOT_MORE: [eur(1), order.total],
        When.NO_REFUND_OPEN: [order.total],
        When.SPLITS: [eur(300)],
    }.get(clause.when, [None])  # type: ignore[arg-type]
    payees: list[Party | None] = [None]
    if clause.flow in (Flow.PAY_OUT, Flow.TAKE_PAYOUT_BACK):
        payees = [Party.BUYER, Party.SELLER]
    if clause.flow is Flow.TAKE_PAYOUT_BACK:
        return [Deed(clause.action, clause.by, paid(order, payee), payee) for payee in payees]
    return [Deed(clause.action, clause.by, amount, payee) for amount in amounts for payee in payees]


def moments(order: Order) -> list[datetime]:
    """When to try: at once, when the days to ship are over, just before the deadline and just after it."""
    late = order.since + timedelta(days=order.terms.days_to_ship)
    return [order.since, late, *([order.deadline - timedelta(seconds=1), order.deadline] if order.deadline else [])]


def steps_from(order: Order) -> Iterator[tuple[Clause, Verdict]]:
    for clause in OF_PEOPLE:
        if clause.given is not order.state:
            continue
        for deed in deeds(order, clause):
            for now in moments(order):
                if CONDITIONS[clause.when].holds(order, deed, now):
                    yield clause, judge(order, deed, now=now)
                    break


@dataclass(frozen=True)
class Place:
    """Where an order can get to, and what the books say there. Two paths that end alike end in one place."""

    order: Order
    books: frozenset[tuple[str, int]]

    def balance(self, account: str) -> int:
        return dict(self.books).get(account, 0)

    def after(self, verdict: Verdict) -> Place:
        total = Counter(dict(self.books))
        for move in verdict.moves:
            total[move.debit] -= move.amount.minor
            total[move.credit] += move.amount.minor
        return Place(verdict.order, frozenset((name, sum_) for name, sum_ in total.items() if sum_))

    @property
    def key(self) -> object:
        """All but the hours: whatever the law does next is the same."""
        order = self.order
        paid_at = {name: NOON if getattr(order, name) else None for name in ("paid_buyer_at", "paid_seller_at")}
        return replace(order, since=NOON, deadline=None, **paid_at), self.books  # type: ignore[arg-type]


def walk() -> tuple[dict[object, Place], list[tuple[object, Clause, object]]]:
    """Every place that the law leads to from a new order, posted or picked up, and every step between them. Late money
    can come for ever: it is followed until more was paid back than the order was for."""
    stack = [Place(an_order(is_pick_up=is_pick_up), frozenset()) for is_pick_up in (False, True)]
    places, steps = {place.key: place for place in stack}, []
    while stack:
        place = stack.pop()
        for clause, verdict in steps_from(place.order):
            there = place.after(verdict)
            steps.append((place.key, clause, there.key))
            if there.key not in places and there.order.paid_buyer <= there.order.total:
                places[there.key] = there
                stack.append(there)
    return places, steps


PLACES, STEPS = walk()


def test_every_state_can_be_reached() -> None:
    assert {place.order.state for place in PLACES.values()} == set(State) - {State.CHARGEBACK}


def test_every_clause_is_used_somewhere() -> None:
    owing_nothing = {clause for clause in OF_PEOPLE if clause.when is When.OVERDUE_OWING_NOTHING}  # by a processor only
    assert {clause for _, clause, _ in STEPS} == set(OF_PEOPLE) - owing_nothing


def test_the_orders_own_account_holds_what_its_state_says_wherever_the_law_leads() -> None:
    for place in PLACES.values():
        assert place.balance(escrow(7)) == place.order.held.minor == expected_hold(place.order).minor


def test_what_came_in_went_out_or_is_owed_wherever_the_law_leads() -> None:
    for place in PLACES.values():
        order = place.order
        assert place.balance(payable(GROUP, BUYER)) == order.owed_buyer.minor
        assert place.balance(payable(GROUP, SELLER)) == order.owed_seller.minor
        kept = order.held + order.owed_buyer + order.owed_seller
        assert -place.balance(gateway(GROUP)) == kept.minor + place.balance(fees(GROUP))


def test_when_an_order_has_ended_it_holds_and_owes_nothing() -> None:
    for order in (place.order for place in PLACES.values()):
        if order.state in ENDED:
            assert not order.held and not order.owed_buyer and not order.owed_seller


def test_the_groups_fee_is_never_more_than_its_share_of_the_hammer_price() -> None:
    for place in PLACES.values():
        assert 0 <= place.balance(fees(GROUP)) <= place.order.fee.minor


def test_no_state_waits_for_one_person_for_ever() -> None:
    for order in (place.order for place in PLACES.values()):
        if order.state in ENDED or order.state is State.DISPUTED:
            continue
        assert order.deadline is not None
        assert lapse_of(order) is not None, order.state


def test_the_clock_moves_every_order_to_an_end_by_itself_when_the_treasurer_pays() -> None:
    for order in (place.order for place in PLACES.values()):
        later = order
        while later.state not in {*ENDED, State.DISPUTED, State.PAYING_OUT}:
            assert later.deadline
            later = judge(later, Deed(Action.LAPSE, Party.CLOCK), now=later.deadline).order


def test_late_money_waits_until_the_buyer_is_paid_what_came_before_it() -> None:
    late = Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(42))
    with pytest.raises(RuleBroken, match="First confirm the payout to the buyer that is open"):
        judge(an_order(state=State.PAYING_OUT, owed_buyer=eur(100)), late, now=NOON)
    for state in (State.PAYING_OUT, State.CLOSED):
        after = judge(an_order(state=state, owed_seller=eur(900), paid_buyer=eur(100)), late, now=NOON)
        assert (after.order.state, after.order.owed_buyer) == (State.PAYING_OUT, eur(42))
        assert (after.order.owed_seller, after.order.paid_buyer) == (eur(900), eur(100))


def test_late_money_gives_the_seller_no_new_days_to_miss_his_payout() -> None:
    closed = an_order(state=State.CLOSED, paid_seller=eur(900), paid_seller_at=NOON)
    late = Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(42))
    later = NOON + timedelta(days=14)
    again = judge(closed, late, now=later).order
    missing = Deed(Action.PAYOUT_MISSING, Party.SELLER, eur(900), Party.SELLER)
    judge(again, missing, now=later - timedelta(seconds=1))
    with pytest.raises(RuleBroken, match="within 14 days"):
        judge(again, missing, now=later)


def test_once_the_buyer_confirmed_no_clock_ever_refunds() -> None:
    onward: dict[object, list[tuple[Clause, object]]] = {}
    for here, clause, there in STEPS:
        onward.setdefault(here, []).append((clause, there))
    stack = [there for _, clause, there in STEPS if clause.action is Action.CONFIRM_RECEIPT]
    seen: set[object] = set()
    while stack:
        here = stack.pop()
        if here not in seen:
            seen.add(here)
            for clause, there in onward.get(here, []):
                assert clause.flow not in (Flow.REFUND, Flow.SPLIT)
                stack.append(there)
    assert seen


def test_only_an_unpaid_buyer_and_a_seller_who_cancels_get_a_strike() -> None:
    assert {(clause.given, clause.action, clause.strike) for clause in LAW if clause.strike} == {
        (State.AWAITING_PAYMENT, Action.LAPSE, Party.BUYER),
        (State.HELD, Action.CANCEL, Party.SELLER),
        (State.PAYMENT_CLAIMED, Action.NOT_FOUND, Party.BUYER),
    }


def test_a_sleeping_treasurer_cancels_the_order_without_a_strike() -> None:
    order = an_order(state=State.PAYMENT_CLAIMED)
    lapse = Deed(Action.LAPSE, Party.CLOCK)
    late = judge(order, lapse, now=order.deadline or NOON)
    assert late.order.state is State.PAYMENT_CLAIMED and late.order.is_second_officer_due
    assert late.order.deadline == NOON + timedelta(days=5)
    ended = judge(late.order, lapse, now=NOON + timedelta(days=5))
    assert ended.order.state is State.CANCELLED and ended.strike is None


def test_clauses_of_one_state_action_and_party_never_hold_together() -> None:
    alike = defaultdict(list)
    for clause in LAW:
        alike[clause.given, clause.action, clause.by].append(clause)
    rivals_in = defaultdict(list)
    for (state, _action, _by), rivals in alike.items():
        rivals_in[state] += [rivals] if len(rivals) > 1 else []
    for order in (place.order for place in PLACES.values()):
        for rivals in rivals_in[order.state]:
            for deed in (deed for clause in rivals for deed in deeds(order, clause)):
                for now in moments(order):
                    assert sum(CONDITIONS[rival.when].holds(order, deed, now) for rival in rivals) <= 1


@pytest.mark.parametrize("state", State)
def test_what_the_law_does_not_allow_is_refused(state: State) -> None:
    order = an_order(state=state, held=eur(1090) if state in HOLDING else eur(0))
    for action in Action:
        for by in Party:
            if any((c.given, c.action, c.by) == (state, action, by) for c in LAW):
                continue
            with pytest.raises(RuleBroken):
                judge(order, Deed(action, by, eur(1090), Party.SELLER), now=NOON)


def test_the_page_offers_exactly_what_the_law_takes() -> None:
    clauses = defaultdict(list)
    for clause in LAW:
        clauses[clause.given, clause.by].append(clause)
    for order in (place.order for place in PLACES.values()):
        for by in set(Party) - {Party.GATEWAY}:
            tried = [(clause, deeds(order, clause)) for clause in clauses[order.state, by]]
            for now in moments(order):
                taken = {
                    clause.action
                    for clause, tries in tried
                    if any(CONDITIONS[clause.when].holds(order, deed, now) for deed in tries)
                }
                assert set(open_to(order, by=by, now=now)) == taken


@pytest.mark.parametrize(
    ("state", "action", "by"),
    [
        (State.AWAITING_PAYMENT, Action.SAY_SENT, Party.BUYER),
        (State.HELD, Action.SHIP, Party.SELLER),
        (State.INSPECTING, Action.DISPUTE, Party.BUYER),
        (State.RETURN_RECEIVED, Action.CONTEST_RETURN, Party.SELLER),
    ],
)
def test_at_the_deadline_it_is_too_late(state: State, action: Action, by: Party) -> None:
    order = an_order(state=state)
    assert order.deadline
    judge(order, Deed(action, by), now=order.deadline - timedelta(microseconds=1))
    with pytest.raises(TooLate):
        judge(order, Deed(action, by), now=order.deadline)


def test_the_clock_never_acts_early() -> None:
    for state in STAYS:
        order = an_order(state=state, held=eur(1090) if state in HOLDING else eur(0))
        assert order.deadline
        with pytest.raises(TooEarly):
            judge(order, Deed(Action.LAPSE, Party.CLOCK), now=order.deadline - timedelta(microseconds=1))


def test_the_buyer_may_cancel_once_the_days_to_ship_are_over() -> None:
    order = an_order(state=State.HELD, held=eur(1090), deadline=NOON + timedelta(days=7))
    cancel = Deed(Action.CANCEL, Party.BUYER)
    with pytest.raises(TooEarly):
        judge(order, cancel, now=NOON + timedelta(days=3, microseconds=-1))
    after = judge(order, cancel, now=NOON + timedelta(days=3))
    assert after.order.state is State.REFUNDED and after.order.owed_buyer == eur(1090) and after.strike is None


def test_a_seller_cannot_confirm_for_the_buyer() -> None:
    with pytest.raises(NotAllowed):
        judge(an_order(state=State.SHIPPED), Deed(Action.CONFIRM_RECEIPT, Party.SELLER), now=NOON)


def test_too_little_waits_three_days_for_the_rest_and_else_goes_back() -> None:
    claimed = an_order(state=State.PAYMENT_CLAIMED)
    short = judge(claimed, Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(1000)), now=NOON).order
    assert short.state is State.TOPPING_UP and short.missing == eur(90)
    assert short.deadline == NOON + timedelta(days=3)
    full = judge(short, Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(90)), now=NOON).order
    assert full.state is State.HELD and full.held == full.total
    back = judge(short, Deed(Action.LAPSE, Party.CLOCK), now=NOON + timedelta(days=3)).order
    assert back.state is State.REFUNDED and back.owed_buyer == eur(1000) and not back.held


@pytest.mark.parametrize("amount", [0, -1, 1091, 10**12])
def test_an_amount_that_was_not_due_is_refused(amount: int) -> None:
    with pytest.raises(RuleBroken):
        judge(an_order(), Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, eur(amount)), now=NOON)


@pytest.mark.parametrize("part", [0, -5, 1090, 1091])
def test_a_split_gives_each_side_something(part: int) -> None:
    order = an_order(state=State.DISPUTED, held=eur(1090), deadline=None)
    with pytest.raises(RuleBroken):
        judge(order, Deed(Action.DIVIDE, Party.RULING, eur(part)), now=NOON)


def test_the_fee_is_pro_rata_and_rounded_down_when_money_is_split() -> None:
    order = an_order(state=State.DISPUTED, held=eur(1090), deadline=None)
    after = judge(order, Deed(Action.DIVIDE, Party.RULING, eur(545)), now=NOON)
    assert after.order.owed_buyer == eur(545)
    assert after.order.owed_seller == eur(545 - 25)
    assert [move.amount for move in after.moves if move.credit == fees(GROUP)] == [eur(25)]


def test_a_free_group_takes_no_fee_and_moves_no_empty_sum() -> None:
    order = an_order(state=State.INSPECTING, held=eur(1090), terms=Terms(fee_basis_points=0))
    after = judge(order, Deed(Action.CONFIRM_RECEIPT, Party.BUYER), now=NOON)
    assert [move.amount for move in after.moves] == [eur(1090)]


def test_the_default_terms_hold_money_for_exactly_eighty_days_at_most() -> None:
    assert longest_hold(Terms()) == LONGEST_HOLD == timedelta(days=80)


def test_terms_that_would_hold_longer_are_refused() -> None:
    check_terms(Terms())
    with pytest.raises(RuleBroken):
        check_terms(Terms(days_in_transit=21))


def test_the_longest_hold_is_the_longest_path_that_the_clock_can_be_made_to_walk() -> None:
    """An independent walk: wait in every state until its very deadline, on every path from held."""
    terms = Terms()
    stay = {state: STAYS[state](terms) for state in HOLDING if state in STAYS}
    stay[State.DISPUTED] = timedelta(days=2 + 3 + 3 + 5 + 5)
    stay[State.INSPECTING] += timedelta(days=3)
    onward = {state: {c.then for c in LAW if c.given is state and c.then in HOLDING} - {state} for state in HOLDING}
    paths = [[State.HELD]]
    for path in paths:
        paths.extend([*path, then] for then in onward[path[-1]])
    assert max(sum((stay[state] for state in path), timedelta()) for path in paths) == longest_hold(terms)


def test_deadlines_never_move_closer_while_an_order_stays_where_it_is() -> None:
    for order in (place.order for place in PLACES.values()):
        for clause, verdict in steps_from(order):
            if clause.then is order.state and order.deadline and verdict.order.deadline:
                assert verdict.order.deadline >= order.deadline


# ---- Where it goes back to ----

NAME = Deed(Action.NAME_RETURN_ADDRESS, Party.SELLER)
SHIP_RETURN, LAPSE = Deed(Action.SHIP_RETURN, Party.BUYER), Deed(Action.LAPSE, Party.CLOCK)


def a_return(**changes: object) -> Order:
    return an_order(state=State.RETURN_DUE, held=eur(1090), deadline=NOON + timedelta(days=7), **changes)


def test_a_buyer_who_was_not_told_where_to_send_it_is_refunded_by_the_clock() -> None:
    order = a_return()
    with pytest.raises(RuleBroken):
        judge(order, SHIP_RETURN, now=NOON)
    after = judge(order, LAPSE, now=NOON + timedelta(days=7)).order
    assert (after.state, after.owed_buyer) == (State.REFUNDED, eur(1090))


def test_a_buyer_who_was_told_and_does_not_send_it_loses_the_money() -> None:
    named = judge(a_return(), NAME, now=NOON + timedelta(days=1)).order
    assert (named.state, named.since, named.deadline) == (State.RETURN_DUE, NOON, NOON + timedelta(days=7))
    assert judge(named, SHIP_RETURN, now=NOON + timedelta(days=6)).order.state is State.RETURN_SHIPPED
    assert judge(named, LAPSE, now=NOON + timedelta(days=7)).order.state is State.RELEASED


def test_the_seller_says_it_once_and_in_time_for_the_buyer_to_send_it() -> None:
    assert NAME.action in open_to(a_return(), by=Party.SELLER, now=NOON + timedelta(days=2, microseconds=-1))
    with pytest.raises(TooLate):
        judge(a_return(), NAME, now=NOON + timedelta(days=2))
    with pytest.raises(RuleBroken):
        judge(a_return(has_return_address=True), NAME, now=NOON)


def test_of_few_days_to_send_it_the_buyer_keeps_half() -> None:
    short = a_return(terms=Terms(days_to_post_return=2))
    with pytest.raises(TooLate):
        judge(short, NAME, now=NOON + timedelta(days=1))
