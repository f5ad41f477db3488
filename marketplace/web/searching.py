"""From the address of a catalogue to a search, and back: what was asked, in figures, in words, and as a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from marshmallow import EXCLUDE, ValidationError

from marketplace.auctions.schemas import as_money
from marketplace.auctions.search_rules import Order, Search, Stage, Trust, Within
from marketplace.auctions.search_schemas import FindLots
from marketplace.catalog.rules import Category, Condition
from marketplace.catalog.schemas import WORDS
from marketplace.groups.models import Group
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.web.format import money_text, sentence_of
from marketplace.web.forms import Form

_LONGEST_SHOWN = 200
_LONGEST_KEY = 60

Asked = dict[str, Any]


class Chip(NamedTuple):
    """A filter that is on: what it says, and the address without it."""

    words: str
    without: Asked


def asked_of(group: Group) -> tuple[Search, Form]:
    """What the address asks for. What is wrong with it is left out, and stands at its field if it was typed there."""
    typed = {name: text[:_LONGEST_SHOWN] for name, text in request.args.items()}
    form = Form(typed)
    try:
        data = FindLots().load(request.args.to_dict(), unknown=EXCLUDE)
    except ValidationError as wrong:
        errors = {name: _first(messages) for name, messages in wrong.normalized_messages().items()}
        right = {name: text for name, text in request.args.items() if name not in errors}
        data = FindLots().load(right, unknown=EXCLUDE)
        form.errors = {name: errors[name] for name in FindLots.TYPED if name in errors}
    after = request.args.get("after", "")[:_LONGEST_KEY]
    return search_of(data, group, form.errors, after=after), form


def search_of(data: Mapping[str, Any], group: Group, errors: dict[str, str], *, after: str = "") -> Search:
    """The search that a form asks for; sums that the currency has no coins for go into `errors`."""
    until = data["until"]
    return Search(
        stage=Stage(data["stage"] or Stage.RUNNING),
        order=Order(data["order"] or Order.ENDING),
        kind=data["kind"],
        words=data["q"],
        price_from=_minor(data["price_from"], group, "price_from", errors),
        price_to=_minor(data["price_to"], group, "price_to", errors),
        within=Within(data["within"]) if data["within"] else None,
        until=None if until is None else _end_of(until, group),
        trust=Trust(data["trust"]) if data["trust"] else None,
        condition=data["condition"],
        made_from=data["made_from"],
        made_to=data["made_to"],
        no_bids=data["no_bids"],
        after=after,
    )


def address_of(search: Search, group: Group, **instead: Any) -> Asked:
    """The same search as the query of an address, without the page. What is as usual is left out."""
    until = (
        None if search.until is None else (search.until - timedelta(seconds=1)).astimezone(ZoneInfo(group.time_zone))
    )
    most = search.price_to if search.with_shipping_to is None else search.with_shipping_to
    asked = {
        "stage": search.stage if search.stage is not Stage.RUNNING else None,
        "order": search.order if search.order is not Order.ENDING else None,
        "kind": search.kind,
        "q": search.words,
        "price_from": _plain(search.price_from, group),
        "price_to": _plain(most, group),
        "within": search.within,
        "until": until and until.date().isoformat(),
        "trust": search.trust,
        "condition": search.condition,
        "made_from": search.made_from,
        "made_to": search.made_to,
        "no_bids": "1" if search.no_bids else None,
    } | instead
    return {name: str(value) for name, value in asked.items() if value not in {None, ""}}


def chips(search: Search, group: Group) -> list[Chip]:
    """The filters that are on, each with the address that leaves it out."""
    asked = address_of(search, group)
    return [
        Chip(words, {name: value for name, value in asked.items() if name not in names})
        for words, *names in _in_words(search, group)
    ]


def in_words(search: Search, group: Group) -> str:
    """The filters in a line: "Seiko", watches, up to EUR 200.00."""
    return ", ".join(words for words, *_names in _in_words(search, group))


def _in_words(search: Search, group: Group) -> Iterator[tuple[str, ...]]:
    """What each filter says, and the fields that it stands in."""

    def sum_of(minor: int) -> str:
        return money_text(Money(minor, group.currency))

    if search.words:
        yield _("“%(words)s”", words=search.words), "q"
    if search.kind:
        yield str(WORDS[Category(search.kind)]), "kind"
    if search.price_from is not None:
        yield _("from %(sum)s", sum=sum_of(search.price_from)), "price_from"
    if search.price_to is not None:
        yield _("up to %(sum)s", sum=sum_of(search.price_to)), "price_to"
    if search.with_shipping_to is not None:
        yield _("up to %(sum)s with shipping", sum=sum_of(search.with_shipping_to)), "price_to"
    yield from _others_in_words(search, group)


def _others_in_words(search: Search, group: Group) -> Iterator[tuple[str, ...]]:
    if search.within is not None:
        yield within_words()[search.within], "within"
    if search.until is not None:
        day = address_of(search, group)["until"]
        yield _("ends by %(day)s", day=day), "until"
    if search.trust is not None:
        yield trust_words()[search.trust], "trust"
    if search.condition:
        yield str(WORDS[Condition(search.condition)]), "condition"
    if search.made_from is not None:
        yield _("made in %(year)s or later", year=search.made_from), "made_from"
    if search.made_to is not None:
        yield _("made in %(year)s or earlier", year=search.made_to), "made_to"
    if search.no_bids:
        yield _("no bids yet"), "no_bids"


def within_words() -> dict[Within, str]:
    return {
        Within.HOUR: _("ends within the hour"),
        Within.DAY: _("ends within a day"),
        Within.THREE_DAYS: _("ends within three days"),
    }


def trust_words() -> dict[Trust, str]:
    return {Trust.LOW: _("seller’s risk low"), Trust.SOME: _("seller’s risk low or some")}


def _first(messages: Any) -> str:
    """One sentence at a field is enough to go on with."""
    return str(messages[0]) if isinstance(messages, list) else str(messages)


def _minor(amount: Any, group: Group, field: str, errors: dict[str, str]) -> int | None:
    if amount is None:
        return None
    try:
        return as_money(amount, group.currency, field=field).minor
    except RuleBroken as refusal:
        errors[field] = sentence_of(refusal)
        return None


def _plain(minor: int | None, group: Group) -> str | None:
    """A sum as one types it: 200, or 12.50."""
    if minor is None:
        return None
    amount = Money(minor, group.currency).amount
    return f"{amount:.0f}" if amount == amount.to_integral_value() else f"{amount}"


def _end_of(day: Any, group: Group) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(group.time_zone))
