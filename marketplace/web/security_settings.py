"""Flask-Security's settings: what of it we use, how its pages look, how passwords and codes are kept."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path

from marketplace.accounts import rules
from marketplace.config import Settings
from marketplace.kernel import clock
from marketplace.web.security_words import MESSAGES, SUBJECTS

# The name of the site in an authenticator app.
ISSUER = "Earnest"

TEMPLATES = {
    "LOGIN_USER_TEMPLATE": "security/sign_in.html",
    "REGISTER_USER_TEMPLATE": "security/sign_up.html",
    "SEND_CONFIRMATION_TEMPLATE": "security/prove_address.html",
    "FORGOT_PASSWORD_TEMPLATE": "security/forgotten_password.html",
    "RESET_PASSWORD_TEMPLATE": "security/new_password.html",
    "CHANGE_PASSWORD_TEMPLATE": "security/change_password.html",
    "CHANGE_EMAIL_TEMPLATE": "security/change_email.html",
    "VERIFY_TEMPLATE": "security/verify.html",
}

MAILS = {
    "REGISTER_EMAIL_TEMPLATE": "mail/accounts/signed_up",
    "REGISTER_EMAIL_EXISTING_TEMPLATE": "mail/accounts/signed_up_again",
    "EMAIL_TEMPLATE_CONFIRM": "mail/accounts/prove_address",
    "EMAIL_TEMPLATE_PASSWORD_RESET": "mail/accounts/new_password",
    "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "mail/accounts/password_changed",
    "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "mail/accounts/password_changed",
    "CHANGE_EMAIL_EMAIL_TEMPLATE": "mail/accounts/prove_new_address",
}

AFTERWARDS = {
    "POST_REGISTER_VIEW": "security.login",
    "POST_CHANGE_VIEW": "accounts.overview",
    "POST_CHANGE_EMAIL_VIEW": "accounts.overview",
    "CHANGE_EMAIL_ERROR_VIEW": "security.change_email",
    "POST_RESET_VIEW": "security.login",
    "POST_VERIFY_VIEW": "accounts.overview",
}

FEATURES = {
    "REGISTERABLE": True,
    "CONFIRMABLE": True,
    "RECOVERABLE": True,
    "CHANGEABLE": True,
    "CHANGE_EMAIL": True,
    "TWO_FACTOR": True,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "MULTI_FACTOR_RECOVERY_CODES_N": 10,
    "RETURN_GENERIC_RESPONSES": True,
    "API_ENABLED_METHODS": ["session"],
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "EMAIL_HTML": False,
    "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "allow_smtputf8": False},
    "PASSWORD_CONFIRM_REQUIRED": False,
    # Our own catalogue translates what Flask-Security says, for the words are ours.
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": [str(Path(__file__).parents[1] / "translations")],
}

TIMES = {
    "FRESHNESS": rules.FRESH_FOR,
    "FRESHNESS_GRACE_PERIOD": timedelta(0),
    "CONFIRM_EMAIL_WITHIN": timedelta(days=2),
    "RESET_PASSWORD_WITHIN": timedelta(hours=2),
    "CHANGE_EMAIL_WITHIN": timedelta(hours=2),
    "DATETIME_FACTORY": clock.now,
}

PASSWORDS = {
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    # https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 19 MiB, two rounds, one lane.
    "PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__type": "ID",
        "argon2__memory_cost": 19456,
        "argon2__rounds": 2,
        "argon2__parallelism": 1,
    },
    "PASSWORD_LENGTH_MIN": rules.SHORTEST_PASSWORD,
    # What is hashed with these stands inside signed links. The default is so slow that its time would tell a known
    # address from an unknown one.
    "HASHING_SCHEMES": ["hex_sha256"],
}


def settings_of(settings: Settings) -> dict[str, object]:
    """Everything that Flask-Security and Flask-Login read, under the names that they read."""
    key = settings.secret_key
    secrets = {
        "PASSWORD_SALT": _derived(key, "passwords"),
        "TOTP_SECRETS": {"1": _derived(key, "totp")},
        "TOTP_ISSUER": ISSUER,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [_derived(key, "recovery").encode()],
    }
    parts = (TEMPLATES, MAILS, AFTERWARDS, FEATURES, TIMES, PASSWORDS, SUBJECTS, MESSAGES, secrets)
    return {f"SECURITY_{name}": value for part in parts for name, value in part.items()} | {
        "REMEMBER_COOKIE_NAME": "earnest_stay",
        "REMEMBER_COOKIE_DURATION": rules.STAY_FOR,
        "REMEMBER_COOKIE_SECURE": settings.is_https,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
    }


def _derived(secret_key: str, purpose: str) -> str:
    """A key for one purpose, made from the installation's: 32 bytes, as Fernet wants them written."""
    digest = hashlib.blake2b(secret_key.encode(), digest_size=32, person=purpose.encode()[:16])
    return base64.urlsafe_b64encode(digest.digest()).decode()
