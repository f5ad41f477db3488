"""What the two sides do: accept, offer, take an offer, contest, withdraw, and say more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from marketplace.disputes import evidence, telling
from marketplace.disputes.acting import act, was_done, write_line
from marketplace.disputes.dispute_rules import Action, Deed, Outcome, Remedy, State
from marketplace.disputes.evidence import Shown, Upload
from marketplace.disputes.finding import case
from marketplace.disputes.models import Told
from marketplace.disputes.rulers import check_is_side, locked_side
from marketplace.kernel import audit, clock
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken, Stale


@use_case
def accept(*, dispute_id: int, by: int, client_key: str | None = None) -> None:
    """The seller gives what the buyer asked for."""
    _take(Action.ACCEPT, dispute_id=dispute_id, by=by, client_key=client_key)


@use_case
def take_offer(*, dispute_id: int, by: int, offer_number: int, client_key: str | None = None) -> None:
    """Take what the other side offers. `offer_number` is the line that this person has read: another is not taken."""
    found, side = locked_side(dispute_id, by)
    if was_done(found, Action.TAKE_OFFER, words="", client_key=client_key):
        return
    if found.dispute.offer_number not in (None, offer_number):
        raise Stale("The offer has changed since you read it. Look at what is offered now.")
    act(found, Deed(Action.TAKE_OFFER, side), by=by, client_key=client_key)


@use_case
def withdraw(*, dispute_id: int, by: int, client_key: str | None = None) -> None:
    """The buyer lets it be: the money is the seller's."""
    _take(Action.WITHDRAW, dispute_id=dispute_id, by=by, client_key=client_key)


def offer(
    *, dispute_id: int, by: int, remedy: Remedy, words: str, uploads: Sequence[Upload] = (),
    client_key: str | None = None,
) -> None:  # fmt: skip
    """Offer the other side a way out."""
    _speak(_offer, dispute_id=dispute_id, by=by, remedy=remedy, words=words, uploads=uploads, client_key=client_key)


def contest(
    *, dispute_id: int, by: int, words: str, uploads: Sequence[Upload] = (), client_key: str | None = None
) -> None:
    """The seller says that nothing is wrong: they may still agree, then somebody rules."""
    _speak(_contest, dispute_id=dispute_id, by=by, words=words, uploads=uploads, client_key=client_key)


def say_more(
    *, dispute_id: int, by: int, words: str, uploads: Sequence[Upload] = (), client_key: str | None = None
) -> None:
    """Say or show more, while it is not settled."""
    _speak(_say, dispute_id=dispute_id, by=by, words=words, uploads=uploads, client_key=client_key)


def _speak(
    write: Callable[..., frozenset[str]], *, dispute_id: int, by: int, uploads: Sequence[Upload], **said: object
) -> None:
    """Photographs are decoded before anything is locked, and only for somebody who may show them."""
    found = case(dispute_id)
    side = check_is_side(found, by)
    evidence.check_room(found, side, len(uploads))
    with evidence.prepared(uploads) as sent:
        sent.kept = write(dispute_id=dispute_id, by=by, shown=sent.shown, **said)


@use_case
def _offer(
    *, dispute_id: int, by: int, remedy: Remedy, words: str, shown: Sequence[Shown], client_key: str | None
) -> frozenset[str]:
    if remedy.outcome is Outcome.RELEASE:
        raise RuleBroken("Offer something to the buyer: a part, all of it, or to take it back.", field="outcome")
    found, side = locked_side(dispute_id, by)
    if not act(found, Deed(Action.OFFER, side, remedy), by=by, words=words, client_key=client_key):
        return frozenset()
    return evidence.enter(found, side, shown, by=by, at=clock.now())


@use_case
def _contest(*, dispute_id: int, by: int, words: str, shown: Sequence[Shown], client_key: str | None) -> frozenset[str]:
    found, side = locked_side(dispute_id, by)
    if not act(found, Deed(Action.CONTEST, side), by=by, words=words, client_key=client_key):
        return frozenset()
    return evidence.enter(found, side, shown, by=by, at=clock.now())


@use_case
def _say(*, dispute_id: int, by: int, words: str, shown: Sequence[Shown], client_key: str | None) -> frozenset[str]:
    found, side = locked_side(dispute_id, by)
    if was_done(found, Told.SAY, words=words, client_key=client_key):
        return frozenset()
    if found.dispute.state == State.SETTLED:
        raise RuleBroken("This dispute is settled. Write to each other on the order’s page.")
    if not words and not shown:
        raise RuleBroken("Write something, or choose a photograph.", field="words")
    now = clock.now()
    write_line(found, Told.SAY, by_party=side, by=by, at=now, words=words, client_key=client_key)
    audit.note("say more", f"dispute:{dispute_id}", by=by, group_id=found.order.group_id)
    telling.said(found, side)
    return evidence.enter(found, side, shown, by=by, at=now)


def _take(action: Action, *, dispute_id: int, by: int, client_key: str | None) -> None:
    found, side = locked_side(dispute_id, by)
    act(found, Deed(action, side), by=by, client_key=client_key)
