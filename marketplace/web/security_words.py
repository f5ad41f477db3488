"""What Flask-Security says, in our words. It looks them up in our catalogue when it says them."""

from __future__ import annotations

MONEY, CLOCK, DOUBT = "money", "clock", "doubt"
"""The tones of a flash: done, failed, worth a look."""


def _(text: str) -> str:
    """Marks a sentence for the catalogue."""
    return text


SUBJECTS = {
    "EMAIL_SUBJECT_REGISTER": _("Prove your e-mail address"),
    "EMAIL_SUBJECT_CONFIRM": _("Prove your e-mail address"),
    "EMAIL_SUBJECT_PASSWORD_RESET": _("A new password for Earnest"),
    "EMAIL_SUBJECT_PASSWORD_NOTICE": _("Your password was changed"),
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": _("Your password was changed"),
    "CHANGE_EMAIL_SUBJECT": _("Prove your new e-mail address"),
}

_SENTENCES = {
    "CONFIRM_REGISTRATION": (
        _("We sent a mail to %(email)s. Open the link in it and enter your password there."),
        MONEY,
    ),
    "CONFIRMATION_REQUEST": (
        _("If %(email)s belongs to somebody who has not proved it yet, a mail with a new link is on its way."),
        MONEY,
    ),
    "ALREADY_CONFIRMED": (_("This e-mail address is already proved. Sign in with it."), MONEY),
    "INVALID_CONFIRMATION_TOKEN": (
        _("This link does not work any more. Open the one in the newest mail, or ask for a new one here."),
        CLOCK,
    ),
    "CONFIRMATION_EXPIRED": (_("This link was good for %(within)s. Ask for a new one here."), CLOCK),
    "CONFIRMATION_REQUIRED": (_("Prove your e-mail address first: open the link in the mail that we sent."), DOUBT),
    "PASSWORD_RESET_REQUEST": (
        _("If %(email)s belongs to somebody here, a mail with a link for a new password is on its way."),
        MONEY,
    ),
    "PASSWORD_RESET_EXPIRED": (_("This link was good for %(within)s. Ask for a new one here."), CLOCK),
    "INVALID_RESET_PASSWORD_TOKEN": (_("This link does not work any more. Ask for a new one here."), CLOCK),
    "PASSWORD_RESET_NO_LOGIN": (
        _("Your new password is set, and you are signed out everywhere. Sign in with it."),
        MONEY,
    ),
    "PASSWORD_CHANGE": (_("Your password is changed, and you are signed out on every other device."), MONEY),
    "PASSWORD_NOT_PROVIDED": (_("Enter your password."), CLOCK),
    "PASSWORD_INVALID_LENGTH": (
        _("This is too short. Use %(length)s characters or more; several words are best."),
        CLOCK,
    ),
    "PASSWORD_IS_THE_SAME": (_("This is the password that you have. Enter a new one."), CLOCK),
    "INVALID_PASSWORD": (_("This is not your password. Try again, or ask for a new one."), CLOCK),
    "EMAIL_NOT_PROVIDED": (_("Enter your e-mail address."), CLOCK),
    "INVALID_EMAIL_ADDRESS": (_("This is not an e-mail address. Write it as in marta@example.org."), CLOCK),
    "EMAIL_ALREADY_ASSOCIATED": (_("This address cannot be used. Enter another one."), CLOCK),
    "USER_DOES_NOT_EXIST": (_("This address cannot be used. Enter another one."), CLOCK),
    "GENERIC_AUTHN_FAILED": (_("E-mail and password do not match."), CLOCK),
    "UNAUTHENTICATED": (_("Sign in to see this page."), DOUBT),
    "REAUTHENTICATION_REQUIRED": (_("Enter your password again: this page changes how you sign in."), DOUBT),
    "REAUTHENTICATION_SUCCESSFUL": (_("It is you. Go on for the next 15 minutes."), MONEY),
    "ANONYMOUS_USER_REQUIRED": (_("You are signed in already."), DOUBT),
    "INVALID_REDIRECT": (_("This link leads elsewhere. Sign in to go to your own page."), CLOCK),
    "TWO_FACTOR_INVALID_TOKEN": (
        _("This code does not match, or it was used already. Enter the one that your app shows now."),
        CLOCK,
    ),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_("You are signed in."), MONEY),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (_("Your second factor is set up."), MONEY),
    "TWO_FACTOR_DISABLED": (_("Your second factor is off. Your password alone signs you in."), DOUBT),
    "TWO_FACTOR_PERMISSION_DENIED": (_("Sign in again: this page cannot be opened by itself."), CLOCK),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (_("Choose one of the buttons on this page."), CLOCK),
    "TWO_FACTOR_SETUP_EXPIRED": (_("That took longer than %(within)s. Start again."), CLOCK),
    "INVALID_RECOVERY_CODE": (_("This is not one of the recovery codes that you have left. Try again."), CLOCK),
    "NO_RECOVERY_CODES_SETUP": (_("You have no recovery codes yet. Make them with the button below."), DOUBT),
    "CHANGE_EMAIL_SENT": (
        _("We sent a mail to %(email)s. Open the link in it within two hours; until then your old address stays."),
        MONEY,
    ),
    "CHANGE_EMAIL_CONFIRMED": (_("Your e-mail address is changed. Sign in with the new one from now on."), MONEY),
    "CHANGE_EMAIL_EXPIRED": (_("This link was good for %(within)s. Enter your new address again."), CLOCK),
    "API_ERROR": (_("This link does not work any more. Start again."), CLOCK),
}

MESSAGES = {f"MSG_{name}": said for name, said in _SENTENCES.items()}
