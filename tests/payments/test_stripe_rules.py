"""How Stripe's words become ours, walked through: sessions, claims, times, minimums, and which events count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments import rules, stripe_rules as law
from marketplace.payments.stripe_rules import NEWS, OF_ACCOUNTS, Bank, News, Paying

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "payment_status", "intent", "paying"),
    [
        ("open", "unpaid", None, Paying.OPEN),
        ("open", "unpaid", "requires_payment_method", Paying.OPEN),
        ("complete", "unpaid", "processing", Paying.SUBMITTED),
        ("complete", "unpaid", "a word of next year", Paying.SUBMITTED),
        ("complete", "unpaid", "requires_payment_method", Paying.FAILED),
        ("complete", "unpaid", "canceled", Paying.FAILED),
        ("complete", "paid", "succeeded", Paying.PAID),
        ("complete", "no_payment_required", None, Paying.SUBMITTED),
        ("expired", "unpaid", None, Paying.EXPIRED),
        ("expired", "paid", "succeeded", Paying.PAID),
        (None, "unpaid", None, Paying.OPEN),
        ("a word of next year", "unpaid", None, Paying.OPEN),
    ],
)
def test_only_paid_is_paid(status: str | None, payment_status: str, intent: str | None, paying: Paying) -> None:
    assert law.paying_of(status, payment_status, intent) is paying


def test_a_session_only_goes_forward_and_money_that_came_has_come() -> None:
    forward = {(was, now) for was, now in product(Paying, Paying) if law.moves_on(was, now)}
    assert forward == {
        (Paying.OPEN, Paying.SUBMITTED),
        (Paying.OPEN, Paying.FAILED),
        (Paying.OPEN, Paying.EXPIRED),
        (Paying.SUBMITTED, Paying.FAILED),
        (Paying.SUBMITTED, Paying.EXPIRED),
        *((was, Paying.PAID) for was in Paying if was is not Paying.PAID),
    }


@pytest.mark.parametrize(
    ("status", "bank"),
    [
        ("needs_response", Bank.OPEN),
        ("under_review", Bank.OPEN),
        ("won", Bank.WON),
        ("lost", Bank.LOST),
        ("warning_needs_response", Bank.INQUIRY),
        ("warning_under_review", Bank.INQUIRY),
        ("warning_closed", Bank.WON),
        ("prevented", Bank.WON),
        ("a word of next year", Bank.OPEN),
    ],
)
def test_a_claim_is_what_the_bank_says(status: str, bank: Bank) -> None:
    assert law.bank_of(status) is bank


def test_a_claim_that_has_ended_stays_so() -> None:
    assert not any(law.is_news(was, now) for was in (Bank.WON, Bank.LOST) for now in Bank)
    assert all(law.is_news(None, now) for now in Bank)
    assert law.is_news(Bank.INQUIRY, Bank.OPEN)
    assert not law.is_news(Bank.OPEN, Bank.INQUIRY)


@pytest.mark.parametrize(
    ("minutes", "ends"),
    [
        (None, law.LONGEST_SESSION),
        (60 * 72, law.LONGEST_SESSION),
        (60 * 5, timedelta(hours=5)),
        (31, timedelta(minutes=31)),
    ],
)
def test_a_session_ends_with_the_time_to_pay(minutes: int | None, ends: timedelta) -> None:
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert law.session_ends(now=NOW, until=until) == NOW + ends


def test_one_that_stripe_would_not_open_is_refused_with_a_way_out() -> None:
    with pytest.raises(RuleBroken, match="cancel the order without a strike"):
        law.session_ends(now=NOW, until=NOW + timedelta(minutes=30))


def test_a_session_is_looked_at_ever_more_rarely_but_right_after_its_end() -> None:
    ends = NOW + timedelta(hours=5)
    assert law.next_look(0, now=NOW, expires_at=ends) == NOW + timedelta(minutes=2)
    assert law.next_look(99, now=NOW, expires_at=ends) == NOW + timedelta(hours=6)
    assert law.next_look(99, now=NOW, expires_at=NOW + timedelta(hours=5, minutes=59)) == NOW + timedelta(
        hours=6, minutes=1
    )
    assert law.next_look(99, now=NOW, expires_at=NOW - timedelta(days=1)) == NOW + timedelta(hours=6)


def test_an_event_is_tried_for_hours_then_parked() -> None:
    pauses = [law.next_try(tries, now=NOW) for tries in range(1, law.MOST_EVENT_TRIES + 1)]
    assert pauses[-1] is None
    moments = [moment for moment in pauses if moment is not None]
    assert moments == sorted(moments)
    assert sum((moment - NOW for moment in moments), timedelta()) > timedelta(hours=3)


def test_what_waits_is_asked_for_ever_more_rarely() -> None:
    pauses = [rules.pause_before(attempt) for attempt in range(1, 40)]
    assert pauses[0] == timedelta(minutes=5)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=6)


@pytest.mark.parametrize(
    ("amount", "is_fine"),
    [
        (Money(50, "EUR"), True),
        (Money(49, "EUR"), False),
        (Money(50, "JPY"), True),
        (Money(99_999_999, "EUR"), True),
        (Money(100_000_000, "EUR"), False),
        (Money(10_000, "KWD"), False),
        (Money(10_000, "ISK"), False),
    ],
)
def test_what_stripe_takes(amount: Money, is_fine: bool) -> None:
    if is_fine:
        law.check_can_be_paid(amount)
        return
    with pytest.raises(RuleBroken):
        law.check_can_be_paid(amount)


def test_each_event_counts_at_its_own_endpoint_and_in_our_mode_alone() -> None:
    for kind, about in NEWS.items():
        of_accounts = about in OF_ACCOUNTS
        ours = News("evt_1", kind, "x_1", "acct_1" if of_accounts else None, False)
        assert law.counts(ours, is_live=False, of_accounts=of_accounts)
        assert not law.counts(ours, is_live=True, of_accounts=of_accounts)
        assert not law.counts(ours, is_live=False, of_accounts=not of_accounts)
        other = News("evt_1", kind, "x_1", None if of_accounts else "acct_1", False)
        assert not law.counts(other, is_live=False, of_accounts=of_accounts)


def test_no_more_kinds_are_asked_for_at_once_than_stripe_allows() -> None:
    """https://docs.stripe.com/api/events/list: up to twenty."""
    assert len([kind for kind, about in NEWS.items() if about not in OF_ACCOUNTS]) <= 20


@pytest.mark.parametrize("name", ["checkout.session.completed", "charge.dispute.closed", "refund.failed"])
def test_what_matters_most_is_listened_to(name: str) -> None:
    assert name in NEWS
