"""Sellers' accounts at the processor: made once for each person, filled in there, and asked for anew.

Nobody can name an account: a person has the one that was made for him. No link to it is kept or mailed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import stripe
import structlog
from sqlalchemy import select

from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.payments import service, stripe_client
from marketplace.payments.stripe_client import StripeBroke, StripeIsAway
from marketplace.payments.stripe_models import SellerAccount

log = structlog.get_logger()

TRUSTED_FOR = timedelta(minutes=10)
"""So old an answer may be when a lot is listed on it: an account that was active can be restricted at any time."""
_NEWS_IS_OLD_AFTER = timedelta(days=1)
_MOST_AT_ONCE = 50
_AWAY = "Stripe does not answer. Nothing was changed: try again in a minute."
_ELSEWHERE = "This was begun in another window, too, with another country. That one counts: look at it below."


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, as the processor says."""

    is_active: bool
    is_paid_out: bool
    has_told: bool
    wanted: tuple[str, ...]


def account_of(person_id: int) -> SellerAccount | None:
    """The person's account as it was when it was last asked for; none before he began, or after he cut us off."""
    return db.session.scalar(select(SellerAccount).where(SellerAccount.person_id == person_id))


def person_of(account_id: str) -> int | None:
    """Whose account it is; none where it is not one of ours."""
    return db.session.scalar(select(SellerAccount.person_id).where(SellerAccount.account_id == account_id))


def link_for(*, by: int, return_url: str, refresh_url: str, country: str = "") -> str:
    """A fresh link to the processor's form for this person's own account, which is made the first time.

    `country`, ISO 3166-1: where he is at home; needed the first time, and another one than before begins anew while
    he has not told the processor who he is. The link works once, for some minutes. Asks the processor: no unit of
    work may be open. Raises RuleBroken.
    """
    _hear_what_was_told(by, country)
    key, account_id, country = begin(by=by, country=country)
    let_go()
    try:
        with stripe_client.needed().asked() as client:
            if account_id is None:
                account_id = _make(client, key, country)
                if not name_account(by, key, account_id):
                    raise RuleBroken(_ELSEWHERE)
            link = client.v1.account_links.create(
                {
                    "account": account_id, "type": "account_onboarding", "return_url": return_url,
                    "refresh_url": refresh_url, "collection_options": {"fields": "eventually_due"},
                }
            )  # fmt: skip
    except StripeIsAway as error:
        if account_id is None and isinstance(error, StripeBroke):
            _give_up(key)
        raise RuleBroken(_AWAY) from error
    except stripe.StripeError as error:
        if isinstance(error, stripe.InvalidRequestError) and error.param == "country":
            raise RuleBroken("Stripe makes no accounts for sellers in this country.", field="country") from error
        raise RuleBroken("Stripe would not begin this. Tell those who run this site.") from error
    return link.url


def login_link_for(*, by: int) -> str:
    """A link to the person's own pages at the processor, once he has filled in its form."""
    account = account_of(by)
    if account is None or account.account_id is None or not account.has_told:
        raise NotFound("There is no such page.")
    account_id = account.account_id
    let_go()
    try:
        with stripe_client.needed().asked() as client:
            return client.v1.accounts.login_links.create(account_id).url
    except (StripeIsAway, stripe.StripeError) as error:
        raise RuleBroken(_AWAY) from error


def fetch(person_id: int) -> bool:
    """Ask how the person's account stands. False where nobody answers: what was known stays, as old as it is."""
    account = account_of(person_id)
    here = stripe_client.here()
    if here is None or account is None or account.account_id is None:
        return True
    account_id = account.account_id
    let_go()
    try:
        with here.asked() as client:
            found = client.v1.accounts.retrieve(account_id)
    except StripeIsAway:
        return False
    except stripe.StripeError as error:
        if not is_gone(error):
            raise
        note_gone(account_id)
        return True
    note_account(account_id, standing_of(found))
    return True


def fetch_old() -> int:
    """The worker's duty: ask of accounts that nothing was heard of for a day, for the webhook may never have come."""
    if not stripe_client.is_set_up():
        return 0
    before = clock.now() - _NEWS_IS_OLD_AFTER
    old = select(SellerAccount.person_id).where(SellerAccount.fetched_at < before)
    for person_id in db.session.scalars(old.order_by(SellerAccount.fetched_at).limit(_MOST_AT_ONCE)).all():
        try:
            fetch(person_id)
        except stripe.StripeError:  # one that Stripe says something odd of keeps nobody else waiting
            log.exception("an account could not be asked for", person=person_id)
    return 0  # whose answer did not come is asked the next time


def fetch_if_old(person_id: int) -> None:
    """Before something rests on it: outside of the unit of work that it rests in."""
    account = account_of(person_id)
    if account is None or account.fetched_at is None or account.fetched_at < clock.now() - TRUSTED_FOR / 2:
        fetch(person_id)


def check_can_be_paid_by_card(person_id: int) -> None:
    """Raise RuleBroken where money cannot be transferred to this person, as far as was asked in the last minutes."""
    account = account_of(person_id)
    if account is None or not account.is_active:
        raise RuleBroken(
            "In this group buyers pay by card, so you need an account at Stripe that can be paid. Open “Being paid by"
            " card” in your settings; then list it."
        )
    if account.fetched_at is None or account.fetched_at < clock.now() - TRUSTED_FOR:
        raise RuleBroken("Stripe does not say whether you can be paid. Nothing was listed: try again in a minute.")


def is_gone(error: stripe.StripeError) -> bool:
    """Whether an account is not ours any more; a key that may not read accounts is refused otherwise."""
    return stripe_client.code_of(error) == stripe_client.NOT_OURS


def standing_of(account: stripe.Account) -> Standing:
    """Read an account. Whoever has sent the form in is not yet ready: the capability alone says so."""
    capabilities, wants = account.capabilities, account.requirements
    wanted = {*(wants.currently_due or ()), *(wants.past_due or ())} if wants else set()
    return Standing(
        is_active=capabilities is not None and getattr(capabilities, "transfers", None) == "active",
        is_paid_out=bool(account.payouts_enabled), has_told=bool(account.details_submitted),
        wanted=tuple(sorted(wanted)),
    )  # fmt: skip


@use_case
def note_account(account_id: str, standing: Standing) -> None:
    """How an account stands. If it is one of ours, what waited for its owner is tried again."""
    account = db.session.scalar(select(SellerAccount).where(SellerAccount.account_id == account_id).with_for_update())
    if account is None:
        return
    if standing.is_active is not account.is_active:
        what = "account can be paid" if standing.is_active else "account cannot be paid"
        audit.note(what, f"person:{account.person_id}", by=None)
        account.active_since = clock.now() if standing.is_active else None
    account.is_active, account.is_paid_out = standing.is_active, standing.is_paid_out
    account.has_told, account.wanted = standing.has_told, list(standing.wanted)
    account.fetched_at = clock.now()
    if standing.is_active:
        service.wake(person_id=account.person_id)


@use_case
def note_gone(account_id: str) -> None:
    """The seller has cut us off, or the processor has closed his account: he can begin anew, with another one."""
    account = db.session.scalar(select(SellerAccount).where(SellerAccount.account_id == account_id).with_for_update())
    if account is not None:
        audit.note("account is gone", f"person:{account.person_id}", by=None, why=account_id)
        db.session.delete(account)


@use_case
def begin(*, by: int, country: str) -> tuple[str, str | None, str]:
    """The key under which the person's account is made, kept before anybody is asked; the account, if it is; and its
    country. Raises RuleBroken where none was ever said."""
    is_live = stripe_client.needed().is_live
    account = db.session.scalar(select(SellerAccount).where(SellerAccount.person_id == by).with_for_update())
    if account is not None and (account.is_live is not is_live or _is_to_begin_anew(account, country)):
        db.session.delete(account)  # of Stripe's other mode, nobody can be paid there
        db.session.flush()
        account = None
    if account is None:
        if not country:
            raise RuleBroken("Choose a country from the list.", field="country")
        now = clock.now()
        account = SellerAccount(
            person_id=by, key=f"seller:{by}:{now:%Y%m%d%H%M%S%f}", is_live=is_live, begun_at=now, is_active=False,
            is_paid_out=False, has_told=False, wanted=[], country=country,
        )  # fmt: skip
        db.session.add(account)
        audit.note("begin to be paid by card", f"person:{by}", by=by)
    return account.key, account.account_id, account.country


def _hear_what_was_told(person_id: int, country: str) -> None:
    """Before another country begins anew: who has told Stripe who he is and has not come back would tell it twice."""
    account = account_of(person_id)
    if account is not None and _is_to_begin_anew(account, country) and not fetch(person_id):
        raise RuleBroken(_AWAY)


def _is_to_begin_anew(account: SellerAccount, country: str) -> bool:
    """The processor never changes an account's country: he named a wrong one, and has told nothing yet."""
    return bool(country) and country != account.country and not account.has_told


@use_case
def _give_up(key: str) -> None:
    """Stripe keeps for a day that something broke: he gets an account under another key, nobody has the first."""
    account = db.session.scalar(select(SellerAccount).where(SellerAccount.key == key).with_for_update())
    if account is not None and account.account_id is None:
        db.session.delete(account)


def _make(client: stripe.StripeClient, key: str, country: str) -> str:
    """Express, as its parts: the platform bears fees and losses, Stripe asks the seller who he is."""
    account = client.v1.accounts.create(
        {
            "controller": {
                "stripe_dashboard": {"type": "express"},
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"seller": key},
            **({"country": country} if country else {}),
        },
        {"idempotency_key": key},
    )
    return account.id


@use_case
def name_account(person_id: int, key: str, account_id: str) -> bool:
    """The processor has made it. Whether it is his: of two clicks at once both hear of the same account, but of two
    with different countries only the later one's is kept."""
    account = db.session.scalar(select(SellerAccount).where(SellerAccount.key == key).with_for_update())
    if account is None or account.person_id != person_id:
        return False
    account.account_id = account.account_id or account_id
    return account.account_id == account_id
