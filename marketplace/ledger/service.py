"""Posting to the books. Always inside the unit of work of whatever moved the money, as its last lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, text

from marketplace.kernel.database import db, use_case
from marketplace.ledger import rules
from marketplace.ledger.models import Entry, Head, Transfer
from marketplace.ledger.rules import Move


class ReferenceTaken(RuntimeError):
    """Something else was posted under this reference: a fault of the program, not of a person."""


@use_case
def post(
    *, group_id: int, moves: Sequence[Move], reference: str, memo: str, at: datetime, order_id: int | None = None
) -> Transfer | None:
    """Enter `moves` as one transfer at the end of the group's chain; without moves, nothing.

    The same reference posted again gives the transfer of the first time, and raises ReferenceTaken where anything but
    the time differs. Locks the end of the chain: lock whatever else you need before.
    """
    if not moves:
        return None
    head = _end_of_chain(group_id, currency=rules.check(moves, group_id=group_id))
    found = _posted_as(reference)
    if found is None:
        return _append(head, moves, reference=reference, memo=memo, at=at, order_id=order_id)
    if (found.group_id, found.order_id, found.memo, found.moves()) != (group_id, order_id, memo, list(moves)):
        raise ReferenceTaken(reference)
    return found


@use_case
def reverse(transfer: Transfer, *, reference: str, at: datetime, memo: str = "") -> Transfer:
    """Take `transfer` back: its moves the other way round. Once only: a second reversal raises ReferenceTaken."""
    moves = [move.back() for move in reversed(transfer.moves())]
    head = _end_of_chain(transfer.group_id, currency=moves[0].amount.currency)
    found = db.session.scalar(
        select(Transfer).where(Transfer.group_id == transfer.group_id, Transfer.reverses == transfer.number)
    )
    if found is None and _posted_as(reference) is None:
        memo = memo or f"Taken back: {transfer.memo}"
        order_id, reverses = transfer.order_id, transfer.number
        return _append(head, moves, reference=reference, memo=memo, at=at, order_id=order_id, reverses=reverses)
    if found is None or found.reference != reference:
        raise ReferenceTaken(reference)
    return found


def lock(group_id: int, *, currency: str) -> None:
    """Hold the end of the group's chain until the unit of work ends: nobody else posts meanwhile, so what is read of
    these books stays true until it is posted on. Lock whatever else you need before."""
    _end_of_chain(group_id, currency=currency)


def _posted_as(reference: str) -> Transfer | None:
    return db.session.scalar(select(Transfer).where(Transfer.reference == reference))


def _end_of_chain(group_id: int, *, currency: str) -> Head:
    """The end of the group's chain, locked; begun where this is its first transfer."""
    locked = select(Head).where(Head.group_id == group_id).with_for_update()
    head = db.session.scalar(locked.execution_options(populate_existing=True))
    if head is None:
        begin = text(
            "INSERT INTO ledger_heads (group_id, currency, number, hash) VALUES (:group, :currency, 0, :hash) "
            "ON CONFLICT DO NOTHING"  # another first transfer of this group may be under way
        )
        db.session.execute(begin, {"group": group_id, "currency": currency, "hash": rules.BEFORE_THE_FIRST})
        head = db.session.scalars(locked).one()
    if head.currency != currency:
        raise ValueError(f"the books of group {group_id} are in {head.currency}, not in {currency}")
    return head


def _append(
    head: Head,
    moves: Sequence[Move],
    *,
    reference: str,
    memo: str,
    at: datetime,
    order_id: int | None,
    reverses: int | None = None,
) -> Transfer:
    transfer = Transfer(
        group_id=head.group_id,
        number=head.number + 1,
        reference=reference,
        memo=memo,
        order_id=order_id,
        reverses=reverses,
        posted_at=at,
        previous_hash=head.hash,
    )
    transfer.entries = [Entry(number=n, **asdict(line)) for n, line in enumerate(rules.lines_of(moves), start=1)]
    transfer.hash = transfer.page().seal(head.hash)
    head.number, head.hash = transfer.number, transfer.hash
    db.session.add(transfer)
    db.session.flush()
    return transfer
