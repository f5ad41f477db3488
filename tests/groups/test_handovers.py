"""The treasury passes from one to another in two voices, and to nobody in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.groups import handover_queries, handovers, instructions, members, queries
from marketplace.groups.events import HandoverChanged, RoleGiven
from marketplace.groups.handover_models import Handover
from marketplace.groups.handover_rules import DAYS_OF_SILENCE, Action, State
from marketplace.groups.rules import Role
from marketplace.groups.waiting import waiting_for
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly
from marketplace.kernel.money import Money
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import gateway
from tests.at_once import at_once
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.factories.handovers import Cast, a_cast, confirm, fresh, named, say, stated

A_WEEK = timedelta(days=DAYS_OF_SILENCE)


def role_of(cast: Cast, person_id: int) -> str | None:
    db.session.rollback()
    found = queries.membership(cast.group.id, person_id)
    return found.role if found else None


def roles(cast: Cast) -> tuple[str | None, str | None]:
    return role_of(cast, cast.parting.id), role_of(cast, cast.successor.id)


def whys(handover: Handover) -> list[str]:
    """What the audit says of it."""
    db.session.rollback()
    found = db.session.scalars(select(AuditLine).where(AuditLine.subject == f"handover:{handover.id}"))
    return [f"{line.what} {line.why}".strip() for line in found]


def actions(person_id: int) -> list[Action]:
    """What waits for him to do in a handover."""
    db.session.rollback()
    return [wait.action for wait in waiting_for(person_id) if hasattr(wait, "is_in_place")]


def test_asked_named_stated_confirmed(app: Flask) -> None:
    cast = a_cast()
    an_order("held", group=cast.group)  # type: ignore[arg-type]
    made = handovers.ask_to_step_down(by=cast.parting.id, group_id=cast.group.id)
    assert handovers.ask_to_step_down(by=cast.parting.id, group_id=cast.group.id).id == made.id
    assert actions(cast.owner.id) == [Action.NAME]
    assert named(cast).id == made.id
    assert (actions(cast.owner.id), actions(cast.parting.id)) == ([], [Action.STATE])
    stated(cast)
    assert roles(cast) == (Role.TREASURER, Role.MEMBER), "nothing has changed until it is confirmed"
    assert actions(cast.successor.id) == [Action.CONFIRM]
    confirm(made, cast.successor)
    assert roles(cast) == (Role.MEMBER, Role.TREASURER)
    done = fresh(made)
    assert (done.state, done.is_in_place, done.confirmed) == (State.DONE, False, Money(142_00, "EUR"))
    assert [each.id for each in handover_queries.passed(cast.group.id)] == [made.id]
    assert not actions(cast.successor.id) and handover_queries.open_in(cast.group.id) is None


def test_what_must_be_at_the_bank_is_what_the_books_say(app: Flask) -> None:
    cast = a_cast()
    for state in ("held", "closed", "paying_out", "topping_up"):
        an_order(state, group=cast.group)  # type: ignore[arg-type]
    by_ledger = ledger.balance(gateway(cast.group.id), "EUR")
    assert by_ledger and handover_queries.at_bank(cast.group.id, "EUR") == by_ledger


def test_a_difference_is_kept_in_words_and_announced(app: Flask, heard: list[object]) -> None:
    cast = a_cast()
    handover = named(cast)
    with pytest.raises(RuleBroken) as refused:
        say(handover, cast.parting, 12_00)
    assert refused.value.field == "note" and fresh(handover).state == State.NAMED
    heard.clear()
    say(handover, cast.parting, 12_00, "Somebody paid without a reference.")
    row = fresh(handover)
    assert row.difference == "EUR 12.00: EUR 12.00 more than the books say, which is EUR 0.00."
    assert row.note == "Somebody paid without a reference."
    (fact,) = heard
    assert isinstance(fact, HandoverChanged)
    assert (fact.stated, fact.books) == (Money(12_00, "EUR"), Money(0, "EUR"))
    assert any("EUR 12.00 more than the books say" in why for why in whys(handover))


def test_what_came_since_is_added_to_what_he_must_have(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    old = handover_queries.to_be_had(handover)
    an_order("held", group=cast.group)  # type: ignore[arg-type]
    assert handover_queries.to_be_had(fresh(handover)) == Money(142_00, "EUR")
    assert old is not None
    with pytest.raises(Stale):
        handovers.confirm_balance(by=cast.successor.id, handover_id=handover.id, amount=old, statement=1)
    assert roles(cast) == (Role.TREASURER, Role.MEMBER)
    confirm(handover, cast.successor)


def test_what_was_said_anew_is_not_confirmed_by_an_old_page(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    say(handover, cast.parting)
    with pytest.raises(Stale):
        handovers.confirm_balance(
            by=cast.successor.id, handover_id=handover.id, amount=Money(0, "EUR"), statement=1
        )  # fmt: skip


def test_who_is_silent_is_spoken_for_after_a_week(app: Flask) -> None:
    cast = a_cast()
    handover = named(cast)
    with pytest.raises(TooEarly):
        say(handover, cast.owner)
    clock.move(A_WEEK)
    assert actions(cast.owner.id) == [Action.STATE]
    say(handover, cast.owner)
    assert fresh(handover).is_in_place
    assert any("In the parting treasurer's place." in why for why in whys(handover))
    confirm(handover, cast.successor)
    assert roles(cast) == (Role.MEMBER, Role.TREASURER)


def test_who_is_gone_holds_nothing_up(app: Flask) -> None:
    cast = a_cast()
    members.leave_group(by=cast.parting.id, group_id=cast.group.id)
    handover = named(cast)
    assert actions(cast.parting.id) == [Action.STATE], "he may still have the money"
    clock.move(A_WEEK)
    say(handover, cast.owner)
    confirm(handover, cast.successor)
    assert roles(cast) == (None, Role.TREASURER)


def test_an_owner_who_follows_speaks_for_nobody(app: Flask) -> None:
    cast = a_cast(Role.OWNER)
    handover = named(cast)
    clock.move(A_WEEK)
    with pytest.raises(NotAllowed):
        say(handover, cast.successor)
    say(handover, cast.owner)
    confirm(handover, cast.successor)
    assert roles(cast) == (Role.MEMBER, Role.OWNER)


@pytest.mark.parametrize("who", ["owner", "parting"])
def test_nobody_else_confirms(app: Flask, who: str) -> None:
    cast = a_cast()
    handover = stated(cast)
    with pytest.raises(NotAllowed):
        confirm(handover, getattr(cast, who))
    assert roles(cast) == (Role.TREASURER, Role.MEMBER)


def test_strangers_and_members_find_nothing(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    for stranger in (a_member(cast.group), a_member(a_group())):
        for deed in (
            lambda by=stranger: say(handover, by),
            lambda by=stranger: confirm(handover, by),
            lambda by=stranger: handovers.call_off(by=by.id, handover_id=handover.id, reason=""),
        ):
            with pytest.raises(NotFound):
                deed()
    with pytest.raises(NotFound):
        handovers.call_off(by=cast.owner.id, handover_id=handover.id + 9, reason="")


def test_an_owner_names_and_a_treasurer_does_not(app: Flask) -> None:
    cast = a_cast()
    with pytest.raises(NotAllowed):
        handovers.name_successor(
            by=cast.parting.id, group_id=cast.group.id, parting_id=cast.parting.id, successor_id=cast.successor.id
        )
    with pytest.raises(RuleBroken, match="You are an owner"):
        handovers.ask_to_step_down(by=cast.owner.id, group_id=cast.group.id)
    with pytest.raises(NotAllowed):
        handovers.ask_to_step_down(by=cast.successor.id, group_id=cast.group.id)


def test_only_members_follow_only_who_has_the_money_parts_and_nobody_follows_himself(app: Flask) -> None:
    cast = a_cast()
    outsider = a_member(a_group())

    def name(parting: int, successor: int) -> None:
        handovers.name_successor(by=cast.owner.id, group_id=cast.group.id, parting_id=parting, successor_id=successor)

    with pytest.raises(NotFound):
        name(cast.parting.id, outsider.id)
    with pytest.raises(RuleBroken) as refused:
        name(cast.successor.id, cast.owner.id)
    assert refused.value.field == "parting_id"
    with pytest.raises(RuleBroken) as refused:
        name(cast.parting.id, cast.parting.id)
    assert refused.value.field == "successor_id"
    assert handover_queries.open_in(cast.group.id) is None


def test_one_at_a_time(app: Flask) -> None:
    cast = a_cast()
    named(cast)
    with pytest.raises(RuleBroken):
        named(cast)
    with pytest.raises(RuleBroken, match="Another handover"):
        handovers.name_successor(
            by=cast.owner.id, group_id=cast.group.id, parting_id=cast.owner.id, successor_id=cast.successor.id
        )
    with pytest.raises(IntegrityError), unit_of_work():
        db.session.add(
            Handover(
                group_id=cast.group.id, parting_id=cast.owner.id, asked_by=cast.owner.id, asked_at=clock.now(),
                currency="EUR",
            )
        )  # fmt: skip


@pytest.mark.parametrize("who", ["owner", "successor"])
def test_called_off_everybody_keeps_his_role_and_another_can_begin(app: Flask, who: str) -> None:
    cast = a_cast()
    handover = stated(cast)
    handovers.call_off(by=getattr(cast, who).id, handover_id=handover.id, reason="He has no time.")
    assert roles(cast) == (Role.TREASURER, Role.MEMBER)
    assert fresh(handover).end_reason == "He has no time."
    with pytest.raises(RuleBroken, match="moved on"):
        confirm(handover, cast.successor)
    assert named(cast).id != handover.id


def test_a_successor_who_has_left_takes_nothing_over(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    members.leave_group(by=cast.successor.id, group_id=cast.group.id)
    with pytest.raises(NotFound):
        confirm(handover, cast.successor)
    assert role_of(cast, cast.parting.id) == Role.TREASURER
    assert fresh(handover).state == State.STATED


def test_two_clicks_pass_it_once(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    wrong = at_once(app, *[lambda: confirm(handover, cast.successor)] * 2)
    assert len(wrong) == 1 and isinstance(wrong[0], RuleBroken)
    given = select(AuditLine).where(AuditLine.what == "give role", AuditLine.group_id == cast.group.id)
    assert len(list(db.session.scalars(given))) == 2, "one line for each of the two, once"


def test_confirmed_and_called_off_at_once_is_one_of_them(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    at_once(
        app,
        lambda: confirm(handover, cast.successor),
        lambda: handovers.call_off(by=cast.owner.id, handover_id=handover.id, reason=""),
    )
    passed = fresh(handover).state == State.DONE
    assert roles(cast) == ((Role.MEMBER, Role.TREASURER) if passed else (Role.TREASURER, Role.MEMBER))


def test_instructions_of_one_who_was_alone_wait_for_a_second_after_all(app: Flask) -> None:
    owner = a_group().founded_by
    group = queries.groups_of(owner)[0]
    made = instructions.propose_instructions(by=owner, group_id=group.id, words="IBAN of new")
    assert made.in_force_at is not None
    successor = a_member(group)
    handover = handovers.name_successor(by=owner, group_id=group.id, parting_id=owner, successor_id=successor.id)
    handovers.state_balance(
        by=owner, handover_id=handover.id, amount=Money(0, "EUR"), reference="statement 1", note=""
    )  # fmt: skip
    confirm(handover, successor)
    db.session.rollback()
    assert queries.instructions(made.id).in_force_at is None
    officers = {officer.person_id: officer.role for officer in queries.officers(group.id)}
    assert officers == {owner: Role.OWNER, successor.id: Role.TREASURER}


def test_what_is_announced(app: Flask, heard: list[object]) -> None:
    cast = a_cast()
    heard.clear()
    handovers.ask_to_step_down(by=cast.parting.id, group_id=cast.group.id)
    named(cast)
    handover = stated(cast)
    confirm(handover, cast.successor)
    assert [fact.action for fact in heard if isinstance(fact, HandoverChanged)] == [
        Action.ASK, Action.NAME, Action.STATE, Action.CONFIRM,
    ]  # fmt: skip
    assert not [fact for fact in heard if isinstance(fact, RoleGiven)], "the handover itself tells it"
