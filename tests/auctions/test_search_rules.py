"""Whether a new lot is what somebody looks for, and what may be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from marketplace.auctions.search_rules import (
    MOST_SEARCHES,
    MOST_WANTS,
    NewLot,
    Order,
    Search,
    Sort,
    Stage,
    Trust,
    Within,
    check_keeps,
    fits,
    kept_part,
    packed,
    unpacked,
)
from marketplace.catalog.period_rules import Years
from marketplace.catalog.text_rules import words_of
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.reputation.rules import Risk

SELLER, BUYER = 1, 2
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LOT = NewLot(
    id=7, seller_id=SELLER, kind="watches", condition="used", years=Years(1968, 1972), price=Money(150_00, "EUR"),
    shipping=Money(10_00, "EUR"), words=words_of("Seiko diver, 潜水手表"), risk=Risk.SOME,
)  # fmt: skip

FITS = [
    Search(kind="watches"), Search(words="seiko divers"), Search(words="手表"), Search(condition="used"),
    Search(price_from=150_00), Search(price_to=150_00), Search(with_shipping_to=160_00), Search(trust=Trust.SOME),
    Search(made_from=1972), Search(made_to=1968), Search(made_from=1960, made_to=1980), Search(no_bids=True),
    Search(words="seiko", kind="watches", price_to=200_00, trust=Trust.SOME, made_to=1980),
    # When it ends, or how it is sorted, makes no difference.
    Search(words="seiko", stage=Stage.ENDED, order=Order.BIDS, within=Within.HOUR, until=NOW, after="1-1"),
]  # fmt: skip
FITS_NOT = [
    Search(kind="coins"), Search(words="seiko omega"), Search(words="表手"), Search(condition="new"),
    Search(price_from=150_01), Search(price_to=149_99), Search(with_shipping_to=159_99), Search(trust=Trust.LOW),
    Search(made_from=1973), Search(made_to=1967), Search(words="seiko", kind="coins"), Search(words="%"),
]  # fmt: skip


@pytest.mark.parametrize("search", FITS)
def test_it_fits(search: Search) -> None:
    assert fits(search, LOT, of=BUYER)
    assert not fits(search, LOT, of=SELLER), "nobody is told of his own lots"


@pytest.mark.parametrize("search", FITS_NOT)
def test_it_does_not_fit(search: Search) -> None:
    assert not fits(search, LOT, of=BUYER)


def test_a_lot_of_no_known_time_is_of_no_time_that_is_asked_for() -> None:
    timeless = replace(LOT, years=None)
    assert fits(Search(words="seiko"), timeless, of=BUYER)
    assert not fits(Search(made_from=1), timeless, of=BUYER)


def test_nothing_is_known_of_a_newcomer() -> None:
    for trust in Trust:
        assert not fits(Search(trust=trust), replace(LOT, risk=Risk.UNKNOWN), of=BUYER)


@pytest.mark.parametrize("search", [*FITS, *FITS_NOT])
def test_a_search_comes_back_as_it_was_kept(search: Search) -> None:
    assert unpacked(packed(search)) == kept_part(search)


@pytest.mark.parametrize(("sort", "most"), [(Sort.SEARCH, MOST_SEARCHES), (Sort.WANT, MOST_WANTS)])
def test_nobody_keeps_more_than_so_many(sort: Sort, most: int) -> None:
    check_keeps(sort, Search(words="clock"), already=most - 1)
    with pytest.raises(RuleBroken, match=f"{most} .* Remove one first"):
        check_keeps(sort, Search(words="clock"), already=most)


@pytest.mark.parametrize("empty", [Search(), Search(stage=Stage.ENDED, order=Order.PRICE), Search(within=Within.DAY)])
def test_who_looks_for_everything_is_told_to_choose(empty: Search) -> None:
    with pytest.raises(RuleBroken, match="Choose a filter first"):
        check_keeps(Sort.SEARCH, empty, already=0)
