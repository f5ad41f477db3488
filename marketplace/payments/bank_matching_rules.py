"""Which line of the bank's statement is which payment that an officer confirmed. What could be two is never guessed.

In two rounds. First by what the line's text names: an order, a parcel of several, a deposit. Then, of lines that name
nothing, by the sum, the days around and the reference that the officer copied from the statement. Whatever two lines
lay claim to, or what fits one line twice, an officer decides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.kernel.table_rules import folded

DAYS_AROUND = 5
"""So far apart are the bank's day and the officer's, where the text names nothing."""
DAYS_TO_CHOOSE = 40
MOST_TO_CHOOSE = 12
_SHORTEST_REFERENCE = 4
"""What is shorter is found in too many texts."""


class Part(StrEnum):
    """What of a movement stands on the statement."""

    MOVED = "moved"
    CAME_BACK = "came_back"
    """Of a payout that bounced."""


class LineState(StrEnum):
    """What is known of a line."""

    OPEN = "open"
    MATCHED = "matched"
    OWN = "own"
    """None of Earnest's payments, an officer said."""


class Own(StrEnum):
    """What an officer calls a line that is no payment of Earnest's."""

    CHARGES = "charges"
    INTEREST = "interest"
    NOT_OURS = "not_ours"
    """Other money in the same account, such as dues."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the statement."""

    id: int
    day: date
    minor: int
    """What came is positive."""
    text: str
    about: frozenset[str]
    """What it names: "order:7", "deposit:12"."""


@dataclass(frozen=True, slots=True)
class Booked:
    """What an officer confirmed at once: one movement, or those of all orders of a parcel."""

    parts: tuple[tuple[int, Part], ...]
    """The movements, by their numbers."""
    day: date
    """In the group's time."""
    minor: int
    about: frozenset[str]
    bank_reference: str
    person_id: int

    @property
    def id(self) -> str:
        """For a form: "7:moved"."""
        number, part = self.parts[0]
        return f"{number}:{part}"


class Shelf:
    """Payments as they are looked for: by what they are about, and by their sum. A year's statement has thousands."""

    def __init__(self, booked: Iterable[Booked]) -> None:
        self._by_about: dict[str, list[Booked]] = defaultdict(list)
        self._by_minor: dict[int, list[Booked]] = defaultdict(list)
        for one in booked:
            self._by_minor[one.minor].append(one)
            for about in one.about:
                self._by_about[about].append(one)

    def named_by(self, line: Line) -> list[Booked]:
        """Those that went the same way and that the line names."""
        found = {one.parts: one for about in sorted(line.about) for one in self._by_about.get(about, ())}
        return [one for one in found.values() if _same_way(line, one)]

    def with_sum_of(self, line: Line) -> list[Booked]:
        return self._by_minor.get(line.minor, [])


Found = dict[int, tuple[Booked, ...]]
"""By the number of the line."""


def match_all(lines: Sequence[Line], booked: Sequence[Booked]) -> Found:
    """What is certain. Each line and each payment is in it once at most."""
    found: Found = {}
    for claim in (_by_name, _by_reference):
        taken = {part for each in found.values() for one in each for part in one.parts}
        shelf = Shelf(one for one in booked if not taken & set(one.parts))
        found |= _undisputed([line for line in lines if line.id not in found], shelf, claim)
    return found


def candidates_of(line: Line, booked: Iterable[Booked], *, also_unlikely: bool = False) -> list[Booked]:
    """What an officer may choose from: what it names, then what has its sum, the nearest day first; and, on the line's
    own page, whatever went the same way in these weeks."""
    ways = [one for one in booked if _same_way(line, one)]
    likely = [one for one in ways if _is_near(line, one) if also_unlikely or one.minor == line.minor]
    found = {one.parts: one for one in (*likely, *(one for one in ways if one.about & line.about))}
    ranked = sorted(
        found.values(),
        key=lambda one: (not one.about & line.about, one.minor != line.minor, _apart(line, one), one.id),
    )
    return ranked[:MOST_TO_CHOOSE]


def other_sum(line: Line, shelf: Shelf) -> Booked | None:
    """The payment that the line names, where it is the only one and has another sum."""
    named = shelf.named_by(line)
    return named[0] if len(named) == 1 and named[0].minor != line.minor else None


def _undisputed(lines: Sequence[Line], shelf: Shelf, claim: Callable[[Line, Shelf], Sequence[Booked]]) -> Found:
    claims = {line.id: tuple(claim(line, shelf)) for line in lines}
    wanted = Counter(part for each in claims.values() for one in each for part in one.parts)
    return {
        line_id: each
        for line_id, each in claims.items()
        if each and all(wanted[part] == 1 for one in each for part in one.parts)
    }


def _by_name(line: Line, shelf: Shelf) -> Sequence[Booked]:
    """The one of those that it names with its sum; else all of them, if they are its sum together."""
    named = shelf.named_by(line)
    exact = [one for one in named if one.minor == line.minor]
    if len(exact) > 1:
        exact = [one for one in exact if _is_said(line, one)]
    if len(exact) == 1:
        return exact
    is_all = len(named) > 1 and not any(one.minor == line.minor for one in named)
    return named if is_all and sum(one.minor for one in named) == line.minor else ()


def _by_reference(line: Line, shelf: Shelf) -> Sequence[Booked]:
    if line.about:
        return ()
    near = [one for one in shelf.with_sum_of(line) if _apart(line, one) <= DAYS_AROUND and _is_said(line, one)]
    return near if len(near) == 1 else ()


def _is_said(line: Line, one: Booked) -> bool:
    """Whether the line holds the reference that the officer gave, or is a part of it."""
    text, reference = folded(line.text), folded(one.bank_reference)
    shorter, longer = sorted((text, reference), key=len)
    return len(shorter) >= _SHORTEST_REFERENCE and shorter in longer


def _same_way(line: Line, one: Booked) -> bool:
    return (line.minor > 0) == (one.minor > 0)


def _is_near(line: Line, one: Booked) -> bool:
    return _apart(line, one) <= DAYS_TO_CHOOSE


def _apart(line: Line, one: Booked) -> int:
    return abs((line.day - one.day).days)
