"""Sellers at Stripe: one account each, links for its owner alone, and nothing believed that is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import stripe

from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.payments import sellers
from marketplace.playmoney import accounts
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.weather import Fault
from tests.factories.accounts import a_person
from tests.factories.stripe import a_seller

LINKS = {"return_url": "https://e.example/r", "refresh_url": "https://e.example/f", "country": "AT"}


def test_each_click_is_a_fresh_link_to_the_one_account(here: StandIn) -> None:
    person = a_person()
    links = {sellers.link_for(by=person.id, **LINKS) for _click in range(3)}
    assert len(links) == 3
    (account,) = here.till.all("account")
    assert account["controller"]["stripe_dashboard"]["type"] == "express"
    assert account["capabilities"] == {"transfers": "inactive"}


def test_an_account_is_at_home_where_its_owner_says(here: StandIn) -> None:
    person = a_person()
    with pytest.raises(RuleBroken, match="Choose a country"):
        sellers.link_for(by=person.id, **LINKS | {"country": ""})
    sellers.link_for(by=person.id, **LINKS | {"country": "HU"})
    sellers.link_for(by=person.id, **LINKS | {"country": ""})
    assert [account["country"] for account in here.till.all("account")] == ["HU"]


def test_who_named_a_wrong_country_begins_anew_until_he_has_told_who_he_is(here: StandIn) -> None:
    person = a_person()
    sellers.link_for(by=person.id, **LINKS | {"country": "HU"})
    sellers.link_for(by=person.id, **LINKS | {"country": "CZ"})
    account = sellers.account_of(person.id)
    assert account is not None
    assert account.country == here.till.find("account", str(account.account_id))["country"] == "CZ"
    with here.till.lock:
        accounts.become(here.till, str(account.account_id))
    sellers.fetch(person.id)
    sellers.link_for(by=person.id, **LINKS | {"country": "HU"})
    db.session.rollback()
    kept = sellers.account_of(person.id)
    assert kept is not None
    assert kept.country == "CZ"


def test_who_told_stripe_and_closed_its_page_does_not_begin_anew(here: StandIn) -> None:
    """Nobody has heard of it yet: it is asked for before another country would part him from his account."""
    person = a_person()
    sellers.link_for(by=person.id, **LINKS | {"country": "HU"})
    first = _account_id(person.id)
    with here.till.lock:
        accounts.become(here.till, first)
    here.weather.order(Fault.DOWN, "GET /v1/accounts")
    with pytest.raises(RuleBroken, match="does not answer"):
        sellers.link_for(by=person.id, **LINKS | {"country": "CZ"})
    sellers.link_for(by=person.id, **LINKS | {"country": "CZ"})
    db.session.rollback()
    assert _account_id(person.id) == first
    assert len(here.till.all("account")) == 1


def test_of_two_windows_with_two_countries_only_the_later_leads_to_a_form(
    here: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who filled in the other form would never be paid: nobody has that account."""
    person = a_person()
    make = sellers._make

    def make_late(client: stripe.StripeClient, key: str, country: str) -> str:
        monkeypatch.setattr(sellers, "_make", make)
        sellers.link_for(by=person.id, **LINKS | {"country": "CZ"})
        return make(client, key, country)

    monkeypatch.setattr(sellers, "_make", make_late)
    with pytest.raises(RuleBroken, match="another window"):
        sellers.link_for(by=person.id, **LINKS | {"country": "HU"})
    db.session.rollback()
    assert here.till.find("account", _account_id(person.id))["country"] == "CZ"
    assert [link["_account"] for link in here.till.all("account_link")] == [_account_id(person.id)]


def test_what_no_webhook_told_of_an_account_is_asked_for_the_day_after(here: StandIn) -> None:
    restricted, gone = a_seller(here), a_seller(here)
    with here.till.lock:
        accounts.become(here.till, _account_id(restricted), disabled="requirements.past_due")
        accounts.deauthorise(here.till, _account_id(gone))
    with clock.at(clock.now() + timedelta(hours=23)):
        assert sellers.fetch_old() == 0
    assert _is_active(restricted)
    here.weather.is_down = True
    with clock.at(clock.now() + timedelta(hours=25)):
        sellers.fetch_old()
        assert _is_active(restricted)
        here.weather.is_down = False
        sellers.fetch_old()
        assert not _is_active(restricted)
        assert sellers.account_of(gone) is None


def test_an_account_that_stripe_says_something_odd_of_keeps_no_other_waiting(
    here: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = a_seller(here), a_seller(here)
    odd_id, other_id = _account_id(odd), _account_id(other)
    with here.till.lock:
        accounts.become(here.till, other_id, disabled="requirements.past_due")
    retrieve = stripe.AccountService.retrieve

    def odd_of_one(self: stripe.AccountService, account: str, *more: Any) -> stripe.Account:
        if account == odd_id:
            raise stripe.InvalidRequestError("This cannot be asked.", param=None)
        return retrieve(self, account, *more)

    monkeypatch.setattr(stripe.AccountService, "retrieve", odd_of_one)
    with clock.at(clock.now() + timedelta(hours=25)):
        sellers.fetch_old()
    assert _is_active(odd)
    assert not _is_active(other)


def _account_id(person_id: int) -> str:
    account = sellers.account_of(person_id)
    assert account is not None
    return str(account.account_id)


def _is_active(person_id: int) -> bool:
    db.session.rollback()
    account = sellers.account_of(person_id)
    return account is not None and account.is_active


def test_a_lost_answer_makes_no_second_account(here: StandIn) -> None:
    person = a_person()
    here.weather.order(Fault.LOST, "POST /v1/accounts$")
    with pytest.raises(RuleBroken, match="does not answer"):
        sellers.link_for(by=person.id, **LINKS)
    sellers.link_for(by=person.id, **LINKS)
    assert len(here.till.all("account")) == 1


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.BROKEN_AFTER])
def test_after_something_broke_at_stripe_a_seller_can_begin_anew_at_once(here: StandIn, fault: Fault) -> None:
    """Stripe keeps a 500 under its key for a day. An account that was made all the same is nobody's."""
    person = a_person()
    here.weather.order(fault, "POST /v1/accounts$")
    with pytest.raises(RuleBroken, match="does not answer"):
        sellers.link_for(by=person.id, **LINKS)
    assert sellers.account_of(person.id) is None
    assert sellers.link_for(by=person.id, **LINKS)
    account = sellers.account_of(person.id)
    assert account is not None and account.account_id == here.till.all("account")[0]["id"]


def test_a_key_that_may_not_ask_is_no_word_on_the_account(here: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what says that the account is not ours any more parts us from it."""
    person_id = a_seller(here)
    error = stripe.PermissionError("The key has not the permissions for this.")

    def forbids(*_asked: object) -> None:
        raise error

    monkeypatch.setattr(stripe.AccountService, "retrieve", forbids)
    sellers.fetch(person_id)
    assert sellers.account_of(person_id) is not None
    error.code = "account_invalid"
    sellers.fetch(person_id)
    db.session.rollback()
    assert sellers.account_of(person_id) is None


def test_only_who_has_filled_in_the_form_has_pages_at_stripe(here: StandIn) -> None:
    with pytest.raises(NotFound):
        sellers.login_link_for(by=a_person().id)
    with pytest.raises(NotFound):
        sellers.login_link_for(by=a_seller(here, is_ready=False))
    assert "express" in sellers.login_link_for(by=a_seller(here))


def test_who_can_be_paid_by_card_is_asked_of_stripe_and_not_long_ago(here: StandIn) -> None:
    with pytest.raises(RuleBroken, match="Being paid by card"):
        sellers.check_can_be_paid_by_card(a_person().id)
    with pytest.raises(RuleBroken, match="Being paid by card"):
        sellers.check_can_be_paid_by_card(a_seller(here, is_ready=False))
    ready = a_seller(here)
    sellers.check_can_be_paid_by_card(ready)
    clock.move(timedelta(minutes=11))
    with pytest.raises(RuleBroken, match="try again in a minute"):
        sellers.check_can_be_paid_by_card(ready)
    here.weather.is_down = True
    sellers.fetch_if_old(ready)
    with pytest.raises(RuleBroken, match="try again in a minute"):
        sellers.check_can_be_paid_by_card(ready)
    here.weather.is_down = False
    sellers.fetch_if_old(ready)
    db.session.rollback()
    sellers.check_can_be_paid_by_card(ready)
