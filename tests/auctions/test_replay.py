"""Real auctions come out at the prices that were recorded, through services and database."""

from __future__ import annotations

import csv

import pytest

from benchmarks import replay_ebay

BIDS = [
    # auction, days, opening, bid, at_days, bidder
    ("1", 3, "10", "20", "0.5", "anna"), ("1", 3, "10", "15", "1.5", "ben"), ("1", 3, "10", "15.5", "2", "anna"),
    ("2", 7, "1", "50", "1", "anna"), ("2", 7, "1", "60", "6.99999", "ben"),
    ("3", 7, "1", "9", "1", "Private"), ("3", 7, "1", "8", "1", "Private"),
]  # fmt: skip


def a_folder(tmp_path, expected):
    with (tmp_path / "bids.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow("auction item days opening bid at_days bidder bidder_feedback closing_price".split())
        rows.writerows((a, "Clock", days, opening, bid, at, who, 0, 0) for a, days, opening, bid, at, who in BIDS)
    with (tmp_path / "expected.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow("auctionid open_cents price_cents second_cents class reserve_cents winner_max_hidden".split())
        rows.writerows(expected)
    return tmp_path


RIGHT = [
    ("1", 1000, 1550, 1500, "second_plus_increment", "", 0),
    ("2", 100, 5500, 5000, "reserve_inferred", 5500, 0),
    ("3", 100, 850, 800, "second_plus_increment", "", 0),
]


def test_what_closes_at_the_recorded_price_is_counted_by_item_and_in_all(tmp_path, capsys):
    assert replay_ebay.main([str(a_folder(tmp_path, RIGHT))]) == 0
    said = capsys.readouterr().out
    assert "Clock: 3 of 3 close at the recorded price" in said
    assert "In all: 3 of 3 close at the recorded price" in said


def test_one_that_misses_is_named_and_fails_the_run(tmp_path, capsys):
    wrong = [RIGHT[0], ("2", 100, 5501, 5000, "second_plus_increment", "", 0), RIGHT[2]]
    assert replay_ebay.main([str(a_folder(tmp_path, wrong))]) == 1
    said = capsys.readouterr().out
    assert "In all: 2 of 3" in said
    assert "2 (second_plus_increment): recorded 55.01, closed at 51.00." in said


@pytest.mark.parametrize("kind", ["bad_row", "below_floor_bid"])
def test_one_that_is_not_judged_is_named_and_does_not(tmp_path, capsys, kind):
    wrong = [RIGHT[0], ("2", 100, 1, 5000, kind, "", 0), RIGHT[2]]
    assert replay_ebay.main([str(a_folder(tmp_path, wrong))]) == 0
    assert "not judged" in capsys.readouterr().out


def test_a_hidden_winner_who_is_raised_moves_no_price(tmp_path, capsys):
    hidden = [
        ("1", 1000, 1550, 1500, "second_plus_increment", "", 1),
        ("2", 100, 5100, 5000, "second_plus_increment", "", 0),
        RIGHT[2],
    ]
    assert replay_ebay.main([str(a_folder(tmp_path, hidden)), "--raise-winner", "20000"]) == 0
    assert "In all: 3 of 3" in capsys.readouterr().out


def test_a_plain_engine_would_not_pass(tmp_path, capsys):
    """Raising a winner whose maximum was not hidden moves the price: the replay tells the two apart."""
    auction = next(iter(replay_ebay.read(a_folder(tmp_path, [("1", 1000, 2000, 1500, "capped_by_winner_max", "", 1)]))))
    assert [bid.cents for bid in replay_ebay.raised(auction, 20000).bids] == [22000, 1500, 1550]
    kept = next(iter(replay_ebay.read(a_folder(tmp_path, [("1", 1000, 2000, 1500, "capped_by_winner_max", "", 0)]))))
    assert replay_ebay.raised(kept, 20000) == kept


@pytest.mark.parametrize("more", [0, 20000])
def test_285_auctions_of_ebay_close_as_they_did(shared_data, capsys, more):
    arguments = [str(shared_data / "ebay-auctions"), "--raise-winner", str(more)]
    assert replay_ebay.main(arguments) == 0
    said = capsys.readouterr().out
    assert "In all: 283 of 285 close at the recorded price, 283 of the 283 that are judged." in said
    for auction, price in (("1650483277", "119.50"), ("8212610170", "132.50")):
        assert f"closed at {price}." in next(line for line in said.splitlines() if auction in line)
