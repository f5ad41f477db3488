"""Who fails too often waits; strangers and members fail alike; failures are counted in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts import devices, doors, second_factors, service
from marketplace.accounts.models import Person, SignInTries
from marketplace.accounts.rules import PAUSE, TRIES, TooManyTries, WrongSecret
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import RuleBroken
from tests.at_once import at_once
from tests.factories.accounts import PASSWORD, a_person, code_of
from tests.notifications.letters import kinds_told, letters_to


def tried(deed: Callable[[], object]) -> str:
    """What a try at a door comes to, as a form does it: the refusal is caught inside, so that it counts."""
    with unit_of_work():
        try:
            deed()
        except RuleBroken as refusal:
            return str(refusal)
        return "in"


def entering(address: str, password: str) -> Callable[[], object]:
    return lambda: doors.enter(address=address, password=password)


def test_the_right_password_opens_whatever_the_capitals_of_the_address(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    with unit_of_work():
        assert doors.enter(address=" Marta@Example.ORG ", password=PASSWORD).id == marta.id


def test_strangers_and_members_hear_the_same_to_the_letter(app: Flask) -> None:
    a_person(email="marta@example.org")
    member = [tried(entering("marta@example.org", "wrong-password")) for _ in range(TRIES + 2)]
    stranger = [tried(entering("nobody@example.org", "wrong-password")) for _ in range(TRIES + 2)]
    no_address = [tried(entering("not an address", "wrong-password")) for _ in range(TRIES + 2)]
    assert member == stranger == no_address
    assert "4 tries left before a pause of 15 minutes" in member[0]
    assert "the last try" in member[4]
    assert "Wait 15 minutes" in member[5]


def test_during_the_pause_even_the_right_password_waits(app: Flask) -> None:
    a_person(email="marta@example.org")
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert "tried too often" in tried(entering("marta@example.org", PASSWORD))
    clock.move(PAUSE)
    assert tried(entering("marta@example.org", PASSWORD)) == "in"


def test_the_right_password_forgives_what_came_before(app: Flask) -> None:
    a_person(email="marta@example.org")
    for _ in range(TRIES - 1):
        tried(entering("marta@example.org", "wrong-password"))
    assert tried(entering("marta@example.org", PASSWORD)) == "in"
    assert "4 tries left" in tried(entering("marta@example.org", "wrong-password"))


def test_one_address_does_not_shut_the_door_of_another(app: Flask) -> None:
    a_person(email="hedwig@example.org")
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert tried(entering("hedwig@example.org", PASSWORD)) == "in"


def test_guesses_at_the_same_moment_are_counted_one_by_one(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    said: list[str] = []

    def guess() -> None:
        said.append(tried(entering(marta_email, "wrong-password")))

    marta_email = marta.email
    assert at_once(app, *[guess] * 8) == []
    assert sum("tries left" in each or "One try left" in each or "last try" in each for each in said) == TRIES
    assert sum("tried too often" in each for each in said) == 8 - TRIES


@pytest.mark.parametrize("password", ["", "x" * 100_000, "\x00", "\u202ecollect", "ﷺ" * 256], ids=repr)
def test_what_nobody_can_have_as_a_password_is_a_wrong_one(app: Flask, password: str) -> None:
    a_person(email="marta@example.org")
    assert "4 tries left" in tried(entering("marta@example.org", password))


@pytest.mark.parametrize("address", ["", "x" * 100_000, "a\x00@example.org", "\u202e@example.org"], ids=lambda a: a[:9])
def test_what_nobody_can_have_as_an_address_is_an_unknown_one(app: Flask, address: str) -> None:
    assert "4 tries left" in tried(entering(address, PASSWORD))


def test_what_was_typed_cannot_be_read_in_the_database(app: Flask) -> None:
    tried(entering("my password in the wrong field", "wrong-password"))
    assert "password" not in db.session.scalars(select(SignInTries.door)).one()


def test_a_new_password_by_mail_ends_the_pause(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    with unit_of_work():
        doors.forget_failures(marta)
    assert tried(entering("marta@example.org", PASSWORD)) == "in"


def test_old_tries_are_swept(app: Flask) -> None:
    tried(entering("marta@example.org", "wrong-password"))
    assert doors.forget_old_tries() == 0
    clock.move(timedelta(hours=2))
    assert doors.forget_old_tries() == 1
    assert db.session.scalar(select(func.count()).select_from(SignInTries)) == 0


# ---- devices on which one has signed in before ----


def at_home(person: Person, password: str) -> Callable[[], object]:
    token = devices.token_for(person)
    return lambda: doors.enter(address=person.email, password=password, tokens=["made-up", token])


def test_strangers_do_not_shut_out_who_comes_with_a_device_of_his(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    entered = at_home(marta, PASSWORD)
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert tried(entered) == "in"
    assert "tried too often" in tried(entering("marta@example.org", PASSWORD))


def test_a_device_is_no_way_to_guess_on(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    token = devices.token_for(marta)
    said = [
        tried(lambda: doors.enter(address=marta.email, password="wrong-password", tokens=[token]))
        for _ in range(TRIES + 1)
    ]
    assert "4 tries left" in said[0]
    assert "tried too often" in said[-1]
    assert tried(entering("marta@example.org", PASSWORD)) == "in"


def test_somebody_elses_device_has_no_door_here(app: Flask) -> None:
    marta, hedwig = a_person(email="marta@example.org"), a_person("Hedwig")
    token = devices.token_for(hedwig)
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert "tried too often" in tried(lambda: doors.enter(address=marta.email, password=PASSWORD, tokens=[token]))


def test_signed_out_everywhere_means_that_no_device_is_known(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    token = devices.token_for(marta)
    assert marta.fs_uniquifier not in token
    service.sign_out_everywhere(by=marta.id)
    assert devices.device_of(marta.email, [token]) is None
    assert devices.device_of("nobody@example.org", [token]) is None


def test_the_owner_hears_of_a_pause_once_a_day(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    for _ in range(TRIES + 2):
        tried(entering("marta@example.org", "wrong-password"))
    assert kinds_told(marta) == ["sign_in_paused"]
    assert "Devices on which you signed in before are not held up." in letters_to(marta)[0].body
    clock.move(timedelta(days=1))
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert kinds_told(marta) == ["sign_in_paused"] * 2


def test_an_address_that_nobody_proved_gets_no_mail_about_a_pause(app: Flask) -> None:
    stranger = a_person("Stranger", email="marta@example.org", confirmed=False)
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    assert kinds_told(stranger) == []


# ---- the password again, and codes ----


def test_who_is_signed_in_has_a_door_of_his_own_for_his_password(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))  # somebody else guesses
    assert tried(lambda: doors.prove_password(marta, PASSWORD)) == "in"
    assert "This is not your password" in tried(lambda: doors.prove_password(marta, "wrong-password"))


def test_a_code_works_once(app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    code = code_of(hedwig)
    assert tried(lambda: doors.prove_code(hedwig, f" {code[:3]} {code[3:]} ")) == "in"
    assert "used already" in tried(lambda: doors.prove_code(hedwig, code))


def test_a_code_sent_twice_at_the_same_moment_works_once(app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    hedwig_id, code, said = hedwig.id, code_of(hedwig), list[str]()

    def send() -> None:
        said.append(tried(lambda: doors.prove_code(db.session.get_one(Person, hedwig_id), code)))

    assert at_once(app, send, send, send) == []
    assert sorted(said)[-1] == "in"
    assert said.count("in") == 1


def test_codes_are_not_guessed_either(app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    said = [tried(lambda: doors.prove_code(hedwig, "000000")) for _ in range(TRIES + 1)]
    assert "4 tries left" in said[0]
    assert "tried too often" in said[-1]
    assert "tried too often" in tried(lambda: doors.prove_code(hedwig, code_of(hedwig)))


def test_a_recovery_code_works_once_however_it_is_typed(app: Flask) -> None:
    hedwig = a_person("Hedwig")
    second_factors.give(person_id=hedwig.id)
    first, second, *_others = second_factors.recovery_codes_of(hedwig)
    with unit_of_work():
        assert doors.prove_code(hedwig, first.upper().replace("-", " ")) is True
    assert "does not match" in tried(lambda: doors.prove_code(hedwig, first))
    assert tried(lambda: doors.prove_code(hedwig, second)) == "in"
    assert len(second_factors.recovery_codes_of(hedwig)) == 8


@pytest.mark.parametrize("code", ["", "x" * 100_000, "\x00", "١٢٣٤٥٦", "-12345", "12345"], ids=lambda c: repr(c[:9]))
def test_what_is_no_code_is_a_wrong_one(app: Flask, code: str) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    assert "4 tries left" in tried(lambda: doors.prove_code(hedwig, code))


def test_nobody_has_a_code_without_a_second_factor(app: Flask) -> None:
    marta = a_person()
    with pytest.raises(WrongSecret), unit_of_work():
        doors.prove_code(marta, "000000")


def test_a_shut_door_raises_its_own_error(app: Flask) -> None:
    for _ in range(TRIES):
        tried(entering("marta@example.org", "wrong-password"))
    with pytest.raises(TooManyTries), unit_of_work():
        doors.enter(address="marta@example.org", password=PASSWORD)
