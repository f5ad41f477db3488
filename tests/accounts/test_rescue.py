"""Somebody cannot come in any more, and the operator takes his second factor off."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts import payout_details, queries, rescue, second_factors
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken
from tests.factories.accounts import a_person
from tests.notifications.letters import kinds_told, letters_to


def test_the_second_factor_is_off_everybody_is_out_and_nobody_is_paid_elsewhere(app: Flask) -> None:
    marta = a_person(email="marta@example.org")
    second_factors.give(person_id=marta.id)
    signed_in_as = queries.person(marta.id).fs_uniquifier
    payout_details.change_payout_details(by=marta.id, details="a thief's account")
    rescue.take_second_factor_off(email="Marta@example.org")
    person = queries.person(marta.id)
    assert not person.has_second_factor
    assert second_factors.recovery_codes_of(person) == []
    assert person.fs_uniquifier != signed_in_as
    assert queries.coming_payout_details(marta.id, clock.now()) is None


def test_it_is_told_by_mail_and_written_down_as_the_operators_deed(app: Flask) -> None:
    marta = a_person(email="marta@example.org", second_factor=True)
    payout_details.change_payout_details(by=marta.id, details="a thief's account")
    rescue.take_second_factor_off(email="marta@example.org")
    assert kinds_told(marta)[1:] == ["payout_change_withdrawn", "second_factor_taken_off"]
    assert "You sign in with your password alone" in letters_to(marta)[-1].body
    lines = db.session.scalars(select(AuditLine).order_by(AuditLine.id)).all()[1:]
    assert [(line.what, line.actor_id, line.why) for line in lines] == [
        ("take off second factor", None, "by the operator"),
        ("keep payout details", None, "by the operator"),
    ]


def test_there_has_to_be_somebody_with_a_second_factor(app: Flask) -> None:
    a_person(email="marta@example.org")
    with pytest.raises(NotFound):
        rescue.take_second_factor_off(email="nobody@example.org")
    with pytest.raises(RuleBroken, match="no second factor"):
        rescue.take_second_factor_off(email="marta@example.org")


@pytest.mark.one_database
def test_the_operator_types_one_command(app: Flask) -> None:
    hedwig = a_person("Hedwig", email="hedwig@example.org", second_factor=True)
    shell = app.test_cli_runner()
    done = shell.invoke(args=["second-factor-off", "hedwig@example.org"])
    assert (done.exit_code, done.output) == (0, "Hedwig signs in with the password alone, and is told so by mail.\n")
    db.session.rollback()
    assert not queries.person(hedwig.id).has_second_factor
    again = shell.invoke(args=["second-factor-off", "hedwig@example.org"])
    assert again.exit_code == 1
