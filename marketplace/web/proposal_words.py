"""What a second officer is asked about, in words: the order, parcel, deposit or debt beside the slip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l

from marketplace.accounts import queries as accounts
from marketplace.deposits.asking_rules import usual
from marketplace.deposits.confirmations import DepositPayment, PayoutOfDeposit
from marketplace.escrow.confirmations import OrderPayment, OrderPayout
from marketplace.escrow.debt_paying import DebtPayment
from marketplace.escrow.models import Order
from marketplace.escrow.parcel_paying import ParcelPayment
from marketplace.escrow.parcel_rules import total
from marketplace.groups import proposal_queries as proposals, queries as groups
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_rules import State
from marketplace.kernel.money import Money
from marketplace.web.format import money_text
from marketplace.web.tasks import Task

BADGES = {
    State.OPEN: (_l("Waits for a second officer"), "clock"),
    State.APPROVED: (_l("Approved"), "money"),
    State.REFUSED: (_l("Refused"), "doubt"),
    State.WITHDRAWN: (_l("Withdrawn"), ""),
    State.OVERTAKEN: (_l("Overtaken: nothing was confirmed"), "doubt"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What the slip should agree with."""

    title: str
    reference: str
    """What the payment carries."""
    due_label: str
    due: Money
    orders: list[Order] = field(default_factory=list)
    comes_in: bool = True
    details: str | None = None
    """Of a payout: where it goes."""
    is_over: bool = False
    """The order needs no money any more: what came goes back."""


def badge(state: str) -> tuple[str, str]:
    """A state in a few words, and its tone."""
    words, tone = BADGES[State(state)]
    return str(words), tone


def about_of(case: Confirmation, *, at: datetime) -> About:
    """What a confirmation is about, for its page. `at`: when it was entered; the money went where its payee was paid
    then, and not to what he has named since."""
    match case:
        case OrderPayment():
            order = case.order
            is_over = case.stage == "over"
            due = order.money(0) if is_over else order.facts().missing
            return About(order.title, order.reference, _("Missing"), due, [order], is_over=is_over)
        case ParcelPayment():
            missing = total(case.orders[0].currency, [order.facts().missing for order in case.waiting])
            title = _("Parcel %(reference)s", reference=case.title)
            return About(title, case.title, _("Missing"), missing, list(case.orders), is_over=case.stage == "over")
        case OrderPayout():
            order = case.order
            return About(
                order.title, order.reference, _("Owed"), case.due, [order], comes_in=False, details=_details(case, at)
            )
        case DepositPayment():
            group = groups.group(case.group_id)
            return About(_("A deposit"), case.title, _("A deposit here"), usual(group.terms, group.currency))
        case PayoutOfDeposit():
            words = _("A deposit that goes back") if case.payout.kind == "return" else _("A part of a deposit")
            return About(words, case.title, _("Owed"), case.payout.amount, comes_in=False, details=_details(case, at))
        case DebtPayment():
            return About(_("What he owes the group"), case.title, _("Owed"), case.owed)
    raise TypeError(f"nobody has words for {type(case).__name__}")


def _details(case: Confirmation, at: datetime) -> str | None:
    return accounts.payout_details_of(case.person_id, at)


def tasks_of(person_id: int) -> Iterable[Task]:
    """What other officers entered, and waits for this person to look at the slip. Two queries."""
    found = proposals.waiting_for(person_id)
    names = accounts.names_of({proposal.proposed_by for proposal, _group in found})
    for proposal, group in found:
        amount = money_text(proposal.amount)
        yield Task(
            title=_("Did %(amount)s come in?", amount=amount)
            if proposal.comes_in
            else _("Did %(amount)s go out?", amount=amount),
            url=url_for("proposals.show", proposal_id=proposal.id),
            button=_("Look at the slip, and decide"),
            text=_(
                "%(title)s, in %(group)s. %(name)s entered it, and it takes two officers.",
                title=proposal.title,
                group=group.name,
                name=names[proposal.proposed_by],
            ),
            deadline=proposal.until,
            zone=group.time_zone,
            then=_("What happens then, the treasury says.") if proposal.until else "",
        )
