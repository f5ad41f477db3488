"""The row of a group's bank account: whoever changes what lines are locks it first."""

from __future__ import annotations

from sqlalchemy import Select, select, text

from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.payments.bank_models import BankBook


def locked(group: Group) -> BankBook:
    """The group's book, locked until the unit of work ends; begun where there is none. From then on the group's
    currency stays: what the bank's lines say is in it."""
    groups.fix_currency(group.id)
    begin = text(
        "INSERT INTO bank_books (group_id, currency, time_zone, other_minor, other_note) "
        "VALUES (:group, :currency, :zone, 0, '') ON CONFLICT DO NOTHING"
    )
    db.session.execute(begin, {"group": group.id, "currency": group.currency, "zone": group.time_zone})
    book = db.session.scalars(_row(group.id)).one()
    book.time_zone = group.time_zone
    return book


def locked_if_any(group_id: int) -> BankBook | None:
    """The same where a statement was ever kept."""
    return db.session.scalar(_row(group_id))


def book_of(group_id: int) -> BankBook:
    """The group's book, to be read. Raises NotFound where no statement was kept."""
    book = db.session.get(BankBook, group_id)
    if book is None:
        raise NotFound("There is no statement of the bank yet.")
    return book


def _row(group_id: int) -> Select[BankBook]:
    return (
        select(BankBook)
        .where(BankBook.group_id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
