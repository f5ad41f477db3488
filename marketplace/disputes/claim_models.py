"""What the seller says and shows for the buyer's bank to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow.chargeback_models import BankClaim
from marketplace.kernel.database import Base


class ClaimWords(Base):
    """Words of the seller's. They are only added."""

    __tablename__ = "claim_words"
    __table_args__ = (UniqueConstraint("claim_id", "client_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(BankClaim.id))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    words: Mapped[str]
    at: Mapped[datetime]
    client_key: Mapped[str]


class ClaimPicture(Base):
    """A photograph of the seller's."""

    __tablename__ = "claim_pictures"
    __table_args__ = (
        UniqueConstraint("claim_id", "number"),
        UniqueConstraint("claim_id", "sha256"),
        CheckConstraint("number > 0", "number_is_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(BankClaim.id))
    number: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    key: Mapped[str]
    """Where `kernel.images` keeps the files."""
    sha256: Mapped[str]
    alt: Mapped[str] = mapped_column(default="")
    is_of_parcel: Mapped[bool]
    """It shows that it was sent: the parcel, or its receipt."""
    added_at: Mapped[datetime]
