"""Money is moved, never made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from marketplace.kernel.money import Money
from marketplace.ledger import rules
from marketplace.ledger.rules import BEFORE_THE_FIRST, Chart, Kind, Line, Move, Page
from tests.factories.ledger import eur

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
A_MOVE = Move(rules.gateway(3), rules.escrow(7), eur(100))
A_PAGE = Page(
    group_id=3, number=2, reference="order:7:hold", memo="Paid", order_id=7, reverses=None, posted_at=NOON,
    lines=tuple(rules.lines_of([A_MOVE])),
)  # fmt: skip


@pytest.mark.parametrize("minor", [0, -1])
def test_a_move_carries_something(minor: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Move(rules.gateway(3), rules.escrow(7), eur(minor))


def test_a_move_goes_from_one_account_to_another() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        Move(rules.escrow(7), rules.escrow(7), eur(1))


def test_a_move_names_accounts_of_the_chart() -> None:
    with pytest.raises(ValueError, match="pocket"):
        Move("pocket:1", rules.escrow(7), eur(1))


def test_a_move_taken_back_goes_the_other_way() -> None:
    assert A_MOVE.back() == Move(rules.escrow(7), rules.gateway(3), eur(100))
    assert A_MOVE.back().back() == A_MOVE


def test_nothing_is_not_moved() -> None:
    assert rules.moved(rules.escrow(7), rules.fees(3), eur(0)) == ()
    assert rules.moved(rules.escrow(7), rules.fees(3), eur(5)) == (Move(rules.escrow(7), rules.fees(3), eur(5)),)


def test_every_line_of_the_chart_has_a_kind() -> None:
    assert set(rules.KINDS) == set(Chart)


@pytest.mark.parametrize(
    ("account", "name", "kind"),
    [
        (rules.gateway(3), "gateway:3", Kind.ASSET),
        (rules.escrow(7), "escrow:7", Kind.LIABILITY),
        (rules.payable(3, 12), "payable:3:12", Kind.LIABILITY),
        (rules.fees(3), "fees:3", Kind.INCOME),
        (rules.guarantee_fund(3), "guarantee_fund:3", Kind.LIABILITY),
        (rules.losses(3), "losses:3", Kind.EXPENSE),
    ],
)
def test_an_account_says_what_it_is(account: str, name: str, kind: Kind) -> None:
    assert account == name
    assert rules.kind_of(account) is kind


def test_an_escrow_account_says_for_which_order() -> None:
    assert rules.order_of(rules.escrow(7)) == 7
    with pytest.raises(ValueError, match="no order"):
        rules.order_of(rules.fees(3))


def test_lines_give_back_the_moves_that_made_them() -> None:
    moves = [A_MOVE, Move(rules.escrow(7), rules.fees(3), eur(5))]
    assert rules.moves_of(rules.lines_of(moves)) == moves


def test_a_transfer_is_in_one_currency() -> None:
    with pytest.raises(ValueError, match="one currency"):
        rules.check([A_MOVE, Move(rules.escrow(7), rules.fees(3), Money(5, "USD"))], group_id=3)
    assert rules.check([A_MOVE], group_id=3) == "EUR"


def test_a_group_s_books_hold_no_other_group_s_accounts() -> None:
    with pytest.raises(ValueError, match="gateway:3"):
        rules.check([A_MOVE], group_id=4)
    with pytest.raises(ValueError, match="payable:33:2"):
        rules.check([Move(rules.escrow(7), rules.payable(33, 2), eur(1))], group_id=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"group_id": 4},
        {"number": 3},
        {"reference": "order:8:hold"},
        {"memo": "Paid."},
        {"order_id": 8},
        {"order_id": None},
        {"reverses": 1},
        {"posted_at": NOON + timedelta(microseconds=1)},
        {"lines": ()},
        {"lines": A_PAGE.lines[::-1]},
        {"lines": (replace(A_PAGE.lines[0], amount_minor=101), A_PAGE.lines[1])},
        {"lines": (replace(A_PAGE.lines[0], currency="USD"), A_PAGE.lines[1])},
        {"lines": (A_PAGE.lines[0], replace(A_PAGE.lines[1], account="escrow:8"))},
        {"lines": (A_PAGE.lines[0], replace(A_PAGE.lines[1], side="debit"))},
        {"lines": (*A_PAGE.lines, Line("fees:3", "debit", 1, "EUR"))},
    ],
    ids=str,
)
def test_whatever_is_changed_breaks_the_seal(changes: dict[str, object]) -> None:
    assert replace(A_PAGE, **changes).seal(BEFORE_THE_FIRST) != A_PAGE.seal(BEFORE_THE_FIRST)  # type: ignore[arg-type]


def test_a_seal_covers_the_one_before_it() -> None:
    assert A_PAGE.seal("0" * 64) != A_PAGE.seal("1" * 64)


def test_a_seal_does_not_depend_on_where_the_clock_hangs() -> None:
    elsewhere = replace(A_PAGE, posted_at=NOON.astimezone(timezone(timedelta(hours=8))))
    assert elsewhere.seal(BEFORE_THE_FIRST) == A_PAGE.seal(BEFORE_THE_FIRST)


def test_a_seal_is_made_the_same_way_for_ever() -> None:
    """Books that were written years ago must still verify: whoever changes this figure breaks every chain.

    It can be had without us: printf '["000…000",3,2,"order:7:hold","Paid",7,null,"2030-01-01T12:00:00.000000+00:00",
    [["gateway:3","debit",100,"EUR"],["escrow:7","credit",100,"EUR"]]]' on one line, with 64 zeros, | sha256sum
    """
    assert A_PAGE.seal(BEFORE_THE_FIRST) == "b62d98fec499809db29ca741f9511735a24b0ae1756af6787b408fa506176bf7"


def test_a_month_is_the_group_s_own() -> None:
    start, end = rules.month_of(date(2026, 11, 21), "Asia/Shanghai")
    assert start.astimezone(UTC) == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert rules.month_of(date(2026, 12, 31), "UTC")[1] == datetime(2027, 1, 1, tzinfo=UTC)
