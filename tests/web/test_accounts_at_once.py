"""The same form sent twice at the same moment, to two processes that know nothing of one another."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts import queries
from marketplace.accounts.models import Person
from marketplace.kernel.database import db
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.web.accounts_pages import link_in, mails_to


def test_two_who_sign_up_with_one_address_at_the_same_moment_are_one_account(app: Flask) -> None:
    answers: list[int] = []

    def sign_up() -> None:
        form = {"name": "Marta", "email": "marta@example.org", "password": "many-old-teapots"}
        answers.append(app.test_client().post("/sign-up", data=form).status_code)

    assert at_once(app, *[sign_up] * 4) == []
    assert answers == [302] * 4
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1


def test_two_who_prove_one_new_address_at_the_same_moment_do_not_both_get_it(app: Flask) -> None:
    links, answers = [], []
    for name in ("Marta", "Hedwig"):
        person = a_person(name)
        with app.app_context():
            browser = app.test_client()
            browser.post("/sign-in", data={"email": person.email, "password": "collect-honestly"})
            browser.post("/settings/email", data={"email": "shared@example.org"})
    links = [link_in(mail) for mail in mails_to("shared@example.org")]
    assert len(links) == 2

    def prove(link: str) -> None:
        answers.append(app.test_client().get(link).status_code)

    assert at_once(app, *[lambda link=link: prove(link) for link in links]) == []
    assert answers == [302, 302]
    assert queries.person_by_email("shared@example.org") is not None
