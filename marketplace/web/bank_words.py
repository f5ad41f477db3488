"""The bank's statement in words: columns, lines, what stays unexplained, how independent a look at the balance was."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from babel.dates import format_date
from flask import url_for
from flask_babel import LazyString, get_locale, gettext as _, lazy_gettext as _l

from marketplace.bankbook.attesting_rules import Check
from marketplace.bankbook.queries import Awaited, Way
from marketplace.kernel.money import Money
from marketplace.payments.bank_cell_rules import Order
from marketplace.payments.bank_column_rules import Role
from marketplace.payments.bank_matching_rules import LineState, Own
from marketplace.payments.bank_models import BankLine
from marketplace.web.format import money_text

COLUMNS: dict[Role, tuple[LazyString, LazyString]] = {
    Role.DAY: (_l("Day"), _l("On which the bank booked it.")),
    Role.AMOUNT: (_l("Amount"), _l("Out and in, in one column. Else leave it empty and choose the two below.")),
    Role.DEBIT: (_l("Out"), _l("Where out has a column of its own.")),
    Role.CREDIT: (_l("In"), _l("Where in has a column of its own.")),
    Role.SIGN: (_l("Direction"), _l("Where a word beside the amount says out or in.")),
    Role.BALANCE: (_l("Balance"), _l("In the account after the line, if the file has it.")),
    Role.CURRENCY: (_l("Currency"), _l("If the file has it: other currencies are passed over.")),
}
ORDERS: dict[str, LazyString] = {
    "": _l("Find out"),
    Order.DAY_FIRST: _l("Day, month, year"),
    Order.MONTH_FIRST: _l("Month, day, year"),
    Order.YEAR_FIRST: _l("Year, month, day"),
}
MARKS: dict[str, LazyString] = {"": _l("Find out"), ".": _l("A point: 1,250.00"), ",": _l("A comma: 1.250,00")}

OWN: dict[Own, tuple[LazyString, LazyString]] = {
    Own.CHARGES: (_l("The bank’s charges"), _l("The group bears them: they are counted in the difference.")),
    Own.INTEREST: (_l("The bank’s interest"), _l("Counted in the difference, too.")),
    Own.NOT_OURS: (_l("Not ours"), _l("Other money in the same account, such as dues. Say below what it is.")),
}
STATES: dict[LineState, tuple[LazyString, str]] = {
    LineState.OPEN: (_l("open"), "clock"),
    LineState.MATCHED: (_l("matched"), "money"),
    LineState.OWN: (_l("not Earnest’s"), "doubt"),
}
CHECKS: dict[Check, LazyString] = {
    Check.INDEPENDENT: _l("by an officer who moved no money in that month"),
    Check.CONFIRMED: _l("by an officer who confirmed money himself: no other was free to look"),
    Check.ALONE: _l("by the group’s only officer: nobody else looked"),
}


class Link(NamedTuple):
    """Where something is done, and what it is called."""

    words: str
    href: str


def bank_day(day: date) -> str:
    """3 Nov 2026."""
    return str(format_date(day, "d MMM y", locale=get_locale() or "en"))


def state_of(line: BankLine) -> tuple[str, str]:
    """What a line is taken for, and its tone."""
    words, tone = STATES[LineState(line.state)]
    return str(OWN[Own(line.own)][0] if line.own else words), tone


def difference_words(difference: Money) -> str:
    """difference EUR 0.00; EUR 12.00 more in the bank."""
    if not difference:
        return str(_("difference %(amount)s", amount=money_text(difference)))
    amount = money_text(Money(abs(difference.minor), difference.currency))
    more = difference.minor > 0
    return str(
        _("%(amount)s more in the bank", amount=amount) if more else _("%(amount)s less in the bank", amount=amount)
    )


def link_of(awaited: Awaited, slug: str, line: BankLine) -> Link:
    """Where an officer confirms what the line is: the form is filled in with it."""
    number = awaited.number
    match awaited.way:
        case Way.PAYMENT:
            words, path = _("Confirm the payment of order %(number)s", number=number), "treasury.payment"
            return Link(str(words), url_for(path, order_id=number, line=line.id))
        case Way.PARCEL:
            words, path = _("Confirm the payment of parcel %(number)s", number=number), "parcels.payment"
            return Link(str(words), url_for(path, parcel_id=number, line=line.id))
        case Way.PAYOUT:
            words, path = _("Confirm the payout of order %(number)s", number=number), "treasury.payout"
            return Link(str(words), url_for(path, order_id=number, payee=awaited.payee, line=line.id))
        case Way.DEPOSIT:
            words, path = _("Confirm the deposit"), "deposit_treasury.show"
            return Link(str(words), url_for(path, slug=slug, person_id=number, line=line.id))
        case Way.DEBT:
            words, path = _("Confirm what he owed"), "debts.show"
            return Link(str(words), url_for(path, slug=slug, person_id=number, line=line.id))
    words = _("Confirm the payout from a deposit")
    return Link(str(words), url_for("deposit_treasury.payout", slug=slug, payout_id=number, line=line.id))
