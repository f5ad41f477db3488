"""The record of a real lot, on both databases: as a file, through the program that checks it, and made wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from marketplace.auctions import closing, following, records, verify
from marketplace.auctions.models import Lot
from marketplace.auctions.record_file import Unreadable, read, written
from marketplace.auctions.record_rules import examine
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Ladder, Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.groups import a_member


@pytest.fixture
def sold(app):
    """A lot with a reserve, five bids, one of them quiet and one in the last minute; Ben has won."""
    lot = a_lot(opening=500, reserve=2000, terms=Terms(ladder=Ladder.HOUSE))
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group, name="Anna"), a_member(group, name="Ben")
    for bidder, maximum in ((anna, 1000), (ben, 3000), (ben, 8000), (anna, 4000)):
        a_bid(lot, bidder, maximum)
    a_bid(lot, anna, 5500, at=lot.ends_at - timedelta(seconds=20))
    return end(lot), anna, ben


def end(lot):
    with clock.at(lot.ends_at + timedelta(hours=2)):
        closing.close_due_lots()
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def file_of(lot, person):
    return written(records.record_for(lot, person.id), group="Clocks", number=lot.number, title=lot.title)


def told_of(capsys, tmp_path, text, *, earlier=None):
    """What the program says, and its status."""
    paths = [tmp_path / "record.json", *([tmp_path / "earlier.json"] if earlier else [])]
    for path, content in zip(paths, [text, earlier], strict=False):
        path.write_text(content, encoding="utf-8")
    status = verify.main([str(paths[0]), *(["--earlier", str(paths[1])] if earlier else [])])
    said = capsys.readouterr()
    return status, said.out + said.err


def test_who_won_and_why(sold, capsys, tmp_path):
    lot, anna, _ben = sold
    status, said = told_of(capsys, tmp_path, file_of(lot, anna))
    winner = records.record_for(lot, anna.id).leader
    assert status == 0
    assert "All 5 bids are as they were sealed, and each is by the law." in said
    assert f"{winner} won at EUR 60.00" in said
    assert "The best bid of anybody else was EUR 55.00; a step above it is EUR 60.00." in said
    assert "The reserve was EUR 20.00." in said


def test_the_winner_alone_opens_his_own_maximum(sold):
    lot, anna, ben = sold

    def sums_for(who):
        return [line.maximum.amount and line.maximum.amount.minor for line in records.record_for(lot, who.id).lines]

    assert sums_for(anna) == [1000, 3000, None, 4000, 5500]
    assert sums_for(ben) == [1000, 3000, 8000, 4000, 5500]
    assert not examine(records.record_for(lot, ben.id))


def test_while_it_runs_all_but_ones_own_is_sealed_and_quiet_raises_are_left_out(app):
    lot = a_lot(reserve=9000)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    for bidder, maximum in ((anna, 1000), (ben, 3000), (ben, 8000)):
        a_bid(lot, bidder, maximum)
    lot = db.session.get_one(Lot, lot.id, populate_existing=True)
    record = records.record_for(lot, anna.id)
    assert [line.maximum.amount and line.maximum.amount.minor for line in record.lines] == [1000, None]
    assert (record.reserve.amount, record.reserve.salt) == (None, None)
    assert len(records.record_for(lot, ben.id).lines) == 3
    assert records.record_for(lot, lot.seller_id).reserve.amount.minor == 9000


def test_a_copy_of_before_the_end_holds_against_the_record(app, capsys, tmp_path):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    for maximum in (1000, 3000):
        a_bid(lot, maximum=maximum)
    earlier = file_of(db.session.get_one(Lot, lot.id, populate_existing=True), anna)
    status, said = told_of(capsys, tmp_path, earlier)
    assert (status, "It is running, with 2 bids so far." in said) == (0, True)
    later = file_of(end(lot), anna)
    assert told_of(capsys, tmp_path, later, earlier=earlier)[0] == 0
    without = json.loads(later) | {"bids": json.loads(later)["bids"][1:]}
    status, said = told_of(capsys, tmp_path, json.dumps(without), earlier=earlier)
    assert status == 1
    assert "Line 1: The earlier copy has a bid here that the later one does not have." in said


def test_who_left_with_his_bids_is_in_the_record_as_a_void_line(app):
    lot = a_lot(reserve=2500)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = (a_member(group) for _each in range(3))
    for bidder, maximum in ((anna, 1000), (ben, 6000), (anna, 4000), (cleo, 9000)):
        a_bid(lot, bidder, maximum)
    following.void_bids_of(group_id=group.id, person_id=ben.id, reason="He left the group.", by=None)
    record = records.record_for(end(lot), anna.id)
    assert [line.voided_at is not None for line in record.lines] == [False, True, False, False]
    assert record.price.minor == 4100
    assert not examine(record)


def test_a_lot_that_nobody_bid_on_passed_by_the_law(app, capsys, tmp_path):
    lot = a_lot()
    status, said = told_of(capsys, tmp_path, file_of(end(lot), a_member(db.session.get_one(Group, lot.group_id))))
    assert (status, "Nobody won: nobody bid." in said) == (0, True)


def test_a_stranger_gets_no_record(sold):
    with pytest.raises(NotFound):
        records.record_for(sold[0], a_person().id)


def test_the_file_gives_back_what_was_written(sold):
    lot, anna, _ben = sold
    record, about = read(file_of(lot, anna))
    assert record == records.record_for(lot, anna.id)
    assert about == {"group": "Clocks", "number": lot.number, "title": lot.title}


def test_the_program_runs_without_a_database_or_any_setting(sold, tmp_path):
    (tmp_path / "record.json").write_text(file_of(sold[0], sold[1]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.auctions.verify", str(tmp_path / "record.json")],
        cwd=Path(__file__).parents[2], env={"PATH": ""}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "won at EUR 60.00" in done.stdout


# ---- files that are none ----


HALF_A_LINE = {"bidder": "Heron", "placed_at": "yesterday", "seal": "0" * 64, "price": 1, "leads": True}
WRONG = [
    ("price", "12"), ("price", 1.5), ("price", 10**30), ("state", "gone"), ("bids", None), ("bids", [HALF_A_LINE]),
    ("bids", [1]), ("currency", "EURO"), ("format", "2"), ("reserve", {}), ("ends_at", "2030-01-01T12:00:00"),
    ("ladder", None), ("ends_at", "0001-01-01T00:00:00+00:00"), ("scheduled_end_at", "9999-12-31T23:59:59+00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_file_that_is_wrong_somewhere_says_where(sold, capsys, tmp_path, name, value):
    status, said = told_of(capsys, tmp_path, json.dumps(json.loads(file_of(sold[0], sold[1])) | {name: value}))
    assert status == 2
    assert said.startswith(f"This is not the record of an auction: {name}")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 100_000, '{"a":' * 100_000, "\0", '{"format": 1}'])
def test_what_is_no_record_at_all_is_one_sentence(capsys, tmp_path, text):
    status, said = told_of(capsys, tmp_path, text)
    assert (status, said.count("\n"), said.startswith("This is not the record")) == (2, 1, True)


def test_a_title_does_not_steer_the_terminal(sold, capsys, tmp_path):
    status, said = told_of(capsys, tmp_path, file_of(sold[0], sold[1]).replace("Clocks", "Clocks\\u001b[2J"))
    assert (status, "\x1b" in said, "Clocks?[2J" in said) == (0, False, True)


def test_two_files_of_two_lots_are_not_compared(sold, capsys, tmp_path):
    text = file_of(sold[0], sold[1])
    status, said = told_of(capsys, tmp_path, text, earlier=json.dumps(json.loads(text) | {"number": 99}))
    assert (status, said) == (2, "The two files are not of the same lot.\n")


def test_a_file_that_is_not_there_is_one_sentence(capsys, tmp_path):
    assert verify.main([str(tmp_path / "nothing.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    with pytest.raises(Unreadable):
        read(text)
