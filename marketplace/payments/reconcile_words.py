"""What a reconciliation found, in sentences for whoever runs the site."""

from __future__ import annotations

from marketplace.kernel.money import Money
from marketplace.payments.line_rules import Named, What

NAMES = {"stripe_connect": "Stripe", "treasurer": "a group’s bank"}
"""Of those whose books are held against ours."""

SENTENCES = {
    What.STRANGER: "%(who)s has %(about)s, %(theirs)s, and nobody here asked for it.",
    What.MISSING: "Our books have %(about)s, %(ours)s, and %(who)s does not have it.",
    What.AMOUNT: "Of %(about)s our books have %(ours)s, and %(who)s has %(theirs)s.",
    What.CURRENCY: "%(about)s is %(ours)s in our books, and at %(who)s it is %(theirs)s, in another currency.",
    What.FEE: "Of %(about)s %(who)s kept %(theirs)s, and in our books it is %(ours)s.",
    What.ORDER: "%(about)s stands at %(who)s under another order than here.",
    What.TWICE: "%(who)s did the same twice: %(about)s is %(theirs)s there, and in our books it is %(ours)s.",
    What.WITHDRAWN: "%(who)s made %(about)s, %(theirs)s, though it had been given up here: it may be paid twice.",
    What.UNHEARD: "%(who)s made %(about)s, %(theirs)s, more than an hour ago, and here it is still waited for.",
    What.LIST: "In %(about)s the balance at %(who)s is %(theirs)s, and all that is listed there comes to %(ours)s.",
    What.BALANCE: "In %(about)s %(theirs)s lies at %(who)s, and by our books and all that explains it, it is %(ours)s.",
    What.COVER: "In %(about)s %(theirs)s lies at %(who)s, and %(ours)s must: more went to the platform’s bank, or was"
    " charged to the platform, than is its own. Top the balance up, and set payouts to manual.",
    What.BANK: "%(about)s",
}

REASONS = {
    Named.ON_ITS_WAY: "In our books for less than an hour, and not there yet",
    Named.NOT_HEARD: "There for less than an hour, and not heard of yet",
    Named.FEE_UNKNOWN: "Fees that were not told yet",
    Named.REFUND_PENDING: "Refunds on their way to the buyer’s bank",
    Named.OPEN_CHARGEBACK: "Taken by buyers’ banks that have not decided",
    Named.TO_THE_BANK: "Between the platform’s own bank and there",
    Named.TO_GROUPS: "Fees that groups were paid by the site, from its own bank",
    Named.THEIR_OWN: "Charged to the platform, or held in reserve",
}


def sentence_of(source: str, what: str, *, about: str, theirs: Money | None, ours: Money | None) -> str:
    """In English, for the command."""
    facts = {"who": NAMES.get(source, source), "about": about, "theirs": theirs or "nothing", "ours": ours or "nothing"}
    return SENTENCES[What(what)] % facts
