"""Flask-Security's forms, with our rules: tries are counted, names are clean, nobody types a new password twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import (
    ChangeEmailForm,
    ChangePasswordForm,
    ForgotPasswordForm,
    LoginForm,
    RegisterFormV2,
    ResetPasswordForm,
    SendConfirmationForm,
    VerifyForm,
    hash_password,
)
from flask_security.forms import EmailValidation, Form as SecurityForm, email_required, password_required
from marshmallow import ValidationError
from wtforms import EmailField, Field, PasswordField, StringField
from wtforms.validators import StopValidation

from marketplace.accounts import doors, queries
from marketplace.accounts.schemas import LONGEST_NAME, Name
from marketplace.kernel.errors import RuleBroken
from marketplace.web import known_devices
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form


class Shown(SecurityForm):
    """Remembers what is wrong with it. Flask-Security wipes the errors of a field that could tell whether an address
    is known; what we say ourselves never tells, and is shown where it belongs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said: dict[str, str] = {}

    def is_complete(self) -> bool:
        """Whether each field by itself is right."""
        if SecurityForm.validate(self):
            return True
        for name, errors in self.errors.items():
            self.refuse(name or "", str(errors[0]))
        return False

    def refuse(self, field: str, sentence: str) -> None:
        self.said.setdefault(field, sentence)
        self.form_errors: list[str] = [*self.form_errors, sentence]

    @contextmanager
    def refusals(self, field: str = "") -> Iterator[None]:
        """What is refused inside is said at `field`. The unit of work goes on, so that a failure is counted."""
        try:
            yield
        except RuleBroken as refusal:
            self.refuse(field, sentence_of(refusal))


def as_form(form: SecurityForm) -> Form:
    """The form as our templates show forms."""
    typed = request.form if request.method == "POST" else {field.name: field.data or "" for field in form}
    shown = Form(typed)
    shown.errors = getattr(form, "said", None) or {name or "": str(errors[0]) for name, errors in form.errors.items()}
    return shown


def a_name(form: SecurityForm, field: Field) -> None:
    """A line that people can read."""
    try:
        field.data = Name(most=LONGEST_NAME).deserialize(field.data or "")
    except ValidationError as wrong:
        said = wrong.messages
        raise StopValidation(str(said[0] if isinstance(said, list) else said)) from None


def not_taken(form: Any, field: Field) -> None:
    """An address that somebody has proved is his. One that nobody has proved goes to whoever signs up last."""
    person = queries.person_by_email(field.data)
    if person is not None and person.confirmed_at is not None:
        form.existing_email_user = person
        raise StopValidation(_("This address cannot be used. Enter another one."))


class SignIn(Shown, LoginForm):
    # No check of its form: an address that cannot exist is refused and counted as one that nobody has.
    email = EmailField(validators=[email_required])

    def validate(self, **kwargs: Any) -> bool:
        if not self.is_complete():
            return False
        with self.refusals():
            self.user = doors.enter(
                address=self.email.data or "", password=self.password.data or "", tokens=known_devices.shown()
            )
            if not self.user.is_active:
                self.refuse("", _("This account is closed. Write to whoever runs this site."))
            elif self.user.confirmed_at is None:
                self.refuse("", _("Prove your e-mail address first: open the link in the mail that we sent you."))
        return not self.said


class SignUp(Shown, RegisterFormV2):
    name = StringField(validators=[a_name])
    email = EmailField(validators=[email_required, EmailValidation(verify=True), not_taken])

    def validate(self, **kwargs: Any) -> bool:
        is_valid = RegisterFormV2.validate(self, **kwargs)
        tells_too_much = "email" if self.existing_email_user else None
        self.said = {name or "": str(e[0]) for name, e in self.errors.items() if name != tells_too_much}
        return is_valid


class ProveAddress(Shown, SendConfirmationForm):
    def validate(self, **kwargs: Any) -> bool:
        return _is_address(self) and SendConfirmationForm.validate(self, **kwargs)


class ForgottenPassword(Shown, ForgotPasswordForm):
    def validate(self, **kwargs: Any) -> bool:
        """Also for who has not proved his address yet: the link proves it."""
        if not _is_address(self) or not SecurityForm.validate(self, **kwargs):
            return False
        hash_password("not-a-password")  # Flask-Security does so where the address is unknown: it takes as long
        return True


class NewPassword(Shown, ResetPasswordForm):
    password_confirm = None


class ProvePassword(Shown, VerifyForm):
    def validate(self, **kwargs: Any) -> bool:
        if not self.is_complete():
            return False
        with self.refusals("password"):
            doors.prove_password(current_user._get_current_object(), self.password.data or "")
        return not self.said


class ChangePassword(Shown, ChangePasswordForm):
    password = PasswordField(validators=[password_required])
    new_password_confirm = None

    def validate(self, **kwargs: Any) -> bool:
        if not self.is_complete():
            return False
        old, new = self.password.data or "", self.new_password.data or ""
        wrong, self.new_password.data = current_app.extensions["security"].password_util.validate(new, False)
        if wrong:
            self.refuse("new_password", wrong[0])
            return False
        if old == new:
            self.refuse("new_password", _("This is the password that you have. Enter a new one."))
            return False
        with self.refusals("password"):
            doors.prove_password(current_user._get_current_object(), old)
        return not self.said


class ChangeAddress(Shown, ChangeEmailForm):
    email = EmailField(validators=[email_required, EmailValidation(verify=True), not_taken])

    def validate(self, **kwargs: Any) -> bool:
        return _is_address(self) and ChangeEmailForm.validate(self, **kwargs)


def _is_address(form: Any) -> bool:
    """Says so if it cannot be an address at all; whether somebody has it is not said."""
    try:
        current_app.extensions["security"].mail_util.normalize((form.email.data or "").strip())
    except ValueError as wrong:
        form.refuse("email", str(wrong) if form.email.data else _("Enter your e-mail address."))
        return False
    return True
