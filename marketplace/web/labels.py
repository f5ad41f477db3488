"""For a meet-up, on paper: labels of lots with the QR code of their page, and a sheet of bidder numbers."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_security import auth_required

from marketplace.accounts import queries as people
from marketplace.auctions import lists
from marketplace.auctions.models import Lot
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.web.frame import able_in, group_here
from marketplace.web.paging import row_number
from marketplace.web.person import me
from marketplace.web.qr_codes import qr_code

blueprint = Blueprint("labels", __name__, url_prefix="/g/<slug>")

ON_A_PAGE = 24
"""Three beside each other, eight rows: 70 by 37 mm, as sheets of labels for A4 are cut."""


@blueprint.get("/labels")
@auth_required()
def choose(slug: str) -> str:
    """The lots that run or will, to choose from: those of the group for who keeps order, for others their own."""
    group = group_here(slug, Permission.PRINT_LABELS)
    return render_template(
        "labels/choose.html", group=group, able=able_in(group), lots=_lots(group), most=lists.MOST_LABELS
    )


@blueprint.get("/labels/print")
@auth_required()
def sheet(slug: str) -> str:
    """The labels, 24 on a page of A4; all of them, if none was chosen."""
    group = group_here(slug, Permission.PRINT_LABELS)
    chosen = set(request.args.getlist("lot", type=row_number))
    lots = [lot for lot in _lots(group) if not chosen or lot.number in chosen]
    codes = {lot.id: qr_code(url_for("lots.show", slug=slug, number=lot.number)) for lot in lots}
    pages = [lots[first : first + ON_A_PAGE] for first in range(0, len(lots), ON_A_PAGE)]
    return render_template("labels/sheet.html", group=group, pages=pages, codes=codes)


@blueprint.get("/bidder-numbers")
@auth_required()
def bidders(slug: str) -> str:
    """Who bids under which number at a meet-up: for who keeps order alone."""
    group = group_here(slug, Permission.PRINT_FOR_MEETUP)
    numbers = groups.bidder_numbers(group)
    names = people.names_of(person_id for _number, person_id in numbers)
    return render_template("labels/bidders.html", group=group, numbers=numbers, names=names)


def _lots(group: Group) -> list[Lot]:
    seller_id = None if Permission.PRINT_FOR_MEETUP in able_in(group) else me()
    return lists.lots_for_labels(group.id, seller_id=seller_id)
