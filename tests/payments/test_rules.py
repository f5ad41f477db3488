"""What can become of a movement."""

from __future__ import annotations

import pytest

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments.rules import LAW, LEAVES, Act, Kind, State, check_amount, judge
from tests.factories.payments import eur

OF_LAW = {(clause.given, clause.act, kind): clause.then for clause in LAW for kind in clause.kinds}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("kind", Kind)
def test_what_the_law_does_not_allow_is_refused(state: State, act: Act, kind: Kind) -> None:
    if then := OF_LAW.get((state, act, kind)):
        assert judge(state, act, kind) is then
    else:
        with pytest.raises(RuleBroken):
            judge(state, act, kind)


def test_no_two_lines_say_what_becomes_of_the_same() -> None:
    assert len(OF_LAW) == sum(len(clause.kinds) for clause in LAW)


@pytest.mark.parametrize("kind", Kind)
def test_every_movement_can_be_confirmed_in_the_end_or_is_intended_anew(kind: Kind) -> None:
    """What was to leave and failed is over: it is paid by another movement, under another key."""

    def reachable(state: State, seen: frozenset[State]) -> frozenset[State]:
        for (given, _act, of), then in OF_LAW.items():
            if (given, of) == (state, kind) and then not in seen:
                seen = reachable(then, seen | {then})
        return seen

    over = {State.CONFIRMED} | ({State.FAILED, State.WITHDRAWN} if kind in LEAVES else set())
    for state in reachable(State.INTENDED, frozenset({State.INTENDED})) - over:
        assert State.CONFIRMED in reachable(state, frozenset({state}))


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.PAYOUT])
def test_what_is_owed_to_somebody_is_never_just_dropped(kind: Kind) -> None:
    """Only what the gateway cannot have heard of is withdrawn, and is then paid in another way."""
    assert {given for (given, act, of), _then in OF_LAW.items() if (act, of) == (Act.WITHDRAW, kind)} == {
        State.INTENDED
    }


@pytest.mark.parametrize("state", [State.FAILED, State.WITHDRAWN])
def test_money_that_comes_late_has_come_all_the_same(state: State) -> None:
    assert judge(state, Act.CONFIRM, Kind.COLLECT) is State.CONFIRMED


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.PAYOUT])
@pytest.mark.parametrize("minor", [94_99, 95_01])
def test_what_leaves_is_exact(kind: Kind, minor: int) -> None:
    check_amount(kind, eur(95_00), eur(95_00))
    with pytest.raises(RuleBroken, match=r"Exactly EUR 95.00") as refusal:
        check_amount(kind, eur(95_00), eur(minor))
    assert refusal.value.field == "amount"


@pytest.mark.parametrize("minor", [1, 94_99, 95_01])
def test_what_comes_in_is_what_came(minor: int) -> None:
    check_amount(Kind.COLLECT, eur(95_00), eur(minor))


@pytest.mark.parametrize("moved", [eur(0), eur(-1), Money(95_00, "USD")])
@pytest.mark.parametrize("kind", Kind)
def test_nothing_and_other_currencies_do_not_move(kind: Kind, moved: Money) -> None:
    with pytest.raises(RuleBroken, match="in EUR"):
        check_amount(kind, eur(95_00), moved)


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.PAYOUT])
def test_a_try_that_failed_stays_failed(kind: Kind) -> None:
    assert not [then for (given, _act, of), then in OF_LAW.items() if (given, of) == (State.FAILED, kind)]
