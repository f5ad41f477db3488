"""The audit of what officers attested and matched against the books and the movements; a part of `flask ledger verify`.

An attestation names the last transfer of its month and that transfer's seal: who writes the books anew, seals and all,
has the attestations to forge, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Integer, Text, and_, case, cast, func, literal, or_, select

from marketplace.bankbook.models import Attestation
from marketplace.kernel.database import db
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import BEFORE_THE_FIRST, Chart, Side
from marketplace.payments.bank_matching_rules import LineState, Part
from marketplace.payments.bank_models import BankLine, BankMatch
from marketplace.payments.models import Movement
from marketplace.payments.rules import COMES_IN


def bank_findings() -> Iterator[Finding]:
    """Every attestation that names other books than there are, and every line that is matched with other sums than its
    own. Three queries."""
    yield from _attested_other_books()
    yield from _matched_other_sums()


def _attested_other_books() -> Iterator[Finding]:
    sums = _sums_then()
    is_named = and_(Transfer.group_id == Attestation.group_id, Transfer.number == Attestation.number)
    query = select(Attestation, Transfer.hash).outerjoin(Transfer, is_named).order_by(Attestation.id)
    for attestation, stored in db.session.execute(query):
        name = f"What was attested of group {attestation.group_id} for {attestation.month:%B %Y}"
        seal = stored if attestation.number else BEFORE_THE_FIRST
        if attestation.seal != seal:
            yield Finding("attested", f"{name} seals other books.", attestation.group_id, attestation.number)
        elif attestation.books_minor != sums.get(attestation.id, 0):
            yield Finding("attested", f"{name} is not what the books had.", attestation.group_id, attestation.number)


def _sums_then() -> dict[int, int]:
    """By attestation: what the treasurer's bank had by the books, up to the transfer that it names."""
    account = literal(f"{Chart.GATEWAY}:") + cast(Attestation.group_id, Text)
    net = func.sum(case((Entry.side == Side.DEBIT, Entry.amount_minor), else_=-Entry.amount_minor))
    query = (
        select(Attestation.id, net)
        .join(Transfer, and_(Transfer.group_id == Attestation.group_id, Transfer.number <= Attestation.number))
        .join(Entry, and_(Entry.transfer_id == Transfer.id, Entry.account == account))
        .group_by(Attestation.id)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query)}


def _matched_other_sums() -> Iterator[Finding]:
    """A line is the sum of what it is matched with, but for the difference that an officer gave a reason for."""
    minor = func.coalesce(Movement.moved_minor, Movement.amount_minor)
    comes = or_(Movement.kind.in_(COMES_IN), BankMatch.part == Part.CAME_BACK)
    is_ours = Movement.group_id == BankLine.group_id
    matched = func.coalesce(func.sum(case((~is_ours, None), (comes, minor), else_=-minor)), cast(0, Integer))
    query = (
        select(BankLine.id, BankLine.group_id)
        .outerjoin(BankMatch, BankMatch.line_id == BankLine.id)
        .outerjoin(Movement, Movement.id == BankMatch.movement_id)
        .group_by(BankLine.id, BankLine.group_id, BankLine.state, BankLine.amount_minor, BankLine.difference_minor)
        .having(
            or_(
                and_(BankLine.state == LineState.MATCHED, matched != BankLine.amount_minor - BankLine.difference_minor),
                and_(BankLine.state != LineState.MATCHED, func.count(BankMatch.movement_id) > 0),
            )
        )
        .order_by(BankLine.id)
    )
    for line_id, group_id in db.session.execute(query):
        sentence = f"Line {line_id} of the bank’s statement is matched with other sums than its own."
        yield Finding("bank", sentence, group_id=group_id)
