"""The small laws: what can be wrong when, whose loss it is, who is reminded, how two agree on a third."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.disputes.choosing_rules import agree_until, check_open, check_proposed
from marketplace.disputes.dispute_rules import Action, Deed, Dispute, Outcome, Party, Reason, Remedy, State
from marketplace.disputes.ending_rules import Ending, ending_of, lost_by
from marketplace.disputes.judging_rules import judge, opened
from marketplace.disputes.opening_rules import check_reason, reasons_open
from marketplace.disputes.reminding_rules import RULING, hours_left, next_reminder
from marketplace.disputes.rules import LAW
from marketplace.escrow.order_rules import Party as OrderParty, State as OrderState
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooLate
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REFUND, RELEASE = Remedy(Outcome.REFUND), Remedy(Outcome.RELEASE)
PART = Remedy(Outcome.SPLIT, Money(60_00, "EUR"))


def a_dispute(state: State, reason: Reason = Reason.DAMAGED, **changes: object) -> Dispute:
    new = opened(reason=reason, asked=REFUND, held=Money(196_00, "EUR"), terms=Terms(), code_used=False, now=NOON)
    return replace(new, state=state, **changes)  # type: ignore[arg-type]


# ---- what can be wrong, and when ----


def test_while_it_is_on_its_way_only_that_it_did_not_come_can_be_wrong() -> None:
    assert reasons_open(OrderState.SHIPPED, code_used=False) == [Reason.NOT_RECEIVED]


def test_while_it_is_inspected_anything_can_be_wrong() -> None:
    assert reasons_open(OrderState.INSPECTING, code_used=False) == list(Reason)


def test_who_showed_his_code_has_received_it() -> None:
    assert Reason.NOT_RECEIVED not in reasons_open(OrderState.INSPECTING, code_used=True)


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.SHIPPED, OrderState.INSPECTING}))
def test_an_order_that_stands_anywhere_else_is_not_disputed(state: OrderState) -> None:
    with pytest.raises(RuleBroken):
        check_reason(state, OrderParty.BUYER, None, code_used=False, deadline=None, now=NOON)


@pytest.mark.parametrize("party", sorted(set(OrderParty) - {OrderParty.BUYER}))
def test_only_the_buyer_disputes(party: OrderParty) -> None:
    with pytest.raises(NotAllowed):
        check_reason(OrderState.INSPECTING, party, Reason.DAMAGED, code_used=False, deadline=None, now=NOON)


def test_the_inspection_is_disputed_before_its_end_and_not_at_it() -> None:
    how = {"code_used": False, "deadline": NOON}
    instant = timedelta(microseconds=1)
    check_reason(OrderState.INSPECTING, OrderParty.BUYER, Reason.DAMAGED, now=NOON - instant, **how)  # type: ignore[arg-type]
    with pytest.raises(TooLate):
        check_reason(OrderState.INSPECTING, OrderParty.BUYER, Reason.DAMAGED, now=NOON, **how)  # type: ignore[arg-type]


def test_a_reason_that_does_not_fit_says_what_to_do() -> None:
    with pytest.raises(RuleBroken) as refused:
        check_reason(OrderState.SHIPPED, OrderParty.BUYER, Reason.DAMAGED, code_used=False, deadline=None, now=NOON)
    assert refused.value.field == "reason"


@pytest.mark.parametrize("reason", [Reason.NOT_RECEIVED, Reason.EMPTY_PARCEL])
@pytest.mark.parametrize("action", [Action.OFFER, Action.RULE])
def test_nobody_rules_or_offers_that_what_never_came_is_sent_back(reason: Reason, action: Action) -> None:
    state = State.NEGOTIATING if action is Action.OFFER else State.UNDER_REVIEW
    by = Party.SELLER if action is Action.OFFER else Party.RULER
    with pytest.raises(RuleBroken):
        judge(a_dispute(state, reason), Deed(action, by, Remedy(Outcome.RETURN_FIRST)), now=NOON)


# ---- how it ended, and whose loss it is ----


def test_every_way_to_settle_has_an_ending() -> None:
    for clause in LAW:
        if clause.then is State.SETTLED:
            assert ending_of(clause.given, clause.action) in Ending


@pytest.mark.parametrize(
    ("ending", "remedy", "loser"),
    [
        (Ending.AGREED, REFUND, None),
        (Ending.WITHDRAWN, RELEASE, None),
        (Ending.RULED, REFUND, Party.SELLER),
        (Ending.RULED, PART, Party.SELLER),
        (Ending.RULED, Remedy(Outcome.RETURN_FIRST), Party.SELLER),
        (Ending.RULED, RELEASE, Party.BUYER),
        (Ending.SELLER_SILENT, PART, Party.SELLER),
        (Ending.NO_RULING, REFUND, None),
        (Ending.NO_RULING, RELEASE, None),
    ],
)
def test_a_dispute_is_lost_by_a_ruling_or_by_ones_own_silence(
    ending: Ending, remedy: Remedy, loser: Party | None
) -> None:
    assert lost_by(ending, remedy) is loser


# ---- reminders ----


def test_whoever_has_to_rule_is_reminded_two_days_and_twelve_hours_before() -> None:
    review = a_dispute(State.UNDER_REVIEW, deadline=NOON + 5 * DAY, unruled_since=NOON)
    first = next_reminder(review, after=NOON)
    assert first == NOON + 3 * DAY and hours_left(review, now=first) == 48
    second = next_reminder(review, after=first)
    assert second == NOON + 5 * DAY - 12 * HOUR and hours_left(review, now=second) == 12
    assert next_reminder(review, after=second) is None


def test_nobody_is_reminded_where_silence_loses_nothing() -> None:
    for state in set(State) - {State.AWAITING_ANSWER, *RULING}:
        assert next_reminder(a_dispute(state, deadline=NOON + 5 * DAY), after=NOON) is None


def test_nobody_is_reminded_of_what_he_was_told_just_now() -> None:
    short = a_dispute(State.AWAITING_ANSWER, deadline=NOON + DAY)
    assert next_reminder(short, after=NOON) == NOON + 12 * HOUR


# ---- agreeing on a member ----


def test_two_agree_on_a_member_within_48_hours() -> None:
    review = a_dispute(State.UNDER_REVIEW, deadline=NOON + 5 * DAY, unruled_since=NOON)
    check_open(review, rulers=(), now=NOON + 48 * HOUR - timedelta(microseconds=1))
    with pytest.raises(TooLate):
        check_open(review, rulers=(), now=NOON + 48 * HOUR)


def test_the_time_to_agree_never_outlasts_the_time_to_rule() -> None:
    appeal = a_dispute(State.APPEALED, deadline=NOON + DAY)
    assert agree_until(appeal) == NOON + DAY


def test_the_time_to_agree_begins_when_nobody_is_left() -> None:
    review = a_dispute(State.UNDER_REVIEW, deadline=NOON + 5 * DAY, unruled_since=NOON + DAY)
    assert agree_until(review) == NOON + 3 * DAY
    assert agree_until(replace(review, unruled_since=NOON + 4 * DAY)) == NOON + 5 * DAY, "never past the deadline"


def test_where_an_officer_is_free_nobody_looks_for_a_member() -> None:
    with pytest.raises(RuleBroken):
        check_open(a_dispute(State.UNDER_REVIEW, deadline=NOON + 5 * DAY), rulers={7}, now=NOON)


@pytest.mark.parametrize("state", [State.TALKING, State.AWAITING_ANSWER, State.RULED, State.SETTLED])
def test_nobody_looks_for_a_member_while_no_ruling_is_near(state: State) -> None:
    with pytest.raises(RuleBroken):
        check_open(a_dispute(state), rulers=(), now=NOON)


def test_neither_side_is_chosen() -> None:
    check_proposed(3, never={1, 2})
    with pytest.raises(RuleBroken):
        check_proposed(2, never={1, 2})
