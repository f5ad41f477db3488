"""The terms of a group's deals in plain words: for the form that sets them and the slip that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from babel.numbers import format_percent
from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from flask_babel.speaklater import LazyString

from marketplace.auctions.schemas import as_money
from marketplace.groups.term_rules import RANGES, SUMS, Ladder, Terms
from marketplace.kernel.money import Money
from marketplace.payments import stripe_client
from marketplace.payments.rules import Through
from marketplace.web.format import money_text


class Word(NamedTuple):
    """One term: what it is called, and what follows from it."""

    name: str
    label: LazyString
    hint: LazyString


class Section(NamedTuple):
    title: LazyString
    words: tuple[Word, ...]


# fmt: off
SECTIONS = (
    Section(_l("The fee, and paying"), (
        Word("fee_basis_points", _l("The group’s fee"),
             _l("In percent of the hammer price, rounded down. It comes off the seller’s proceeds.")),
        Word("gateway", _l("How buyers pay"),
             _l("To the group’s account: the treasurer confirms it. By card: Stripe’s fee comes off the seller’s"
                " proceeds, and each seller needs an account there. Deposits stay with the treasurer.")),
        Word("days_to_pay", _l("Days to pay"), _l("After these the order lapses, and the buyer has a strike.")),
        Word("days_to_confirm_payment", _l("Days to confirm a payment"),
             _l("For owners and treasurers; after these any other officer may.")),
        Word("days_for_second_officer", _l("More days to confirm it"),
             _l("For any officer. After these the order is cancelled, without a strike.")),
        Word("days_to_top_up", _l("Days to send what is missing"), _l("Where less came than the total.")),
        Word("hours_after_not_found", _l("Hours to pay again"), _l("Where a payment was not found. Once.")),
        Word("days_to_pay_out", _l("Days to pay out"), _l("From the release to the seller’s account.")),
        Word("officer_limit_minor", _l("What one officer confirms alone"),
             _l("So much in any seven days, in and out together; above it another officer looks at each slip, at 0 at"
                " every one. Left empty, it is 500.00; in a currency without cents, 50,000. Less counts at once, more"
                " for lots that start then, and for deposits and debts after seven days.")),
    )),
    Section(_l("Sending and looking"), (
        Word("days_to_ship", _l("Days to ship"), _l("After these the buyer may cancel.")),
        Word("days_until_unshipped_refund", _l("Days until the clock refunds"), _l("Where nothing was shipped.")),
        Word("days_in_transit", _l("Days in transit"), _l("After these the inspection begins, with a last notice.")),
        Word("days_to_inspect", _l("Days to inspect"), _l("After these the money is released to the seller.")),
        Word("days_of_extension", _l("More days to inspect"), _l("Once, where the buyer asks before the end.")),
        Word("days_for_feedback", _l("Days for feedback"), _l("After the order closes.")),
    )),
    Section(_l("Where something is wrong"), (
        Word("days_to_talk", _l("Days to talk"), _l("Before the seller has to answer a dispute.")),
        Word("days_to_answer", _l("Days to answer"), _l("After these the buyer gets what he asked for.")),
        Word("days_to_negotiate", _l("Days to agree"), _l("After these a moderator rules.")),
        Word("days_to_rule", _l("Days to rule"), _l("After these the buyer is refunded.")),
        Word("days_to_appeal", _l("Days to appeal"), _l("Once, to somebody else.")),
        Word("days_to_post_return", _l("Days to post a return"),
             _l("After these the seller gets the money; the buyer, where the seller did not say where it goes.")),
        Word("days_of_return_transit", _l("Days a return may travel"), _l("After these it counts as received.")),
        Word("days_to_inspect_return", _l("Days to look at a return"), _l("After these the buyer is refunded.")),
        Word("days_to_review_return", _l("Days to review a contested return"), _l("By an officer who is no party.")),
        Word("seller_pays_return", _l("Who pays the postage of a return"), _l("Where the ruling says nothing else.")),
    )),
    Section(_l("Deposits"), (
        Word("deposit_threshold_minor", _l("Lots from this price on ask for a deposit"),
             _l("The opening price, or the price for buying at once. Left empty, no lot asks for one.")),
        Word("deposit_minor", _l("The deposit"),
             _l("Who left two orders unpaid in half a year is asked for it on every lot, dear or not. Left empty, it is"
                " 50.00; in a currency without cents, 5,000.")),
    )),
    Section(_l("The auction"), (
        Word("ladder", _l("The steps of bidding"), _l("The group’s choice, never the seller’s.")),
        Word("soft_close_seconds", _l("Seconds that a late bid leaves"),
             _l("A bid in the last so many seconds sets the time left back to them.")),
        Word("soft_close_cap_minutes", _l("Minutes that a lot may run over"), _l("In all, however late bids come.")),
    )),
)
# fmt: on


_LADDERS = {
    Ladder.FINE: _l("Fine steps"),
    Ladder.HOUSE: _l("Round steps, as auction houses take them"),
    Ladder.PERCENT: _l("5 % of the price"),
}


def ladder_name(ladder: Ladder) -> str:
    return str(_LADDERS[ladder])


def ladder_choices() -> list[tuple[Ladder, LazyString]]:
    """For the form that sets the terms: value and name."""
    return list(_LADDERS.items())


# What a sum of nothing means.
_NOTHING = {
    "deposit_threshold_minor": _l("no lot asks"),
    "deposit_minor": _l("nothing"),
    "officer_limit_minor": _l("nothing: always two"),
}


_GATEWAYS = {
    Through.TREASURER: _l("To the group’s account"),
    Through.STRIPE: _l("By card, through Stripe"),
}


def gateway_choices(chosen: str = "") -> list[tuple[Through, LazyString]]:
    """For the form that sets the terms; none where there is nothing to choose. Who has chosen cards on a site that
    takes none any more keeps that choice, or changes it."""
    return list(_GATEWAYS.items()) if stripe_client.is_set_up() or chosen == Through.STRIPE else []


def cards_are_away(chosen: str) -> bool:
    """Whether cards are chosen, and this site takes none now."""
    return chosen == Through.STRIPE and not stripe_client.is_set_up()


def percent_typed(basis_points: int) -> str:
    """250 as it stands in a form: 2.50."""
    return f"{Decimal(basis_points) / 100:.2f}"


def typed(terms: Terms, currency: str | None = None) -> dict[str, str]:
    """Terms as they stand in the form; sums are left empty where the currency is still to be chosen."""
    values = {name: str(value) for name, value in terms.as_dict().items()}
    sums = {name: Money(getattr(terms, name), currency) for name in SUMS} if currency else {}
    return (
        values
        | {name: "" if name not in sums or _is_none(name, sums[name]) else str(sums[name].amount) for name in SUMS}
        | {
            "fee_basis_points": percent_typed(terms.fee_basis_points),
            "seller_pays_return": "1" if terms.seller_pays_return else "0",
        }
    )


def _is_none(name: str, amount: Money) -> bool:
    """Whether it stands in the form as an empty field. A limit of nothing is one: two officers for everything."""
    return not amount and name != "officer_limit_minor"


def with_sums(data: dict[str, Any], currency: str) -> dict[str, Any]:
    """What the form of the terms gave, with its sums in the group's currency. Raises RuleBroken at their fields."""
    given = {name: data[name] for name in SUMS}
    usual = {name: getattr(Terms(), name) for name in SUMS}
    sums = {
        name: usual[name] if amount is None else as_money(amount, currency, field=name).minor
        for name, amount in given.items()
    }
    rest = {name: value for name, value in data.items() if name not in SUMS}
    return rest | {"terms": replace(data["terms"], **sums)}


def bounds_of(name: str) -> str:
    """What may be typed for a term, and what most groups do."""
    usual = typed(Terms())[name]
    if name not in RANGES or name in SUMS:
        return ""
    least, most = (value // 100 if name == "fee_basis_points" else value for value in RANGES[name])
    return str(_("From %(least)s to %(most)s; usually %(usual)s.", least=least, most=most, usual=usual))


def value_of(terms: Terms, name: str, currency: str = "") -> str:
    """One term as people say it: 5 %, 3 days, 2 minutes; of sums, in the group's currency."""
    value = getattr(terms, name)
    if name in SUMS:
        return money_text(Money(value, currency)) if value else str(_NOTHING[name])
    match name.split("_"):
        case ["fee", *_rest]:
            return str(format_percent(Decimal(value) / 10_000, "#,##0.##\u00a0%", locale=get_locale() or "en"))
        case ["days", *_rest]:
            return str(ngettext("%(num)d day", "%(num)d days", value))
        case ["hours", *_rest]:
            return str(ngettext("%(num)d hour", "%(num)d hours", value))
        case [*_rest, "seconds"]:
            return str(ngettext("%(num)d second", "%(num)d seconds", value))
        case [*_rest, "minutes"]:
            return str(ngettext("%(num)d minute", "%(num)d minutes", value))
    if name in ("ladder", "gateway"):
        return ladder_name(value) if name == "ladder" else str(_GATEWAYS[value])
    return str(_("the seller") if value else _("the buyer"))


def slip_of(terms: Terms, currency: str) -> Iterator[tuple[str, str]]:
    """The terms that matter before one joins, a line each."""
    limit = value_of(terms, "officer_limit_minor", currency)
    yield (
        _("The seller’s fee"),
        _("%(share)s of the hammer price", share=value_of(terms, "fee_basis_points")),
    )
    yield _("Buyers pay"), value_of(terms, "gateway")
    if terms.officer_limit_minor:
        limit = _("%(limit)s in seven days", limit=limit)
    yield _("One officer confirms alone"), limit
    if terms.gateway is not Through.TREASURER:
        yield (
            _("The payment processor’s fee"),
            _("the seller’s, out of his proceeds; of money that goes back, the party at fault owes it, else the group"),
        )
    yield _("To pay"), value_of(terms, "days_to_pay")
    yield _("To ship"), value_of(terms, "days_to_ship")
    yield _("Not shipped: refunded after"), value_of(terms, "days_until_unshipped_refund")
    yield _("To inspect, before release"), value_of(terms, "days_to_inspect")
    yield _("To rule on a dispute"), value_of(terms, "days_to_rule")
    yield _("A return’s postage is paid by"), value_of(terms, "seller_pays_return")
    if terms.deposit_threshold_minor:
        dear = value_of(terms, "deposit_threshold_minor", currency)
        deposit = value_of(terms, "deposit_minor", currency)
        yield _("Deposit"), _("%(deposit)s, for lots from %(dear)s on", deposit=deposit, dear=dear)
    yield _("Bidding climbs by"), value_of(terms, "ladder")
    if terms.soft_close_seconds:
        yield _("A late bid leaves at least"), value_of(terms, "soft_close_seconds")
    else:
        yield _("A lot ends"), _("to the second")
