"""Items, their photographs, and the remarks that came after the first bid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from marketplace.catalog import rules
from marketplace.catalog.rules import Category, Claim, Condition, State, Sureness
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money


class Claims(TypeDecorator[tuple[Claim, ...]]):
    """What the seller promises, in his order, as a JSON column."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[Claim] | None, dialect: Dialect) -> list[dict[str, str]]:
        return [{"label": claim.label, "text": claim.text, "sureness": claim.sureness.value} for claim in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Claim, ...]:
        return tuple(Claim(row["label"], row["text"], Sureness(row["sureness"])) for row in value or ())


def _one_of(column: str, values: type[Category | Condition | State]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", column)


class Item(Base):
    """A thing that a member has to offer in one group."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("seller_id", "client_key"),
        Index("ix_items_group_id_seller_id_id", "group_id", "seller_id", "id"),
        _one_of("state", State),
        _one_of("category", Category),
        _one_of("condition", Condition),
        CheckConstraint("shipping_minor >= 0", "shipping_not_negative"),
        CheckConstraint(
            "shipping_further_minor IS NULL OR (shipping_further_minor >= 0 AND shipping_minor IS NOT NULL"
            " AND shipping_further_minor <= shipping_minor)",
            "shipping_further",
        ),
        CheckConstraint("weight_grams > 0", "weight_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    client_key: Mapped[str]
    """Made by the page: a form sent twice is one item."""
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), index=True)
    """The first of the line of items that it was copied from. It stays whatever its seller changes on the copy."""

    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    """Markdown."""
    category: Mapped[str | None]
    condition: Mapped[str | None]
    period: Mapped[str] = mapped_column(default="")
    dimensions: Mapped[str] = mapped_column(default="")
    weight_grams: Mapped[int | None]
    claims: Mapped[tuple[Claim, ...]] = mapped_column(Claims, default=())
    faults: Mapped[str] = mapped_column(default="")

    currency: Mapped[str]
    """The group's, as it was when the item was last saved."""
    shipping_minor: Mapped[int | None]
    """None: it is not sent at all. Zero: the seller pays for it."""
    shipping_further_minor: Mapped[int | None]
    """What it adds where it goes into one parcel with other lots. None: as much as by itself."""
    shipping_to: Mapped[str] = mapped_column(default="")
    pickup_possible: Mapped[bool] = mapped_column(default=False)
    unsaid: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of `rules.UNSAID`, what an import left open: asked before it is published."""

    state: Mapped[str] = mapped_column(default=State.DRAFT.value, index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    """The moment of the first bid. From then on nothing of the above is changed."""
    hidden_at: Mapped[datetime | None]
    """Since when a moderator keeps it out of sight of all but the seller and the officers."""

    @property
    def shipping(self) -> Money | None:
        """What sending it costs the buyer; none where it is only picked up."""
        return None if self.shipping_minor is None else Money(self.shipping_minor, self.currency)

    @property
    def shipping_further(self) -> Money | None:
        """What it adds to a parcel with other lots in it; none where the seller has no combined rate."""
        return None if self.shipping_further_minor is None else Money(self.shipping_further_minor, self.currency)

    def facts(self, *, photos: int) -> rules.Listing:
        """This row as the law sees it."""
        return rules.Listing(
            state=State(self.state),
            title=self.title,
            description=self.description,
            category=Category(self.category) if self.category else None,
            condition=Condition(self.condition) if self.condition else None,
            shipping=self.shipping,
            shipping_to=self.shipping_to,
            pickup_possible=self.pickup_possible,
            photos=photos,
            frozen_at=self.frozen_at,
            is_hidden=self.hidden_at is not None,
            unsaid=tuple(self.unsaid or ()),
        )


class Photo(Base):
    """One photograph of an item. The files lie in the storage, in every width of `rules.WIDTHS`."""

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("item_id", "sha256"),
        Index("ix_photos_item_id_position", "item_id", "position"),
        CheckConstraint("position > 0", "position_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    position: Mapped[int]
    """From 1; the first is the one that cards show. Gaps are allowed, equals are not made."""
    alt: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(unique=True)
    """Where `kernel.images` keeps the files."""
    sha256: Mapped[str]
    """Of the file that came: the same file sent twice is one photograph."""
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]


class Remark(Base):
    """What the seller had to add after the first bid. Remarks are only ever added."""

    __tablename__ = "remarks"
    __table_args__ = (
        UniqueConstraint("item_id", "client_key"),
        Index("ix_remarks_item_id_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    client_key: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
