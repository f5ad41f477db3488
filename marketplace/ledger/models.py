"""The books as tables: transfers and their entries, which are only added, and where each group's chain ends."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kernel.database import Base
from marketplace.kernel.money import Money
from marketplace.ledger import guards
from marketplace.ledger.reserve_rules import Node, Root
from marketplace.ledger.rules import Line, Move, Page, moves_of


class Transfer(Base):
    """Moves that belong together, posted whole. Never changed, never deleted: undone by another.

    Groups and orders stand here as bare numbers. They belong to floors above, and a foreign key to a busy row makes
    every writer touch it.
    """

    __tablename__ = "ledger_transfers"
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        UniqueConstraint("group_id", "reverses"),
        CheckConstraint("number > 0", "number_is_positive"),
        CheckConstraint("reverses < number", "reverses_an_earlier_one"),
        Index("ix_ledger_transfers_group_id_posted_at", "group_id", "posted_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    number: Mapped[int]
    """Its place in the group's chain: 1, 2, 3 … without a gap."""
    reference: Mapped[str] = mapped_column(unique=True)
    """What caused it, as in "order:7:release". Makes posting twice harmless."""
    memo: Mapped[str]
    """The same for people who read the books."""
    order_id: Mapped[int | None] = mapped_column(index=True)
    reverses: Mapped[int | None]
    """The number of the transfer that this one takes back."""
    posted_at: Mapped[datetime]
    previous_hash: Mapped[str]
    hash: Mapped[str]

    entries: Mapped[list[Entry]] = relationship(order_by="Entry.number", lazy="selectin")

    def page(self) -> Page:
        """This transfer as its seal covers it."""
        return Page(
            group_id=self.group_id,
            number=self.number,
            reference=self.reference,
            memo=self.memo,
            order_id=self.order_id,
            reverses=self.reverses,
            posted_at=self.posted_at,
            lines=tuple(entry.line() for entry in self.entries),
        )

    def moves(self) -> list[Move]:
        """What was moved: for pages, and for taking it back."""
        return moves_of([entry.line() for entry in self.entries])


class Entry(Base):
    """One side of a move. It names its account by a key that nobody updates, so entries never wait for each other."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("side IN ('debit', 'credit')", "side"),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
    )

    transfer_id: Mapped[int] = mapped_column(ForeignKey(Transfer.id), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its place in the transfer: the debit of the first move, its credit, the debit of the second …"""
    account: Mapped[str] = mapped_column(index=True)
    side: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def line(self) -> Line:
        return Line(self.account, self.side, self.amount_minor, self.currency)


class Head(Base):
    """Where a group's chain ends. Its row is the group's queue for posting: locked after every other row."""

    __tablename__ = "ledger_heads"

    group_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str]
    """A group's books are in one currency."""
    number: Mapped[int] = mapped_column(default=0)
    """Of the last transfer."""
    hash: Mapped[str]
    """Of the last transfer: one that is cut off the end is missed here."""


class DailyRoot(Base):
    """What was held and owed in a group's books on one day, sealed: the law is in `reserve_rules`."""

    __tablename__ = "ledger_roots"
    __table_args__ = (UniqueConstraint("group_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    day: Mapped[date]
    """In UTC, at whose beginning it was taken."""
    taken_at: Mapped[datetime]
    currency: Mapped[str]
    number: Mapped[int]
    chain_hash: Mapped[str]
    tree_hash: Mapped[str]
    owed_minor: Mapped[int]
    held_minor: Mapped[int]
    elsewhere_minor: Mapped[int]
    secret: Mapped[str]
    """The salts of the leaves come from it. Each member is given the salts of his own alone."""
    previous: Mapped[str]
    seal: Mapped[str]

    def root(self) -> Root:
        """As the seal covers it."""
        return Root(
            group_id=self.group_id, day=self.day, currency=self.currency, number=self.number,
            chain_hash=self.chain_hash, tree=Node(self.tree_hash, self.owed_minor), held_minor=self.held_minor,
            elsewhere_minor=self.elsewhere_minor, previous=self.previous,
        )  # fmt: skip


for table, statements in guards.STATEMENTS.items():
    for ddl in statements:
        event.listen(Base.metadata.tables[table], "after_create", ddl)
