"""Signing up, proving an address, a new password, another address: always by mail, never telling who is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts import payout_details, queries, service
from marketplace.accounts.models import Person
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.notifications.models import Mail, Notice
from marketplace.web.limits import limiter
from tests.factories.accounts import PASSWORD, a_person, code_of
from tests.web.accounts_pages import link_in, mails_to, said

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]

MARTA = {"name": "Marta Lind", "email": "marta@example.org", "password": "many-old-teapots"}


def sign_in(client: FlaskClient, email: str, password: str) -> int:
    return client.post("/sign-in", data={"email": email, "password": password}).status_code


# ---- sign up ----


def test_sign_up_prove_the_address_and_be_in(client: FlaskClient) -> None:
    answer = client.post("/sign-up", data=MARTA, follow_redirects=True)
    assert answer.request.path == "/sign-in"
    assert said(answer) == ["We sent a mail to marta@example.org. Open the link in it and enter your password there."]
    assert sign_in(client, MARTA["email"], MARTA["password"]) == 422
    (mail,) = mails_to("marta@example.org")
    assert mail.subject == "Prove your e-mail address"
    proved = client.post(link_in(mail), data={"password": MARTA["password"]}, follow_redirects=True)
    assert said(proved) == ["Your e-mail address is proved."]
    assert client.get("/settings").status_code == 200
    marta = queries.person_by_email("marta@example.org")
    assert marta is not None
    assert marta.name == "Marta Lind"


def test_the_link_alone_proves_nothing(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    page = client.get(link_in(mails_to("marta@example.org")[0]))
    assert page.status_code == 200
    assert "marta@example.org" in page.text
    assert sign_in(client, MARTA["email"], MARTA["password"]) == 422
    assert client.get("/settings").status_code == 302


def test_a_stranger_who_signs_up_last_waits_in_vain_for_the_owner_to_open_his_mail(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    client.post("/sign-up", data=MARTA | {"name": "Stranger", "password": "a-strangers-password"})
    link = link_in(mails_to("marta@example.org")[-1])
    client.get(link)
    refused = client.post(link, data={"password": MARTA["password"]})
    assert refused.status_code == 422
    assert "ask for a new password below. 4 tries left" in said(refused)[0]
    assert "Set a new password by mail. That proves the address, too" in refused.text
    assert sign_in(client, MARTA["email"], "a-strangers-password") == 422
    client.post("/new-password", data={"email": MARTA["email"]})
    client.post(link_in(mails_to("marta@example.org")[-1]), data={"password": "many-new-teapots"})
    assert sign_in(client, MARTA["email"], "a-strangers-password") == 422
    assert sign_in(client, MARTA["email"], "many-new-teapots") == 302


def test_a_wrong_password_at_the_link_counts_at_the_door_of_the_sign_in_page(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    link = link_in(mails_to("marta@example.org")[0])
    for _ in range(4):
        client.post(link, data={"password": "wrong-password"})
    client.post("/sign-in", data={"email": MARTA["email"], "password": "wrong-password"})
    assert "tried too often" in said(client.post(link, data={"password": MARTA["password"]}))[0]


def test_an_empty_password_at_the_link_is_no_try(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    answer = client.post(link_in(mails_to("marta@example.org")[0]), data={})
    assert (answer.status_code, said(answer)[-1]) == (422, "Enter your password.")


def test_whoever_was_signed_in_in_this_browser_is_out(client_of: ClientOf) -> None:
    browser = client_of(a_person("Hedwig", email="hedwig@example.org"))
    marta = a_person(email="marta@example.org", confirmed=False)
    browser.post("/prove-address", data={"email": marta.email})
    browser.post(link_in(mails_to(marta.email)[0]), data={"password": PASSWORD})
    page = browser.get("/settings").text
    assert "As marta@example.org" in page
    assert "hedwig@example.org" not in page


@pytest.mark.parametrize(("form", "path"), [(MARTA, "/sign-up"), ({"email": MARTA["email"]}, "/prove-address"),
                                            ({"email": MARTA["email"]}, "/new-password")])  # fmt: skip
def test_an_address_that_nobody_proved_gets_no_mail_with_a_name_in_it(
    client: FlaskClient, form: dict[str, str], path: str
) -> None:
    a_person("Buy at evil.example", email=MARTA["email"], confirmed=False)
    client.post(path, data=form | ({"name": "Buy at evil.example"} if "name" in form else {}))
    (mail,) = mails_to(MARTA["email"])
    assert mail.body.startswith("Hello,\n")
    assert "evil" not in mail.body + mail.subject


def test_names_and_addresses_are_cleaned(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA | {"name": "  Marta \u202e Lind ", "email": " Marta@EXAMPLE.org "})
    marta = queries.person_by_email("marta@example.org")
    assert marta is not None
    assert (marta.name, marta.email) == ("Marta Lind", "marta@example.org")


def test_who_signs_up_with_a_known_address_sees_the_same_and_its_owner_gets_a_mail(client: FlaskClient) -> None:
    a_person("Marta", email="marta@example.org")
    known = client.post("/sign-up", data=MARTA)
    unknown = client.post("/sign-up", data=MARTA | {"email": "nobody@example.org"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    page = client.get(known.location)
    assert said(page) == [
        f"We sent a mail to {address}. Open the link in it and enter your password there."
        for address in ("marta@example.org", "nobody@example.org")
    ]
    (mail,) = mails_to("marta@example.org")
    assert "You have an account already" in mail.body
    assert client.get(link_in(mail)).status_code == 200  # to set a new password
    assert sign_in(client, "marta@example.org", PASSWORD) == 302


def test_what_is_wrong_is_said_alike_for_known_addresses(client: FlaskClient) -> None:
    a_person("Marta", email="marta@example.org")
    for email in ("marta@example.org", "nobody@example.org"):
        answer = client.post("/sign-up", data=MARTA | {"email": email, "password": "short"})
        assert answer.status_code == 422
        assert said(answer)[1:] == ["This is too short. Use 10 characters or more; several words are best."]
        assert 'value="Marta Lind"' in answer.text
    assert mails_to("marta@example.org") == []


def test_an_empty_form_names_every_field(client: FlaskClient) -> None:
    answer = client.post("/sign-up", data={})
    assert answer.status_code == 422
    assert said(answer) == [
        "3 answers need another look. What you typed is kept.",
        "Write something here.",
        "Enter your e-mail address.",
        "Enter your password.",
    ]


@pytest.mark.parametrize(
    "email", ["marta", "marta@", "@example.org", "marta@localhost", "märta@example.org", "a@b@c.org"]
)
def test_what_is_no_address_is_said_so(client: FlaskClient, email: str) -> None:
    answer = client.post("/sign-up", data=MARTA | {"email": email})
    assert answer.status_code == 422
    assert "This is not an e-mail address. Write it as in marta@example.org." in said(answer)


def test_a_form_sent_twice_is_one_account_and_the_newer_link_proves_it(client: FlaskClient) -> None:
    for _ in range(2):
        assert client.post("/sign-up", data=MARTA).status_code == 302
    first, second = mails_to("marta@example.org")
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    for dead in (client.get, client.post):
        answer = dead(link_in(first), data={"password": MARTA["password"]}, follow_redirects=True)
        assert answer.request.path == "/prove-address"
        assert "Open the one in the newest mail, or ask for a new one here." in said(answer)[-1]
    assert client.post(link_in(second), data={"password": MARTA["password"]}).location == "/"
    client.post("/sign-out")
    assert "already proved" in said(client.get(link_in(second), follow_redirects=True))[-1]


def test_a_stranger_who_signed_up_first_gains_nothing(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA | {"name": "Stranger", "password": "a-strangers-password"})
    client.post("/sign-up", data=MARTA)
    strangers, own = (link_in(mail) for mail in mails_to("marta@example.org"))
    assert client.post(strangers, data={"password": "a-strangers-password"}).location == "/prove-address"
    assert client.post(own, data={"password": MARTA["password"]}).location == "/"
    client.post("/sign-out")
    assert sign_in(client, MARTA["email"], "a-strangers-password") == 422


def test_links_expire_and_forged_ones_never_worked(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    link = link_in(mails_to("marta@example.org")[0])
    assert "does not work any more" in said(client.get(link + "x", follow_redirects=True))[-1]
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        assert "This link was good for 2 days" in said(client.get(link, follow_redirects=True))[0]
    assert sign_in(client, MARTA["email"], MARTA["password"]) == 422


def test_a_new_link_can_be_asked_for(client: FlaskClient) -> None:
    marta = a_person(email="marta@example.org", confirmed=False)
    a_person("Hedwig", email="hedwig@example.org")
    answers = [
        client.post("/prove-address", data={"email": email}, follow_redirects=True)
        for email in ("marta@example.org", "hedwig@example.org", "nobody@example.org")
    ]
    assert [said(each)[0] for each in answers] == [
        f"If {email} belongs to somebody who has not proved it yet, a mail with a new link is on its way."
        for email in ("marta@example.org", "hedwig@example.org", "nobody@example.org")
    ]
    assert mails_to("hedwig@example.org") == mails_to("nobody@example.org") == []
    assert client.post(link_in(mails_to(marta.email)[0]), data={"password": PASSWORD}).location == "/"


# ---- a new password ----


def test_a_forgotten_password_is_set_anew_by_mail(client: FlaskClient, client_of: ClientOf) -> None:
    marta = a_person(email="marta@example.org")
    elsewhere = client_of(marta)
    for _ in range(5):
        sign_in(client, "marta@example.org", "wrong-password")
    client.post("/new-password", data={"email": "Marta@example.org"})
    link = link_in(mails_to("marta@example.org")[0])
    assert client.get(link).status_code == 200
    answer = client.post(link, data={"password": "many-new-teapots"}, follow_redirects=True)
    assert said(answer) == ["Your new password is set, and you are signed out everywhere. Sign in with it."]
    assert elsewhere.get("/settings").status_code == 302
    assert sign_in(client, "marta@example.org", PASSWORD) == 422
    assert sign_in(client, "marta@example.org", "many-new-teapots") == 302  # the pause is over, too
    assert mails_to("marta@example.org")[-1].subject == "Your password was changed"
    assert "does not work" in said(client.get(link, follow_redirects=True))[-1]


def test_asking_for_a_new_password_never_tells_who_is_known(client: FlaskClient) -> None:
    a_person(email="marta@example.org")
    for email in ("marta@example.org", "nobody@example.org"):
        answer = client.post("/new-password", data={"email": email}, follow_redirects=True)
        assert answer.request.path == "/sign-in"
        assert said(answer) == [
            f"If {email} belongs to somebody here, a mail with a link for a new password is on its way."
        ]
    assert mails_to("nobody@example.org") == []


def test_the_link_for_a_new_password_proves_the_address_too(client: FlaskClient) -> None:
    a_person(email="marta@example.org", confirmed=False)
    client.post("/new-password", data={"email": "marta@example.org"})
    client.post(link_in(mails_to("marta@example.org")[0]), data={"password": "many-new-teapots"})
    assert sign_in(client, "marta@example.org", "many-new-teapots") == 302


def test_a_new_password_that_is_too_short_is_said_so_on_the_page_of_the_link(client: FlaskClient) -> None:
    a_person(email="marta@example.org")
    client.post("/new-password", data={"email": "marta@example.org"})
    link = link_in(mails_to("marta@example.org")[0])
    answer = client.post(link, data={"password": "short"})
    assert answer.status_code == 422
    assert said(answer)[-1:] == ["This is too short. Use 10 characters or more; several words are best."]


def test_a_new_password_does_not_go_round_the_second_factor(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", email="hedwig@example.org", second_factor=True)
    client.post("/new-password", data={"email": "hedwig@example.org"})
    client.post(link_in(mails_to("hedwig@example.org")[0]), data={"password": "many-new-teapots"})
    assert client.get("/settings").status_code == 302
    client.post("/sign-in", data={"email": "hedwig@example.org", "password": "many-new-teapots"})
    assert client.get("/settings").status_code == 302
    client.post("/sign-in/code", data={"code": code_of(hedwig)})
    assert client.get("/settings").status_code == 200


def test_a_new_password_by_mail_takes_back_where_a_thief_wants_to_be_paid(client: FlaskClient) -> None:
    marta = a_person(email="marta@example.org")
    payout_details.change_payout_details(by=marta.id, details="a thief's account")
    client.post("/new-password", data={"email": "marta@example.org"})
    client.post(link_in(mails_to("marta@example.org")[0]), data={"password": "many-new-teapots"})
    assert queries.coming_payout_details(marta.id, clock.now()) is None
    told = db.session.scalars(select(Notice.kind).where(Notice.person_id == marta.id).order_by(Notice.id)).all()
    assert told == ["payout_details_changed", "payout_change_withdrawn"]


def test_one_mailbox_is_not_flooded(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    a_person(email="marta@example.org")
    for email in ("marta@example.org", "nobody@example.org"):
        for _ in range(8):
            answer = client.post("/new-password", data={"email": email}, follow_redirects=True)
            assert said(answer) == [
                f"If {email} belongs to somebody here, a mail with a link for a new password is on its way."
            ]
    assert len(mails_to("marta@example.org")) == 6


def test_whoever_asks_for_many_mailboxes_is_stopped(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    answers = [client.post("/prove-address", data={"email": f"n{at}@example.org"}).status_code for at in range(31)]
    assert answers == [302] * 30 + [429]


# ---- change password ----


def test_change_the_password(client_of: ClientOf, client: FlaskClient) -> None:
    marta = a_person(email="marta@example.org")
    here, there = client_of(marta), client_of(marta)
    answer = here.post(
        "/settings/password", data={"password": PASSWORD, "new_password": "many-new-teapots"}, follow_redirects=True
    )
    assert said(answer) == ["Your password is changed, and you are signed out on every other device."]
    assert here.get("/settings").status_code == 200
    assert there.get("/settings").status_code == 302
    assert sign_in(client, "marta@example.org", "many-new-teapots") == 302
    assert mails_to("marta@example.org")[-1].subject == "Your password was changed"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (PASSWORD, "short", "This is too short. Use 10 characters or more; several words are best."),
        (PASSWORD, "x" * 257, "This is too long. Use 256 characters or fewer."),
        (PASSWORD, PASSWORD, "This is the password that you have. Enter a new one."),
        (PASSWORD, "", "Enter your password."),
        ("", "many-new-teapots", "Enter your password."),
        ("wrong-password", "many-new-teapots", "This is not your password. Try again. 4 tries left"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_new_password(client_of: ClientOf, old: str, new: str, sentence: str) -> None:
    answer = client_of(a_person()).post("/settings/password", data={"password": old, "new_password": new})
    assert answer.status_code == 422
    (said_so,) = said(answer)
    assert said_so.startswith(sentence)


# ---- change the address ----


def test_another_address_counts_once_it_is_proved_and_the_old_one_is_told(
    client_of: ClientOf, client: FlaskClient
) -> None:
    marta = a_person(email="marta@example.org")
    browser = client_of(marta)
    answer = browser.post("/settings/email", data={"email": "Marta.Lind@example.org"}, follow_redirects=True)
    assert answer.request.path == "/settings"
    assert "We sent a mail to marta.lind@example.org" in said(answer)[0]
    assert sign_in(client, "marta.lind@example.org", PASSWORD) == 422
    link = link_in(mails_to("marta.lind@example.org")[0])
    assert client.get(link).status_code == 302
    assert mails_to("marta@example.org")[0].subject == "Your e-mail address was changed"
    assert sign_in(client, "marta.lind@example.org", PASSWORD) == 302
    assert sign_in(client, "marta@example.org", PASSWORD) == 302  # signed in already
    assert browser.get("/settings").status_code == 302  # signed out with every other device
    assert "does not work any more" in said(client.get(link, follow_redirects=True))[-1]


def test_an_address_that_somebody_has_is_not_told_and_not_given(client_of: ClientOf) -> None:
    a_person("Hedwig", email="hedwig@example.org")
    answer = client_of(a_person()).post("/settings/email", data={"email": "hedwig@example.org"}, follow_redirects=True)
    assert "We sent a mail to hedwig@example.org" in said(answer)[0]
    assert mails_to("hedwig@example.org") == []


def test_an_address_that_somebody_only_signed_up_with_is_given_to_its_owner(
    client_of: ClientOf, client: FlaskClient
) -> None:
    stranger = a_person("Stranger", email="new@example.org", confirmed=False)
    marta = a_person(email="marta@example.org")
    client_of(marta).post("/settings/email", data={"email": "new@example.org"})
    (mail,) = mails_to("new@example.org")
    assert mail.body.startswith("Hello,\n")
    assert queries.person(stranger.id).email == "new@example.org"
    client.get(link_in(mail))
    assert queries.person(marta.id).email == "new@example.org"
    assert sign_in(client, "new@example.org", PASSWORD) == 302
    assert (queries.person(stranger.id).email, queries.person(stranger.id).password) == (
        f"{stranger.id}@gave-way.invalid",
        None,
    )


def test_a_link_that_is_void_makes_nobody_give_way(client_of: ClientOf, client: FlaskClient) -> None:
    marta = a_person(email="marta@example.org")
    client_of(marta).post("/settings/email", data={"email": "new@example.org"})
    stranger = a_person("Stranger", email="new@example.org", confirmed=False)
    service.sign_out_everywhere(by=marta.id)
    client.get(link_in(mails_to("new@example.org")[0]))
    assert queries.person(stranger.id).email == "new@example.org"
    assert queries.person(marta.id).email == "marta@example.org"


def test_an_address_taken_meanwhile_is_not_given(client_of: ClientOf, client: FlaskClient) -> None:
    marta = a_person(email="marta@example.org")
    client_of(marta).post("/settings/email", data={"email": "new@example.org"})
    a_person("Faster", email="new@example.org")
    client.get(link_in(mails_to("new@example.org")[0]))
    assert queries.person(marta.id).email == "marta@example.org"


def test_who_signed_in_long_ago_gives_his_password_first(client_of: ClientOf) -> None:
    browser = client_of(a_person(), fresh=False)
    sent = browser.get("/settings/email")
    assert sent.location == "/settings/verify?next=/settings/email"
    assert 'value="/settings/email"' in browser.get(sent.location).text
    wrong = browser.post("/settings/verify", data={"password": "wrong-password"})
    assert wrong.status_code == 422
    assert "This is not your password" in said(wrong)[0]
    answer = browser.post("/settings/verify", data={"password": PASSWORD, "next": "/settings/email"})
    assert answer.location == "/settings/email"
    assert browser.get("/settings/email").status_code == 200


def test_who_has_a_second_factor_shows_a_code_before_he_changes_his_address(client_of: ClientOf) -> None:
    browser = client_of(a_person(second_factor=True), second_factor=False)
    assert browser.get("/settings/email").location == "/settings/second-factor/prove?next=/settings/email"
    sent = browser.post("/settings/email", data={"email": "thief@example.org"})
    assert "/settings/second-factor/prove" in sent.location
    assert mails_to("thief@example.org") == []


# ---- what is kept of it ----


def test_every_step_is_written_down(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    client.post(link_in(mails_to("marta@example.org")[0]), data={"password": MARTA["password"]})
    client.post("/new-password", data={"email": "marta@example.org"})
    client.post(link_in(mails_to("marta@example.org")[1]), data={"password": "many-new-teapots"})
    deeds = db.session.scalars(select(AuditLine.what).order_by(AuditLine.id)).all()
    assert deeds == ["sign up", "prove address", "set new password"]


def test_links_in_mails_are_not_readable_in_the_database(client: FlaskClient) -> None:
    client.post("/sign-up", data=MARTA)
    stored = db.session.connection().exec_driver_sql(f"SELECT body FROM {Mail.__tablename__}").scalar()
    assert "prove-address" not in str(stored)
