"""A handover of the treasury: who is written to, in which words."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from marketplace.groups import handovers, members
from marketplace.groups.handover_rules import Action
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.notifications.about_handovers import TOLD
from marketplace.notifications.rules import KINDS
from tests.factories.groups import a_member
from tests.factories.handovers import a_cast, confirm, named, say, stated
from tests.notifications.letters import all_letters, kinds_told, letters_to


def handover_kinds(person_id: int) -> list[str]:
    return [kind for kind in kinds_told(person_id) if kind.startswith("handover_")]


def test_everything_that_can_be_done_is_told(app: Flask) -> None:
    assert set(TOLD) == set(Action)
    assert {told.kind for told in TOLD.values()} | {"handover_differs"} == {
        kind for kind in KINDS if kind.startswith("handover_")
    }


def test_both_and_all_officers_hear_each_step(app: Flask) -> None:
    cast = a_cast()
    moderator = a_member(cast.group, Role.MODERATOR)
    handovers.ask_to_step_down(by=cast.parting.id, group_id=cast.group.id)
    assert handover_kinds(cast.owner.id) == ["handover_asked"] and not handover_kinds(moderator.id)
    named(cast)
    handover = stated(cast)
    confirm(handover, cast.successor)
    steps = ["handover_named", "handover_stated", "handover_done"]
    assert handover_kinds(cast.successor.id) == steps == handover_kinds(moderator.id)
    assert handover_kinds(cast.parting.id) == handover_kinds(cast.owner.id) == ["handover_asked", *steps]
    assert len(all_letters()) >= 4


def test_a_difference_stands_in_the_subject(app: Flask) -> None:
    cast = a_cast()
    stated(cast, 12_00, "Somebody paid without a reference.")
    letter = letters_to(cast.owner)[-1]
    assert letter.subject.replace("\u00a0", " ") == (
        "Handover in Lindengasse Antiques: EUR 12.00 more than the books say"
    )
    assert "/treasury/handover\n" in letter.body


def test_said_again_it_is_told_again(app: Flask) -> None:
    cast = a_cast()
    handover = stated(cast)
    say(handover, cast.parting)
    assert handover_kinds(cast.owner.id).count("handover_stated") == 2


def test_in_his_place_is_said_so(app: Flask) -> None:
    cast = a_cast()
    handover = named(cast)
    clock.move(timedelta(days=7))
    say(handover, cast.owner)
    assert "said in the place of Theo Treasurer" in " ".join(letters_to(cast.successor)[-1].body.split())


def test_one_who_was_an_officer_lately_hears_it_and_is_led_where_he_may_go(app: Flask) -> None:
    cast = a_cast()
    former = a_member(cast.group, Role.MODERATOR)
    members.give_role(by=cast.owner.id, group_id=cast.group.id, person_id=former.id, role=Role.MEMBER)
    named(cast)
    assert letters_to(former)[-1].body.count(f"/g/{cast.group.slug}\n") == 1


def test_called_off_says_why(app: Flask) -> None:
    cast = a_cast()
    handover = named(cast)
    handovers.call_off(by=cast.successor.id, handover_id=handover.id, reason="I have no time.")
    assert "I have no time." in letters_to(cast.owner)[-1].body
