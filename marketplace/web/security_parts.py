"""The parts of Flask-Security that are ours: the store of people, the way of mails, what passwords and codes may be."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_security import MailUtil, PasswordUtil, SQLAlchemyUserDatastore, Totp, UserMixin

from marketplace.accounts import queries, rules, service
from marketplace.accounts.models import Person
from marketplace.notifications.service import queue_mail


class People(SQLAlchemyUserDatastore):
    """People, as Flask-Security finds, makes and keeps them."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Person | None:
        if "email" in kwargs:
            return queries.person_by_email(kwargs["email"])
        if kwargs.keys() == {"fs_uniquifier"}:  # each request of somebody who has signed in
            return queries.person_by_session(kwargs["fs_uniquifier"])
        found = super().find_user(**kwargs)
        assert found is None or isinstance(found, Person)  # noqa: S101 - the only kind there is
        return found

    def create_user(self, **kwargs: Any) -> Person:
        return service.enrol(email=kwargs["email"], name=kwargs["name"], password_hash=kwargs["password"])

    def commit(self) -> None:
        """The unit of work around the view does so (web/security_pages.py)."""


class Mails(MailUtil):
    """Mails become rows: the worker sends them after the commit. Addresses are in lower case."""

    def send_mail(  # noqa: PLR0917 - the signature is Flask-Security's
        self,
        template: str,
        subject: str,
        recipient: Any,
        sender: Any,
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        person = context.get("user")
        queue_mail(to=recipient, subject=subject, body=body or "", person_id=person.id if person else None)

    def normalize(self, email: str) -> str:
        return super().normalize(email.strip()).lower()

    def validate(self, email: str) -> str:
        return super().validate(email.strip()).lower()


class Passwords(PasswordUtil):
    """Long enough, and nothing that cannot be typed again."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:
        if len(password) > rules.LONGEST_PASSWORD:
            return [_("This is too long. Use %(most)s characters or fewer.", most=rules.LONGEST_PASSWORD)], ""
        normal = self.normalize(password)
        if not rules.can_be_password(normal):
            return [_("This holds characters that cannot be typed again. Choose another password.")], ""
        return super().validate(password, is_register, **kwargs)


class Codes(Totp):
    """A code works once: one seen over the shoulder is worthless. The counter begins anew with each second factor."""

    def unused_code(self, totp_secret: str, last_counter: int | None) -> str:
        """The code of this half minute; the one after the last that was used, where that is later."""
        totp = self._totp.from_source(totp_secret)
        now = totp.normalize_time(None)
        after_last = (last_counter + 1) * totp.period if last_counter is not None else 0
        return str(totp.generate(max(now, after_last)).token)

    def get_last_counter(self, user: UserMixin) -> int | None:
        assert isinstance(user, Person)  # noqa: S101 - the only kind there is
        return user.tf_last_counter

    def set_last_counter(self, user: UserMixin, tmatch: Any) -> None:
        assert isinstance(user, Person)  # noqa: S101
        user.tf_last_counter = tmatch.counter
