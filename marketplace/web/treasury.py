"""An officer's queue of other members' money, and the pages on which he confirms that it came or went."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.catalog import queries as catalog
from marketplace.deposits import queries as deposits
from marketplace.escrow import debts, finding, paying, payouts, schemas, treasury
from marketplace.escrow.confirmations import OrderPayment, OrderPayout
from marketplace.escrow.judging_rules import open_to
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.order_rules import Action, Party
from marketplace.escrow.reference_rules import parcel_reference_of
from marketplace.escrow.rules import AWAITED
from marketplace.groups import proposal_queries as proposals, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import CONFIRMERS, Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed
from marketplace.kernel.money import Money
from marketplace.payments import queries as movements
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.order_page import group_of
from marketplace.web.person import me
from marketplace.web.proofs import Page, confirm_with_proof, from_bank_line
from marketplace.web.two_officers import limit_here

blueprint = Blueprint("treasury", __name__)

_MOST_IN_SEARCH = 140
_PAYOUT = "/orders/<int:order_id>/payouts/<any(buyer, seller):payee>"


@blueprint.get("/g/<slug>/treasury")
@auth_required()
def show(slug: str) -> Page:
    """Payments to look for and payouts to make, what is late first; never the officer's own. A line of the bank's
    statement finds what it is for by the reference."""
    group = group_here(slug, Permission.CONFIRM_MONEY_LATE)
    text = request.args.get("q", "")[:_MOST_IN_SEARCH].replace("\0", "")
    found = _found(group, text) if text.strip() else None
    if found is not None:
        return redirect(found)
    with clock.at(clock.now()):  # one page, one moment
        return _queue_page(group, text)


def _found(group: Group, text: str) -> str | None:
    """Where the order, deposit, parcel or debt stands that carries this reference."""
    if order := treasury.order_with(group.id, me(), text):
        return url_for("orders.show", order_id=order.id)
    if person_id := deposits.person_with(group.id, me(), text):
        return url_for("deposit_treasury.show", slug=group.slug, person_id=person_id)
    if parcel_id := treasury.parcel_with(group.id, me(), text):
        return url_for("parcels.show", parcel_id=parcel_id)
    if debtor_id := debts.person_with(group.id, me(), text):
        return url_for("debts.show", slug=group.slug, person_id=debtor_id)
    return None


def _queue_page(group: Group, text: str) -> str:
    queue, waiting = treasury.queue_for(group.id, me()), proposals.open_for(group.id, me())
    paid = [order for payment in (*queue.payments, *queue.expected) for order in payment.orders]
    sides = {each for order in (*paid, *queue.payouts) for each in (order.buyer_id, order.seller_id)}
    shown = {order.id for order in queue.payouts}
    elsewhere = [late for (order_id, _payee), late in queue.late.items() if order_id not in shown]
    late_people = {late.payout.person_id for late in elsewhere}
    officers = {each for proposal in waiting for each in (proposal.proposed_by, proposal.person_id)}
    limit_minor = group.terms.officer_limit_minor
    return render_template(
        "treasury/show.html",
        group=group,
        queue=queue,
        deposits=deposits.count_for(group.id, me()),
        text=text,
        parcel_reference=parcel_reference_of,
        late_elsewhere=elsewhere,
        names=accounts.names_of(sides | officers | late_people),
        covers=catalog.covers_of(
            order.item_id for order in [*(each.orders[0] for each in queue.payments), *queue.payouts]
        ),
        may_search=Permission.CONFIRM_MONEY in able_in(group),
        proposals=waiting,
        waiting_for={(each.deed, each.subject_id) for each in waiting},
        allowance=proposals.allowance_of(group.id, me(), limit_minor=limit_minor, now=clock.now()),
        seconds=len(groups.officers(group.id, CONFIRMERS)),
        me=me(),
    )


@blueprint.get("/orders/<int:order_id>/payment")
@fresh_second_factor
def payment(order_id: int) -> Page:
    """What to look for in the group's account, and a form for what was found there."""
    order = _order_of_others(order_id)
    if order.parcel_id is not None and order.state in AWAITED:
        return redirect(url_for("parcels.payment", parcel_id=order.parcel_id))
    return _payment_page(order, from_bank_line(order.group_id))


@blueprint.post("/orders/<int:order_id>/payment")
@fresh_second_factor
@limiter.limit("120 per hour")
def confirm_payment(order_id: int) -> Page:
    """The money is held, or some of it; or, where the order is over, owed back."""
    order = _order_of_others(order_id)

    def confirm(amount: Any, **data: Any) -> Outcome:
        money = as_money(amount, order.currency, field="amount")
        return paying.confirm_payment(order_id=order_id, by=me(), amount=money, **data)

    said = _("It is confirmed, and both sides are told.")
    return confirm_with_proof(
        schemas.ConfirmPayment, confirm, said,
        done=lambda: to_queue(order.group_id), again=lambda form: _payment_page(order, form),
    )  # fmt: skip


@blueprint.post("/orders/<int:order_id>/payment/not-found")
@fresh_second_factor
@limiter.limit("60 per hour")
def not_found(order_id: int) -> Page:
    """The buyer is asked to look into it."""
    order = _order_of_others(order_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        paying.not_found(order_id=order_id, by=me(), **form.data)
        flash(_("The buyer is told that the payment cannot be found."))
        return to_queue(order.group_id)
    return _payment_page(order, form), 422


@blueprint.get(_PAYOUT)
@fresh_second_factor
def payout(order_id: int, payee: str) -> Page:
    """How much is owed to one side and where to send it, and a form for what was sent."""
    order = _order_of_others(order_id)
    return _payout_page(order, Party(payee), from_bank_line(order.group_id))


@blueprint.post(_PAYOUT)
@fresh_second_factor
@limiter.limit("120 per hour")
def confirm_payout(order_id: int, payee: str) -> Page:
    """It is paid, and the payee is told."""
    order = _order_of_others(order_id)

    def confirm(**data: Any) -> Outcome:
        return payouts.confirm_payout(order_id=order_id, by=me(), payee=Party(payee), **data)

    return confirm_with_proof(
        schemas.ConfirmPayout, confirm, _("It is confirmed, and the payee is told."),
        done=lambda: to_queue(order.group_id), again=lambda form: _payout_page(order, Party(payee), form),
    )  # fmt: skip


@blueprint.post(f"{_PAYOUT}/failed")
@fresh_second_factor
@limiter.limit("60 per hour")
def payout_failed(order_id: int, payee: str) -> Page:
    """It stays owed; the payee is told why it did not go through."""
    order = _order_of_others(order_id)
    form = Form.sent(schemas.PayoutFailed)
    with form.refusals():
        payouts.payout_failed(order_id=order_id, by=me(), payee=Party(payee), **form.data)
        flash(_("It stays owed, and the payee is told."))
        return to_queue(order.group_id)
    return _payout_page(order, Party(payee), form), 422


@blueprint.post(f"{_PAYOUT}/otherwise")
@fresh_second_factor
@limiter.limit("60 per hour")
def pay_otherwise(order_id: int, payee: str) -> Page:
    """What the payment processor cannot pay: one officer proposes that the group pays it, another agrees."""
    order = _order_of_others(order_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        act = payouts.agree_otherwise if order.otherwise_payee == payee else payouts.propose_otherwise
        act(order_id=order_id, by=me(), payee=Party(payee), **form.data)
        flash(_("It is noted. It takes two officers; then it is in the queue."))
        return to_queue(order.group_id)
    return _payout_page(order, Party(payee), form), 422


def _order_of_others(order_id: int) -> Order:
    """The order, for an officer who looks after its money. Raises NotFound, and NotAllowed where it is his own."""
    order, party = finding.order_for(order_id, me())
    if party is not Party.TREASURER:
        raise NotAllowed("This is your own order. Another officer looks after its money.")
    return order


def _payment_page(order: Order, form: Form) -> str:
    facts = order.facts()
    group = group_of(order)
    actions = open_to(facts, by=Party.TREASURER, now=clock.now())
    return render_template(
        "treasury/payment.html",
        order=order,
        facts=facts,
        group=group,
        form=form,
        due=facts.missing if facts.state in AWAITED else Money(0, order.currency),
        is_open=Action.CONFIRM_PAYMENT in actions,
        may_not_find=Action.NOT_FOUND in actions,
        names=accounts.names_of([order.buyer_id, order.seller_id]),
        seen=[each for each in movements.of_order(order.id) if each.purpose.endswith(":payment")],
        limit=limit_here(OrderPayment(order)),
    )


def _payout_page(order: Order, payee: Party, form: Form) -> str:
    facts = order.facts()
    group = group_of(order)
    payee_id = finding.person_of(order, payee)
    amount = owed(facts, payee)
    made = [each for each in movements.of_order(order.id) if each.purpose.endswith(f":payout:{payee}")]
    return render_template(
        "treasury/payout.html",
        order=order,
        facts=facts,
        group=group,
        form=form,
        payee=payee,
        amount=amount,
        is_open=bool(amount) and Action.CONFIRM_PAYOUT in open_to(facts, by=Party.TREASURER, now=clock.now()),
        names=accounts.names_of([order.buyer_id, order.seller_id]),
        details=accounts.payout_details_of(payee_id, clock.now()) if amount else None,
        coming=accounts.coming_payout_details(payee_id, clock.now()) if amount else None,
        failed=[each for each in made if each.failure],
        payee_id=payee_id,
        limit=limit_here(OrderPayout(order, payee)),
    )


def to_queue(group_id: int) -> Response:
    """Back to the queue: an officer who acted in the treasurer's place does not see the order any more."""
    return redirect(url_for("treasury.show", slug=groups.group(group_id).slug), 303)
