"""Whoever leaves out what he owes, or makes it smaller, is found out by whom he owes it to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from marketplace.ledger import verify
from marketplace.ledger.reserve_file import Document, Unreadable, read, written
from marketplace.ledger.reserve_rules import (
    BEFORE_THE_FIRST_ROOT,
    Leaf,
    Node,
    Proof,
    Root,
    Side,
    Step,
    examine,
    held_and_elsewhere,
    leads_to,
    leaves_of,
    proofs_of,
    tree_of,
)

DAY = date(2030, 1, 2)
SECRET = "a" * 64
BALANCES = {
    "gateway:1": 480_00, "losses:1": 20_00, "escrow:7": 200_00, "escrow:8": 90_00, "payable:1:2": 95_00,
    "payable:1:3": 0, "deposit:1:4": 50_00, "fees:1": 5_00, "guarantee_fund:1": 60_00,
}  # fmt: skip

amounts = st.integers(1, 10**9)
books = st.dictionaries(st.integers(1, 10**6).map(lambda number: f"escrow:{number}"), amounts, min_size=1, max_size=40)


def a_root(balances: dict[str, int] = BALANCES, day: date = DAY, previous: str = BEFORE_THE_FIRST_ROOT) -> Root:
    held, elsewhere = held_and_elsewhere(balances)
    return Root(
        group_id=1, day=day, currency="EUR", number=12, chain_hash="c" * 64,
        tree=tree_of(leaves_of(balances, SECRET)), held_minor=held, elsewhere_minor=elsewhere, previous=previous,
    )  # fmt: skip


def proof(account: str, balances: dict[str, int] = BALANCES) -> Proof:
    (found,) = proofs_of(leaves_of(balances, SECRET), {account})
    return found


def wrong(root: Root, *proofs: Proof, seal: str | None = None) -> list[str]:
    return examine(root, seal or root.seal(), proofs)


def test_each_sum_that_is_owed_is_in_the_root_and_the_root_is_what_is_held() -> None:
    root = a_root()
    assert root.tree.minor == 500_00 == root.held_minor + root.elsewhere_minor
    owed = [account for account in BALANCES if account not in ("gateway:1", "losses:1", "payable:1:3")]
    assert wrong(root, *[proof(account) for account in owed]) == []
    assert proofs_of(leaves_of(BALANCES, SECRET), {"payable:1:3"}) == [], "nothing is owed on it"


@given(books)
def test_every_account_of_any_books_is_proved(balances: dict[str, int]) -> None:
    leaves = leaves_of(balances, SECRET)
    tree = tree_of(leaves)
    assert tree.minor == sum(balances.values())
    assert all(leads_to(proof(account, balances)) == tree for account in balances)
    assert proofs_of(leaves, balances) == [proof(account, balances) for account in sorted(balances)]


@given(books, st.data())
def test_what_is_left_out_or_made_smaller_leads_to_another_root(balances: dict[str, int], data: st.DataObject) -> None:
    account = data.draw(st.sampled_from(sorted(balances)))
    mine = proof(account, balances)
    less = {**balances, account: data.draw(st.integers(0, balances[account] - 1))}
    held, elsewhere = held_and_elsewhere({**less, "gateway:1": sum(less.values())})
    root = replace(a_root(less), held_minor=held, elsewhere_minor=elsewhere)
    assert wrong(root) == [], "by itself such a root looks well"
    assert len(wrong(root, mine)) == 1


@given(books, st.data())
def test_no_way_can_be_bent(balances: dict[str, int], data: st.DataObject) -> None:
    account = data.draw(st.sampled_from(sorted(balances)))
    mine, tree = proof(account, balances), tree_of(leaves_of(balances, SECRET))
    bent = [replace(mine, leaf=replace(mine.leaf, minor=mine.leaf.minor + 1))]
    bent.append(replace(mine, leaf=replace(mine.leaf, account="payable:1:99")))
    for place, step in enumerate(mine.path):
        for other in (
            Step(Side.LEFT if step.side is Side.RIGHT else Side.RIGHT, step.neighbour),
            Step(step.side, Node(step.neighbour.hash, step.neighbour.minor + 1)),
            Step(step.side, Node("0" * 64, step.neighbour.minor)),
        ):
            bent.append(replace(mine, path=(*mine.path[:place], other, *mine.path[place + 1 :])))
    if mine.path:
        bent.append(replace(mine, path=mine.path[:-1]))
    assert all(leads_to(each) != tree for each in bent)


@pytest.mark.parametrize("minor", [0, -5_00, 10**12 + 1])
def test_no_sum_on_the_way_is_negative_or_without_end(minor: int) -> None:
    """A negative neighbour would make the sum of what is owed smaller than its parts."""
    mine = proof("escrow:7")
    bent = replace(mine, path=(Step(mine.path[0].side, Node("b" * 64, minor)), *mine.path[1:]))
    assert "none that money can be" in wrong(a_root(), bent)[0]


@pytest.mark.parametrize("minor", [0, -5_00, 10**12 + 1])
def test_no_leaf_is_negative_or_without_end_even_where_it_stands_alone(minor: int) -> None:
    """Two of one account, one of them negative, would owe the member nothing and still show him his own."""
    with pytest.raises(ValueError, match="no amount that is owed"):
        leads_to(Proof(Leaf("escrow:7", minor, "a" * 64), ()))
    if minor:
        with pytest.raises(ValueError, match="no amount that is owed"):
            leaves_of({**BALANCES, "escrow:9": minor}, SECRET)


def test_a_leaf_is_no_node() -> None:
    """Whoever owns one leaf cannot pass an inner node off as another."""
    leaves = leaves_of({"escrow:1": 10, "escrow:2": 20}, SECRET)
    inner = tree_of(leaves)
    assert Leaf(inner.hash, inner.minor, "").node() != inner


def test_the_places_and_hashes_tell_nothing_without_the_salt() -> None:
    assert [leaf.salt for leaf in leaves_of(BALANCES, SECRET)] != [leaf.salt for leaf in leaves_of(BALANCES, "b" * 64)]
    assert tree_of(leaves_of(BALANCES, SECRET)) != tree_of(leaves_of(BALANCES, "b" * 64))


def test_a_root_that_owes_more_than_it_holds_says_so() -> None:
    assert "400.00" in wrong(a_root({**BALANCES, "gateway:1": 400_00}))[0]


def test_a_root_that_was_changed_after_it_was_sealed_is_found() -> None:
    root = a_root()
    for other in (
        replace(root, held_minor=root.held_minor + 1, elsewhere_minor=root.elsewhere_minor - 1),
        replace(root, day=DAY + timedelta(days=1)),
        replace(root, number=13),
        replace(root, chain_hash="d" * 64),
        replace(root, previous="e" * 64),
        replace(root, group_id=2),
    ):
        assert "after it was sealed" in wrong(other, seal=root.seal())[0]


def test_the_same_account_counts_once() -> None:
    assert "twice" in wrong(a_root(), proof("escrow:7"), proof("escrow:7"))[0]


@pytest.mark.parametrize("account", ["gateway:1", "losses:1", "nowhere:1", ""])
def test_what_is_owed_stands_on_an_account_of_those_that_owe(account: str) -> None:
    leaf = Leaf(account, 500_00, "a" * 64)
    assert "no account" in wrong(replace(a_root(), tree=leaf.node()), Proof(leaf, ()))[0]


def test_days_follow_from_each_other() -> None:
    first = a_root()
    second = a_root(day=DAY + timedelta(days=1), previous=first.seal())
    assert examine(second, second.seal(), [], earlier=first) == []
    forged = replace(first, chain_hash="f" * 64)
    assert "does not name the one of the day before" in examine(second, second.seal(), [], earlier=forged)[0]
    assert "not of an earlier day" in examine(first, first.seal(), [], earlier=second)[0]
    longer = replace(first, number=13)
    assert "some are gone" in examine(second, second.seal(), [], earlier=longer)[0]


@pytest.mark.parametrize("days", [1, 5])
@pytest.mark.parametrize(
    "changed",
    [{"chain_hash": "f" * 64}, {"currency": "CHF"}, {"held_minor": 470_00, "elsewhere_minor": 30_00}],
)
def test_the_same_transfers_are_the_same_books_on_every_day(days: int, changed: dict[str, Any]) -> None:
    first = a_root()
    later = a_root(day=DAY + timedelta(days=days), previous=first.seal())
    assert examine(later, later.seal(), [], earlier=first) == []
    rewritten = replace(later, **changed)
    assert "those were others" in examine(rewritten, rewritten.seal(), [], earlier=first)[0]


def test_of_books_in_which_nothing_is_owed_there_is_a_root_too() -> None:
    assert wrong(a_root({})) == []


# ---- the file, and the program that checks it ----


def a_file(folder: Path, name: str = "proof.json", **changed: object) -> Path:
    root = a_root()
    document = Document("The Escapement", root, root.seal(), (proof("escrow:7"), proof("payable:1:2")))
    path = folder / name
    path.write_text(json.dumps(json.loads(written(document)) | changed))
    return path


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    root = a_root()
    document = Document("The Escapement", root, root.seal(), (proof("escrow:7"),))
    assert read(written(document)) == document


def test_the_program_says_what_is_proved_and_what_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(a_file(tmp_path))]) == 0
    told = capsys.readouterr().out
    assert "In it: EUR 200.00, held until an order is confirmed (escrow:7)." in told
    assert "In it: EUR 95.00, to be paid out to you (payable:1:2)." in told
    assert "is not proved here" in told


def test_the_program_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(a_file(tmp_path, owed=499_00))]) == 1
    assert "after it was sealed" in capsys.readouterr().out
    later = a_file(tmp_path, "later.json")
    assert verify.main([str(later), "--earlier", str(a_file(tmp_path))]) == 1


@pytest.mark.parametrize(("days", "is_proved"), [(1, True), (2, False)])
def test_the_program_says_of_no_days_between_that_they_follow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, is_proved: bool
) -> None:
    earlier = a_root()
    root = a_root(day=DAY + timedelta(days=days), previous=earlier.seal() if is_proved else "d" * 64)
    later = tmp_path / "later.json"
    later.write_text(written(Document("The Escapement", root, root.seal(), ())))
    assert verify.main([str(later), "--earlier", str(a_file(tmp_path))]) == 0
    assert ("It follows from the earlier file." in capsys.readouterr().out) is is_proved


@pytest.mark.parametrize("changed", [{"seal": "x"}, {"proofs": [{}]}, {"format": "2"}, {"owed": 1.5}, {"owed": True}])
def test_what_is_no_proof_is_not_read(tmp_path: Path, changed: dict[str, object]) -> None:
    assert verify.main([str(a_file(tmp_path, **changed))]) == 2
    assert verify.main([str(tmp_path / "not there.json")]) == 2


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": 1}'])
def test_nonsense_is_no_proof(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)
