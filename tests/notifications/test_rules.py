"""Everything that can be told has its words, and everything that happens is told or silent for a reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import marketplace
from marketplace.escrow.rules import LAW
from marketplace.kernel.money import Money
from marketplace.notifications import rules
from marketplace.notifications.detail_rules import Word, packed, unpacked
from marketplace.notifications.order_rules import BY_GATEWAY, CANCELLED, LAPSED, NOT_TOLD_HERE, PARCELS, TOLD, told_of
from marketplace.notifications.rules import BACK_OFF, KINDS, NOT_MAILED, next_try
from marketplace.wiring import HANDLERS

MAILS = Path(__file__).parents[2] / "templates"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

# What happens and is told to nobody.
SILENT = {
    "BidPlaced": "the price on the page says so",
    "PhotosChanged": "the page shows them; an offer that ends with it tells why",
    "DisputeSettled": "the order tells where the money goes",
    "FeedbackGiven": "what was said stays hidden",
    "GroupFounded": "who founded it knows",
    "ItemChanged": "nobody has bid on it",
    "ItemPublished": "it stands in the seller's list",
    "ItemWithdrawn": "it was the seller's own wish",
    "LastOwnerLeft": "nobody is left to be told",
    "LotListed": "it stands in the catalogue; who looks for it is told by LotsFit",
    "LotStarted": "it stands in the catalogue",
    "MemberJoined": "an officer decided it, or the group is open",
    "ChargebackLost": "the order tells of it",
    "ChargebackOpened": "the order tells of it",
    "ChargebackWon": "the order tells of it",
    "ContestRefused": "AnswerRefused tells of it",
    "ContestSent": "BankAnswered tells of it",
    "FeesAsked": "those who run the site see it on their page",
    "FeeTaken": "the order tells of it",
    "MovementBounced": "the order tells of it",
    "MovementConfirmed": "the order tells of it",
    "MovementFailed": "the order tells of it",
    "MovementWaits": "the order tells of it",
    "PaymentSubmitted": "the order tells of it",
    "OrderClosed": "the last payout was told, and feedback is asked for",
    "RulesChanged": "members are asked to agree when they next bid or list",
    "TermsChanged": "they count for lots that start later, and stand there",
}


def all_events() -> dict[str, type]:
    """Every fact that any package can announce, by name."""
    found = {}
    for module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if module.name.endswith(".events") and not module.name.startswith("marketplace.kernel"):
            loaded = importlib.import_module(module.name)
            members = inspect.getmembers(loaded, inspect.isclass)
            found |= {
                name: fact
                for name, fact in members
                if fact.__module__ == module.name and is_dataclass(fact) and not fact.__subclasses__()
            }
    return found


def is_told(fact: type) -> bool:
    return any(handler.__module__.startswith("marketplace.notifications") for handler in HANDLERS.get(fact, ()))


@pytest.mark.parametrize("kind", [kind for kind, telling in KINDS.items() if telling.mailed])
def test_each_kind_that_is_mailed_has_its_mail(kind: str) -> None:
    assert (MAILS / KINDS[kind].template).is_file()


def test_no_mail_is_of_an_unknown_kind() -> None:
    known = {KINDS[kind].template for kind in KINDS if KINDS[kind].mailed}
    ours = {telling.feature for telling in KINDS.values()} - {"accounts"}  # its other mails are about signing in
    there = {str(file.relative_to(MAILS)) for feature in ours for file in (MAILS / "mail" / feature).glob("*.txt")}
    assert there <= known


def test_what_is_not_mailed_is_known() -> None:
    assert set(NOT_MAILED) <= set(KINDS)


@pytest.mark.parametrize("name", sorted(all_events()))
def test_each_fact_is_told_or_silent_for_a_reason(name: str) -> None:
    assert is_told(all_events()[name]) != (name in SILENT)


def test_nothing_is_silent_that_cannot_happen() -> None:
    assert set(SILENT) <= set(all_events())


@pytest.mark.parametrize("clause", LAW, ids=lambda clause: f"{clause.given}-{clause.action}-{clause.by}-{clause.then}")
def test_each_line_of_the_law_of_escrow_is_told(clause) -> None:  # type: ignore[no-untyped-def]
    told = told_of(clause.action, by=clause.by, was=clause.given, then=clause.then)
    is_silent = clause.action in NOT_TOLD_HERE or (clause.action, clause.by) == ("payout_failed", "gateway")
    assert (told is None) == (is_silent or (clause.action, clause.then) == ("lapse", "closed"))
    if told is not None:
        assert KINDS[told.kind].feature == "escrow"


def test_nothing_is_told_of_an_order_that_cannot_happen() -> None:
    done = {(clause.action, clause.then) for clause in LAW}
    lapsed = {(clause.given, clause.then) for clause in LAW if clause.action == "lapse"}
    assert set(TOLD) <= done
    assert set(LAPSED) <= lapsed
    assert set(CANCELLED) == {clause.by for clause in LAW if clause.action == "cancel"}


def test_each_kind_about_orders_is_used() -> None:
    from_changes = {told.kind for table in (TOLD, LAPSED, CANCELLED, PARCELS, BY_GATEWAY) for told in table.values()}
    others = {"order_to_pay", "message_new", "confirmer_missing", rules.deadline_kind(48), rules.deadline_kind(12)}
    of_debts = {"debt_arose", "debt_paid", "debt_written_off", "write_off_proposed", "fees_paid", "fees_declined"}
    assert from_changes | others | of_debts == set(rules.TOLD["escrow"])


def test_details_come_back_as_what_they_were() -> None:
    details = {"sum": Money(1, "JPY"), "at": NOW, "role": Word("owner"), "title": "Vase", "count": 2, "why": None}
    assert unpacked(packed(details)) == details


def test_a_notice_cannot_carry_what_cannot_be_told() -> None:
    with pytest.raises(TypeError):
        packed({"person": object()})


def test_a_failed_mail_is_tried_six_times_in_fifteen_hours() -> None:
    assert next_try(0, NOW) == NOW + timedelta(minutes=1)
    assert next_try(len(BACK_OFF) - 1, NOW) == NOW + timedelta(hours=12)
    assert next_try(len(BACK_OFF), NOW) is None
    assert sum(BACK_OFF, timedelta()) < rules.TOO_OLD
