"""Proof of reserves: once a day, one seal over all that is owed in a group's books, to the cent. Pure, like rules.py.

What is owed stands in the leaves of a tree; each node bears the sum of what is below it and a hash over both its
children's hashes and sums, so none can be left out or made smaller without another seal at the root. A member gets the
way from his own leaf up: with it he reckons the root himself. Each root names the one of the day before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.kernel.money import LARGEST_MINOR, Money
from marketplace.ledger.rules import Chart, Kind, chart_of, kind_of

BEFORE_THE_FIRST_ROOT = "0" * 64
_NOTHING = hashlib.sha256(b'["nothing"]').hexdigest()
"""The root's hash of books in which nothing is owed."""


class Side(StrEnum):
    """Where a neighbour stands."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree."""

    hash: str
    minor: int
    """All that is owed below it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One account that something is owed on. `salt` keeps others from guessing whose it is by trying names."""

    account: str
    minor: int
    salt: str

    def node(self) -> Node:
        """Raises ValueError where nothing, or less, is owed on it."""
        _check_owed(self.minor)
        return Node(_hash("leaf", self.account, self.minor, self.salt), self.minor)


@dataclass(frozen=True, slots=True)
class Step:
    """The neighbour on the way up, and on which side it stands."""

    side: Side
    neighbour: Node


@dataclass(frozen=True, slots=True)
class Root:
    """What was held and owed in a group's books on one day, and all that the seal covers."""

    group_id: int
    day: date
    currency: str
    number: int
    """Of the last transfer then."""
    chain_hash: str
    """Its seal in the books."""
    tree: Node
    """All that was owed."""
    held_minor: int
    """At the group's gateways."""
    elsewhere_minor: int
    """Of what is owed, what was not held: losses, and what others owe the group."""
    previous: str
    """The seal of the root before it."""

    @property
    def owed(self) -> Money:
        return Money(self.tree.minor, self.currency)

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)

    @property
    def elsewhere(self) -> Money:
        return Money(self.elsewhere_minor, self.currency)

    @property
    def agrees(self) -> bool:
        """Whether each cent that is owed is held, or it is said where it is instead."""
        return self.tree.minor == self.held_minor + self.elsewhere_minor

    def seal(self) -> str:
        """Sixty-four hexadecimal figures. Whoever compares them with others knows that all saw the same root."""
        return _hash(
            "root", self.group_id, self.day.isoformat(), self.currency, self.number, self.chain_hash, self.tree.hash,
            self.tree.minor, self.held_minor, self.elsewhere_minor, self.previous,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proof:
    """That one account is in a root."""

    leaf: Leaf
    path: tuple[Step, ...]
    """From the leaf to the root."""


def is_owed(account: str) -> bool:
    """Whether the account is one of those that a root's tree holds: debts, and what the group has earned."""
    return kind_of(account) in (Kind.LIABILITY, Kind.INCOME)


def leaves_of(balances: Mapping[str, int], secret: str) -> list[Leaf]:
    """What is owed, by account, as leaves. Their order is that of their hashes: their places tell nothing. Raises
    ValueError where less than nothing is owed on one: no root is honest that hides such a sum in a larger one."""
    owed = [
        Leaf(account, minor, _salt(secret, account))
        for account, minor in balances.items()
        if minor and is_owed(account)
    ]
    return sorted(owed, key=lambda leaf: leaf.node().hash)


def held_and_elsewhere(balances: Mapping[str, int]) -> tuple[int, int]:
    """What lies at the gateways, and what else stands on the same side of the books."""
    held = sum(minor for account, minor in balances.items() if chart_of(account) is Chart.GATEWAY)
    return held, sum(minor for account, minor in balances.items() if not is_owed(account)) - held


def tree_of(leaves: Sequence[Leaf]) -> Node:
    """The root's node."""
    return _levels(leaves)[-1][0] if leaves else Node(_NOTHING, 0)


def proofs_of(leaves: Sequence[Leaf], accounts: Collection[str]) -> list[Proof]:
    """The ways from the accounts' leaves to the root, in the order of their names. Where nothing is owed on an account,
    there is none."""
    levels = _levels(leaves) if leaves else []
    wanted = [(leaf.account, place) for place, leaf in enumerate(leaves) if leaf.account in accounts]
    return [Proof(leaves[place], _path(levels, place)) for _account, place in sorted(wanted)]


def _path(levels: Sequence[Sequence[Node]], place: int) -> tuple[Step, ...]:
    path = []
    for level in levels[:-1]:
        beside = place ^ 1
        if beside < len(level):  # the last of an odd number goes up alone
            path.append(Step(Side.LEFT if beside < place else Side.RIGHT, level[beside]))
        place //= 2
    return tuple(path)


def leads_to(proof: Proof) -> Node:
    """The root that the way leads to. Raises ValueError where an amount on it is none."""
    here = proof.leaf.node()
    for step in proof.path:
        here = _above(step.neighbour, here) if step.side is Side.LEFT else _above(here, step.neighbour)
    return here


def examine(root: Root, seal: str, proofs: Sequence[Proof], *, earlier: Root | None = None) -> list[str]:
    """What is wrong with a root and the proofs that something is in it, in sentences. Nothing: all of it holds."""
    found = []
    if root.seal() != seal:
        found.append("The seal is not that of what is written here: something was changed after it was sealed.")
    if not root.agrees:
        found.append(f"{root.owed} are owed, and {root.held} held: {root.elsewhere} elsewhere does not explain it.")
    if len({proof.leaf.account for proof in proofs}) != len(proofs):
        found.append("The same account is proved twice.")
    found += [sentence for proof in proofs if (sentence := _wrong_with(proof, root))]
    if earlier is not None and (sentence := _wrong_between(earlier, root)):
        found.append(sentence)
    return found


def _wrong_with(proof: Proof, root: Root) -> str:
    amount = Money(proof.leaf.minor, root.currency)
    if not _can_be_owed(proof.leaf.account):
        return f"{proof.leaf.account} is no account on which something is owed to somebody."
    try:
        reached = leads_to(proof)
    except ValueError:
        return f"An amount on the way from {proof.leaf.account} to the root is none that money can be."
    return "" if reached == root.tree else f"{amount} on {proof.leaf.account} are not in the root."


def _can_be_owed(account: str) -> bool:
    try:
        return is_owed(account)
    except ValueError:
        return False  # on no line of the chart


def _wrong_between(earlier: Root, root: Root) -> str:
    if earlier.group_id != root.group_id or earlier.day >= root.day:
        return "The earlier file is not of an earlier day of the same group."
    if earlier.number > root.number:
        return f"The books had {earlier.number} transfers on {earlier.day}, and have {root.number}: some are gone."
    if follows_at_once(earlier, root) and root.previous != earlier.seal():
        return "The root does not name the one of the day before as it stands in the earlier file."
    if earlier.number == root.number and _books_in(earlier) != _books_in(root):
        return f"The books had the same {root.number} transfers on {earlier.day}, and those were others."
    return ""


def follows_at_once(earlier: Root, root: Root) -> bool:
    """Whether no day lies between the two: only then does the one name the other."""
    return (root.day - earlier.day).days == 1


def _books_in(root: Root) -> tuple[object, ...]:
    """What the same books give on any day: the tree's hash is salted anew each time."""
    return root.currency, root.chain_hash, root.tree.minor, root.held_minor, root.elsewhere_minor


def _levels(leaves: Sequence[Leaf]) -> list[list[Node]]:
    """The tree from its leaves up to its root."""
    levels = [[leaf.node() for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [below[place : place + 2] for place in range(0, len(below), 2)]
        levels.append([_above(*pair) if len(pair) == 2 else pair[0] for pair in pairs])  # noqa: PLR2004 - a pair
    return levels


def _above(left: Node, right: Node) -> Node:
    """Both sums are sealed, not only what they make: else one could be made larger and the other smaller."""
    _check_owed(left.minor)
    _check_owed(right.minor)
    return Node(_hash("node", left.hash, left.minor, right.hash, right.minor), left.minor + right.minor)


def _check_owed(minor: int) -> None:
    if type(minor) is not int or not 0 < minor <= LARGEST_MINOR:
        raise ValueError(f"{minor} is no amount that is owed")


def _salt(secret: str, account: str) -> str:
    return hmac.new(secret.encode(), account.encode(), hashlib.sha256).hexdigest()


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
