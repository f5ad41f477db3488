"""A person's settings: profile, picture, addresses, payout details, second factor; each his own and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from marketplace.accounts import addresses, payout_details, queries, second_factors
from marketplace.accounts.models import Person
from marketplace.kernel import clock, signing, storage
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.images import file_of
from marketplace.notifications.models import Notice
from tests.factories.accounts import PASSWORD, a_person, code_of
from tests.factories.groups import a_group, a_member
from tests.web.accounts_pages import mails_to, said

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]

VIENNA = {
    "recipient": "Marta Lind", "street": "Lindengasse 12/4\r\nHof, links", "postal_code": "1070", "city": "Wien",
    "region": "", "country": "AT", "phone": "+43 660 1234567",
}  # fmt: skip


def keep(person: Person, **changed: Any) -> int:
    typed = VIENNA | changed
    return addresses.add_address(by=person.id, **typed).id


# ---- overview ----


def test_the_overview_shows_everything_and_leads_everywhere(client_of: ClientOf) -> None:
    marta = a_person("Marta Lind")
    keep(marta)
    page = client_of(marta).get("/settings").text
    for path in ("profile", "addresses/new", "payout-details", "second-factor", "password", "email"):
        assert f'href="/settings/{path}"' in page
    assert "Lindengasse 12/4" in page
    assert "Austria" in page


def test_an_overview_without_anything_says_what_to_do(client_of: ClientOf) -> None:
    page = client_of(a_person()).get("/settings").text
    assert "You have no address yet." in page
    assert "none in use" in page
    assert "none: set one up" in page


# ---- profile ----


def test_name_and_words(client_of: ClientOf) -> None:
    marta = a_person()
    browser = client_of(marta)
    answer = browser.post(
        "/settings/profile",
        data={"name": "Marta Lind", "about": "I collect **porcelain**.\r\n<script>"},
        follow_redirects=True,
    )
    assert said(answer) == ["Your profile is kept. Other members see it so."]
    assert "<strong>porcelain</strong>" in answer.text
    assert "<script>" not in answer.text.split("<main")[1]
    assert queries.person(marta.id).name == "Marta Lind"


def test_a_wrong_profile_keeps_what_was_typed(client_of: ClientOf) -> None:
    answer = client_of(a_person()).post("/settings/profile", data={"name": " ", "about": "I collect & keep."})
    assert answer.status_code == 422
    assert said(answer)[1:] == ["Write something here."]
    assert "I collect &amp; keep." in answer.text


def photograph(width: int = 800, height: int = 600, *, format: str = "JPEG") -> BytesIO:
    file = BytesIO()
    image = Image.new("RGB", (width, height), "green")
    exif = image.getexif()
    exif[0x010F] = "the maker of a camera"
    image.save(file, format, **({"exif": exif} if format != "PNG" else {}))
    file.seek(0)
    return file


def send_picture(browser: FlaskClient, file: BytesIO) -> Any:
    return browser.post("/settings/picture", data={"picture": (file, "me.jpg")}, follow_redirects=True)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_square_without_what_the_camera_wrote(client_of: ClientOf, format: str) -> None:
    marta = a_person()
    browser = client_of(marta)
    answer = send_picture(browser, photograph(format=format))
    assert said(answer) == ["Your new picture is kept."]
    shown = browser.get(f"/people/{marta.id}/picture")
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/jpeg", "private, max-age=86400")
    image = Image.open(BytesIO(shown.data))
    assert image.size == (256, 256)
    assert b"camera" not in shown.data


def test_a_picture_is_for_people_who_share_a_group(client_of: ClientOf, client: FlaskClient) -> None:
    marta, group = a_person(), a_group()
    a_member(group, person=marta)
    send_picture(client_of(marta), photograph())
    assert client_of(a_member(group, name="Hedwig")).get(f"/people/{marta.id}/picture").status_code == 200
    assert client_of(a_person("Nora")).get(f"/people/{marta.id}/picture").status_code == 404
    assert client.get(f"/people/{marta.id}/picture").status_code == 404
    assert client_of(marta).get("/people/999999/picture").status_code == 404


def test_an_old_picture_is_forgotten(client_of: ClientOf) -> None:
    marta = a_person()
    browser = client_of(marta)
    send_picture(browser, photograph())
    old = queries.person(marta.id).picture_key
    assert old is not None
    send_picture(browser, photograph(600, 900))
    with pytest.raises(NotFound):
        storage.get(file_of(old, 256))
    browser.post("/settings/picture/remove")
    assert browser.get(f"/people/{marta.id}/picture").status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", photograph().getvalue()[:500], b"GIF89a" + b"\x00" * 100, b"\xff\xd8\xff" + b"\x00" * 1000],
    ids=["nothing", "text", "cut off", "GIF", "noise"],
)
def test_what_is_no_photograph_is_refused_at_its_field(client_of: ClientOf, content: bytes) -> None:
    marta = a_person()
    answer = send_picture(client_of(marta), BytesIO(content))
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert queries.person(marta.id).picture_key is None


def test_a_form_without_a_file_says_so(client_of: ClientOf) -> None:
    answer = client_of(a_person()).post("/settings/picture", data={})
    assert answer.status_code == 422
    assert "Choose a photograph first: JPEG, PNG or WebP." in said(answer)


def test_a_picture_that_would_fill_the_memory_is_refused(client_of: ClientOf) -> None:
    file = BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PNG")
    file.seek(0)
    answer = send_picture(client_of(a_person()), file)
    assert answer.status_code == 422
    assert "50 million pixels" in said(answer)[-1]


# ---- addresses ----


def test_an_address_is_kept_changed_and_removed(client_of: ClientOf) -> None:
    marta = a_person()
    browser = client_of(marta)
    answer = browser.post("/settings/addresses/new", data=VIENNA, follow_redirects=True)
    assert "The address is kept." in said(answer)[0]
    (address,) = queries.addresses_of(marta.id)
    assert address.street == "Lindengasse 12/4\nHof, links"
    page = browser.get(f"/settings/addresses/{address.id}").text
    assert 'value="Wien"' in page
    assert '<option value="AT" selected>Austria</option>' in page
    browser.post(f"/settings/addresses/{address.id}", data=VIENNA | {"city": "Graz"})
    assert queries.address_of(marta.id, address.id).city == "Graz"
    browser.post(f"/settings/addresses/{address.id}/remove")
    assert queries.addresses_of(marta.id) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", ""), ("recipient", "x" * 121), ("street", ""), ("street", "a\nb\nc\nd"), ("city", " "),
        ("country", ""), ("country", "ZZ"), ("country", "at"), ("country", "Austria"), ("postal_code", "x" * 21),
        ("phone", "x" * 41), ("is_default", "perhaps"),
    ],
    ids=lambda value: value[:9],
)  # fmt: skip
def test_what_is_wrong_with_an_address_is_said_and_the_rest_kept(client_of: ClientOf, field: str, value: str) -> None:
    marta = a_person()
    answer = client_of(marta).post("/settings/addresses/new", data=VIENNA | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "+43 660 1234567" in answer.text or field == "phone"
    assert queries.addresses_of(marta.id) == []


def test_somebody_elses_address_is_not_there(client_of: ClientOf) -> None:
    marta = a_person()
    address_id = keep(marta)
    stranger = client_of(a_person("Stranger"))
    path = f"/settings/addresses/{address_id}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, data=VIENNA | {"city": "Elsewhere"}).status_code == 404
    assert stranger.post(f"{path}/remove").status_code == 404
    assert queries.address_of(marta.id, address_id).city == "Wien"


def test_too_many_addresses_are_refused_with_a_sentence(client_of: ClientOf) -> None:
    marta = a_person()
    for number in range(10):
        keep(marta, street=f"Lindengasse {number}")
    answer = client_of(marta).post("/settings/addresses/new", data=VIENNA)
    assert answer.status_code == 422
    assert said(answer) == ["You have 10 addresses. Remove one that you do not need."]


# ---- payout details and the second factor before them ----


def test_payout_details_want_a_second_factor_and_say_why(client_of: ClientOf) -> None:
    browser = client_of(a_person())
    answer = browser.get("/settings/payout-details", follow_redirects=True)
    assert answer.request.path == "/settings/second-factor"
    assert said(answer) == [
        "For this you need a second factor, so that a stolen password is not enough. Set it up first."
    ]


def test_set_up_a_second_factor_keep_the_codes_and_go_on_to_where_one_was(app: Flask, client_of: ClientOf) -> None:
    marta = a_person(email="marta@example.org")
    browser = client_of(marta)
    browser.get("/settings/payout-details", follow_redirects=True)
    drawing = browser.get("/settings/second-factor/drawing.svg")
    assert drawing.mimetype == "image/svg+xml"
    assert b'fill="#fff"' in drawing.data
    with browser.session_transaction() as session:
        secret = session["second_factor_secret"]
    wrong = browser.post("/settings/second-factor", data={"code": "000000"})
    assert wrong.status_code == 422
    assert second_factors.key_of(secret) in wrong.text  # the same to scan, for the app holds it already
    code = app.extensions["security"].totp_factory.generate_totp_password(secret)
    codes = browser.post("/settings/second-factor", data={"code": code}, follow_redirects=True)
    assert codes.request.path == "/settings/second-factor/recovery-codes"
    kept = second_factors.recovery_codes_of(queries.person(marta.id))
    assert len(kept) == 10
    assert all(each in codes.text for each in kept)
    assert 'href="/settings/payout-details">I have them' in codes.text
    assert browser.get("/settings/payout-details").status_code == 200
    assert mails_to("marta@example.org")[0].subject == "Your second factor is set up"


def test_a_code_lasts_fifteen_minutes_then_another_is_asked_for_and_one_is_back(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig)
    clock.move(timedelta(minutes=14))
    assert browser.get("/settings/payout-details").status_code == 200
    clock.move(timedelta(minutes=1))
    sent = browser.get("/settings/payout-details")
    assert sent.location == "/settings/second-factor/prove?next=/settings/payout-details"
    assert 'value="/settings/payout-details"' in browser.get(sent.location).text
    form = {"code": code_of(hedwig), "next": "/settings/payout-details"}
    assert browser.post("/settings/second-factor/prove", data=form).location == "/settings/payout-details"
    assert browser.get("/settings/payout-details").status_code == 200


def test_who_gave_his_password_yesterday_gives_it_again_then_a_code_and_is_back(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig, second_factor=False)
    with browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 12 * 3600
    sent = browser.get("/settings/payout-details")
    assert sent.location == "/settings/verify?next=/settings/payout-details"
    assert "the next page moves money" in said(browser.get(sent.location))[0]
    proved = browser.post("/settings/verify", data={"password": PASSWORD, "next": "/settings/payout-details"})
    assert proved.location == "/settings/payout-details"
    assert browser.get(proved.location).location == "/settings/second-factor/prove?next=/settings/payout-details"
    form = {"code": code_of(hedwig), "next": "/settings/payout-details"}
    assert browser.post("/settings/second-factor/prove", data=form).location == "/settings/payout-details"
    assert browser.get("/settings/payout-details").status_code == 200


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (11.9, 200), (12, 302), (720, 302), (None, 302)], ids=str)
def test_a_fresh_code_moves_no_money_without_a_password_of_today(
    client_of: ClientOf, hours: float | None, status: int
) -> None:
    browser = client_of(a_person("Hedwig", second_factor=True))
    with browser.session_transaction() as session:
        session["fs_paa"] = time.time() - hours * 3600 if hours is not None else 0
    assert browser.get("/settings/payout-details").status_code == status


def test_a_form_sent_with_an_old_code_changes_nothing_and_comes_back_to_its_page(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig, second_factor=False)
    answer = browser.post(
        "/settings/payout-details",
        data={"details": "a thief's account"},
        headers={"Referer": "http://localhost/settings/payout-details"},
    )
    assert answer.location == "/settings/second-factor/prove?next=/settings/payout-details"
    assert queries.coming_payout_details(hedwig.id, clock.now()) is None


@pytest.mark.parametrize(
    "way", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\n/evil.example"], ids=repr
)
def test_a_proof_sends_nobody_elsewhere(client_of: ClientOf, way: str) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig, second_factor=False)
    assert "evil" not in browser.get("/settings/second-factor/prove", query_string={"next": way}).text
    answer = browser.post("/settings/second-factor/prove", data={"code": code_of(hedwig), "next": way})
    assert answer.location == "/settings"


def test_a_wrong_code_proves_nothing(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig, second_factor=False)
    answer = browser.post("/settings/second-factor/prove", data={"code": "000000"})
    assert answer.status_code == 422
    assert "4 tries left" in said(answer)[0]
    assert browser.get("/settings/payout-details").status_code == 302


def test_a_proof_is_its_owners_alone(client_of: ClientOf) -> None:
    hedwig, otto = a_person("Hedwig", second_factor=True), a_person("Otto", second_factor=True)
    browser = client_of(hedwig)
    with browser.session_transaction() as session:
        session["_user_id"] = otto.fs_uniquifier
    assert browser.get("/settings/payout-details").status_code == 302


def test_new_payout_details_say_when_they_are_used(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    browser = client_of(hedwig)
    answer = browser.post(
        "/settings/payout-details", data={"details": "AT61 1904\r\nHedwig Amsel"}, follow_redirects=True
    )
    assert said(answer) == ["The new payout details are kept. They are used from the moment that stands below."]
    assert "AT61 1904<br>Hedwig Amsel" in answer.text
    coming = queries.coming_payout_details(hedwig.id, clock.now())
    assert coming is not None
    again = browser.post("/settings/payout-details", data={"details": "AT61 1904\nHedwig Amsel"}, follow_redirects=True)
    assert again.status_code == 200
    still = queries.coming_payout_details(hedwig.id, clock.now())
    assert still is not None
    assert still.usable_from == coming.usable_from


def test_new_payout_details_are_thrown_away_without_a_code(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    payout_details.change_payout_details(by=hedwig.id, details="a thief's account")
    browser = client_of(hedwig, second_factor=False)
    assert "Throw the new details away" in browser.get("/settings").text
    browser.post("/settings/payout-details/keep")
    assert queries.coming_payout_details(hedwig.id, clock.now()) is None


def changed_by_a_thief(person: Person) -> str:
    """Where the mail about it leads to."""
    payout_details.change_payout_details(by=person.id, details="a thief's account")
    return newest_link_to(person)


def newest_link_to(person: Person) -> str:
    newest = select(Notice.path).where(Notice.person_id == person.id).order_by(Notice.id.desc())
    return db.session.scalars(newest).first() or ""


def test_whoever_cannot_sign_in_takes_a_change_back_by_the_mailed_link(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    link = changed_by_a_thief(hedwig)
    page = client.get(link)
    assert page.status_code == 200
    assert "Take the change back" in page.text
    assert "a thief" not in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert queries.coming_payout_details(hedwig.id, clock.now()) is not None
    answer = client.post(link, follow_redirects=True)
    assert "The change is taken back." in answer.text
    assert queries.coming_payout_details(hedwig.id, clock.now()) is None
    assert client.post(link).status_code == 302
    assert newest_link_to(hedwig) == "/settings/payout-details"


def test_the_mailed_link_does_nothing_once_the_details_are_in_use(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig")
    link = changed_by_a_thief(hedwig)
    clock.move(timedelta(hours=72))
    assert "Take the change back" not in client.get(link).text
    answer = client.post(link)
    assert answer.status_code == 422
    assert said(answer) == [
        "These details are in use by now. Sign in to change them, or write to whoever runs this site."
    ]
    assert queries.payout_details_of(hedwig.id, clock.now()) == "a thief's account"


def test_the_mailed_link_takes_back_its_own_change_and_no_later_one(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig")
    link = changed_by_a_thief(hedwig)
    clock.move(timedelta(minutes=1))
    payout_details.change_payout_details(by=hedwig.id, details="her own account")
    assert client.post(link).status_code == 302
    coming = queries.coming_payout_details(hedwig.id, clock.now())
    assert coming is not None
    assert coming.details == "her own account"


def test_what_was_signed_for_something_else_takes_nothing_back(app: Flask, client: FlaskClient) -> None:
    hedwig = a_person("Hedwig")
    changed_by_a_thief(hedwig)
    change = queries.coming_payout_details(hedwig.id, clock.now())
    assert change is not None
    other = signing.signed("something else", change.id)
    assert client.post(f"/settings/payout-details/change/{other}").status_code == 404


def test_the_mailed_link_wants_the_token_of_its_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    hedwig = a_person("Hedwig")
    assert client.post(changed_by_a_thief(hedwig)).status_code == 400
    assert queries.coming_payout_details(hedwig.id, clock.now()) is not None


def test_payout_details_do_not_stand_on_the_overview(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    payout_details.change_payout_details(by=hedwig.id, details="AT61 1904 3002 3457 3201")
    assert "AT61" not in client_of(hedwig, second_factor=False).get("/settings").text


def test_turn_the_second_factor_off_and_money_waits(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig", email="hedwig@example.org", second_factor=True)
    browser = client_of(hedwig, second_factor=False)
    assert "/prove" in browser.post("/settings/second-factor/off").location
    assert queries.person(hedwig.id).has_second_factor
    browser.post("/settings/second-factor/prove", data={"code": code_of(hedwig)})
    answer = browser.post("/settings/second-factor/off", follow_redirects=True)
    assert "Your second factor is off." in said(answer)[0]
    assert not queries.person(hedwig.id).has_second_factor
    assert browser.get("/settings/payout-details").location == "/settings/second-factor"
    assert mails_to("hedwig@example.org")[-1].subject == "Your second factor was turned off"


def test_recovery_codes_are_shown_and_renewed_to_whoever_shows_a_code(client_of: ClientOf) -> None:
    hedwig = a_person("Hedwig")
    second_factors.give(person_id=hedwig.id)
    old = second_factors.recovery_codes_of(queries.person(hedwig.id))
    assert client_of(hedwig, second_factor=False).get("/settings/second-factor/recovery-codes").status_code == 302
    browser = client_of(queries.person(hedwig.id))
    assert all(code in browser.get("/settings/second-factor/recovery-codes").text for code in old)
    answer = browser.post("/settings/second-factor/recovery-codes", follow_redirects=True)
    assert not any(code in answer.text for code in old)


def test_who_signed_in_long_ago_gives_his_password_before_he_sets_up_a_second_factor(client_of: ClientOf) -> None:
    browser = client_of(a_person(), fresh=False)
    assert browser.get("/settings/second-factor").location == "/settings/verify?next=/settings/second-factor"
    assert browser.post("/settings/second-factor", data={"code": "000000"}).status_code == 302


SEEN = (
    "", "/profile", "/addresses/new", "/payout-details", "/second-factor", "/second-factor/recovery-codes",
    "/second-factor/prove", "/password", "/email", "/verify",
)  # fmt: skip
SENT = (
    "/profile", "/picture", "/picture/remove", "/sign-out-everywhere", "/addresses/new", "/addresses/1",
    "/addresses/1/remove", "/payout-details", "/payout-details/keep", "/second-factor", "/second-factor/off",
    "/second-factor/recovery-codes", "/second-factor/prove", "/password", "/email", "/verify",
)  # fmt: skip


def test_strangers_are_asked_who_they_are(client: FlaskClient) -> None:
    for path in SEEN:
        answer = client.get(f"/settings{path}")
        assert (answer.status_code, answer.location) == (302, f"/sign-in?next=/settings{path}")
    for path in SENT:
        answer = client.post(f"/settings{path}", data={"code": "000000"})
        assert answer.status_code == 302, path
        assert answer.location.startswith("/sign-in?next=/"), path
