"""What is not paid to somebody though it is time, in words for him: who should have paid, and what he can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale, gettext as _

from marketplace.accounts import queries as people
from marketplace.escrow import finding, late_payouts
from marketplace.escrow.late_payouts import LatePayout
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import CONFIRMERS, Role
from marketplace.kernel import clock
from marketplace.payments.late_rules import Stage, Whose
from marketplace.payments.rules import Through
from marketplace.web.format import money_text
from marketplace.web.tasks import Task


def tasks_of(person_id: int) -> Iterable[Task]:
    """A line for each payout that he waits for too long, or that waits for him."""
    late = late_payouts.waiting_for(person_id, clock.now())
    group_by_id = groups.groups({each.payout.group_id for each in late}) if late else {}
    confirmers = groups.confirmers(group_by_id) if late else {}
    names = people.names_of(set().union(*confirmers.values())) if late else {}
    for each in late:
        group = group_by_id[each.payout.group_id]
        parties = {person_id} if each.order is None else {each.order.buyer_id, each.order.seller_id}
        payers = sorted(names[payer] for payer in confirmers[group.id] - parties)
        yield _task(each, group, payers)


def _task(late: LatePayout, group: Group, payers: list[str]) -> Task:
    amount, what = money_text(late.payout.amount), late.order.title if late.order else _("a deposit")
    since = format_date(late.payout.since.astimezone(ZoneInfo(group.time_zone)), "d MMMM", locale=get_locale())
    if late.stage is Stage.FOR_PAYEE:
        return Task(
            title=_("Say where you are paid: %(amount)s waits", amount=amount),
            url=settings_of(late),
            button=_("To your settings"),
            text=_(
                "For %(what)s, in %(group)s. It is yours since %(since)s, and nobody can pay you before.",
                what=what,
                group=group.name,
                since=since,
            ),
            item_id=late.order.item_id if late.order else None,
        )
    return Task(
        title=_("%(amount)s is not paid to you yet", amount=amount),
        url=page_of(late, group.slug),
        button=_("Ask what keeps it"),
        text=_(
            "For %(what)s, in %(group)s. It is yours since %(since)s. %(who)s",
            what=what,
            group=group.name,
            since=since,
            who=who_pays(late, payers),
        ),
        item_id=late.order.item_id if late.order else None,
    )


def who_pays(late: LatePayout, payers: list[str]) -> str:
    """Who should have paid it."""
    if late.payout.whose is Whose.PROCESSOR:
        return str(_("The payment processor should have paid it within two days, and is asked again by itself."))
    if not payers:
        return str(_("Nobody is left who could pay it: the group’s owners have to make another member treasurer."))
    return str(_("To be paid within two days by: %(names)s.", names=", ".join(payers)))


def on_page(late: Sequence[LatePayout]) -> dict[str, Any]:
    """What templates/treasury/_late_to_me.html needs, for payouts to one person out of one order or one group's
    deposits. Three queries, if there are any."""
    if not late:
        return {"late": []}
    owners = [each.person_id for each in groups.officers(late[0].payout.group_id, (Role.OWNER,))]
    payers = _payers_of(late[0])
    names = people.names_of({*owners, *payers})
    named = sorted(names[payer] for payer in payers)
    return {
        "late": late,
        "late_who": {each.payout.movement_id: who_pays(each, named) for each in late},
        "late_owners": ", ".join(sorted(names[owner] for owner in owners)),
        "late_settings": settings_of(late[0]),
    }


def _payers_of(late: LatePayout) -> tuple[int, ...]:
    if late.order is not None:
        return finding.confirmers_of(late.order)
    officers = groups.officers(late.payout.group_id, CONFIRMERS)
    return tuple(each.person_id for each in officers if each.person_id != late.payout.person_id)


def settings_of(late: LatePayout) -> str:
    """Where the payee says how he can be paid."""
    by_hand = late.payout.gateway is Through.TREASURER
    return url_for("payout_details.show" if by_hand else "card_accounts.show")


def page_of(late: LatePayout, slug: str) -> str:
    """Where the payee asks: in his order's messages, or at his deposit."""
    if late.order is None:
        return url_for("deposits.mine", slug=slug, _anchor="out-h")
    return url_for("orders.show", order_id=late.order.id, _anchor="messages-h")
