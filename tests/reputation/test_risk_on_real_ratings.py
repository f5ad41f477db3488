"""The risk that we show foretells bad ratings in a real trading community, and better than a percentage would."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from marketplace.reputation.rules import chance_of_bad, group_share


class Guess(NamedTuple):
    """What was foretold before a rating, in its month, and what it was."""

    month: str
    chance: float
    was_bad: bool


def guesses(ratings: Path, foretell: Callable[[int, int, float], float]) -> Iterator[Guess]:
    """Walk through the ratings in time order, each foretold from the earlier ones alone."""
    bad_of: dict[str, int] = defaultdict(int)
    all_of: dict[str, int] = defaultdict(int)
    bad = deals = 0
    with ratings.open() as lines:
        for _rater, rated, rating, at in csv.reader(lines):
            was_bad = int(rating) < 0
            if all_of[rated]:
                month = datetime.fromtimestamp(float(at), UTC).strftime("%Y-%m")
                yield Guess(month, foretell(bad_of[rated], all_of[rated], group_share(bad=bad, deals=deals)), was_bad)
            bad_of[rated] += was_bad
            all_of[rated] += 1
            bad, deals = bad + was_bad, deals + 1


def auc_inside_months(guessed: list[Guess]) -> float:
    """How often a bad rating was foretold with a higher chance than a good one of the same month; ties count half."""
    months: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for guess in guessed:
        months[guess.month][guess.was_bad].append(guess.chance)
    won = pairs = 0.0
    for good, bad in months.values():
        good.sort()
        won += sum(bisect_left(good, chance) + bisect_right(good, chance) for chance in bad) / 2
        pairs += len(good) * len(bad)
    return won / pairs


def test_risk_foretells_better_than_the_percentage_of_positive_ratings(shared_data: Path) -> None:
    ratings = shared_data / "bitcoin-otc" / "ratings.csv"
    ours = list(guesses(ratings, lambda bad, deals, share: chance_of_bad(bad=bad, deals=deals, share=share)))
    percentage = list(guesses(ratings, lambda bad, deals, share: bad / deals))

    assert auc_inside_months(ours) >= 0.860
    assert auc_inside_months(ours) > auc_inside_months(percentage) + 0.03
