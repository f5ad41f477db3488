"""What the columns of a table of items mean, and what a row says; what it does not say is never taken for a no.

A row becomes what the form of an item would send; whether that is right, the form's own schema judges.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from marketplace.catalog.rules import UNSAID
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import FIELD, folded, readings_of, shown

PHOTOS = "photos"
CLAIMS = "claims"
MEND = "to_mend"
"""The column that we add to what was not imported. It is passed over when it comes back."""
MOST_NAMES = 50
"""So many photographs of one row are looked up; twelve are allowed."""
_LONGEST_NAMES, _LONGEST_PROMISE = 5_000, 500  # longer cells are refused; looking into them would only cost time


class Choice(StrEnum):
    """Which rows are imported: all of them, if all are good, or the good ones."""

    ALL = "all"
    GOOD = "good"


# The first name of each is the one that the sample has.
NAMES: dict[str, tuple[str, ...]] = {
    "title": ("Title", "Name", "Item", "Titel", "Bezeichnung"),
    "category": ("Kind", "Category", "Type", "Art", "Kategorie"),
    "condition": ("Condition", "State", "Zustand"),
    "description": ("Description", "Text", "Details", "Beschreibung"),
    "faults": ("Known faults", "Faults", "Defects", "Damage", "Mängel", "Fehler"),
    "period": ("Year or period", "Period", "Year", "Date", "Jahr", "Zeit", "Epoche"),
    "dimensions": ("Dimensions", "Size", "Measures", "Maße", "Masse", "Größe"),
    "weight_grams": ("Weight in grams", "Weight grams", "Weight (g)", "Weight", "Grams", "Gewicht", "Gewicht in Gramm"),
    "shipping": ("Shipping", "Shipping cost", "Shipping costs", "Postage", "Versand", "Versandkosten", "Porto"),
    "shipping_further": (
        "Shipping in one parcel",
        "Shipping with another lot",
        "Combined shipping",
        "Each further lot",
        "Versand im Paket",
    ),
    "shipping_to": ("Sent to", "Shipping to", "Ships to", "Where you send it", "Versand nach"),
    "pickup_possible": ("Pick-up possible", "Pickup", "Can be picked up", "Collection", "Abholung", "Abholung möglich"),
    PHOTOS: ("Photos", "Photo", "Photographs", "Pictures", "Images", "Files", "Fotos", "Bilder"),
    MEND: ("What to mend",),
}
_PROMISE = re.compile(r"\s*(?:promise|promises|claim|zusage|versprechen)\s*[:：]\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_SURENESS = re.compile(r"(.*?)\s*[(\[]\s*([^()\[\]]{1,30}?)\s*[)\]]\s*", re.DOTALL)

_COSTS = ("shipping", "shipping_further")
YES = frozenset("yes y ja j oui si sí true wahr 1 x ✓ ✔".split())
NO = frozenset("no n nein non false falsch 0".split())


_FIELDS = {folded(name): each for each, names in NAMES.items() for name in (each, *names)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row stands what."""

    places: Mapping[str, int]
    """By form field."""
    promises: tuple[tuple[str, int], ...]
    """What each is about, and its place."""
    unread: tuple[str, ...]
    """Headings that mean nothing to us."""
    count: int

    def cell(self, name: str, cells: Sequence[str]) -> str:
        """What a row says in that column; nothing where it has none."""
        place = self.places.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""


@dataclass(slots=True)
class Said:
    """What a row says, as the form of an item would send it."""

    typed: dict[str, str | list[str]] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    """Those of `rules.UNSAID` that it does not answer."""
    photos: tuple[str, ...] = ()
    """Names of files, in the order of the row, each once."""
    wrong: list[RuleBroken] = field(default_factory=list)
    """Cells that cannot be read; they are not in `typed`."""


Words = Mapping[str, Mapping[str, StrEnum]]
"""By "category", "condition", "sureness": what may be written, folded, and what it means."""


def columns_of(headings: Sequence[str]) -> Columns:
    """Find the columns by their names. Raises RuleBroken where none is known, or two mean the same."""
    places: dict[str, int] = {}
    promises, unread = [], []
    for place, heading in enumerate(headings):
        promise, name = _PROMISE.fullmatch(heading), _FIELDS.get(folded(heading))
        if promise:
            promises.append((promise[1].strip(), place))
        elif name is None:
            unread.append(shown(heading))
        elif name in places:
            raise RuleBroken(
                "The columns “%(one)s” and “%(other)s” mean the same. Leave one of them out.",
                field=FIELD, one=shown(headings[places[name]]), other=shown(heading),
            )  # fmt: skip
        else:
            places[name] = place
    if not promises and places.keys() <= {MEND}:
        raise RuleBroken(
            "No column of this file has a name that is read here. Put names such as Title and Kind into its first "
            "line; the sample shows them all.",
            field=FIELD,
        )
    return Columns(places, tuple(promises), tuple(name for name in unread if name), len(headings))


def said_in(cells: Sequence[str], columns: Columns, words: Words) -> Said:
    """Read one row. What is empty, or has no column, is not said: neither yes nor no."""
    said = Said()
    if any(cell.strip() for cell in cells[columns.count :]):
        said.wrong.append(
            RuleBroken(
                "This row has more cells than there are columns. Put text with a separator in it into quotation marks."
            )
        )
    for name in columns.places.keys() - {PHOTOS, MEND}:
        if cell := columns.cell(name, cells):
            _read(name, cell, said, words)
    said.unsaid = tuple(name for name in UNSAID if not columns.cell(name, cells))
    said.typed |= _promises(cells, columns, words)
    named = columns.cell(PHOTOS, cells)
    said.photos = names_of(named[:_LONGEST_NAMES])
    if len(named) > _LONGEST_NAMES or len(said.photos) > MOST_NAMES:
        said.wrong.append(RuleBroken("These are far too many photographs for one item.", field=PHOTOS))
        said.photos = ()
    return said


def yes_or_no(cell: str) -> bool:
    """Raises RuleBroken where it is neither. Nothing at all is not asked about here."""
    word = cell.strip().casefold()
    if word not in YES | NO:
        raise RuleBroken("Write yes or no, or leave it empty if you do not want to say yet.")
    return word in YES


def amount(cell: str) -> str:
    """An amount as the form reads it: 12,50 and 12.50 are both 12.50, and 1.250,00 is 1250.00.

    What could be two amounts is never guessed: raises RuleBroken. What is none is left for the form to refuse.
    """
    found = {value for _mark, value in readings_of(cell.strip())}
    if len(found) > 1:
        low, high = sorted(found)
        raise RuleBroken(
            "“%(cell)s” could be %(low)s or %(high)s. Write it with its decimals and without marks between thousands.",
            cell=shown(cell), low=f"{low.normalize():f}", high=f"{high:f}",
        )  # fmt: skip
    return f"{found.pop():f}" if found else cell


def names_of(cell: str) -> tuple[str, ...]:
    """The files that a cell names, separated by ; or |, each once."""
    names: dict[str, str] = {}
    for name in re.split(r"[;|\n]", cell):
        names.setdefault(file_key(name), name.strip())
    return tuple(name for key, name in names.items() if key)


def file_key(name: str) -> str:
    """What of a file's name counts: not its folders, not capitals, nor how an accent is stored."""
    base = re.split(r"[/\\]", name.strip())[-1]
    return unicodedata.normalize("NFC", "".join(filter(str.isprintable, base)).casefold()).strip()


def _read(name: str, cell: str, said: Said, words: Words) -> None:
    try:
        if name in _COSTS and cell.casefold() in NO - {"0"}:
            return  # it is not sent, or has no combined rate: to the form an empty field
        if name in _COSTS:
            said.typed[name] = amount(cell)
        elif name == "pickup_possible":
            said.typed[name] = "1" if yes_or_no(cell) else "0"
        elif name in words:
            said.typed[name] = words[name].get(folded(cell), cell)
        else:
            said.typed[name] = cell
    except RuleBroken as why:
        said.wrong.append(RuleBroken(why.message, field=name, **why.details))


def _promises(cells: Sequence[str], columns: Columns, words: Words) -> dict[str, list[str]]:
    """The lines of what is promised: an empty cell promises nothing, and denies nothing."""
    lines = [(label, cells[place].strip()) for label, place in columns.promises if place < len(cells)]
    rows = [(label, *_surely(cell, words["sureness"])) for label, cell in lines if cell]
    return {
        "claim_label": [label for label, _text, _sure in rows],
        "claim_text": [text for _label, text, _sure in rows],
        "claim_sureness": [sure for _label, _text, sure in rows],
    }


def _surely(cell: str, sureness: Mapping[str, StrEnum]) -> tuple[str, str]:
    """“original (likely)” is what is said, and how surely; without brackets it is one or the other."""
    if len(cell) > _LONGEST_PROMISE:
        return cell, ""
    if (parts := _SURENESS.fullmatch(cell)) and folded(parts[2]) in sureness:
        return parts[1].strip(), sureness[folded(parts[2])]
    if folded(cell) in sureness:
        return "", sureness[folded(cell)]
    return cell, ""
