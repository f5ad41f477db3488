"""What is written about an order: by one party to the other, read by both and by the group's treasurer."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.escrow import finding
from marketplace.escrow.events import MessageWritten
from marketplace.escrow.models import Message, Order
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.events import announce


@use_case
def write_message(
    *, order_id: int, by: int, text: str, to_treasurer: bool = False, client_key: str
) -> Message:  # fmt: skip
    """Write to the other side and, if asked, to the officers who look after the order's money. Twice is once."""
    order = finding.locked_order(order_id)
    finding.party_of(order, by)
    same = select(Message).where(Message.order_id == order_id, Message.author_id == by)
    found = db.session.scalar(same.where(Message.client_key == client_key))
    if found is not None:
        return found
    message = Message(order_id=order_id, author_id=by, client_key=client_key, text=text, at=clock.now())
    db.session.add(message)
    db.session.flush()
    announce(
        MessageWritten(
            message_id=message.id, order_id=order_id, group_id=order.group_id, title=order.title, author_id=by,
            reader_ids=_readers(order, by, to_treasurer=to_treasurer),
        )
    )  # fmt: skip
    return message


def _readers(order: Order, author_id: int, *, to_treasurer: bool) -> tuple[int, ...]:
    officers = finding.confirmers_of(order) if to_treasurer else ()
    everybody = (order.buyer_id, order.seller_id, *officers)
    return tuple(person_id for person_id in everybody if person_id != author_id)
