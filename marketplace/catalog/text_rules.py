"""The law of searching by words: which words an item has, and which items a search finds.

The words are made here, the same for both databases: each keeps them in an index of its own kind (texts.py), and what
an index finds is what `says` finds. An item is found if it has all that was looked for:

* a word in letters that part words by spaces, whatever its case and accents, in the singular as in the plural; of four
  letters or more also the beginning of a longer word, so that "Münze" finds "Münzsammlung";
* Chinese and Japanese, which do not part words: each single character, and each pair of neighbours. What is longer than
  two is found where all its pairs are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MOST_WORDS = 12
"""Of a search. What comes after is not looked for."""
LONGEST_WORD = 40
"""Letters of a word that count."""
BEGINNING_FROM = 4
"""Letters from which on a word is also looked for as the beginning of others: "car" does not mean "card"."""

_UNPARTED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNPARTED}]+|(?:(?![{_UNPARTED}])[^\W_])+")
_IS_UNPARTED = re.compile(rf"[{_UNPARTED}]")
_ACCENT = re.compile("[\u0300-\u036f]")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")

_KEEPS_ITS_S = frozenset("atlas bias canvas christmas gas lens series species".split())
_IRREGULAR = {
    "feet": "foot", "halves": "half", "knives": "knife", "leaves": "leaf", "lenses": "lens", "men": "man",
    "shelves": "shelf", "teeth": "tooth", "women": "woman",
}  # fmt: skip
_TAKES_ES = ("ches", "shes", "sses", "xes", "zes")
_SINGULAR_IN_S = ("is", "ss", "us")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a search wants."""

    text: str
    begins: bool
    """Words that only begin so are found as well."""


def words_of(*texts: str) -> str:
    """The words of an item, each once, in the order of their characters, parted by spaces."""
    return " ".join(sorted({word for text in texts for word in _indexed(text)}))


def terms_of(search: str) -> tuple[Term, ...]:
    """What somebody looks for who typed `search`. Nothing, if there is neither a letter nor a figure in it."""
    terms = dict.fromkeys(term for run in _runs(search) for term in _wanted(run))
    return tuple(terms)[:MOST_WORDS]


def says(terms: tuple[Term, ...], words: str) -> bool:
    """Whether an item with these words (as `words_of` gives them) is found."""
    padded = f" {words} "
    return bool(terms) and all(pattern(term) in padded for term in terms)


def pattern(term: Term) -> str:
    """What is in the words of an item that is found, a space before and after them."""
    return f" {term.text}" if term.begins else f" {term.text} "


def _runs(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFC", _ACCENT.sub("", folded))
    yield from (run[:LONGEST_WORD] for run in _RUN.findall(_APOSTROPHE.sub("", plain)))


def _indexed(text: str) -> Iterator[str]:
    for run in _runs(text):
        if _IS_UNPARTED.match(run):
            yield from run
            yield from _pairs(run)
        else:
            yield _singular(run)


def _wanted(run: str) -> Iterator[Term]:
    if _IS_UNPARTED.match(run):
        yield from (Term(pair, begins=False) for pair in _pairs(run) or [run])
        return
    word = _singular(run)
    yield Term(word, begins=len(word) >= BEGINNING_FROM and not word.isdigit())


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _singular(word: str) -> str:
    """The one form of an English word for one and for many. Where it is wrong, it is wrong on both sides alike."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.isascii() or not word.endswith("s") or len(word) < BEGINNING_FROM or word in _KEEPS_ITS_S:
        return word
    if word.endswith("ies") and len(word) > BEGINNING_FROM:
        return f"{word[:-3]}y"
    if word.endswith(_TAKES_ES):
        return word[:-2]
    return word if word.endswith(_SINGULAR_IN_S) else word[:-1]
