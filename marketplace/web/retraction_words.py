"""Why bids and lots were taken back, in words."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _, lazy_gettext as _l

from marketplace.auctions.retraction_rules import Cause, LotGone, Reason, Refusal

REASONS = {
    Reason.TYPO: (_l("I mistyped the sum"), _l("A figure too many, or the point in the wrong place.")),
    Reason.DESCRIPTION: (
        _l("The description has changed"),
        _l("The seller has added something since my last bid that makes it another thing."),
    ),
}
REFUSALS = {
    Refusal.ASKED: (_l("The bidder asked for it"), ""),
    Refusal.UNPAID: (_l("He has not paid me before"), ""),
    Refusal.UNREACHABLE: (_l("He does not answer my questions"), ""),
}
LOTS_GONE = {
    LotGone.BROKEN: (_l("It broke"), ""),
    LotGone.LOST: (_l("It is lost"), ""),
    LotGone.MISTAKE: (_l("The lot says something wrong"), _l("And a remark would not put it right.")),
}


def register(blueprint: Blueprint) -> None:
    for word in (void_words, cancelled_words):
        blueprint.add_app_template_filter(word)


def void_words(cause: str, reason: str) -> str:
    """What stands beside a bid that no longer counts."""
    why = {
        str(Reason.TYPO): _("mistyped"),
        str(Reason.DESCRIPTION): _("the description changed"),
        str(Refusal.ASKED): _("the bidder asked for it"),
        str(Refusal.UNPAID): _("unpaid before"),
        str(Refusal.UNREACHABLE): _("no answer to questions"),
    }.get(reason, "")
    words: dict[str, str] = {
        Cause.RETRACTED: _("retracted: %(why)s", why=why),
        Cause.MODERATOR: _("retracted by a moderator: %(why)s", why=why),
        Cause.UNPAID: _("did not pay"),
        Cause.PASSED_ON: _("passed on"),
        Cause.CANCELLED: _("cancelled by the seller: %(why)s", why=why),
    }
    return words.get(cause, str(_("void")))


def cancelled_words(reason: str) -> str:
    """Why a seller ended a lot that had bids."""
    words = {
        LotGone.BROKEN: _l("it broke"),
        LotGone.LOST: _l("it is lost"),
        LotGone.MISTAKE: _l("the lot said something wrong"),
    }
    return str(words[LotGone(reason)])
