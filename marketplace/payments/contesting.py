"""Answers to banks that ask money back: intended and committed, sent by a worker, and what came of it written down.

As with a movement: killed between any two of the steps, it is taken on again when its time has run out, and looked up
before it is sent once more. What was sent cannot be changed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select

from marketplace.kernel import audit, clock, storage
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce
from marketplace.payments import stripe_client
from marketplace.payments.contest_models import ContestRow
from marketplace.payments.contest_rules import STANDS, Evidence, State, Verb, check_can_answer, check_fits
from marketplace.payments.events import ContestRefused, ContestSent
from marketplace.payments.gateway import Advocate, Contest, Done, Outcome, Refused, Waits
from marketplace.payments.queries import LATE_AFTER
from marketplace.payments.stripe_contesting import StripeAdvocate
from marketplace.payments.stripe_models import Chargeback, Checkout
from marketplace.payments.stripe_rules import Bank

log = structlog.get_logger()

_LEASE = timedelta(minutes=10)
"""Longer than two files and a call take at the slowest. Each try without an answer doubles it."""
_MOST_DOUBLINGS = 3
_MOVED_ON = "The bank’s question has become a claim, or was decided, before this was sent. Look at it, and answer anew."


@use_case
def intend(
    *, claim: str, group_id: int, by: int, verb: Verb, evidence: Evidence | None = None,
    parcel_key: str | None = None, pictures_key: str | None = None,
) -> ContestRow:  # fmt: skip
    """Write down what a bank is to be answered; a worker sends it once this is committed.

    `claim` is what the processor calls it. Raises RuleBroken where it is answered already, decided, or too late.
    """
    here = stripe_client.needed()
    chargeback = db.session.scalar(select(Chargeback).where(Chargeback.reference == claim).with_for_update())
    if chargeback is None:
        raise NotFound("There is no such claim of a bank.")
    now, stage = clock.now(), Bank(chargeback.state)
    answered = _of(chargeback.id, stage) is not None
    check_can_answer(stage, due_at=chargeback.evidence_due_at, now=now, is_answered=answered)
    if evidence is not None:
        check_fits(evidence)
    order_id = db.session.scalar(select(Checkout.order_id).where(Checkout.id == chargeback.checkout_id))
    row = ContestRow(
        chargeback_id=chargeback.id, group_id=group_id, order_id=order_id, stage=stage, verb=verb,
        key=f"{claim}:{verb}:{secrets.token_hex(8)}", evidence=json.dumps(asdict(evidence)) if evidence else None,
        parcel_key=parcel_key, pictures_key=pictures_key, by_id=by, intended_at=now, state=State.INTENDED, due_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.note(f"{verb} chargeback".replace("_", " "), f"order:{order_id}", by=by, group_id=group_id, why=claim)
    log.info("a bank is to be answered", claim=claim, verb=verb, is_live=here.is_live)
    return row


def of_order(order_id: int) -> list[tuple[str, ContestRow]]:
    """What the banks were answered about an order, oldest first, each with what the processor calls the claim."""
    wanted = select(Chargeback.reference, ContestRow).join(Chargeback, Chargeback.id == ContestRow.chargeback_id)
    found = db.session.execute(wanted.where(ContestRow.order_id == order_id).order_by(ContestRow.id))
    return [(reference, row) for reference, row in found]


def answered_claims() -> Select[str]:
    """What the processor calls those claims that were answered at the stage where they are."""
    wanted = select(Chargeback.reference).join(ContestRow, ContestRow.chargeback_id == Chargeback.id)
    return wanted.where(ContestRow.stage == Chargeback.state, ContestRow.state.in_(STANDS))


def evidence_in(row: ContestRow) -> Evidence | None:
    """The texts of an answer; none where the money was left to the bank."""
    return Evidence(**json.loads(row.evidence)) if row.evidence else None


def contest(contest_id: int) -> ContestRow:
    """Raises NotFound."""
    found = db.session.get(ContestRow, contest_id)
    if found is None:
        raise NotFound("There is no such answer.")
    return found


def send_due_contests(limit: int = 5, advocate: Advocate | None = None) -> int:
    """The worker's duty. How many were taken on."""
    stripe = stripe_client.here()
    if advocate is None and stripe is None:
        return 0
    advocate = advocate or StripeAdvocate(stripe_client.needed())
    for sent in range(limit):
        claim = _take_on()
        if claim is None:
            return sent
        contest_id, fence, verb, is_again = claim
        outcome = _ask(advocate, contest_id, verb, is_again=is_again)
        if outcome is not None:
            _write_down(contest_id, fence, outcome)
    return limit


def to_send(now: datetime) -> Backlog:
    """How many answers a worker may send now."""
    return backlog_of(ContestRow.due_at, now=now, late_after=LATE_AFTER * 10)


@use_case
def _take_on() -> tuple[int, int, Verb, bool] | None:
    now = clock.now()
    due = select(ContestRow).where(ContestRow.due_at <= now).order_by(ContestRow.due_at, ContestRow.id).limit(1)
    row = db.session.scalar(due.with_for_update(skip_locked=True))
    if row is None:
        return None
    is_again = row.tries > 0
    row.due_at = now + _LEASE * 2 ** min(row.tries, _MOST_DOUBLINGS)
    row.tries += 1
    row.fence += 1
    return row.id, row.fence, Verb(row.verb), is_again


def _ask(advocate: Advocate, contest_id: int, verb: Verb, *, is_again: bool) -> Outcome | None:
    """The processor's answer; none if it gave none. Then it is looked up when its time has run out."""
    try:
        asked, has_moved_on = _instruction(contest_id)
        if is_again and (known := advocate.look_up_contest(asked)):
            return known
        if has_moved_on:
            return Refused(_MOVED_ON)
        outcome = advocate.contest(asked) if verb is Verb.CONTEST else advocate.give_up(asked)
        if isinstance(outcome, Refused):  # its client asks again by itself: the first may have been heard
            return advocate.look_up_contest(asked) or outcome
        return outcome
    except Exception:
        # Whatever went wrong out there, it may have been handed in: nothing is concluded from it.
        log.exception("a bank's claim could not be answered", contest=contest_id)
        return None


def _instruction(contest_id: int) -> tuple[Contest, bool]:
    """What the processor is asked, and whether the claim is at another stage than the one that was to be answered."""
    row = contest(contest_id)
    claim = db.session.get_one(Chargeback, row.chargeback_id)
    has_moved_on = claim.state != row.stage
    asked = Contest(
        key=row.key, claim=claim.reference, evidence=evidence_in(row),
        parcel=storage.get(row.parcel_key) if row.parcel_key else None,
        pictures=storage.get(row.pictures_key) if row.pictures_key else None,
    )  # fmt: skip
    db.session.rollback()  # nothing is held open while somebody outside is asked
    return asked, has_moved_on


@use_case
def _write_down(contest_id: int, fence: int, outcome: Outcome) -> None:
    row = db.session.get(ContestRow, contest_id, with_for_update=True, populate_existing=True)
    if row is None or row.fence != fence or row.state != State.INTENDED:
        return
    claim = db.session.get_one(Chargeback, row.chargeback_id).reference
    row.due_at, row.done_at = None, clock.now()
    of = (row.group_id, row.order_id, claim, row.by_id, row.verb == Verb.GIVE_UP, row.id, row.done_at)
    if isinstance(outcome, Refused | Waits):
        row.state, row.failure = State.REFUSED, outcome.reason
        announce(ContestRefused(*of, reason=outcome.reason))
    elif isinstance(outcome, Done):
        row.state = State.SENT
        announce(ContestSent(*of))
    audit.note(f"answer to bank {row.state}", f"order:{row.order_id}", by=None, group_id=row.group_id, why=row.failure)


def _of(chargeback_id: int, stage: Bank) -> ContestRow | None:
    standing = select(ContestRow).where(ContestRow.chargeback_id == chargeback_id, ContestRow.stage == stage)
    return db.session.scalar(standing.where(ContestRow.state.in_(STANDS)))


def standing_of(rows: Sequence[tuple[str, ContestRow]], claim: str, stage: str) -> ContestRow | None:
    """Of an order's answers the one that stands at this stage of a claim."""
    return next((row for name, row in rows if name == claim and row.stage == stage and row.state in STANDS), None)
