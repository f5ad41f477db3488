"""The catalogue as a page: the lots that were asked for, the filters that are on, and how to go on."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _

from marketplace.auctions import catalogue
from marketplace.auctions.search_rules import Order, Search, Stage, Trust, Within
from marketplace.catalog import queries as catalog
from marketplace.catalog.rules import Category, Condition
from marketplace.catalog.schemas import WORDS
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.web import searching
from marketplace.web.frame import able_in


def page_of(group: Group) -> str:
    """The lots that the address asks for."""
    search, form = searching.asked_of(group)
    now = clock.now()
    page = catalogue.catalogue(group.id, search, now=now)
    with clock.at(now):  # one page, one moment
        return render_template(
            "lots/catalogue.html",
            group=group,
            page=page,
            search=search,
            form=form,
            chips=searching.chips(search, group),
            asked=searching.address_of(search, group),
            bare={"stage": search.stage} if search.stage is not Stage.RUNNING else {},
            covers=catalog.covers_of(lot.item_id for lot in page.lots),
            choices=_choices(search),
            now=now,
            able=able_in(group),
        )


def _choices(search: Search) -> dict[str, list[tuple[str, str]]]:
    """What the selects offer, in the reader's language."""
    ending = {Stage.SCHEDULED: _("Opening soonest"), Stage.ENDED: _("Ended last")}
    orders = {
        Order.ENDING: ending.get(search.stage, _("Ending soonest")),
        Order.NEWEST: _("Newest first"),
        Order.PRICE: _("Price, lowest first"),
        Order.DEAREST: _("Price, highest first"),
        Order.BIDS: _("Most bids first"),
    }
    return {
        "stage": [(Stage.RUNNING, _("Running")), (Stage.SCHEDULED, _("To come")), (Stage.ENDED, _("Ended"))],
        "order": list(orders.items()),
        "kind": [("", _("All kinds")), *((kind, WORDS[kind]) for kind in Category)],
        "condition": [("", _("Any")), *((condition, WORDS[condition]) for condition in Condition)],
        "within": [("", _("Any time")), (Within.HOUR, _("Within the hour")), (Within.DAY, _("Within a day")),
                   (Within.THREE_DAYS, _("Within three days"))],
        "trust": [("", _("Anybody")), (Trust.LOW, _("Low risk")), (Trust.SOME, _("Low or some risk"))],
    }  # fmt: skip
