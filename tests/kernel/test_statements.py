"""Statements that are written out find what they found before, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import BigInteger, bindparam, literal, or_, select
from sqlalchemy.exc import ArgumentError

from marketplace.accounts.models import Person
from marketplace.kernel.database import UtcDateTime, db
from marketplace.kernel.statements import finds, written_out
from tests.factories.accounts import a_person

ODD = "It's 100 %, :name \\ at 12:30::x %(y)s"
NAMED = bindparam("person_id", type_=BigInteger())


def test_constants_stand_as_they_are_and_parameters_stay(app: Flask) -> None:
    person = a_person(name=ODD)
    wanted = select(Person.id, literal(ODD)).where(Person.name.in_([ODD, "else"]), Person.id == bindparam("person_id"))
    written = written_out(wanted, NAMED, dialect=db.engine.dialect)
    assert db.session.execute(written, {"person_id": person.id}).all() == [(person.id, ODD)]
    assert db.session.execute(written, {"person_id": person.id + 1}).all() == []
    assert list(written.compile().params) == ["person_id"]


def test_a_parameter_may_come_twice_and_keeps_its_type(app: Flask) -> None:
    person = a_person()
    later = or_(Person.created_at > bindparam("at"), Person.created_at < bindparam("at"))
    written = written_out(
        select(Person.id).where(later), bindparam("at", type_=UtcDateTime()), dialect=db.engine.dialect
    )
    for at in (datetime(2001, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)):
        assert db.session.scalars(written, {"at": at}).all() == [person.id]


def test_one_question_for_several_statements(app: Flask) -> None:
    person = a_person()
    mine = select(Person).where(Person.id == bindparam("person_id")).order_by(Person.name)
    nobodys = select(Person).where(Person.id == bindparam("person_id"), Person.name == "Nobody at all")
    question = written_out(select(finds(mine), finds(nobodys)), NAMED, dialect=db.engine.dialect)
    assert tuple(map(bool, db.session.execute(question, {"person_id": person.id}).one())) == (True, False)


def test_a_parameter_that_is_not_there_is_refused(app: Flask) -> None:
    with pytest.raises(ArgumentError):
        written_out(select(Person.id), NAMED, dialect=db.engine.dialect)
