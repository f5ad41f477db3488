"""Check the record of an auction: python -m marketplace.auctions.verify FILE [--earlier FILE]

It uses the law of bidding alone, and asks no server: who won, at what price and why, or which line cannot be as it
says. With `--earlier`, a copy that was downloaded before, it also finds bids that went missing since. Exit status 1 if
anything is wrong, 2 if a file cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from marketplace.auctions.increment_rules import increment
from marketplace.auctions.record_file import Unreadable, read
from marketplace.auctions.record_rules import Finding, Record, examine, missing
from marketplace.auctions.rules import Format, State
from marketplace.kernel.money import Money


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m marketplace.auctions.verify", description="Check an auction.")
    parser.add_argument("file", type=Path, help="the record, as it was downloaded from the lot's page")
    parser.add_argument("--earlier", type=Path, help="a copy of it that was downloaded before")
    asked = parser.parse_args(arguments)
    try:
        record, about = read(_text(asked.file))
        found = examine(record)
        if asked.earlier:
            earlier, of_what = read(_text(asked.earlier))
            if (of_what["group"], of_what["number"]) != (about["group"], about["number"]):
                raise Unreadable("The two files are not of the same lot.")
            found += missing(earlier.lines, record.lines)
    except Unreadable as unreadable:
        sys.stderr.write(f"{unreadable}\n")
        return 2
    told = [f"Lot {about['number']} of {about['group']}: {about['title']}", *_findings(record, found)]
    sys.stdout.write("\n".join(_plain(line) for line in told) + "\n")
    return 1 if found else 0


def _plain(line: str) -> str:
    """Names and titles come from others: nothing in them steers the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Unreadable(f"{path} cannot be read: {wrong}") from wrong


def _findings(record: Record, found: Sequence[Finding]) -> Iterator[str]:
    if not found:
        yield from _outcome(record)
        return
    for line, sentence in found:
        yield sentence if line is None else f"Line {line}: {sentence}"


def _outcome(record: Record) -> Iterator[str]:
    """Who won and why."""
    count = len(record.lines)
    if not record.has_ended:
        yield f"It is {record.state}, with {count} bids so far. Their maxima are sealed: keep this file, and compare."
        return
    yield f"All {count} bids are as they were sealed, and each is by the law."
    if record.state is State.PASSED:
        yield "Nobody won: " + ("no maximum reached the reserve." if count else "nobody bid.")
        return
    if record.is_bought:
        yield f"{record.leader} bought it at once for {record.price}, the price that the seller had named."
        return
    yield f"{record.leader} won at {record.price}: his maximum was the highest, or the earliest of the highest."
    second = max(_others(record), default=None)
    if record.opening.format is Format.SEALED_FIRST:
        yield "Bids were sealed, and the winner pays what he bid."
    elif second is not None and record.opening.format is Format.SEALED_SECOND:
        yield f"Bids were sealed. The best bid of anybody else was {second}, and that is paid, or the reserve."
    elif second is None:
        yield "Nobody else's bid counted: the price is the opening price, or the reserve."
    else:
        step = increment(second, record.opening.ladder)
        yield f"The best bid of anybody else was {second}; a step above it is {second + step}."
    if record.reserve is not None:
        yield f"The reserve was {record.reserve.amount}."


def _others(record: Record) -> Iterator[Money]:
    """What the others bid, where it counted to the end."""
    for line in record.lines:
        if line.bidder != record.leader and line.voided_at is None and line.maximum.amount is not None:
            yield line.maximum.amount


if __name__ == "__main__":
    sys.exit(main())
