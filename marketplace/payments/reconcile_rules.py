"""What the processor's own books say, held against ours, both ways: pure.

A line is one balance transaction of the processor, an entry one thing of ours that should stand there: what a movement
moved, what a bank took back. Lines of one source belong together: what was refunded and came back is as if it had not
gone.

Each source is judged by the first that is wrong with it, so that one fault is one finding; what is known to take its
time is tolerated and named. What findings and named sums come to, together with our books, must be the processor's
balance to the cent: whatever is left is a finding of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from marketplace.kernel.money import Money
from marketplace.payments.line_rules import (
    PLATFORMS,
    Comparison,
    Entry,
    Explained,
    Finding,
    Line,
    Named,
    Stands,
    What,
)

SETTLES_WITHIN = timedelta(hours=1)
"""Stripe books a charge some time after it was made, and its webhooks may be late: until then nothing is wrong."""


def compare(lines: Sequence[Line], entries: Sequence[Entry], *, now: datetime) -> Comparison:
    """Both ways: each source against the entry that it is of, and each entry that has no lines."""
    return sorted_out([*judged_lines(lines, entries, now=now), *judged_absent(absent(entries, lines), now=now)])


def judged_lines(lines: Sequence[Line], entries: Sequence[Entry], *, now: datetime) -> Iterator[Finding | Explained]:
    """What is to be said of each source: all its lines, and all entries that could be meant, must be given."""
    by_reference = {entry.reference: entry for entry in entries if entry.reference}
    by_mark = {entry.mark: entry for entry in entries if entry.mark}
    for source, its in _by_source(lines):
        entry = by_reference.get(source) or by_mark.get(its[0].mark or "")
        yield from _judge(_Source(source, its), entry, by_reference.get(its[0].part_of or ""), now)


def judged_absent(entries: Iterable[Entry], *, now: datetime) -> Iterator[Finding | Explained]:
    """What is to be said of entries that have no line at all."""
    for entry in entries:
        ours = Money(entry.booked - (entry.fee or 0), entry.currency)
        if entry.stands is not Stands.DONE or (0 in entry.there and not ours):
            continue
        if now - entry.at < SETTLES_WITHIN:
            yield Explained(Named.ON_ITS_WAY, ours * -1)
        else:
            yield Finding(What.MISSING, entry.reference or "", None, ours, entry.order_id, entry.group_id)


def absent(entries: Iterable[Entry], lines: Iterable[Line]) -> list[Entry]:
    """The entries that no line is of."""
    sources = {line.source for line in lines}
    return [entry for entry in entries if entry.reference and entry.reference not in sources]


def sorted_out(said: Iterable[Finding | Explained]) -> Comparison:
    """Findings by their keys, and what is explained summed up by its reason."""
    findings: list[Finding] = []
    sums, counts = Counter[tuple[Named, str]](), Counter[tuple[Named, str]]()
    for each in said:
        if isinstance(each, Finding):
            findings.append(each)
            continue
        at = each.named, each.amount.currency
        sums[at] += each.amount.minor
        counts[at] += each.times
    explained = [Explained(named, Money(sums[named, of], of), counts[named, of]) for named, of in sorted(counts)]
    return Comparison(sorted(findings, key=lambda finding: finding.key), explained)


def balance_findings(
    *, there: Mapping[str, int] | None, listed: Mapping[str, int], books: Mapping[str, int], said: Comparison
) -> list[Finding]:
    """Whether their balance is what they list, what they list is our books and all that was said, and nothing of it
    that is somebody's was taken away. `there` is None where their balance did not stand still. All by currency, in
    minor units."""
    expected, own = Counter(books), Counter[str]()
    for each in said.explained:
        if each.named in PLATFORMS:
            own[each.amount.currency] += each.amount.minor
    for amount in (*(each.amount for each in said.explained), *(e for f in said.findings for e in f.effects)):
        expected[amount.currency] += amount.minor
    found = []
    for currency in sorted({*listed, *expected, *(there or {})}):
        list_is, said_is = listed.get(currency, 0), expected.get(currency, 0)
        balance = list_is if there is None else there.get(currency, 0)
        if balance != list_is:
            found.append(Finding(What.LIST, currency, Money(balance, currency), Money(list_is, currency)))
        if said_is != list_is:
            found.append(Finding(What.BALANCE, currency, Money(list_is, currency), Money(said_is, currency)))
        if own[currency] < 0:
            must_lie = Money(list_is - own[currency], currency)
            found.append(Finding(What.COVER, currency, Money(list_is, currency), must_lie))
    return found


class _Source:
    """The lines of one thing at the processor."""

    def __init__(self, source: str, lines: Sequence[Line]) -> None:
        self.name, self.lines = source, lines
        self.currency, self.mark = lines[0].currency, lines[0].mark
        self.amount, self.fee = sum(line.amount for line in lines), sum(line.fee for line in lines)
        self.net = Money(self.amount - self.fee, self.currency)
        self.at = max(line.at for line in lines)
        self.is_doubled = max(Counter(line.category for line in lines).values()) > 1

    def order_beside(self, order_id: int | None) -> bool:
        """Whether it stands under another order than ours."""
        said = {line.order_id for line in self.lines if line.order_id is not None}
        return order_id is not None and bool(said - {order_id})


def _judge(source: _Source, entry: Entry | None, payment: Entry | None, now: datetime) -> Iterator[Finding | Explained]:
    """`payment`: of ours, that the source is about."""
    of = entry or payment
    order_id, group_id = (of.order_id, of.group_id) if of else (source.lines[0].order_id, None)
    is_young = now - max(source.at, entry.at if entry else source.at) < SETTLES_WITHIN

    def found(what: What, theirs: Money | None = source.net, ours: Money | None = None) -> Finding:
        return Finding(what, source.name, theirs, ours, order_id, group_id)

    if entry is None or (entry.stands is Stands.AWAITED and entry.reference is None):
        if is_young:
            yield Explained(Named.NOT_HEARD, source.net)
        elif source.net:
            yield found(What.STRANGER if entry is None else What.UNHEARD)
        return
    if entry.reference is not None and entry.reference != source.name:
        if source.net:
            yield found(What.TWICE)
        return
    if entry.stands is Stands.GIVEN_UP:
        if source.amount:
            yield found(What.WITHDRAWN)
        return
    yield from _judge_own(source, entry, found, is_young=is_young)


def _judge_own(source: _Source, entry: Entry, found: _Found, *, is_young: bool) -> Iterator[Finding | Explained]:
    """A source that is of this entry, by its name."""
    ours = Money(entry.booked - (entry.fee or 0), entry.currency)
    if any(line.currency != entry.currency for line in source.lines):
        yield found(What.CURRENCY, source.net, ours)
    elif source.amount not in entry.there:
        if is_young:
            yield Explained(Named.NOT_HEARD, source.net - ours)
        else:
            yield found(What.TWICE if source.is_doubled else What.AMOUNT, source.net, ours)
    else:
        if source.amount != entry.booked:
            yield Explained(entry.explains, Money(source.amount - entry.booked, source.currency))
        if source.fee != (entry.fee or 0) and entry.fee is None and is_young:
            yield Explained(Named.FEE_UNKNOWN, Money(-source.fee, source.currency))
        elif source.fee != (entry.fee or 0):
            yield found(What.FEE, Money(source.fee, source.currency), Money(entry.fee or 0, entry.currency))
        if source.order_beside(entry.order_id):
            yield found(What.ORDER, source.net, ours)


class _Found(Protocol):
    def __call__(self, what: What, theirs: Money | None = ..., ours: Money | None = ...) -> Finding: ...


def _by_source(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.source].append(line)
    yield from found.items()
