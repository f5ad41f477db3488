"""People, their addresses, where they are paid, and the tries at their doors."""

from __future__ import annotations

from datetime import datetime

from flask_security import AsaList, UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts import rules
from marketplace.accounts.countries import country_name
from marketplace.kernel.database import Base
from marketplace.kernel.encryption import Secret


class Person(Base, UserMixin):
    """Somebody with an account. The columns in the second part are named by Flask-Security, which signs people in."""

    __tablename__ = "people"
    __table_args__ = (CheckConstraint("email = lower(email)", "email_is_lower"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """In lower case: two people may not differ by capitals alone."""
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    """Markdown, shown to those who may see the member's page."""
    picture_key: Mapped[str | None]
    """Where kernel.storage keeps the picture, square and re-encoded."""
    locale: Mapped[str] = mapped_column(default="en")
    is_operator: Mapped[bool] = mapped_column(default=False)
    """Runs the site: sees what is due, late or parked. Has no say in any group by it."""
    created_at: Mapped[datetime]

    password: Mapped[str | None]
    """Its argon2 hash."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    """What a session carries instead of the id: a new one signs the person out everywhere."""
    confirmed_at: Mapped[datetime | None]
    """When the e-mail address was proved; without it nobody signs in."""
    tf_primary_method: Mapped[str | None]
    """"authenticator" once the second factor is set up."""
    tf_totp_secret: Mapped[str | None]
    """Encrypted by Flask-Security with a key made from the installation's."""
    tf_last_counter: Mapped[int | None]
    """The time step of the last code used: a code that was seen over the shoulder does not work again."""
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    """The recovery codes that are left, each encrypted."""

    @property
    def has_second_factor(self) -> bool:
        return self.tf_primary_method is not None


class Address(Base):
    """Where parcels for a person go. Private: an order keeps a copy for its seller."""

    __tablename__ = "addresses"
    __table_args__ = (
        Index(
            "ix_addresses_one_default", "person_id", unique=True,
            sqlite_where=text("is_default"), postgresql_where=text("is_default"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    recipient: Mapped[str]
    street: Mapped[str]
    """Street and number, and what else stands between name and town; one to three lines."""
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    """ISO 3166-1, two letters."""
    phone: Mapped[str] = mapped_column(default="")
    """For the courier; some countries deliver to nobody without one."""
    is_default: Mapped[bool] = mapped_column(default=False)

    @property
    def text(self) -> str:
        """As it stands on a label, the country in English, the telephone number last."""
        return rules.label(
            recipient=self.recipient,
            street=self.street,
            town=f"{self.postal_code} {self.city}",
            region=self.region,
            country=country_name(self.country),
            phone=self.phone,
        )


class PayoutDetails(Base):
    """Where a person is paid, as he wrote it. A change is a new row that is used only after a while."""

    __tablename__ = "payout_details"
    __table_args__ = (Index("ix_payout_details_person_id_usable_from", "person_id", "usable_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    details: Mapped[str] = mapped_column(Secret())
    changed_at: Mapped[datetime]
    usable_from: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """Set where a newer change, or the person's second thought, came before it was usable."""


class SignInTries(Base):
    """How often somebody failed at one door of late. Kept by what was typed: strangers and members fail alike."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (CheckConstraint("failures >= 0", "failures_not_negative"),)

    door: Mapped[str] = mapped_column(primary_key=True)
    """A keyed hash of the address typed, or of the person whose code was asked for."""
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(index=True)
    """The first of these failures."""
    paused_until: Mapped[datetime | None]

    def facts(self) -> rules.Tries:
        """This row as the law sees it."""
        return rules.Tries(failures=self.failures, since=self.since, paused_until=self.paused_until)

    def take(self, tries: rules.Tries) -> None:
        """Write down what the law says it is now."""
        self.failures, self.since, self.paused_until = tries.failures, tries.since, tries.paused_until
