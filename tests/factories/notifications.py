"""Notices and mails, written as the product writes them."""

from __future__ import annotations

import itertools

from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.groups.models import Group
from marketplace.kernel.database import db
from marketplace.notifications import service
from marketplace.notifications.models import Mail, Notice
from tests.factories.accounts import a_person

_orders = itertools.count(800_001)  # far from the numbers of real orders


def a_notice(person: Person | None = None, *, group: Group | None = None, title: str = "Porcelain teapot") -> Notice:
    """`person` is told that an order ended unpaid."""
    person = person or a_person()
    ref = f"order:{next(_orders)}"
    service.notify(
        person_id=person.id, kind="order_unpaid", ref=ref, path=f"/orders/{ref.removeprefix('order:')}",
        data={"title": title, "you": "seller", "name": "Bruno"}, group_id=group.id if group else None,
    )  # fmt: skip
    return db.session.scalars(select(Notice).where(Notice.person_id == person.id, Notice.ref == ref)).one()


def a_mail(to: str = "marta@example.org", *, subject: str = "Prove your address", body: str = "Open the link.") -> int:
    """A mail without a notice; its number."""
    service.queue_mail(to=to, subject=subject, body=body)
    return db.session.scalars(select(Mail.id).order_by(Mail.id.desc()).limit(1)).one()
