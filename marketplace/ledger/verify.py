"""Check that your money is in the group's books: python -m marketplace.ledger.verify FILE [--earlier FILE]

It reckons with the rules alone, and asks no server: whether each sum in the file is in the day's root, whether all that
is owed is held, and, with `--earlier`, a copy that was downloaded before, whether the days follow from each other. Exit
status 1 if anything is wrong, 2 if a file cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from marketplace.kernel.money import Money
from marketplace.ledger.reserve_file import Document, Unreadable, read
from marketplace.ledger.reserve_rules import Root, examine, follows_at_once
from marketplace.ledger.rules import Chart, chart_of

_WHAT = {
    Chart.ESCROW: "held until an order is confirmed",
    Chart.PAYABLE: "to be paid out to you",
    Chart.DEPOSIT: "your deposit",
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m marketplace.ledger.verify", description="Check your money.")
    parser.add_argument("file", type=Path, help="the proof, as it was downloaded from the page of the books")
    parser.add_argument("--earlier", type=Path, help="one that was downloaded on an earlier day")
    asked = parser.parse_args(arguments)
    try:
        document = read(_text(asked.file))
        earlier = read(_text(asked.earlier)).root if asked.earlier else None
    except Unreadable as unreadable:
        sys.stderr.write(f"{unreadable}\n")
        return 2
    found = examine(document.root, document.seal, document.proofs, earlier=earlier)
    title = f"{document.group}, {document.root.day}"
    lines = [title, *(found or _told(document, earlier))]
    sys.stdout.write("\n".join(_plain(line) for line in lines) + "\n")
    return 1 if found else 0


def _told(document: Document, earlier: Root | None) -> Iterator[str]:
    """What holds, and what nobody can prove with a file."""
    root = document.root
    yield f"Owed: {root.owed}. Held: {root.held}." + (f" Elsewhere: {root.elsewhere}." if root.elsewhere_minor else "")
    for proof in document.proofs:
        yield f"In it: {Money(proof.leaf.minor, root.currency)}, {_what(proof.leaf.account)} ({proof.leaf.account})."
    if not document.proofs:
        yield "Nothing was owed to you on that day."
    if earlier is not None and follows_at_once(earlier, root):
        yield "It follows from the earlier file."
    elif earlier is not None:
        yield "Nothing in it speaks against the earlier file. That no root was changed on the days between, only files"
        yield "of those days prove: each names the one of the day before."
    yield f"Seal: {document.seal}"
    yield "Compare the seal with other members: all must have the same, for each checks his own money alone."
    yield "That the bank has what is held is not proved here: for that, officers compare the books with its statement."


def _what(account: str) -> str:
    return _WHAT.get(chart_of(account), "owed")


def _plain(line: str) -> str:
    """A group's name comes from others: nothing in it steers the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Unreadable(f"{path} cannot be read: {wrong}") from wrong


if __name__ == "__main__":
    sys.exit(main())
