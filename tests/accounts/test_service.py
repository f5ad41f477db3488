"""Accounts, addresses, payout details and second factors, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask_security import hash_password
from sqlalchemy import select, text

from marketplace.accounts import addresses, payout_details, queries, second_factors, service
from marketplace.accounts.events import PayoutChangeWithdrawn, PayoutDetailsChanged
from marketplace.accounts.models import Address, PayoutDetails, Person
from marketplace.kernel import clock, events
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotFound, RuleBroken
from tests.at_once import at_once
from tests.factories.accounts import PASSWORD, a_person, code_of

VIENNA = {
    "recipient": "Marta Lind",
    "street": "Lindengasse 12/4",
    "postal_code": "1070",
    "city": "Wien",
    "country": "AT",
}
GRAZ = VIENNA | {"street": "Kirchengasse 3", "postal_code": "8010", "city": "Graz"}


@pytest.fixture
def heard() -> Iterator[list[object]]:
    """What accounts announces while the test runs."""
    facts: list[object] = []
    before = events._handlers
    events.wire({PayoutDetailsChanged: [facts.append], PayoutChangeWithdrawn: [facts.append]})
    yield facts
    events.wire(before)


# ---- people ----


def test_a_first_operator_can_be_made(app: Flask) -> None:
    made = service.create_person(
        email=" Otto@Example.ORG ", name="Otto", password=PASSWORD, confirmed=True, is_operator=True
    )
    otto = queries.person(made.id)
    assert (otto.email, otto.name, otto.is_operator, otto.confirmed_at) == (
        "otto@example.org",
        "Otto",
        True,
        otto.created_at,
    )
    assert otto.password is not None
    assert otto.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_people_cannot_have_one_address(app: Flask) -> None:
    a_person(email="marta@example.org")
    with pytest.raises(RuleBroken, match="already"):
        service.create_person(email="MARTA@example.org", name="Other", password=PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_a_password_has_a_length(app: Flask, password: str) -> None:
    with pytest.raises(RuleBroken, match="10 to 256"):
        service.create_person(email="otto@example.org", name="Otto", password=password)


def test_an_address_that_nobody_proved_goes_to_whoever_signs_up_last(app: Flask) -> None:
    stranger = a_person("Stranger", email="marta@example.org", confirmed=False)
    with unit_of_work():
        marta = service.enrol(email="marta@example.org", name="Marta", password_hash=hash_password("another-password"))
    assert marta.id == stranger.id
    assert queries.person(marta.id).name == "Marta"


def test_a_link_and_a_password_of_an_older_sign_up_prove_nothing(app: Flask) -> None:
    stranger = a_person("Stranger", email="marta@example.org", confirmed=False)
    signed_up_as = stranger.fs_uniquifier
    with unit_of_work():
        service.enrol(email="marta@example.org", name="Marta", password_hash=hash_password("another-password"))
    with pytest.raises(RuleBroken, match="newest mail"):
        service.prove_address(by=stranger.id, signed_up_as=signed_up_as)
    assert queries.person(stranger.id).confirmed_at is None


def test_an_address_that_somebody_proved_is_his(app: Flask) -> None:
    a_person(email="marta@example.org")
    with pytest.raises(RuleBroken), unit_of_work():
        service.enrol(email="marta@example.org", name="Other", password_hash=hash_password("another-password"))


def test_names_come_in_one_question(app: Flask) -> None:
    marta, hedwig = a_person(), a_person("Hedwig")
    assert queries.names_of([marta.id, hedwig.id, marta.id, 10**9]) == {marta.id: "Marta", hedwig.id: "Hedwig"}
    assert queries.names_of([]) == {}


def test_there_is_nobody_by_an_unknown_number(app: Flask) -> None:
    with pytest.raises(NotFound):
        queries.person(10**9)


def test_deeds_are_written_down_without_what_is_secret(app: Flask) -> None:
    marta = a_person()
    service.describe(by=marta.id, name="Marta Lind", about="porcelain")
    payout_details.change_payout_details(by=marta.id, details="AT61 1904 3002 3457 3201")
    service.sign_out_everywhere(by=marta.id)
    lines = db.session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
    assert [line.what for line in lines] == ["change profile", "change payout details", "sign out everywhere"]
    assert all(line.actor_id == marta.id for line in lines)
    assert "AT61" not in "".join(f"{line.subject}{line.why}" for line in lines)


# ---- addresses ----


def test_the_first_address_is_the_default(app: Flask) -> None:
    marta = a_person()
    vienna = addresses.add_address(by=marta.id, **VIENNA)
    graz = addresses.add_address(by=marta.id, **GRAZ)
    assert [(each.id, each.is_default) for each in queries.addresses_of(marta.id)] == [
        (vienna.id, True),
        (graz.id, False),
    ]


def test_there_is_one_default_at_a_time(app: Flask) -> None:
    marta = a_person()
    vienna, graz = (addresses.add_address(by=marta.id, **each, is_default=True) for each in (VIENNA, GRAZ))
    assert [each.id for each in queries.addresses_of(marta.id) if each.is_default] == [graz.id]
    addresses.change_address(by=marta.id, address_id=vienna.id, **VIENNA, is_default=True)
    assert [each.id for each in queries.addresses_of(marta.id) if each.is_default] == [vienna.id]


def test_removing_the_default_makes_another_the_default(app: Flask) -> None:
    marta = a_person()
    vienna, graz = (addresses.add_address(by=marta.id, **each) for each in (VIENNA, GRAZ))
    addresses.remove_address(by=marta.id, address_id=vienna.id)
    assert [(each.id, each.is_default) for each in queries.addresses_of(marta.id)] == [(graz.id, True)]


def test_the_same_address_sent_twice_is_kept_once(app: Flask) -> None:
    marta = a_person()
    first, second = (addresses.add_address(by=marta.id, **VIENNA) for _ in range(2))
    assert first.id == second.id
    assert len(queries.addresses_of(marta.id)) == 1


def test_the_same_address_sent_twice_at_the_same_moment_is_kept_once(app: Flask) -> None:
    marta_id = a_person().id
    assert at_once(app, *[lambda: addresses.add_address(by=marta_id, **VIENNA)] * 3) == []
    assert len(queries.addresses_of(marta_id)) == 1


def test_ten_addresses_are_enough(app: Flask) -> None:
    marta = a_person()
    for number in range(10):
        addresses.add_address(by=marta.id, **VIENNA | {"street": f"Lindengasse {number}"})
    with pytest.raises(RuleBroken, match="10 addresses"):
        addresses.add_address(by=marta.id, **GRAZ)


def test_somebody_elses_address_is_not_there(app: Flask) -> None:
    vienna = addresses.add_address(by=a_person().id, **VIENNA)
    hedwig = a_person("Hedwig")
    for deed in (
        lambda: queries.address_of(hedwig.id, vienna.id),
        lambda: addresses.change_address(by=hedwig.id, address_id=vienna.id, **GRAZ),
        lambda: addresses.remove_address(by=hedwig.id, address_id=vienna.id),
    ):
        with pytest.raises(NotFound):
            deed()
    assert db.session.get_one(Address, vienna.id).city == "Wien"


def test_a_label_names_the_country_in_english(app: Flask) -> None:
    vienna = addresses.add_address(by=a_person().id, **VIENNA, phone="+43 660 1234567")
    assert vienna.text == "Marta Lind\nLindengasse 12/4\n1070 Wien\nAustria\n+43 660 1234567"


# ---- payout details ----


def test_new_payout_details_are_used_after_seventy_two_hours(app: Flask, heard: list[object]) -> None:
    marta = a_person()
    usable_from = payout_details.change_payout_details(by=marta.id, details="AT61 1904 3002 3457 3201")
    assert queries.payout_details_of(marta.id, clock.now()) is None
    assert queries.payout_details_of(marta.id, usable_from - timedelta(seconds=1)) is None
    assert queries.payout_details_of(marta.id, usable_from) == "AT61 1904 3002 3457 3201"
    coming = queries.coming_payout_details(marta.id, usable_from - timedelta(seconds=1))
    assert coming is not None
    assert heard == [PayoutDetailsChanged(person_id=marta.id, details_id=coming.id, usable_from=usable_from)]


def test_until_then_the_old_ones_are_used(app: Flask) -> None:
    marta = a_person()
    payout_details.change_payout_details(by=marta.id, details="old account")
    clock.move(timedelta(hours=72))
    payout_details.change_payout_details(by=marta.id, details="new account")
    now = clock.now()
    assert queries.payout_details_of(marta.id, now) == "old account"
    coming = queries.coming_payout_details(marta.id, now)
    assert coming is not None
    assert coming.details == "new account"
    clock.move(timedelta(hours=72))
    assert queries.payout_details_of(marta.id, clock.now()) == "new account"


def test_a_later_change_replaces_the_one_that_waits(app: Flask) -> None:
    marta = a_person()
    thief = payout_details.change_payout_details(by=marta.id, details="a thief's account")
    clock.move(timedelta(hours=1))
    own = payout_details.change_payout_details(by=marta.id, details="her own account")
    assert queries.payout_details_of(marta.id, thief) is None
    assert queries.payout_details_of(marta.id, own) == "her own account"


def test_the_same_details_again_do_not_wait_anew(app: Flask, heard: list[object]) -> None:
    marta = a_person()
    first, second = (payout_details.change_payout_details(by=marta.id, details="her account") for _ in range(2))
    clock.move(timedelta(hours=72))
    third = payout_details.change_payout_details(by=marta.id, details="her account")
    assert first == second
    assert third <= clock.now()
    assert len(heard) == 1


def test_going_back_to_the_details_in_use_throws_the_new_ones_away(app: Flask) -> None:
    marta = a_person()
    payout_details.change_payout_details(by=marta.id, details="old account")
    clock.move(timedelta(hours=72))
    payout_details.change_payout_details(by=marta.id, details="new account")
    payout_details.keep_payout_details(by=marta.id)
    clock.move(timedelta(hours=72))
    assert queries.payout_details_of(marta.id, clock.now()) == "old account"


def test_taking_back_is_announced_once(app: Flask, heard: list[object]) -> None:
    marta = a_person()
    payout_details.change_payout_details(by=marta.id, details="new account")
    payout_details.keep_payout_details(by=marta.id)
    payout_details.keep_payout_details(by=marta.id)
    assert heard[1:] == [PayoutChangeWithdrawn(person_id=marta.id)]


def test_the_demo_hands_a_clock_in_and_its_details_are_used_at_once(app: Flask) -> None:
    marta = a_person()
    with clock.at(clock.now() - timedelta(hours=72)):
        payout_details.change_payout_details(by=marta.id, details="demo account")
    assert queries.payout_details_of(marta.id, clock.now()) == "demo account"


def test_payout_details_are_not_readable_in_the_database(app: Flask) -> None:
    payout_details.change_payout_details(by=a_person().id, details="AT61 1904 3002 3457 3201")
    stored = db.session.execute(text(f"SELECT details FROM {PayoutDetails.__tablename__}")).scalar_one()
    assert "AT61" not in stored


# ---- the second factor ----


def test_a_second_factor_is_set_up_with_its_first_code(app: Flask) -> None:
    marta = a_person()
    secret = second_factors.new_secret()
    code = app.extensions["security"].totp_factory.generate_totp_password(secret)
    second_factors.set_up(by=marta.id, secret=secret, code=code)
    assert queries.person(marta.id).has_second_factor
    assert len(second_factors.recovery_codes_of(queries.person(marta.id))) == 10


def test_a_wrong_first_code_sets_nothing_up(app: Flask) -> None:
    marta = a_person()
    with pytest.raises(RuleBroken, match="clock of your phone"):
        second_factors.set_up(by=marta.id, secret=second_factors.new_secret(), code="000000")
    assert not queries.person(marta.id).has_second_factor


def test_a_second_factor_is_not_replaced_by_setting_up_another(app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    secret = second_factors.new_secret()
    code = app.extensions["security"].totp_factory.generate_totp_password(secret)
    with pytest.raises(RuleBroken, match="Turn it off first"):
        second_factors.set_up(by=hedwig.id, secret=secret, code=code)


def test_turned_off_and_set_up_again_within_half_a_minute(app: Flask) -> None:
    marta = a_person()
    for _ in range(2):
        secret = second_factors.new_secret()
        code = app.extensions["security"].totp_factory.generate_totp_password(secret)
        second_factors.set_up(by=marta.id, secret=secret, code=code)
        second_factors.turn_off(by=marta.id)
    person = queries.person(marta.id)
    assert not person.has_second_factor
    assert second_factors.recovery_codes_of(person) == []


def test_new_recovery_codes_replace_the_old(app: Flask) -> None:
    marta = a_person()
    second_factors.give(person_id=marta.id)
    old = second_factors.recovery_codes_of(queries.person(marta.id))
    second_factors.renew_recovery_codes(by=marta.id)
    assert not set(old) & set(second_factors.recovery_codes_of(queries.person(marta.id)))


def test_secrets_are_not_readable_in_the_database(app: Flask) -> None:
    marta = a_person()
    second_factors.give(person_id=marta.id)
    codes = second_factors.recovery_codes_of(queries.person(marta.id))
    row = db.session.execute(text("SELECT tf_totp_secret, mf_recovery_codes, password FROM people")).one()
    assert not any(code in str(value) for code in codes for value in row)
    assert "enckey" in row.tf_totp_secret


# ---- the demo ----


def test_outside_the_demo_nobody_is_listed(app: Flask) -> None:
    a_person(email="marta@demo.earnest.example")
    assert queries.demo_people() == []


def test_the_demo_lists_its_people_with_the_next_code_that_works(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "EARNEST_DEMO", True)
    a_person(email="marta@demo.earnest.example")
    a_person("Real", email="real@example.org")
    hedwig = a_person("Hedwig", email="hedwig@demo.earnest.example", second_factor=True)
    with time_machine.travel(datetime.now(UTC), tick=False):  # both codes are of one moment
        listed = [(each.name, each.code) for each in queries.demo_people()]
        assert listed == [("Marta", None), ("Hedwig", code_of(hedwig))]
    roles = [("Hedwig", "hedwig@demo.earnest.example", "treasurer"), ("Gone", "gone@demo.earnest.example", "")]
    monkeypatch.setitem(app.config, "EARNEST_DEMO_PEOPLE", roles)
    assert [(each.name, each.roles) for each in queries.demo_people()] == [("Hedwig", "treasurer")]


def test_the_demos_next_code_is_never_one_that_was_used(app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    totp = app.extensions["security"].totp_factory
    with unit_of_work():
        person = db.session.get_one(Person, hedwig.id)
        first = second_factors.code_now(person)
        assert totp.verify_totp(first, person.tf_totp_secret, person, window=60)
        second = second_factors.code_now(person)
        assert second != first
        assert totp.verify_totp(second, person.tf_totp_secret, person, window=60)
