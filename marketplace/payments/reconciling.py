"""Reconciliation: every night, and on demand, what others' books say is held against ours, and what nothing explains is
an alarm until it is explained.

Each line of SOURCES is somebody else's books. Who cannot be asked raises no alarm, and takes none back: he is asked
again in an hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple

import stripe
import structlog
from sqlalchemy import delete, select

from marketplace.kernel import audit, clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.kernel.statements import insert_into
from marketplace.ledger import queries as ledger
from marketplace.payments import bank_reconciling, comparing, processor_lines, stripe_client
from marketplace.payments.line_rules import Explained, Finding, What
from marketplace.payments.reconcile_models import Discrepancy, ProcessorRead, Reconciliation
from marketplace.payments.reconcile_rules import balance_findings
from marketplace.payments.rules import Through
from marketplace.payments.stripe_client import StripeIsAway

log = structlog.get_logger()

_AT = time(3)
"""In UTC: a night in Europe, and late evening or early morning where else people trade."""
_AGAIN = timedelta(hours=1)
_LATE_AFTER = timedelta(hours=2)
_KEPT_FOR = timedelta(days=90)
_ONLY = 1


class Report(NamedTuple):
    """What holding somebody's books against ours came to."""

    findings: Sequence[Finding] = ()
    explained: Sequence[Explained] = ()
    lines: int = 0
    entries: int = 0
    is_full: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """A reconciliation under way."""

    id: int
    begun: datetime
    since: datetime | None
    """From when on to read. None: all."""


class Source(NamedTuple):
    """Somebody else's books."""

    name: str
    is_here: Callable[[], bool]
    look: Callable[[Run], Report]
    """Asks outside of any unit of work. Raises StripeIsAway or Stripe's own errors where it cannot."""


def _processor(run: Run) -> Report:
    read = processor_lines.read_lines(run.id, since=run.since, begun=run.begun)
    let_go()
    said = comparing.comparison(run.begun)
    books, counts = ledger.at_processor(Through.STRIPE), comparing.counts()
    sums = balance_findings(there=read.balance, listed=processor_lines.listed(), books=books, said=said)
    let_go()
    return Report([*said.findings, *sums], said.explained, counts.lines, counts.entries, read.is_full)


def _banks(_run: Run) -> Report:
    """Each group that is paid through its bank, against the statements that its officers sent."""
    found = Counter(
        (each.group_id, f"Group {each.group_id}: {each.what}", Money(each.amount_minor, each.currency))
        for group_id in bank_reconciling.groups_with_statement()
        for each in bank_reconciling.unexplained(group_id)
    )
    lines = bank_reconciling.line_count()
    let_go()
    findings = [
        Finding(What.BANK, about if times == 1 else f"{about} ({times} times)", amount, None, group_id=group_id)
        for (group_id, about, amount), times in found.items()
    ]
    return Report(findings, lines=lines)


SOURCES: tuple[Source, ...] = (
    Source(Through.TREASURER, bank_reconciling.is_any_statement_kept, _banks),
    Source(Through.STRIPE, stripe_client.is_set_up, _processor),
)


@dataclass(slots=True)
class _Looked:
    """What came of every source."""

    reports: dict[str, Report] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def reconcile(*, is_full: bool = False) -> int:
    """Hold the books of everybody who is here against ours; `is_full`: from their beginning. The run's number.

    No unit of work may be open.
    """
    run, looked = _begin(is_full), _Looked()
    for source in SOURCES:
        if not source.is_here():
            continue
        try:
            looked.reports[source.name] = source.look(run)
        except (StripeIsAway, stripe.StripeError) as error:
            log.warning("could not be asked", source=source.name, kind=type(error).__name__)
            looked.troubles.append(source.name)
    _end(run, looked)
    return run.id


def reconcile_when_due() -> int:
    """The worker's duty. Nothing more is to be done at once."""
    if any(source.is_here() for source in SOURCES) and _take_on():
        reconcile()
    return 0


def to_reconcile(now: datetime) -> Backlog:
    """Whether a worker is to do it now."""
    return backlog_of(ProcessorRead.due_at, now=now, late_after=_LATE_AFTER)


def last_run() -> Reconciliation | None:
    """The last that came to its end."""
    ended = select(Reconciliation).where(Reconciliation.ended_at.is_not(None))
    return db.session.scalar(ended.order_by(Reconciliation.begun_at.desc(), Reconciliation.id.desc()).limit(1))


def run_of(run_id: int) -> Reconciliation:
    """Raises NotFound."""
    found = db.session.get(Reconciliation, run_id)
    if found is None:
        raise NotFound("There is no such reconciliation.")
    return found


def discrepancies(*, most: int = 200) -> Sequence[Discrepancy]:
    """What is not as it should be, what nobody has explained first, each longest first."""
    order = (Discrepancy.explained_at.is_not(None), Discrepancy.since, Discrepancy.id)
    return db.session.scalars(select(Discrepancy).order_by(*order).limit(most)).all()


@use_case
def explain(*, discrepancy_id: int, by: int, note: str) -> None:
    """An operator writes down what it is: no alarm any more, unless it becomes another sum. Who may is asked where
    operators are known. Raises NotFound where it is gone, or was explained already."""
    found = db.session.get(Discrepancy, discrepancy_id, with_for_update=True)
    if found is None or found.explained_at is not None:
        raise NotFound("There is nothing to explain any more.")
    found.explained_at, found.explained_by, found.note = clock.now(), by, note
    audit.note("explain discrepancy", f"discrepancy:{found.id}", by=by, group_id=found.group_id,
               why=f"{found.key}: {note}")  # fmt: skip


def next_night(now: datetime) -> datetime:
    """The first moment after `now` at which it is done by itself."""
    today = datetime.combine(now.date(), _AT, now.tzinfo)
    return today if now < today else today + timedelta(days=1)


@use_case
def _take_on() -> bool:
    """Whether it is due, and this worker's. Another comes in an hour, if this one does not end it."""
    now = clock.now()
    read = _reads(now)
    if read.due_at > now:
        return False
    read.due_at = now + _AGAIN
    return True


def _reads(now: datetime) -> ProcessorRead:
    """How far everything was read, locked; made where it never was."""
    first = {"id": _ONLY, "read_until": None, "due_at": now}
    db.session.execute(insert_into(ProcessorRead).values(first).on_conflict_do_nothing())
    return db.session.get_one(ProcessorRead, _ONLY, with_for_update=True)


@use_case
def _begin(is_full: bool) -> Run:
    now = clock.now()
    since = None if is_full else _reads(now).read_until
    run = Reconciliation(begun_at=now, is_full=since is None, trouble="", explained=[])
    db.session.add(run)
    db.session.flush()
    return Run(run.id, now, since)


@use_case
def _end(run: Run, looked: _Looked) -> None:
    """Write down what was found, and when to do it again: at night, or soon where somebody could not be asked."""
    now = clock.now()
    read, row = _reads(now), db.session.get_one(Reconciliation, run.id)
    row.ended_at, row.trouble = now, " ".join(looked.troubles)
    if not looked.troubles:
        read.due_at = next_night(now)
        row.through = read.read_until = run.begun
    for source, report in looked.reports.items():
        _keep(source, report, now)
        row.is_full = report.is_full
        row.line_count += report.lines
        row.entry_count += report.entries
        row.finding_count += len(report.findings)
        row.explained = [*row.explained, *(_written(each) for each in report.explained)]
    db.session.execute(delete(Reconciliation).where(Reconciliation.begun_at < now - _KEPT_FOR))


def _written(explained: Explained) -> list[str | int]:
    return [explained.named, explained.amount.currency, explained.amount.minor, explained.times]


def _keep(source: str, report: Report, now: datetime) -> None:
    """Each finding once, since when it is known. What is found no more is gone."""
    known = {row.key: row for row in db.session.scalars(select(Discrepancy).where(Discrepancy.source == source))}
    for finding in {each.key: each for each in report.findings}.values():
        row = known.pop(_key(source, finding), None)
        if row is None:
            row = Discrepancy(key=_key(source, finding), source=source, since=now, note="")
            db.session.add(row)
        elif not finding.is_as_before(row.theirs, row.ours):
            row.since, row.explained_at, row.explained_by, row.note = now, None, None, ""
        _fill(row, finding, now)
    for row in known.values():
        audit.note("discrepancy gone", f"discrepancy:{row.id}", by=None, group_id=row.group_id, why=row.key)
        db.session.delete(row)


def _fill(row: Discrepancy, finding: Finding, now: datetime) -> None:
    row.what, row.about, row.seen_at = finding.what, finding.about, now
    row.order_id, row.group_id = finding.order_id, finding.group_id
    row.theirs_minor, row.theirs_currency = _parts(finding.theirs)
    row.ours_minor, row.ours_currency = _parts(finding.ours)


def _parts(amount: Money | None) -> tuple[int | None, str | None]:
    return (None, None) if amount is None else (amount.minor, amount.currency)


def _key(source: str, finding: Finding) -> str:
    return f"{source}:{finding.key}"
