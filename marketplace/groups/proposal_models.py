"""Proposals: what an officer says of money and may not say alone. Tables only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.groups.models import one_of
from marketplace.groups.proposal_rules import COMES_IN, Deed, Slip, State
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_IS_OPEN = text("state = 'open'")


class Proposal(Base):
    """One confirmation that waits for a second officer, or waited. Its slip never changes."""

    __tablename__ = "proposals"
    __table_args__ = (
        one_of("deed", Deed),
        one_of("state", State),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", "decided"),
        CheckConstraint("decided_by IS NULL OR state <> 'approved' OR decided_by <> proposed_by", "two_officers"),
        Index(
            "uq_proposals_open", "deed", "subject_id",
            unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN,
        ),
        Index("ix_proposals_group_id_state", "group_id", "state"),
        Index("ix_proposals_proposed_by_client_key", "proposed_by", "client_key"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    deed: Mapped[str]
    subject_id: Mapped[int]
    """The number of the order, parcel, deposit or payout, or of the debtor's membership: the deed says which. One
    proposal at most is open about it."""
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    """Whose money it is: who paid, or is paid."""
    other_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The other side, where there is one: no more than the first is he one of the two officers."""
    stage: Mapped[str]
    """How things stood, in a word of the package whose it is: at another stage the deed would be another."""
    title: Mapped[str]
    """What it is for, as the members call it."""
    amount_minor: Mapped[int]
    currency: Mapped[str]
    limit_minor: Mapped[int]
    """What the proposer might confirm alone."""
    bank_reference: Mapped[str]
    proof_key: Mapped[str]
    """Where kernel.storage keeps the picture of the slip."""
    client_key: Mapped[str | None]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When the clock acts on what it is about, if nobody approves it."""
    is_second_officer_due: Mapped[bool] = mapped_column(default=False)
    """Whether any officer may approve it: the time of those who confirm money is over."""
    state: Mapped[str] = mapped_column(default=State.OPEN)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Who approved, refused or withdrew it; none where it was overtaken."""
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it was refused."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def limit(self) -> Money:
        return Money(self.limit_minor, self.currency)

    @property
    def comes_in(self) -> bool:
        return self.deed in COMES_IN

    @property
    def slip(self) -> Slip:
        """What the proposer said."""
        return Slip(self.proposed_by, self.amount, self.bank_reference, self.proof_key, self.client_key)
