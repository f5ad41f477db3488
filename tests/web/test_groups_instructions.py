"""Where members pay: changed with a second factor, before the eyes of all officers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.groups import queries
from marketplace.groups.members import give_role
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.web.groups_pages import words

pytestmark = pytest.mark.one_database

NEW = {"words": "IBAN of new\nReference: the order"}


@pytest.fixture
def owner(app):
    return a_person("Olga", second_factor=True)


@pytest.fixture
def group(owner):
    return a_group(owner, instructions="IBAN of old")


@pytest.fixture
def path(group):
    return f"/g/{group.slug}/settings/instructions"


def coming(group):
    return queries.coming_instructions(group.id, clock.now())


def test_they_are_proposed_with_a_second_factor_and_approved_with_another_officers(group, owner, path, client_of):
    moderator = a_member(group, Role.MODERATOR, person=a_person("Mia", second_factor=True))
    answer = client_of(owner).post(path, data=NEW, follow_redirects=True)
    assert "Another one has to approve it" in words(answer)
    assert "Approve these instructions" not in words(answer)
    page = words(client_of(moderator).get(path))
    assert "IBAN of new" in page
    assert "IBAN of old" in page
    assert "Approve these instructions" in page
    approve = f"{path}/{coming(group).id}/approve"
    assert client_of(owner).post(approve).status_code == 403
    assert "unless an officer stops it" in words(client_of(moderator).post(approve, follow_redirects=True))
    assert client_of(moderator).post(approve).status_code == 409
    stopped = client_of(owner).post(f"{path}/{coming(group).id}/stop", follow_redirects=True)
    assert "Stopped" in words(stopped)
    assert coming(group) is None


@pytest.mark.parametrize("how", [{"fresh": False}, {"second_factor": False}])
def test_an_old_sign_in_changes_nothing(group, owner, path, client_of, how):
    assert client_of(owner, **how).post(path, data=NEW).status_code == 302
    assert coming(group) is None


def test_the_proof_is_asked_before_the_form_and_typing_may_take_its_time(group, owner, path, client_of):
    page = words(client_of(owner, fresh=False).get(path))
    assert "This wants a code of your second factor" in page
    assert "New payment instructions" not in page
    browser = client_of(owner)
    assert "New payment instructions" in words(browser.get(path))
    clock.move(timedelta(minutes=44))
    assert "New payment instructions" not in words(browser.get(path))
    browser.post(path, data=NEW)
    assert coming(group).words == NEW["words"]


def test_a_form_that_lay_for_long_changes_nothing(group, owner, path, client_of):
    browser = client_of(owner)
    clock.move(timedelta(minutes=45))
    assert browser.post(path, data=NEW).status_code == 302
    assert coming(group) is None


def test_it_is_said_who_may_approve_and_that_nobody_can(group, owner, path, client_of):
    client_of(owner).post(path, data=NEW)
    late = a_person("Mia", second_factor=True)
    a_member(group, person=late)
    give_role(by=owner.id, group_id=group.id, person_id=late.id, role=Role.MODERATOR)
    page = words(client_of(late).get(path))
    assert "Nobody can approve it" in page
    assert "Approve these instructions" not in page
    a_member(group, Role.TREASURER, "Teo")
    assert "Who can approve it: Teo." in words(client_of(late).get(path))
    answer = client_of(late).post(f"{path}/{coming(group).id}/approve")
    assert answer.status_code == 409
    assert "You became an officer too short a time before this was proposed" in words(answer)


def test_who_has_not_signed_in_changes_nothing(group, path, client):
    assert client.post(path, data=NEW).status_code == 302
    assert coming(group) is None


def test_an_officer_without_a_second_factor_is_sent_to_set_one_up(group, path, client_of):
    treasurer = a_member(group, Role.TREASURER)
    assert client_of(treasurer).post(path, data=NEW).status_code == 302
    assert coming(group) is None


def test_any_officer_stops_a_change_without_one(group, owner, path, client_of):
    moderator = a_member(group, Role.MODERATOR)
    client_of(owner).post(path, data=NEW)
    assert client_of(moderator).post(f"{path}/{coming(group).id}/stop").status_code == 302
    assert coming(group) is None


def test_others_instructions_are_not_reached_through_ones_own_group(group, owner, path, client_of):
    client_of(owner).post(path, data=NEW)
    stranger = a_person(second_factor=True)
    other = a_group(stranger, name="Another")
    for deed in ("approve", "stop"):
        answer = client_of(stranger).post(f"/g/{other.slug}/settings/instructions/{coming(group).id}/{deed}")
        assert answer.status_code == 404


def test_a_wrong_form_says_what_is_wrong(group, owner, path, client_of):
    browser = client_of(owner)
    for text in ("", "\0", "x" * 2001):
        assert browser.post(path, data={"words": text}).status_code == 422
    assert "Nothing would change" in words(browser.post(path, data={"words": "IBAN of old"}))
    browser.post(path, data=NEW)
    assert "A change is under way already" in words(browser.post(path, data={"words": "IBAN of a thief"}))
