"""Officers are reminded of a deadline on a deposit before it is over: twice, and each time once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from marketplace.deposits import lapsing, reminding
from marketplace.deposits.reminding_rules import LEADS, hours_left, next_reminder
from marketplace.deposits.rules import State
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from tests.at_once import at_once
from tests.factories.deposits import a_club, a_deposit, confirm, fresh, give_back, pay_out, payouts_to
from tests.factories.groups import a_member
from tests.notifications.letters import kinds_told, letters_to

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DEADLINE = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "then"),
    [(3 * DAY, 2 * DAY), (2 * DAY, 12 * HOUR), (13 * HOUR, 12 * HOUR), (12 * HOUR, None), (-HOUR, None)],
)
def test_when_to_remind_next(before: timedelta, then: timedelta | None) -> None:
    assert next_reminder(DEADLINE, after=DEADLINE - before) == (DEADLINE - then if then else None)


@pytest.mark.parametrize(
    ("before", "hours"),
    [(2 * DAY + MINUTE, None), (2 * DAY, 48), (12 * HOUR + MINUTE, 48), (12 * HOUR, 12), (MINUTE, 12), (-MINUTE, None)],
)
def test_which_reminder_it_is(before: timedelta, hours: int | None) -> None:
    assert hours_left(DEADLINE, now=DEADLINE - before) == hours


def test_without_a_deadline_nobody_is_reminded() -> None:
    assert next_reminder(None, after=DEADLINE) is None and hours_left(None, now=DEADLINE) is None
    assert sorted(LEADS, reverse=True) == list(LEADS)


def reminders(person_id: int) -> list[str]:
    work()
    return [kind for kind in kinds_told(person_id) if kind in ("deposit_two_days", "deposit_twelve_hours")]


def work() -> None:
    while reminding.remind_due_deposits() or lapsing.lapse_due_deposits():
        pass


def test_of_a_claim_twice_before_the_treasurers_time_is_over(app: Flask) -> None:
    group, treasurer, member = a_club()
    a_deposit(group, member, State.CLAIMED)
    clock.move(DAY - MINUTE)
    assert reminders(treasurer.id) == []
    clock.move(2 * MINUTE)
    assert reminders(treasurer.id) == reminders(group.founded_by) == ["deposit_two_days"]
    clock.move(36 * HOUR)
    assert reminders(treasurer.id) == ["deposit_two_days", "deposit_twelve_hours"]
    assert reminders(member.id) == []
    letter = letters_to(treasurer)[-1]
    assert "look for the deposit and confirm it" in letter.body and "Any other officer may confirm it." in letter.body
    assert f"/g/{group.slug}/treasury/deposits/{member.id}\n" in letter.body


def test_of_a_payout_before_its_time_is_over_and_then_every_officer(app: Flask) -> None:
    group, treasurer, member = a_club()
    moderator = a_member(group, Role.MODERATOR)
    a_deposit(group, member, State.RETURN_ASKED)
    give_back()
    clock.move(36 * HOUR + MINUTE)
    assert reminders(treasurer.id) == ["deposit_twelve_hours"]
    clock.move(12 * HOUR)
    assert reminders(moderator.id) == []
    clock.move(36 * HOUR)
    assert reminders(moderator.id) == ["deposit_twelve_hours"]
    assert "/treasury/deposit-payouts/" in letters_to(moderator)[-1].body
    pay_out(payouts_to(group, member)[0])
    clock.move(9 * DAY)
    assert reminders(treasurer.id).count("deposit_twelve_hours") == 2


def test_who_is_paid_is_not_asked_to_pay_himself(app: Flask) -> None:
    group, treasurer, _member = a_club()
    a_deposit(group, treasurer, State.CLAIMED)
    clock.move(DAY + MINUTE)
    assert reminders(treasurer.id) == [] and reminders(group.founded_by) == ["deposit_two_days"]


def test_what_was_done_is_not_reminded_of(app: Flask) -> None:
    group, treasurer, member = a_club()
    a_deposit(group, member, State.CLAIMED)
    confirm(group, member)
    assert fresh(group, member).remind_at is None
    clock.move(3 * DAY)
    assert reminders(treasurer.id) == [] and reminding.to_remind(clock.now()).due == 0


def test_two_workers_remind_once(app: Flask) -> None:
    group, treasurer, member = a_club()
    a_deposit(group, member, State.CLAIMED)
    clock.move(DAY + MINUTE)
    assert reminding.to_remind(clock.now()).due == 1
    assert not at_once(app, *[reminding.remind_due_deposits] * 3)
    assert reminders(treasurer.id) == ["deposit_two_days"]


def test_a_worker_killed_before_it_was_written_down_has_reminded_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, treasurer, member = a_club()
    a_deposit(group, member, State.CLAIMED)
    clock.move(DAY + MINUTE)

    def dies(_fact: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(reminding, "announce", dies)
        reminding.remind_due_deposits()
    assert reminders(treasurer.id) == ["deposit_two_days"]
