"""What a bank is told of an order, and what it is not unless somebody ticks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.disputes import claim_rules
from marketplace.disputes.evidence_rules import (
    LAPSED,
    SENTENCES,
    Chosen,
    Exhibit,
    Happened,
    Record,
    Said,
    default_choice,
    evidence_of,
    exhibits_of,
)
from marketplace.disputes.ruler_rules import Candidate, Conflict
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups.rules import Role
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments.contest_rules import (
    LEAD,
    MOST_PAGES,
    Evidence,
    check_can_answer,
    check_fits,
    check_pages,
    check_size,
)
from marketplace.payments.stripe_rules import Bank

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
A, P, S = Action, Party, State


def happened(action: Action, hours: int, by: Party = P.BUYER, was: State = S.HELD, became: State = S.HELD) -> Happened:
    return Happened(action, by, NOW + timedelta(hours=hours), was, became, Money(142_00, "EUR"), P.SELLER)


RECORD = Record(
    order_id=7, group="Lindengasse Antiques", title="Bow teapot", description="A teapot.",
    promises=(("Age", "1760"),), buyer="Marta Lind", seller="Hedwig Amsel", hammer=Money(132_00, "EUR"),
    shipping=Money(10_00, "EUR"), total=Money(142_00, "EUR"), won_at=NOW, bids=3, bidders=2, own_bids=(NOW,),
    recipient="Marta Lind-Huber", address="Marta Lind-Huber\nLindengasse 7\nWien", email="marta@example.org",
    carrier="Post", tracking="CX 1",
    happened=(
        happened(A.CONFIRM_PAYMENT, 1, P.GATEWAY), happened(A.SHIP, 20, P.SELLER), happened(A.CONFIRM_RECEIPT, 60),
    ),
    said=(
        Said("words-1", "seller", "the seller", NOW, "I sent it on Monday."),
        Said("message-1", "message", "the buyer", NOW, "My daughter is ill."),
        Said("line-1", "statement", "the buyer", NOW, "The lid is new."),
        Said("line-2", "ruling", "an officer", NOW, "The lid is old."),
    ),
    exhibits=(
        Exhibit("picture-1", "a", "Parcel 1", "the receipt", True, True),
        Exhibit("photo-1", "b", "Listing 1", "", True),
        Exhibit("shown-1", "c", "Buyer, in the dispute: B1", "", False),
    ),
)  # fmt: skip


def test_the_fields_say_what_was_sold_to_whom_and_how_it_was_sent() -> None:
    found = evidence_of(RECORD, default_choice(RECORD))
    assert found.product == "Bow teapot\n\nA teapot.\n\nAge: 1760"
    assert (found.customer_name, found.address) == ("Marta Lind-Huber", RECORD.address)
    assert (found.carrier, found.tracking, found.shipped_on) == ("Post", "CX 1", "2026-11-22")
    assert found.customer_email == "", "the address of his mail only where somebody ticks it"


def test_the_account_tells_what_happened_in_its_order_with_times() -> None:
    account = evidence_of(RECORD, default_choice(RECORD)).account
    lines = [line for line in account.splitlines() if line.startswith("- 2026")]
    assert [line[:18] for line in lines[:4]] == [
        "- 2026-11-21 12:00", "- 2026-11-21 13:00", "- 2026-11-22 08:00", "- 2026-11-24 00:00",
    ]  # fmt: skip
    assert "after 3 bids of 2 members" in account
    assert "with Post, parcel number CX 1" in account
    assert "confirmed that he had received it" in account


def test_nothing_that_was_written_in_private_goes_out_unticked() -> None:
    chosen = default_choice(RECORD)
    account = evidence_of(RECORD, chosen).account
    assert "I sent it on Monday." in account
    for private in ("daughter", "lid is new", "lid is old"):
        assert private not in account
    assert chosen.exhibits == {"picture-1", "photo-1"}
    ticked = replace(chosen, said=frozenset({"message-1"}), with_email=True, with_address=False, statement="I saw it.")
    found = evidence_of(RECORD, ticked)
    assert "daughter" in found.account and "Monday" not in found.account
    assert "I saw it." in found.account
    assert (found.customer_email, found.address) == ("marta@example.org", "")


def test_pictures_of_the_parcel_are_a_file_of_their_own() -> None:
    chosen = default_choice(RECORD)
    assert [each.name for each in exhibits_of(RECORD, chosen, of_parcel=True)] == ["picture-1"]
    assert [each.name for each in exhibits_of(RECORD, chosen, of_parcel=False)] == ["photo-1"]


def test_what_was_picked_up_was_not_sent() -> None:
    picked_up = replace(RECORD, address="", recipient="", carrier="", tracking="",
                        happened=(happened(A.SHIP, 1), happened(A.USE_CODE, 2)))  # fmt: skip
    found = evidence_of(picked_up, default_choice(picked_up))
    assert (found.customer_name, found.address, found.shipped_on) == ("Marta Lind", "", "")
    assert "ready to be picked up" in found.account
    assert "proved it with a code" in found.account


def test_each_sentence_can_be_written_and_no_clock_speaks_where_it_should_not() -> None:
    deeds = [happened(action, 1) for action in SENTENCES]
    lapsed = [happened(A.LAPSE, 1, P.CLOCK, was, became) for was, became in LAPSED]
    silent = happened(A.LAPSE, 1, P.CLOCK, S.PAYING_OUT, S.PAYING_OUT)
    record = replace(RECORD, happened=(*deeds, *lapsed, silent), said=(), exhibits=())
    course = [line for line in evidence_of(record, default_choice(record)).account.splitlines() if line[:3] == "- 2"]
    assert len(course) == 1 + len(deeds) + len(lapsed)
    assert not any("{" in line for line in course)


def test_what_a_bank_does_not_take_is_refused() -> None:
    check_fits(Evidence(account="x" * 20_000))
    with pytest.raises(RuleBroken, match="characters"):
        check_fits(Evidence(account="x" * 20_001))
    check_pages(MOST_PAGES)
    with pytest.raises(RuleBroken, match="photographs"):
        check_pages(MOST_PAGES + 1)
    check_size(4_500_000)
    with pytest.raises(RuleBroken, match="larger"):
        check_size(4_500_001)


def test_a_bank_is_answered_while_it_hears_and_once() -> None:
    check_can_answer(Bank.OPEN, due_at=NOW, now=NOW - LEAD - timedelta(seconds=1), is_answered=False)
    check_can_answer(Bank.INQUIRY, due_at=None, now=NOW, is_answered=False)
    for claim, due_at, is_answered in [
        (Bank.OPEN, NOW + LEAD, False), (Bank.WON, None, False), (Bank.LOST, None, False), (Bank.OPEN, None, True),
    ]:  # fmt: skip
        with pytest.raises(RuleBroken):
            check_can_answer(claim, due_at=due_at, now=NOW, is_answered=is_answered)


def an_officer(person_id: int, role: Role, *conflicts: Conflict) -> Candidate:
    return Candidate(person_id, role, frozenset(conflicts))


def test_who_could_rule_answers_the_bank() -> None:
    found = claim_rules.contesters(
        [an_officer(1, Role.OWNER), an_officer(2, Role.MODERATOR), an_officer(3, Role.MODERATOR, Conflict.PARTY)]
    )
    assert (found.may_contest, found.may_give_up) == ({2}, {2})


def test_where_nobody_is_free_those_who_are_near_may_send_and_nobody_gives_up() -> None:
    near = an_officer(1, Role.OWNER, Conflict.TRADED_WITH_A_PARTY)
    found = claim_rules.contesters(
        [near, an_officer(2, Role.TREASURER, Conflict.PARTY), an_officer(3, Role.MODERATOR, Conflict.BID_ON_THE_LOT)]
    )
    assert (found.may_contest, found.may_give_up) == ({1}, frozenset())


def test_reminders_come_two_days_and_twelve_hours_before() -> None:
    due = NOW + timedelta(days=9)
    first = claim_rules.next_reminder(due, after=NOW)
    assert first == due - timedelta(days=2)
    second = claim_rules.next_reminder(due, after=first)
    assert second == due - timedelta(hours=12)
    assert claim_rules.next_reminder(due, after=second) is None
    assert claim_rules.next_reminder(None, after=NOW) is None
    assert [claim_rules.hours_left(due, now=each) for each in (NOW, first, second, due)] == [None, 48, 12, None]


def test_a_choice_of_what_is_not_there_adds_nothing() -> None:
    chosen = Chosen(frozenset({"message-99"}), frozenset({"photo-99"}), with_address=False, with_email=False)
    assert "What the two wrote" not in evidence_of(RECORD, chosen).account
    assert exhibits_of(RECORD, chosen, of_parcel=False) == []
