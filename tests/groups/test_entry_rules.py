"""The way in and the way out, as the law has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.groups import entry_rules
from marketplace.groups.entry_rules import Belonging, Door, JoinPolicy
from marketplace.groups.rules import Role
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly

NOW = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)
DOOR = Door(JoinPolicy.APPROVAL, is_closed=False, is_full=False, belonging=None, turned_away_at=None)


def test_a_stranger_may_ask() -> None:
    entry_rules.judge_asking(DOOR, now=NOW)


def test_who_left_may_ask_again_at_once() -> None:
    entry_rules.judge_asking(replace(DOOR, belonging=Belonging.LEFT), now=NOW)


@pytest.mark.parametrize(
    "door",
    [
        replace(DOOR, is_closed=True),
        replace(DOOR, policy=JoinPolicy.CLOSED),
        replace(DOOR, belonging=Belonging.MEMBER),
    ],
)
def test_nobody_asks_a_closed_group_a_closed_door_or_twice(door: Door) -> None:
    with pytest.raises(RuleBroken):
        entry_rules.judge_asking(door, now=NOW)


def test_who_was_turned_away_waits_thirty_days() -> None:
    door = replace(DOOR, turned_away_at=NOW)
    with pytest.raises(TooEarly) as refusal:
        entry_rules.judge_asking(door, now=NOW + timedelta(days=30, seconds=-1))
    assert refusal.value.details["again"] == NOW + timedelta(days=30)
    entry_rules.judge_asking(door, now=NOW + timedelta(days=30))


def test_an_open_group_takes_at_once_but_not_when_full_nor_whom_it_removed() -> None:
    open_door = replace(DOOR, policy=JoinPolicy.OPEN)
    assert entry_rules.joins_at_once(open_door)
    assert not entry_rules.joins_at_once(DOOR)
    assert not entry_rules.joins_at_once(replace(open_door, is_full=True))
    assert not entry_rules.joins_at_once(replace(open_door, belonging=Belonging.REMOVED))


def test_every_question_wants_its_answer() -> None:
    entry_rules.check_answers(["Why?", "Since when?"], ["I like it.", "1999"])
    entry_rules.check_answers([], ["", "", ""])
    for answers in (["I like it.", ""], ["I like it."]):
        with pytest.raises(RuleBroken) as refusal:
            entry_rules.check_answers(["Why?", "Since when?"], answers)
        assert refusal.value.field == "answer_2"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("has_open_deals", [False, True])
def test_leaving_is_never_blocked_but_for_the_only_owner_of_a_group_that_needs_him(
    role: Role, is_closed: bool, has_open_deals: bool
) -> None:
    entry_rules.judge_leaving(role, owners=2, is_closed=is_closed, has_open_deals=has_open_deals)
    if role is Role.OWNER and (has_open_deals or not is_closed):
        with pytest.raises(RuleBroken, match="Make another member an owner"):
            entry_rules.judge_leaving(role, owners=1, is_closed=is_closed, has_open_deals=has_open_deals)
    else:
        entry_rules.judge_leaving(role, owners=1, is_closed=is_closed, has_open_deals=has_open_deals)


@pytest.mark.parametrize("target", Role)
def test_members_are_removed_and_of_an_officer_his_role_is_taken_first(target: Role) -> None:
    if target is Role.MEMBER:
        entry_rules.judge_removal(target, is_self=False)
    else:
        with pytest.raises(NotAllowed, match="role first"):
            entry_rules.judge_removal(target, is_self=False)


@pytest.mark.parametrize("role", Role)
def test_nobody_removes_himself(role: Role) -> None:
    with pytest.raises(RuleBroken, match="himself"):
        entry_rules.judge_removal(role, is_self=True)


@pytest.mark.parametrize("then", Role)
@pytest.mark.parametrize("now", Role)
def test_a_group_keeps_an_owner(now: Role, then: Role) -> None:
    entry_rules.judge_role(now, then, owners=2)
    if now is Role.OWNER and then is not Role.OWNER:
        with pytest.raises(RuleBroken):
            entry_rules.judge_role(now, then, owners=1)
    else:
        entry_rules.judge_role(now, then, owners=1)
