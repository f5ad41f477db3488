"""What a payment is known by on a bank's statement: a letter, a number, and three letters that guard it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST = 500
"""So many characters of a text are looked through."""
# Without 0 O, 1 I L, 2 Z, 5 S, 8 B: each can be read as the other in somebody's handwriting or on a bank's slip.
LETTERS = "34679ACDEFGHJKMNPQRTUVWXY"


@dataclass(frozen=True, slots=True)
class References:
    """One kind of reference: its letter, and what it numbers."""

    letter: str
    numbers: str

    def reference_of(self, number: int) -> str:
        """E-1187-7KQ: the number and three letters that a slip of the pen does not keep right."""
        return f"{self.letter}-{number}-{self._check(number)}"

    def number_in(self, text: str) -> int | None:
        """What a reference names, however it was typed; none if it is not one of ours."""
        return next(self.numbers_in(text), None)

    def numbers_in(self, text: str) -> Iterator[int]:
        """What each reference in a text names."""
        # At every place of the text: what a bank puts before a reference can look like the beginning of one.
        wanted = rf"(?={self.letter}\W{{0,3}}([1-9][0-9]{{0,17}})\W{{0,3}}([A-Z0-9]{{3}})(?![A-Z0-9]))"
        for number, letters in re.findall(wanted, text.upper()[:_MOST], re.ASCII):
            if letters == self._check(int(number)):
                yield int(number)

    def _check(self, number: int) -> str:
        rest = int.from_bytes(hashlib.sha256(f"earnest {self.numbers} {number}".encode()).digest()[:8])
        letters = []
        for _place in range(3):
            rest, place = divmod(rest, len(LETTERS))
            letters.append(LETTERS[place])
        return "".join(letters)
