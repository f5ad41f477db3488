"""Sign-in, in our own pages, by Flask-Security."""

from __future__ import annotations

from flask import Flask
from flask_security import RoleMixin, Security

from marketplace.accounts.models import Person
from marketplace.accounts.queries import DEMO_PASSWORD, demo_people
from marketplace.kernel.database import db
from marketplace.web import known_devices, security_forms as forms, security_notes, security_pages
from marketplace.web.security_parts import Codes, Mails, Passwords, People
from marketplace.web.security_settings import settings_of


def register(app: Flask) -> None:
    """Put Flask-Security together from our parts, and its pages under our addresses."""
    app.config.update(settings_of(app.config["EARNEST"]))
    security = Security(
        app,
        People(db, Person, RoleMixin),
        register_blueprint=False,
        login_form=forms.SignIn,
        register_form=forms.SignUp,
        send_confirmation_form=forms.ProveAddress,
        forgot_password_form=forms.ForgottenPassword,
        reset_password_form=forms.NewPassword,
        verify_form=forms.ProvePassword,
        change_password_form=forms.ChangePassword,
        change_email_form=forms.ChangeAddress,
        mail_util_cls=Mails,
        password_util_cls=Passwords,
        totp_cls=Codes,
        render_template=security_pages.render,
    )
    security.want_json(lambda _request: False)
    security.unauthn_handler(security_pages.ask_who)
    security.reauthn_handler(security_pages.ask_again)
    security.login_manager.request_loader(lambda _request: None)  # sessions only: no tokens in addresses or headers
    security.login_context_processor(lambda: {"demo_people": demo_people(), "demo_password": DEMO_PASSWORD})
    security_notes.listen(app)
    known_devices.listen(app)
    app.register_blueprint(security_pages.blueprint)
