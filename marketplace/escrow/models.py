"""Orders, what was done to them, and what the parties wrote to each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow import order_rules
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.reference_rules import reference_of
from marketplace.groups.models import TermsType
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import Base
from marketplace.kernel.encryption import Secret
from marketplace.kernel.money import Money

_PAYEES = (Party.BUYER, Party.SELLER)


def _one_of(column: str, words: type[StrEnum] | tuple[Party, ...], name: str | None = None) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(word)) for word in words)})", name or column)


def _minor(amount: Money | None) -> int:
    return amount.minor if amount else 0


class Order(Base):
    """One sale, from the hammer to the last payout. The second part of the columns is what the law decides on."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("lot_id", "attempt"),
        Index("ix_orders_buyer_id_id", "buyer_id", "id"),
        Index("ix_orders_seller_id_id", "seller_id", "id"),
        Index("ix_orders_group_id_state_deadline", "group_id", "state", "deadline"),
        Index("ix_orders_deadline", "deadline"),
        Index("ix_orders_remind_at", "remind_at"),
        _one_of("state", State),
        _one_of("proposed_by", _PAYEES),
        _one_of("otherwise_payee", _PAYEES),
        CheckConstraint("buyer_id <> seller_id", "two_parties"),
        Index("ix_orders_parcel_id_id", "parcel_id", "id"),
        CheckConstraint("shipping_further_minor >= 0 AND shipping_further_minor <= shipping_minor", "shipping_further"),
        CheckConstraint(
            "(parcel_id IS NULL) = (parcel_shipping_minor IS NULL) AND (parcel_id IS NULL OR NOT is_pick_up)", "parcel"
        ),
        CheckConstraint("parcel_shipping_minor >= 0 AND parcel_shipping_minor <= shipping_minor", "parcel_shipping"),
        CheckConstraint("hammer_minor > 0 AND shipping_minor >= 0", "prices"),
        CheckConstraint("held_minor >= 0 AND owed_buyer_minor >= 0 AND owed_seller_minor >= 0", "sums"),
        CheckConstraint("paid_buyer_minor >= 0 AND paid_seller_minor >= 0", "payouts"),
        CheckConstraint(
            "processor_fee_minor >= 0 AND borne_minor >= 0 AND set_off_minor >= 0 AND earned_minor >= 0", "processor"
        ),
        _one_of("at_fault", _PAYEES),
        _one_of("was", State),
        CheckConstraint("(state = 'chargeback_open') = (was IS NOT NULL)", "frozen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    attempt: Mapped[int] = mapped_column(default=1)
    """A lot whose buyer did not pay may be sold again: one order per lot and attempt."""
    lot_number: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    title: Mapped[str]
    opened_at: Mapped[datetime]
    held_at: Mapped[datetime | None]
    """When the whole payment was in the group's hands; none if it never was."""
    closed_at: Mapped[datetime | None]
    """When it ended. Empty again if a payout turns out not to have arrived."""

    buyer_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    currency: Mapped[str]
    hammer_minor: Mapped[int]
    shipping_minor: Mapped[int]
    """As stated on the lot. Nothing is sent, and nothing of it due, where the buyer picks up."""
    shipping_further_minor: Mapped[int | None]
    """As stated on the lot: what it adds to a parcel with other lots. None: as much as by itself."""
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey(Parcel.id))
    parcel_shipping_minor: Mapped[int | None]
    """Its own part of the parcel's shipping, due in place of its shipping; set where it is in a parcel."""
    terms: Mapped[Terms] = mapped_column(TermsType)
    """The lot's copy: what the group changes later does not touch this order."""
    state: Mapped[str]
    since: Mapped[datetime]
    deadline: Mapped[datetime | None]
    held_minor: Mapped[int] = mapped_column(default=0)
    owed_buyer_minor: Mapped[int] = mapped_column(default=0)
    owed_seller_minor: Mapped[int] = mapped_column(default=0)
    paid_buyer_minor: Mapped[int] = mapped_column(default=0)
    paid_seller_minor: Mapped[int] = mapped_column(default=0)
    paid_buyer_at: Mapped[datetime | None]
    paid_seller_at: Mapped[datetime | None]
    proposed_by: Mapped[str | None]
    was_not_found: Mapped[bool] = mapped_column(default=False)
    was_extended: Mapped[bool] = mapped_column(default=False)
    is_pick_up: Mapped[bool] = mapped_column(default=False)
    code_used: Mapped[bool] = mapped_column(default=False)
    is_second_officer_due: Mapped[bool] = mapped_column(default=False)

    can_be_posted: Mapped[bool]
    can_be_picked_up: Mapped[bool]
    """What the listing offered."""
    address: Mapped[str | None] = mapped_column(Secret)
    """A copy of the buyer's, for the seller of the paid order."""
    return_address: Mapped[str | None] = mapped_column(Secret)
    """A copy of the seller's, for the buyer who has to send it back."""
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    return_carrier: Mapped[str] = mapped_column(default="")
    return_tracking: Mapped[str] = mapped_column(default="")
    pick_up_code: Mapped[str | None] = mapped_column(Secret)
    """Shown to the buyer alone."""
    wrong_codes: Mapped[int] = mapped_column(default=0)
    wrong_codes_since: Mapped[datetime | None]
    processor_fee_minor: Mapped[int] = mapped_column(default=0)
    """What a payment processor kept, while it is not settled who bears it."""
    borne_minor: Mapped[int] = mapped_column(default=0)
    """What of that came out of the seller's proceeds."""
    earned_minor: Mapped[int] = mapped_column(default=0)
    """The group's fee, once it is taken; noted where a processor carries the money."""
    set_off_minor: Mapped[int] = mapped_column(default=0)
    """What of the seller's proceeds paid what he owed the group."""
    at_fault: Mapped[str | None]
    buyer_otherwise: Mapped[bool] = mapped_column(default=False)
    seller_otherwise: Mapped[bool] = mapped_column(default=False)
    otherwise_payee: Mapped[str | None]
    """Whom to pay otherwise, as one officer has proposed."""
    otherwise_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The officer who proposed to pay it otherwise: another one has to agree."""
    was: Mapped[str | None]
    """While a chargeback is open: the state before, and since when and until when that was."""
    was_since: Mapped[datetime | None]
    was_until: Mapped[datetime | None]
    is_for_officers: Mapped[bool]
    """Whether officers look after its money now: always, or where a payment processor cannot."""
    line_count: Mapped[int] = mapped_column(default=0)
    """How many lines of history there are: the number of the last."""
    remind_at: Mapped[datetime | None]
    """When to remind whoever has to act. Set anew with every deadline."""

    @property
    def reference(self) -> str:
        """What the buyer's payment carries: E-1187-7KQ."""
        return reference_of(self.id)

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.currency)

    @property
    def shipping_due(self) -> Money:
        """What of the shipping this order pays, the way it goes."""
        if self.is_pick_up:
            return self.money(0)
        return self.money(self.shipping_minor if self.parcel_shipping_minor is None else self.parcel_shipping_minor)

    def facts(self) -> order_rules.Order:
        """This row as the law sees it."""
        of_people = self._facts_of_people()
        return replace(
            of_people,
            held_at=self.held_at,
            processor_fee=self.money(self.processor_fee_minor),
            borne=self.money(self.borne_minor),
            earned=self.money(self.earned_minor),
            set_off=self.money(self.set_off_minor),
            at_fault=Party(self.at_fault) if self.at_fault else None,
            buyer_otherwise=self.buyer_otherwise,
            seller_otherwise=self.seller_otherwise,
            otherwise_payee=Party(self.otherwise_payee) if self.otherwise_payee else None,
            was=State(self.was) if self.was else None,
            was_since=self.was_since,
            was_until=self.was_until,
        )

    def _facts_of_people(self) -> order_rules.Order:
        """Without what a payment processor and a bank add."""
        return order_rules.Order(
            id=self.id,
            group_id=self.group_id,
            state=State(self.state),
            buyer_id=self.buyer_id,
            seller_id=self.seller_id,
            hammer=self.money(self.hammer_minor),
            shipping=self.shipping_due,
            terms=self.terms,
            since=self.since,
            deadline=self.deadline,
            held=self.money(self.held_minor),
            owed_buyer=self.money(self.owed_buyer_minor),
            owed_seller=self.money(self.owed_seller_minor),
            paid_buyer=self.money(self.paid_buyer_minor),
            paid_seller=self.money(self.paid_seller_minor),
            paid_buyer_at=self.paid_buyer_at,
            paid_seller_at=self.paid_seller_at,
            proposed_by=Party(self.proposed_by) if self.proposed_by else None,
            was_not_found=self.was_not_found,
            was_extended=self.was_extended,
            is_pick_up=self.is_pick_up,
            code_used=self.code_used,
            is_second_officer_due=self.is_second_officer_due,
            is_address_missing=self.address is None and not self.is_pick_up,
            has_return_address=self.return_address is not None,
            can_be_posted=self.can_be_posted,
            is_in_parcel=self.parcel_id is not None,
        )

    def take(self, facts: order_rules.Order) -> None:
        """Write down what the law decided."""
        self.state, self.since, self.deadline = facts.state, facts.since, facts.deadline
        self.held_minor = facts.held.minor
        self.owed_buyer_minor, self.owed_seller_minor = facts.owed_buyer.minor, facts.owed_seller.minor
        self.paid_buyer_minor, self.paid_seller_minor = facts.paid_buyer.minor, facts.paid_seller.minor
        self.paid_buyer_at, self.paid_seller_at = facts.paid_buyer_at, facts.paid_seller_at
        self.proposed_by = facts.proposed_by
        self.was_not_found, self.was_extended = facts.was_not_found, facts.was_extended
        self.code_used, self.is_second_officer_due = facts.code_used, facts.is_second_officer_due
        self.processor_fee_minor, self.borne_minor = _minor(facts.processor_fee), _minor(facts.borne)
        self.earned_minor, self.set_off_minor = _minor(facts.earned), _minor(facts.set_off)
        self.at_fault, self.otherwise_payee = facts.at_fault, facts.otherwise_payee
        self.buyer_otherwise, self.seller_otherwise = facts.buyer_otherwise, facts.seller_otherwise
        self.was, self.was_since, self.was_until = facts.was, facts.was_since, facts.was_until


class OrderLine(Base):
    """One deed, as it was done. Lines are only added: they are the order's timeline."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        UniqueConstraint("order_id", "action", "client_key"),
        _one_of("action", Action),
        _one_of("by_party", Party),
        _one_of("from_state", State),
        _one_of("to_state", State),
        _one_of("payee", _PAYEES),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id))
    number: Mapped[int]
    """Its place in the order's history, from 1. What it moved stands in the books as "order:<id>:<number>"."""
    at: Mapped[datetime]
    action: Mapped[str]
    by_party: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """None where the clock acted."""
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The second officer, where it took two to confirm."""
    from_state: Mapped[str]
    to_state: Mapped[str]
    amount_minor: Mapped[int | None]
    """What came in, was paid out, or is the buyer's part of a split."""
    payee: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
    """What was said with it: a parcel's number, a line of the bank's statement, a reason."""
    client_key: Mapped[str | None]
    """Made by the page: a form sent twice is one deed."""


class Message(Base):
    """What one party wrote to the other. Messages are only added."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("order_id", "author_id", "client_key"),
        Index("ix_messages_order_id_id", "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    client_key: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
