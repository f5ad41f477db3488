"""The errors a person can cause.

* RuleBroken          the request was understood and a rule forbids it      (409)
  - NotAllowed        this person may not do that                           (403)
  - TooLate           the deadline for it has passed                        (409)
  - TooEarly          the time for it has not come                          (409)
  - Stale             somebody was faster: what the page showed is old       (409)
* NeedsFreshSignIn    the person must prove again who he is, then may go on  (to the sign-in page)
* NotFound            there is no such thing, or not for this person         (404)

A message is an English sentence that says what to do next. It is translated where it is shown,
so what varies goes in as details: ``RuleBroken("Bid %(least)s or more.", least=Money(440_00, "EUR"))``.
"""

from __future__ import annotations


class EarnestError(Exception):
    """Base of every error whose message may be shown to a person."""

    def __init__(self, message: str, /, *, field: str | None = None, **details: object) -> None:
        """`field` names the form field that the message stands under, where there is one."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return self.message % self.details if self.details else self.message


class RuleBroken(EarnestError):
    """A rule of the marketplace forbids this."""


class NotAllowed(RuleBroken):
    """This person may not do this, though he may see it."""


class TooLate(RuleBroken):
    """The deadline has passed."""


class TooEarly(RuleBroken):
    """The time has not come."""


class Stale(RuleBroken):
    """What the person saw has changed meanwhile: look again, then decide."""


class NeedsFreshSignIn(EarnestError):
    """The act moves money or changes who can sign in: prove again who you are."""


class NotFound(EarnestError):
    """There is no such thing, or it is not this person's to see."""
