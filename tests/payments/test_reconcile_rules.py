"""What the processor's books say, held against ours: each kind of finding, each reason, the balance to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kernel.money import Money
from marketplace.payments.line_rules import OWN, Comparison, Entry, Explained, Finding, Line, Named, Stands, What
from marketplace.payments.reconcile_rules import SETTLES_WITHIN, balance_findings, compare

NIGHT = datetime(2030, 1, 2, 3, tzinfo=UTC)
LONG_AGO, JUST_NOW = NIGHT - timedelta(days=1), NIGHT - SETTLES_WITHIN + timedelta(seconds=1)
ORDER, GROUP = 7, 3


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


PAID = Line("txn_1", "charge", 100_00, 1_75, "EUR", "ch_1", LONG_AGO, "m1", ORDER)
PAYMENT = Entry(Stands.DONE, "ch_1", "m1", "EUR", (100_00,), 100_00, 1_75, LONG_AGO, ORDER, GROUP)
SENT = Line("txn_2", "transfer", -93_00, 0, "EUR", "tr_1", LONG_AGO, "m2", ORDER)
PAYOUT = Entry(Stands.DONE, "tr_1", "m2", "EUR", (-93_00,), -93_00, 0, LONG_AGO, ORDER, GROUP)
GONE_BACK = Line("txn_3", "refund", -40_00, 0, "EUR", "re_1", LONG_AGO, "m3", ORDER, "ch_1")
CAME_BACK = replace(GONE_BACK, line_id="txn_4", category="refund_failure", amount=40_00)
REFUND = Entry(Stands.DONE, "re_1", "m3", "EUR", (-40_00,), -40_00, 0, LONG_AGO, ORDER, GROUP)
BOUNCED = replace(REFUND, there=(0,), booked=0)
PENDING = replace(REFUND, there=(0, -40_00), booked=0, explains=Named.REFUND_PENDING)
TAKEN = Line("txn_5", "dispute", -100_00, 15_00, "EUR", "du_1", LONG_AGO, None, None, "ch_1")
GIVEN_BACK = replace(TAKEN, line_id="txn_6", category="dispute_reversal", amount=100_00, fee=0)
LOST = Entry(Stands.DONE, "du_1", None, "EUR", (-100_00,), -100_00, 15_00, LONG_AGO, ORDER, GROUP)
OPEN = replace(LOST, booked=0, explains=Named.OPEN_CHARGEBACK)
WON = replace(OPEN, there=(0,))
GIVEN_UP = replace(PAYOUT, stands=Stands.GIVEN_UP, reference=None, there=(0,), booked=0)
AWAITED = replace(GIVEN_UP, stands=Stands.AWAITED)


def said(lines: Sequence[Line], entries: Sequence[Entry]) -> Comparison:
    return compare(lines, entries, now=NIGHT)


AGREE: dict[str, tuple[list[Line], list[Entry]]] = {
    "nothing": ([], []),
    "a payment and a payout": ([SENT, PAID], [PAYMENT, PAYOUT]),
    "a refund": ([PAID, GONE_BACK], [PAYMENT, REFUND]),
    "a refund that came back": ([GONE_BACK, CAME_BACK], [BOUNCED]),
    "a refund that failed before it was taken out": ([], [BOUNCED]),
    "a refund that is pending and was not taken out": ([], [PENDING]),
    "a lost chargeback": ([TAKEN], [LOST]),
    "a won chargeback": ([TAKEN, GIVEN_BACK], [WON]),
    "an inquiry": ([], [replace(WON, fee=None)]),
    "a payout that was withdrawn": ([], [GIVEN_UP]),
    "a refund that was refused, by its mark": (
        [GONE_BACK, CAME_BACK],
        [replace(REFUND, stands=Stands.GIVEN_UP, reference=None, there=(0,), booked=0)],
    ),
    "a payment whose fee was nothing": ([replace(PAID, fee=0)], [replace(PAYMENT, fee=None)]),
    "a source that says no order": ([replace(PAID, order_id=None)], [PAYMENT]),
}


@pytest.mark.parametrize("case", AGREE)
def test_what_agrees_is_not_spoken_of(case: str) -> None:
    assert said(*AGREE[case]) == Comparison([], [])


FOUND: dict[str, tuple[list[Line], list[Entry], Finding]] = {
    "a refund that was made by hand there": (
        [PAID, replace(GONE_BACK, mark=None, order_id=None)],
        [PAYMENT],
        Finding(What.STRANGER, "re_1", eur(-40_00), None, ORDER, GROUP),
    ),
    "a payment of somebody else": (
        [replace(PAID, mark="other", order_id=99)],
        [],
        Finding(What.STRANGER, "ch_1", eur(98_25), None, 99),
    ),
    "a kind of line that nobody knows": (
        [replace(PAID, category="climate_order_purchase", source="txn_1", mark=None, order_id=None, amount=-5, fee=0)],
        [],
        Finding(What.STRANGER, "txn_1", eur(-5), None),
    ),
    "a transfer that is not there": (
        [PAID],
        [PAYMENT, PAYOUT],
        Finding(What.MISSING, "tr_1", None, eur(-93_00), ORDER, GROUP),
    ),
    "a payment that is not there, with its fee": (
        [],
        [PAYMENT],
        Finding(What.MISSING, "ch_1", None, eur(98_25), ORDER, GROUP),
    ),
    "a chargeback that is not there": ([], [LOST], Finding(What.MISSING, "du_1", None, eur(-115_00), ORDER, GROUP)),
    "another amount": (
        [replace(SENT, amount=-94_00)],
        [PAYOUT],
        Finding(What.AMOUNT, "tr_1", eur(-94_00), eur(-93_00), ORDER, GROUP),
    ),
    "a refund that came back and is still booked": (
        [GONE_BACK, CAME_BACK],
        [REFUND],
        Finding(What.AMOUNT, "re_1", eur(0), eur(-40_00), ORDER, GROUP),
    ),
    "a chargeback that was won and not given back": (
        [TAKEN],
        [WON],
        Finding(What.AMOUNT, "du_1", eur(-115_00), eur(-15_00), ORDER, GROUP),
    ),
    "another currency": (
        [replace(PAID, currency="USD")],
        [PAYMENT],
        Finding(What.CURRENCY, "ch_1", Money(98_25, "USD"), eur(98_25), ORDER, GROUP),
    ),
    "another fee": (
        [replace(PAID, fee=1_80)],
        [PAYMENT],
        Finding(What.FEE, "ch_1", eur(1_80), eur(1_75), ORDER, GROUP),
    ),
    "a fee that was never told": (
        [PAID],
        [replace(PAYMENT, fee=None)],
        Finding(What.FEE, "ch_1", eur(1_75), eur(0), ORDER, GROUP),
    ),
    "a fee of a transfer": (
        [replace(SENT, fee=25)],
        [PAYOUT],
        Finding(What.FEE, "tr_1", eur(25), eur(0), ORDER, GROUP),
    ),
    "another order": (
        [replace(SENT, order_id=8)],
        [PAYOUT],
        Finding(What.ORDER, "tr_1", eur(-93_00), eur(-93_00), ORDER, GROUP),
    ),
    "a line that stands there twice": (
        [SENT, replace(SENT, line_id="txn_9")],
        [PAYOUT],
        Finding(What.TWICE, "tr_1", eur(-186_00), eur(-93_00), ORDER, GROUP),
    ),
    "a transfer that was made twice": (
        [SENT, replace(SENT, line_id="txn_9", source="tr_2")],
        [PAYOUT],
        Finding(What.TWICE, "tr_2", eur(-93_00), None, ORDER, GROUP),
    ),
    "a transfer that was withdrawn": (
        [SENT],
        [GIVEN_UP],
        Finding(What.WITHDRAWN, "tr_1", eur(-93_00), None, ORDER, GROUP),
    ),
    "a transfer that was withdrawn, at once": (
        [replace(SENT, at=JUST_NOW)],
        [GIVEN_UP],
        Finding(What.WITHDRAWN, "tr_1", eur(-93_00), None, ORDER, GROUP),
    ),
    "a transfer of which nothing was heard": (
        [SENT],
        [AWAITED],
        Finding(What.UNHEARD, "tr_1", eur(-93_00), None, ORDER, GROUP),
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_does_not_agree_is_one_finding(case: str) -> None:
    lines, entries, expected = FOUND[case]
    assert said(lines, entries) == Comparison([expected], [])


def test_every_kind_is_found_here() -> None:
    of_the_balance = {What.LIST, What.BALANCE, What.COVER}
    assert {finding.what for *_, finding in FOUND.values()} == {*What} - of_the_balance - {What.BANK}


EXPLAINED: dict[str, tuple[list[Line], list[Entry], Explained]] = {
    "ours is young": ([], [replace(PAYMENT, at=JUST_NOW)], Explained(Named.ON_ITS_WAY, eur(-98_25))),
    "theirs is young": ([replace(SENT, at=JUST_NOW)], [AWAITED], Explained(Named.NOT_HEARD, eur(-93_00))),
    "a chargeback is young": ([replace(TAKEN, at=JUST_NOW)], [], Explained(Named.NOT_HEARD, eur(-115_00))),
    "a failure is young": (
        [GONE_BACK, replace(CAME_BACK, at=JUST_NOW)],
        [REFUND],
        Explained(Named.NOT_HEARD, eur(40_00)),
    ),
    "a fee is not told yet": (
        [replace(PAID, at=JUST_NOW)],
        [replace(PAYMENT, fee=None)],
        Explained(Named.FEE_UNKNOWN, eur(-1_75)),
    ),
    "a refund is pending": ([GONE_BACK], [PENDING], Explained(Named.REFUND_PENDING, eur(-40_00))),
    "a bank has not decided": ([TAKEN], [OPEN], Explained(Named.OPEN_CHARGEBACK, eur(-100_00))),
}


@pytest.mark.parametrize("case", EXPLAINED)
def test_what_takes_its_time_is_named(case: str) -> None:
    lines, entries, expected = EXPLAINED[case]
    assert said(lines, entries) == Comparison([], [expected])


@pytest.mark.parametrize("case", [*AGREE, *FOUND, *EXPLAINED])
def test_what_is_said_explains_the_balance_to_the_cent(case: str) -> None:
    lines, entries = ({**AGREE, **FOUND, **EXPLAINED})[case][:2]
    listed: dict[str, int] = {}
    books: dict[str, int] = {}
    for line in lines:
        listed[line.currency] = listed.get(line.currency, 0) + line.amount - line.fee
    for entry in entries:
        books[entry.currency] = books.get(entry.currency, 0) + entry.booked - (entry.fee or 0)
    judged = said(lines, entries)
    assert balance_findings(there=listed, listed=listed, books=books, said=judged) == []
    off = {**books, "EUR": books.get("EUR", 0) + 1}
    (found,) = balance_findings(there=listed, listed=listed, books=off, said=judged)
    assert (found.what, found.ours) == (What.BALANCE, eur(listed.get("EUR", 0) + 1))


def test_a_balance_that_is_not_what_is_listed_is_found_once() -> None:
    nothing = Comparison([], [])
    (found,) = balance_findings(there={"EUR": 5}, listed={"EUR": 7}, books={"EUR": 7}, said=nothing)
    assert found == Finding(What.LIST, "EUR", eur(5), eur(7))
    assert balance_findings(there=None, listed={"EUR": 7}, books={"EUR": 7}, said=nothing) == []


@pytest.mark.parametrize(
    ("out", "own", "to_groups", "must_lie"),
    [(-50_00, 0, 0, 150_00), (-50_00, -1, 50_00, 100_01), (-50_00, 0, 50_00, None), (20_00, -20_00, 0, None)],
)
def test_what_was_taken_out_of_the_balance_was_the_platforms_own(
    out: int, own: int, to_groups: int, must_lie: int | None
) -> None:
    """100.00 lies there."""
    parts = {Named.TO_THE_BANK: out, Named.THEIR_OWN: own, Named.TO_GROUPS: to_groups}
    judged = Comparison([], [Explained(named, eur(minor)) for named, minor in parts.items()])
    books = {"EUR": 100_00 - sum(parts.values())}
    found = balance_findings(there={"EUR": 100_00}, listed={"EUR": 100_00}, books=books, said=judged)
    assert found == ([Finding(What.COVER, "EUR", eur(100_00), eur(must_lie))] if must_lie else [])


def test_a_bank_that_has_not_decided_takes_nothing_of_the_platforms() -> None:
    judged = Comparison([], [Explained(Named.OPEN_CHARGEBACK, eur(-50_00))])
    assert balance_findings(there=None, listed={"EUR": 50_00}, books={"EUR": 100_00}, said=judged) == []


def test_reasons_are_summed_up() -> None:
    other = replace(TAKEN, line_id="txn_7", source="du_2", part_of=None)
    both = said([TAKEN, other], [OPEN, replace(OPEN, reference="du_2")])
    assert both.explained == [Explained(Named.OPEN_CHARGEBACK, eur(-200_00), 2)]


def test_the_key_of_a_finding_stays_from_night_to_night() -> None:
    _, _, found = FOUND["another fee"]
    assert found.key == replace(found, theirs=eur(9_99)).key == "fee:ch_1"
    assert set(OWN.values()) == {Named.TO_THE_BANK, Named.THEIR_OWN}
