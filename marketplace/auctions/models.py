"""Lots and the bids on them. A lot's row carries all that a bid needs; the history is for reading."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.auctions import bid_rules, rules
from marketplace.auctions.lot_indexes import CATALOGUE_INDEXES
from marketplace.auctions.seal_rules import SALT_BYTES
from marketplace.deposits import asking_rules
from marketplace.groups.models import TermsType
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money


def _salt() -> str:
    return secrets.token_hex(SALT_BYTES)


_STATES = ", ".join(f"'{state}'" for state in rules.State)
_FORMATS = ", ".join(f"'{each}'" for each in rules.Format)
_LIVE = text("state IN ('scheduled', 'running')")
_RETRACTED = text("retracted_at IS NOT NULL")


class Lot(Base):
    """An item on offer, from a start to an end."""

    __tablename__ = "lots"
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        UniqueConstraint("seller_id", "client_key"),
        Index("uq_lots_item_id_live", "item_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_lots_state_starts_at", "state", "starts_at"),
        Index("ix_lots_state_ends_at", "state", "ends_at"),
        Index("ix_lots_group_id_state_ends_at", "group_id", "state", "ends_at", "id"),
        Index("ix_lots_group_id_ends_at", "group_id", "ends_at", "id"),
        Index("ix_lots_seller_id_id", "seller_id", "id"),
        Index("ix_lots_sale_id_sale_position", "sale_id", "sale_position", "id"),
        *CATALOGUE_INDEXES,
        CheckConstraint(f"state IN ({_STATES})", "state"),
        CheckConstraint(f"format IN ({_FORMATS})", "format"),
        CheckConstraint("opening_minor > 0", "opening"),
        CheckConstraint("reserve_minor IS NULL OR reserve_minor >= opening_minor", "reserve"),
        CheckConstraint("buy_now_minor IS NULL OR buy_now_minor >= COALESCE(reserve_minor, opening_minor)", "buy_now"),
        CheckConstraint(
            "starts_at < scheduled_end_at AND (scheduled_end_at <= ends_at OR bought_at IS NOT NULL)", "times"
        ),
        CheckConstraint("(leader_id IS NULL) = (leader_maximum_minor IS NULL)", "leader"),
        CheckConstraint("leader_maximum_minor IS NULL OR price_minor <= leader_maximum_minor", "price"),
        CheckConstraint("shipping_minor >= 0 AND bid_count >= 0", "counts"),
        CheckConstraint("shipping_further_minor >= 0 AND shipping_further_minor <= shipping_minor", "shipping_further"),
        CheckConstraint("(sale_id IS NULL) = (sale_position IS NULL)", "sale"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    number: Mapped[int]
    """Counted within the group: what members call the lot."""
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    relisted_from_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"), index=True)
    sale_id: Mapped[int | None] = mapped_column(ForeignKey("sales.id"))
    sale_position: Mapped[int | None]
    """Its place in the sale, from 1: by it the lots of a sale end one after the other."""

    title: Mapped[str]
    category: Mapped[str]
    condition: Mapped[str | None]
    made_from: Mapped[int | None]
    made_to: Mapped[int | None]
    """The years of its period, where its seller named any; both included."""
    currency: Mapped[str]
    shipping_minor: Mapped[int] = mapped_column(default=0)
    shipping_further_minor: Mapped[int | None]
    """What it adds to a parcel with other lots. None: as much as by itself."""
    terms: Mapped[Terms] = mapped_column(TermsType)
    """The group's terms when the lot started (while it is scheduled: when it was listed)."""

    format: Mapped[str] = mapped_column(default=rules.Format.OPEN)
    opening_minor: Mapped[int]
    reserve_minor: Mapped[int | None]
    reserve_salt: Mapped[str] = mapped_column(default=_salt)
    """Secret until the end, like the reserve that it seals."""
    buy_now_minor: Mapped[int | None]
    is_buy_now_gone: Mapped[bool] = mapped_column(default=False)
    bought_at: Mapped[datetime | None]
    """When somebody bought it at once: it ended then."""
    starts_at: Mapped[datetime]
    scheduled_end_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The one end that counts: the scheduled one, or later after extensions."""
    listed_at: Mapped[datetime]

    state: Mapped[str]
    price_minor: Mapped[int]
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    leader_maximum_minor: Mapped[int | None]
    second_maximum_minor: Mapped[int | None]
    bid_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    """Goes up with every change that others may see."""

    closed_at: Mapped[datetime | None]
    """When the worker (or a withdrawal) wrote the end down."""
    cancelled_for: Mapped[str] = mapped_column(default="")
    """Why its seller cancelled it though there were bids: one of retraction_rules.LotGone."""
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(default="")
    fell_through_at: Mapped[datetime | None]
    """When the deal that came of it was undone."""
    offered_until: Mapped[datetime | None]
    """While the next in line is offered it, because its buyer did not pay."""
    sold_on_offer_at: Mapped[datetime | None]
    """When its seller accepted an offer: the auction had passed, and nobody had won it."""

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def opening(self) -> Money:
        return Money(self.opening_minor, self.currency)

    @property
    def reserve(self) -> Money | None:
        """Secret: pages say only whether it is met."""
        return None if self.reserve_minor is None else Money(self.reserve_minor, self.currency)

    @property
    def buy_now(self) -> Money | None:
        """For this anybody may buy it at once, while that stands."""
        return None if self.buy_now_minor is None or self.is_buy_now_gone else Money(self.buy_now_minor, self.currency)

    @property
    def deposit(self) -> Money:
        """What it asks of everybody who bids; nothing, where it asks for none. Fixed when it starts, like its terms."""
        buy_now = self._money(self.buy_now_minor)
        return asking_rules.asked_by(self.terms, self.opening, buy_now)

    @property
    def is_blind(self) -> bool:
        """Sealed, and not ended: its price, count and leader are nobody's to see."""
        return self.format != rules.Format.OPEN and self.state in {rules.State.SCHEDULED, rules.State.RUNNING}

    @property
    def is_reserve_met(self) -> bool | None:
        """All that pages say of the reserve; none where there is no reserve, or where that is sealed, too."""
        if self.reserve_minor is None or self.is_blind:
            return None
        if self.sold_on_offer_at is not None:  # by no bid; and of what the seller was offered it says nothing
            return False
        return self.leader_maximum_minor is not None and self.leader_maximum_minor >= self.reserve_minor

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def shipping_further(self) -> Money | None:
        return None if self.shipping_further_minor is None else Money(self.shipping_further_minor, self.currency)

    def facts(self) -> rules.Lot:
        """This row as the law sees it."""
        return rules.Lot(
            state=rules.State(self.state),
            seller_id=self.seller_id,
            opening=self.opening,
            reserve=self.reserve,
            starts_at=self.starts_at,
            scheduled_end_at=self.scheduled_end_at,
            ends_at=self.ends_at,
            soft_close=rules.SoftClose(
                window=timedelta(seconds=self.terms.soft_close_seconds),
                cap=timedelta(minutes=self.terms.soft_close_cap_minutes),
            ),
            ladder=self.terms.ladder,
            format=rules.Format(self.format),
            leader_id=self.leader_id,
            leader_maximum=self._money(self.leader_maximum_minor),
            second_maximum=self._money(self.second_maximum_minor),
            bid_count=self.bid_count,
            buy_now=self._money(self.buy_now_minor),
            is_buy_now_gone=self.is_buy_now_gone,
            is_bought=self.bought_at is not None or self.sold_on_offer_at is not None,
            is_offered_on=self.offered_until is not None,
            has_fallen_through=self.fell_through_at is not None,
            is_hidden=self.hidden_at is not None,
        )

    def take(self, facts: rules.Lot) -> None:
        """Write down what the law decided: standing, price and end, as one new version."""
        self.state = facts.state
        self.leader_id = facts.leader_id
        self.leader_maximum_minor = facts.leader_maximum.minor if facts.leader_maximum else None
        self.second_maximum_minor = facts.second_maximum.minor if facts.second_maximum else None
        self.price_minor = bid_rules.price(facts).minor
        self.bid_count = 0 if facts.is_blind else facts.bid_count
        self.ends_at = facts.ends_at
        self.is_buy_now_gone = facts.is_buy_now_gone
        if not facts.is_blind:  # that somebody has bid is nobody's to see
            self.version += 1

    def _money(self, minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, self.currency)


class Alias(Base):
    """A member on one lot: the name others see him by, and the most he has bid.

    Made with his first bid or, on a lot that has passed, with his first offer.
    """

    __tablename__ = "lot_aliases"
    __table_args__ = (
        UniqueConstraint("lot_id", "person_id"),
        UniqueConstraint("lot_id", "name"),
        Index("ix_lot_aliases_person_id_id", "person_id", "id"),
        Index(
            "ix_lot_aliases_person_id_retracted_at",
            "person_id",
            "retracted_at",
            sqlite_where=_RETRACTED,
            postgresql_where=_RETRACTED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    maximum_minor: Mapped[int | None]
    """His highest bid that counts; none after his bids were voided, or if he never bid. Shown to him alone."""

    retracted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    """When the seller cancelled his bids."""

    @property
    def party(self) -> rules.Party:
        """What became of his bids, as the law sees him."""
        if self.refused_at is not None:
            return rules.Party.REFUSED
        if self.retracted_at is not None:
            return rules.Party.RETRACTED
        return rules.Party.RETURNED if self.maximum_minor is None else rules.Party.BIDDER


class Watch(Base):
    """Somebody keeps an eye on a lot. The row stays when he stops: who watched a lot does not rule on its dispute."""

    __tablename__ = "lot_watches"
    __table_args__ = (UniqueConstraint("lot_id", "person_id"), Index("ix_lot_watches_person_id_id", "person_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    watched_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When he was told that the lot ends soon; from the start, where it was that soon already."""


class Bid(Base):
    """One accepted bid. Rows are added and may be marked void, never removed."""

    __tablename__ = "bids"
    __table_args__ = (
        UniqueConstraint("lot_id", "bidder_id", "client_key"),
        Index("ix_bids_lot_id_id", "lot_id", "id"),
        Index("ix_bids_bidder_id_lot_id", "bidder_id", "lot_id"),
        CheckConstraint("maximum_minor > 0 AND price_minor > 0", "amounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    bidder_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    maximum_minor: Mapped[int]
    salt: Mapped[str] = mapped_column(default=_salt)
    """Secret like the maximum that it seals."""
    placed_at: Mapped[datetime]
    price_minor: Mapped[int]
    """The price right after this bid."""
    leads: Mapped[bool]
    """Whether the bidder led right after it."""
    is_quiet: Mapped[bool]
    """The leader raised himself and nothing else changed: shown to him alone."""
    voided_at: Mapped[datetime | None]
    void_cause: Mapped[str] = mapped_column(default="")
    """One of retraction_rules.Cause; empty while the bid counts."""
    void_reason: Mapped[str] = mapped_column(default="")
