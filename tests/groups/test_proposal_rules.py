"""The law of two officers: how far one's own word goes, and what may become of what he entered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from marketplace.groups.proposal_rules import (
    LAW,
    WINDOW,
    Action,
    Allowance,
    Party,
    Slip,
    State,
    check_proof,
    counted_after,
    judge,
    limit_at,
    may_let_out,
)
from marketplace.groups.term_rules import Terms, check_terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("former", "since", "counts"),
    [
        (None, None, 900),
        (500, NOON, 500),
        (500, NOON - WINDOW + timedelta(seconds=1), 500),
        (500, NOON - WINDOW, 900),
        (1_000, NOON, 900),  # raised, and then lowered further
    ],
)
def test_a_limit_that_was_raised_counts_after_the_window(
    former: int | None, since: datetime | None, counts: int
) -> None:
    assert limit_at(NOON, 900, former=former, since=since) == counts


@pytest.mark.parametrize(
    ("limit", "used", "amount", "passes"),
    [
        (500_00, 0, 500_00, False),
        (500_00, 0, 500_01, True),
        (500_00, 499_99, 1, False),
        (500_00, 499_99, 2, True),
        (500_00, 600_00, 1, True),
        (0, 0, 1, True),
    ],
)
def test_up_to_the_limit_one_is_enough(limit: int, used: int, amount: int, passes: bool) -> None:
    assert Allowance(eur(limit), eur(used)).is_passed_by(eur(amount)) is passes


def test_what_is_left_is_never_less_than_nothing() -> None:
    assert Allowance(eur(500_00), eur(120_00)).left == eur(380_00)
    assert Allowance(eur(500_00), eur(620_00)).left == eur(0)


def test_what_was_confirmed_exactly_seven_days_ago_counts_no_more() -> None:
    second = timedelta(microseconds=1)
    assert not counted_after(NOON) < NOON - WINDOW
    assert NOON - WINDOW + second > counted_after(NOON)


def test_a_second_officer_takes_nobodys_word() -> None:
    allowance, slip = Allowance(eur(500_00), eur(0)), Slip(1, eur(600_00), "line 1")
    with pytest.raises(RuleBroken, match=r"EUR 600.00 would pass your limit of EUR 500.00") as refusal:
        check_proof(allowance, slip)
    assert refusal.value.field == "proof"
    check_proof(allowance, Slip(1, eur(600_00), "line 1", "proofs/slip"))


@pytest.mark.parametrize("clause", LAW)
def test_each_has_his_own_word(clause: tuple[Action, Party, State]) -> None:
    action, by, then = clause
    assert judge(State.OPEN, action, by) is then


@pytest.mark.parametrize(("action", "by"), list(product((Action.APPROVE, Action.REFUSE, Action.WITHDRAW), Party)))
def test_and_nobody_elses(action: Action, by: Party) -> None:
    if (action, by) in {clause[:2] for clause in LAW}:
        return
    with pytest.raises(NotAllowed):
        judge(State.OPEN, action, by)


@pytest.mark.parametrize(("state", "clause"), list(product([each for each in State if each is not State.OPEN], LAW)))
def test_what_is_decided_stays_so(state: State, clause: tuple[Action, Party, State]) -> None:
    with pytest.raises(RuleBroken, match="decided already"):
        judge(state, clause[0], clause[1])


def test_every_state_is_reached() -> None:
    assert {clause.then for clause in LAW} | {State.OPEN} == set(State)


@pytest.mark.parametrize("limit", [0, 1, 10**9 - 1])
def test_a_group_may_set_any_limit_even_none(limit: int) -> None:
    check_terms(Terms(officer_limit_minor=limit))


@pytest.mark.parametrize("limit", [-1, 10**9])
def test_but_no_sum_that_cannot_be(limit: int) -> None:
    with pytest.raises(RuleBroken) as refusal:
        check_terms(Terms(officer_limit_minor=limit))
    assert refusal.value.field == "officer_limit_minor"


def test_terms_from_before_have_the_usual_limit() -> None:
    assert Terms.from_dict({"fee_basis_points": 100}).officer_limit_minor == 500_00


@pytest.mark.parametrize(
    ("is_officer_for", "is_group_for", "may"),
    [
        (timedelta(hours=72), timedelta(days=400), True),
        (timedelta(hours=72) - timedelta(seconds=1), timedelta(days=400), False),
        (timedelta(hours=1), timedelta(hours=1), True),  # from its beginning
        (timedelta(hours=1), timedelta(hours=2), False),
        (timedelta(), timedelta(days=400), False),
    ],
)
def test_who_was_made_an_officer_for_it_lets_nothing_out(
    is_officer_for: timedelta, is_group_for: timedelta, may: bool
) -> None:
    assert may_let_out(NOON - is_officer_for, entered_at=NOON, founded_at=NOON - is_group_for) is may
    assert not may_let_out(None, entered_at=NOON, founded_at=NOON - is_group_for)
