"""Disputes, walked to where a test wants them through the services themselves: a_dispute(), contest(), ruled() …"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from marketplace.accounts.models import Person
from marketplace.disputes import answering, lapsing, ruling, service
from marketplace.disputes.dispute_rules import Outcome, Reason, Remedy, State
from marketplace.disputes.evidence import Upload
from marketplace.disputes.models import Dispute
from marketplace.escrow import returns
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.escrow import an_order, send_back
from tests.factories.groups import a_member

_keys = itertools.count(1)

REFUND, RELEASE, RETURN_FIRST = (Remedy(each) for each in (Outcome.REFUND, Outcome.RELEASE, Outcome.RETURN_FIRST))


def a_part(minor: int = 60_00) -> Remedy:
    """So much for the buyer, the rest for the seller."""
    return Remedy(Outcome.SPLIT, Money(minor, "EUR"))


def a_key() -> str:
    return f"key-of-dispute-{next(_keys)}"


def a_dispute(
    order: Order | None = None,
    *,
    reason: Reason = Reason.NOT_AS_DESCRIBED,
    asked: Remedy = REFUND,
    words: str = "The lid is a later replacement.",
    uploads: Sequence[Upload] = (),
    **how: Any,
) -> Dispute:
    """The buyer of an order disputes it; of one that is being inspected, unless an order is given. 142.00 is held."""
    if order is None:
        state = OrderState.SHIPPED if reason is Reason.NOT_RECEIVED else OrderState.INSPECTING
        order = an_order(state, **how)
    dispute_id = service.open_dispute(
        order_id=order.id, by=order.buyer_id, reason=reason, asked=asked, words=words, uploads=uploads,
        client_key=a_key(),
    )  # fmt: skip
    return fresh(dispute_id)


def fresh(dispute: Dispute | int) -> Dispute:
    """The dispute as it stands in the database now."""
    db.session.rollback()
    return db.session.get_one(Dispute, dispute if isinstance(dispute, int) else dispute.id)


def order_of(dispute: Dispute) -> Order:
    """Its order, as it stands in the database now."""
    order_id = dispute.order_id
    db.session.rollback()
    return db.session.get_one(Order, order_id)


def sides_of(dispute: Dispute) -> tuple[Person, Person]:
    """The buyer and the seller."""
    order = order_of(dispute)
    return db.session.get_one(Person, order.buyer_id), db.session.get_one(Person, order.seller_id)


def a_moderator(group: Group | int, name: str = "Mo Moderator") -> Person:
    """Somebody who may rule in the group; he has the second factor that it takes."""
    found = db.session.get_one(Group, group) if isinstance(group, int) else group
    return a_member(found, Role.MODERATOR, person=a_person(name=name, second_factor=True))


def an_upload(alt: str = "The lid, from below", *, field: str = "photo_1", content: bytes | None = None) -> Upload:
    """A photograph as a form would send it; no two are the same."""
    return Upload(BytesIO(a_picture() if content is None else content), alt, field)


def contest(dispute: Dispute, words: str = "It is the lid that it was sold with.", **how: Any) -> Dispute:
    """The seller says that nothing is wrong."""
    answering.contest(dispute_id=dispute.id, by=order_of(dispute).seller_id, words=words, **how)
    return fresh(dispute)


def lapse(dispute: Dispute, *, after: timedelta = timedelta()) -> Dispute:
    """Nobody says anything until the deadline, and `after` that the worker comes by."""
    deadline = fresh(dispute).deadline
    assert deadline is not None
    with clock.at(deadline + after):
        lapsing.lapse_due_disputes()
    return fresh(dispute)


def under_review(dispute: Dispute | None = None, **how: Any) -> Dispute:
    """The seller contests, and nobody gives way: a ruling is due."""
    dispute = lapse(contest(dispute or a_dispute(**how)))
    assert dispute.state == State.UNDER_REVIEW
    return dispute


def rule(dispute: Dispute, by: Person, remedy: Remedy = REFUND, *, at: datetime | None = None, **how: Any) -> Dispute:
    """Somebody rules, as soon as it is due unless told otherwise."""
    with clock.at(at or fresh(dispute).since):
        ruling.rule(dispute_id=dispute.id, by=by.id, remedy=remedy, reasons="B1 shows it.", **how)
    return fresh(dispute)


def ruled(remedy: Remedy = REFUND, **how: Any) -> tuple[Dispute, Person]:
    """A dispute with a first ruling, and who ruled."""
    dispute = under_review(**how)
    moderator = a_moderator(dispute.group_id)
    return rule(dispute, moderator, remedy), moderator


def appeal(dispute: Dispute, by: Person, *, at: datetime | None = None) -> Dispute:
    """One side asks for a second ruling, at once unless told otherwise."""
    with clock.at(at or fresh(dispute).since):
        ruling.appeal(dispute_id=dispute.id, by=by.id, words="S1 was not looked at.")
    return fresh(dispute)


def come_back(dispute: Dispute) -> Dispute:
    """The buyer sends it back and the seller has it in his hands."""
    order = order_of(dispute)
    with clock.at(order.since):
        send_back(order)
        returns.say_return_arrived(order_id=order.id, by=order.seller_id)
    return fresh(dispute)


def contest_return(dispute: Dispute) -> Dispute:
    """It comes back, and the seller says that it is not what he sent."""
    order = order_of(come_back(dispute))
    with clock.at(order.since):
        returns.contest_return(order_id=order.id, by=order.seller_id, reason="The lid is missing.")
    return fresh(dispute)
