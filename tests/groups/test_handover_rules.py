"""The law of handing the treasury over, walked line by line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from marketplace.groups.handover_rules import (
    DAYS_OF_SILENCE,
    LAW,
    OPEN,
    Action,
    Handover,
    Party,
    State,
    When,
    check_words,
    in_words,
    judge,
    may,
    parties_of,
    role_of_parting,
    role_of_successor,
)
from marketplace.groups.rules import Role
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly
from marketplace.kernel.money import Money

NAMED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SILENT = NAMED_AT + timedelta(days=DAYS_OF_SILENCE)
PARTING, SUCCESSOR, OWNER = 1, 2, 3


def a_handover(state: State) -> Handover:
    named = state is not State.ASKED
    return Handover(state, PARTING, SUCCESSOR if named else None, NAMED_AT if named else None)


@pytest.mark.parametrize("clause", LAW, ids=lambda clause: f"{clause.given}-{clause.action}-{clause.by}")
def test_each_line_leads_where_it_says(clause) -> None:  # type: ignore[no-untyped-def]
    now = SILENT if clause.when is When.SILENT else NAMED_AT
    assert judge(a_handover(clause.given), clause.action, {clause.by}, now).then is clause.then


@pytest.mark.parametrize(("state", "action", "by"), list(product(State, Action, Party)))
def test_everything_else_is_refused(state: State, action: Action, by: Party) -> None:
    is_in_law = any((clause.given, clause.action, clause.by) == (state, action, by) for clause in LAW)
    assert may(a_handover(state), action, {by}, SILENT) is is_in_law


def test_an_owner_acts_in_his_place_after_seven_days_and_not_before() -> None:
    handover = a_handover(State.NAMED)
    with pytest.raises(TooEarly):
        judge(handover, Action.STATE, {Party.OWNER}, SILENT - timedelta(seconds=1))
    assert judge(handover, Action.STATE, {Party.OWNER}, SILENT).then is State.STATED


def test_a_parting_owner_need_not_wait() -> None:
    assert may(a_handover(State.NAMED), Action.STATE, {Party.PARTING, Party.OWNER}, NAMED_AT)


def test_what_is_over_is_over() -> None:
    with pytest.raises(RuleBroken, match="moved on"):
        judge(a_handover(State.DONE), Action.STATE, set(Party), SILENT)


def test_what_is_anothers_is_not_his() -> None:
    with pytest.raises(NotAllowed):
        judge(a_handover(State.STATED), Action.CONFIRM, {Party.PARTING, Party.OWNER}, SILENT)


def test_it_always_takes_two() -> None:
    """Whoever confirms has no other part: not even as an owner does he say what is handed over."""
    stating = {clause.by for clause in LAW if clause.action is Action.STATE}
    confirming = {clause.by for clause in LAW if clause.action is Action.CONFIRM}
    assert not stating & confirming
    assert parties_of(a_handover(State.NAMED), SUCCESSOR, Role.OWNER) == confirming


@pytest.mark.parametrize(
    ("person", "role", "parties"),
    [
        (PARTING, Role.TREASURER, {Party.PARTING}),
        (PARTING, Role.OWNER, {Party.PARTING, Party.OWNER}),
        (PARTING, None, {Party.PARTING}),
        (SUCCESSOR, None, {Party.SUCCESSOR}),
        (OWNER, Role.OWNER, {Party.OWNER}),
        (OWNER, Role.MODERATOR, set()),
        (OWNER, None, set()),
    ],
)
def test_who_is_what(person: int, role: Role | None, parties: set[Party]) -> None:
    assert parties_of(a_handover(State.NAMED), person, role) == parties


def test_from_each_open_state_it_ends_without_any_one_person() -> None:
    """Of the two whom it is about nobody can keep it open: an owner ends it."""
    for state in OPEN:
        assert may(a_handover(state), Action.CALL_OFF, {Party.OWNER}, NAMED_AT)


def test_each_state_is_reached() -> None:
    reached = {State.ASKED}
    while more := {clause.then for clause in LAW if clause.given in reached} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize(
    ("former", "parting", "successor"),
    [
        (Role.OWNER, Role.OWNER, Role.OWNER),
        (Role.TREASURER, Role.MEMBER, Role.TREASURER),
        (Role.MODERATOR, Role.MODERATOR, Role.TREASURER),
        (Role.MEMBER, Role.MEMBER, Role.TREASURER),
    ],
)
def test_the_roles_afterwards(former: Role, parting: Role, successor: Role) -> None:
    assert (role_of_parting(former), role_of_successor(former)) == (parting, successor)


BOOKS = Money(1250_00, "EUR")


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (1250_00, "EUR 1,250.00, as the books say."),
        (1238_00, "EUR 1,238.00: EUR 12.00 less than the books say, which is EUR 1,250.00."),
        (1250_01, "EUR 1,250.01: EUR 0.01 more than the books say, which is EUR 1,250.00."),
    ],
)
def test_a_difference_is_put_into_words(minor: int, words: str) -> None:
    assert in_words(Money(minor, "EUR"), BOOKS) == words


def test_a_difference_wants_a_reason_and_nothing_else_does() -> None:
    check_words(BOOKS, BOOKS, "")
    check_words(Money(1, "EUR"), BOOKS, "A fee of the bank.")
    with pytest.raises(RuleBroken) as refused:
        check_words(Money(1, "EUR"), BOOKS, "  ")
    assert refused.value.field == "note"
