"""Deposits, what was done to them, what is paid out of them, and the orders that were left unpaid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.deposits import payout_rules, rules
from marketplace.deposits.asking_rules import Standing
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money


def _one_of(column: str, *words: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for each in words for word in each)
    return CheckConstraint(f"{column} IN ({listed})", column)


class Deposit(Base):
    """A member's deposit in one group: one row for both, from the first time on."""

    __tablename__ = "deposits"
    __table_args__ = (
        UniqueConstraint("group_id", "person_id"),
        Index("ix_deposits_deadline", "deadline"),
        Index("ix_deposits_remind_at", "remind_at"),
        Index("ix_deposits_state_look_at", "state", "look_at"),
        _one_of("state", rules.State),
        CheckConstraint("held_minor >= 0", "held"),
        CheckConstraint("held_minor = 0 OR state <> 'empty'", "empty"),
        CheckConstraint("held_minor > 0 OR state IN ('empty', 'claimed')", "standing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default=rules.State.EMPTY)
    held_minor: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    deadline: Mapped[datetime | None]
    is_second_officer_due: Mapped[bool] = mapped_column(default=False)
    remind_at: Mapped[datetime | None]
    """When to remind the officers. Set anew with every deadline."""
    line_count: Mapped[int] = mapped_column(default=0)
    asked_until: Mapped[datetime | None]
    """Until when every lot asks him for a deposit, because he left orders unpaid."""
    look_at: Mapped[datetime | None]
    """Where it is to go back: when to look again whether anything is open; none, at once."""

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)

    @property
    def standing(self) -> Standing:
        """What counts when its member bids."""
        return Standing(rules.State(self.state), self.held, self.asked_until)

    def facts(self) -> rules.Deposit:
        """This row as the law sees it."""
        return rules.Deposit(
            id=self.id, group_id=self.group_id, person_id=self.person_id, state=rules.State(self.state),
            held=self.held, since=self.since, deadline=self.deadline,
            is_second_officer_due=self.is_second_officer_due,
        )  # fmt: skip

    def take(self, facts: rules.Deposit) -> None:
        """Write down what the law decided."""
        self.state, self.held_minor, self.since = facts.state, facts.held.minor, facts.since
        self.deadline, self.is_second_officer_due = facts.deadline, facts.is_second_officer_due
        self.look_at = facts.since if facts.state is rules.State.RETURN_ASKED else None


class DepositPayout(Base):
    """Something that is paid out of a deposit. It is the payee's own until then."""

    __tablename__ = "deposit_payouts"
    __table_args__ = (
        Index("ix_deposit_payouts_group_id_state", "group_id", "state"),
        Index("ix_deposit_payouts_payee_id_group_id", "payee_id", "group_id"),
        Index("ix_deposit_payouts_deadline", "deadline"),
        Index("ix_deposit_payouts_remind_at", "remind_at"),
        _one_of("kind", payout_rules.Kind),
        _one_of("state", payout_rules.State),
        CheckConstraint("amount_minor > 0", "amount"),
        CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", "paid_at"),
        CheckConstraint("(kind = 'share') = (order_id IS NOT NULL)", "order_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey(Deposit.id), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    payee_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    order_id: Mapped[int | None]
    """The order that was not paid: orders live on a floor above."""
    currency: Mapped[str]
    amount_minor: Mapped[int]
    state: Mapped[str] = mapped_column(default=payout_rules.State.DUE)
    due_since: Mapped[datetime]
    deadline: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    is_second_officer_due: Mapped[bool] = mapped_column(default=False)
    remind_at: Mapped[datetime | None]
    """When to remind the officers. Set anew with every deadline."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def purpose(self) -> str:
        """What its movements are known by."""
        return f"deposit:{self.deposit_id}:payout:{self.id}"

    def facts(self) -> payout_rules.Payout:
        """This row as the law sees it."""
        return payout_rules.Payout(
            id=self.id, group_id=self.group_id, payee_id=self.payee_id, kind=payout_rules.Kind(self.kind),
            state=payout_rules.State(self.state), amount=self.amount, deadline=self.deadline, paid_at=self.paid_at,
            is_second_officer_due=self.is_second_officer_due,
        )  # fmt: skip

    def take(self, facts: payout_rules.Payout) -> None:
        """Write down what the law decided."""
        self.state, self.deadline, self.paid_at = facts.state, facts.deadline, facts.paid_at
        self.is_second_officer_due = facts.is_second_officer_due


class DepositLine(Base):
    """One deed, as it was done to a deposit or to a payout out of it. Lines are only added."""

    __tablename__ = "deposit_lines"
    __table_args__ = (
        UniqueConstraint("deposit_id", "number"),
        UniqueConstraint("deposit_id", "action", "client_key"),
        _one_of("action", rules.Action, payout_rules.Action),
        CheckConstraint("amount_minor > 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey(Deposit.id))
    number: Mapped[int]
    """Its place in the deposit's history, from 1. What it moved stands in the books as "deposit:<id>:<number>"."""
    at: Mapped[datetime]
    action: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """None where the clock acted."""
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The second officer, where it took two to confirm."""
    to_state: Mapped[str]
    """Of the deposit, or of the payout."""
    amount_minor: Mapped[int | None]
    """What came in, went back, was forfeited or paid out."""
    payout_id: Mapped[int | None] = mapped_column(ForeignKey(DepositPayout.id), index=True)
    order_id: Mapped[int | None]
    movement_id: Mapped[int | None] = mapped_column(ForeignKey("movements.id"), index=True)
    """Where an officer said that money came or went."""
    note: Mapped[str] = mapped_column(default="")
    """A line of the bank's statement, a reason, the title of the lot that was not paid."""
    client_key: Mapped[str | None]
    """Made by the page: a form sent twice is one deed."""


class UnpaidOrder(Base):
    """An order that its buyer left unpaid, and what that cost him. Rows are only added."""

    __tablename__ = "unpaid_orders"
    __table_args__ = (
        Index("ix_unpaid_orders_deposit_id_at", "deposit_id", "at"),
        CheckConstraint("to_seller_minor >= 0 AND to_seller_minor <= to_fund_minor", "shares"),
        CheckConstraint("to_seller_minor + to_fund_minor <= total_minor", "total"),
    )

    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    deposit_id: Mapped[int] = mapped_column(ForeignKey(Deposit.id))
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    title: Mapped[str]
    at: Mapped[datetime]
    total_minor: Mapped[int]
    to_seller_minor: Mapped[int] = mapped_column(default=0)
    to_fund_minor: Mapped[int] = mapped_column(default=0)
