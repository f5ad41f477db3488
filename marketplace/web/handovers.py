"""The treasury passes from one to another: what is in hand, who says so, and who confirms that he has it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.auctions.schemas import as_money
from marketplace.deposits import queries as deposits
from marketplace.escrow import in_hand
from marketplace.groups import handover_queries, handover_rules, handover_schemas as schemas, handovers, queries
from marketplace.groups.handover_models import Handover
from marketplace.groups.handover_rules import Action
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission, Role
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor, proof_wanted
from marketplace.web.handover_words import difference
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("handovers", __name__, url_prefix="/g/<slug>/treasury/handover")
blueprint.add_app_template_global(difference, "handover_difference")

Page = str | Response | tuple[str, int]
DEEDS = "30 per hour"


@blueprint.get("")
@auth_required()
def show(slug: str) -> Page:
    """What whoever looks after the money has in hand, how far a handover is, and what I can do in it."""
    group, found = _seen(slug)
    return _page(group, found, Form())


@blueprint.post("/ask")
@auth_required()
@limiter.limit(DEEDS)
def ask(slug: str) -> Page:
    """The owners are asked to name somebody."""
    group = group_here(slug, Permission.CONFIRM_MONEY)
    form = Form.sent(schemas.CallOff)
    with form.refusals():
        handovers.ask_to_step_down(by=me(), group_id=group.id)
        return _done(slug, _("The owners are asked to name who follows you. Until then you keep the role."))
    return _page(group, handover_queries.open_in(group.id), form), 422


@blueprint.post("/name")
@fresh_second_factor
@limiter.limit(DEEDS)
def name(slug: str) -> Page:
    """Both are told, and all officers."""
    group = group_here(slug, Permission.NAME_TREASURER)
    form = Form.sent(schemas.NameSuccessor)
    with form.refusals():
        handovers.name_successor(by=me(), group_id=group.id, **form.data)
        return _done(
            slug, _("Both are told. Nothing has changed yet: one says what he hands over, the other confirms it.")
        )
    return _page(group, handover_queries.open_in(group.id), form), 422


@blueprint.post("/<int:handover_id>/state")
@fresh_second_factor
@limiter.limit(DEEDS)
def state(slug: str, handover_id: int) -> Page:
    """What is handed over is said; a difference is told to all officers."""
    group, found = _of(slug, handover_id)
    form = Form.sent(schemas.StateBalance)
    with form.refusals():
        stated = as_money(form.data["amount"], found.currency, field="amount")
        handovers.state_balance(
            by=me(), handover_id=found.id, amount=stated, reference=form.data["reference"], note=form.data["note"]
        )
        return _done(slug, _("It is said, and your successor is asked to confirm it."))
    return _page(group, found, form), 422


@blueprint.post("/<int:handover_id>/confirm")
@fresh_second_factor
@limiter.limit(DEEDS)
def confirm(slug: str, handover_id: int) -> Page:
    """The roles have changed."""
    group, found = _of(slug, handover_id)
    form = Form.sent(schemas.ConfirmBalance)
    with form.refusals():
        had = Money(form.data["amount_minor"], found.currency)
        handovers.confirm_balance(
            by=me(), handover_id=found.id, amount=had, statement=form.data["statement"]
        )  # fmt: skip
        return _done(slug, _("You look after the money now. If members are to pay elsewhere, propose it next."))
    return _page(group, found, form), 422


@blueprint.post("/<int:handover_id>/call-off")
@auth_required()
@limiter.limit(DEEDS)
def call_off(slug: str, handover_id: int) -> Page:
    """Without a second factor: nothing changes hands by it."""
    group, found = _of(slug, handover_id)
    form = Form.sent(schemas.CallOff)
    with form.refusals():
        handovers.call_off(by=me(), handover_id=found.id, **form.data)
        flash(_("It is called off. Everybody keeps the role that he has."))
        return redirect(url_for("groups.show", slug=slug))
    return _page(group, found, form), 422


def _seen(slug: str) -> tuple[Group, Handover | None]:
    """The group and its open handover, for officers and for the two whom it is about. Raises NotFound."""
    group = group_here(slug)
    found = handover_queries.open_in(group.id)
    handover_queries.check_sees(found, me(), group_id=group.id)
    return group, found


def _of(slug: str, handover_id: int) -> tuple[Group, Handover]:
    group = group_here(slug)
    found = handover_queries.handover(handover_id)
    if found.group_id != group.id:
        raise NotFound("There is no such handover.")
    handover_queries.check_sees(found, me())
    return group, found


def _done(slug: str, said: str) -> Response:
    flash(said)
    return redirect(url_for("handovers.show", slug=slug))


def _page(group: Group, found: Handover | None, form: Form) -> str:
    now = clock.now()
    able = able_in(group)
    facts = found.facts() if found else None
    parties = handover_queries.parties(found, me()) if found else frozenset()
    may_name = Permission.NAME_TREASURER in able and (facts is None or (found is not None and found.state == "asked"))
    with clock.at(now):  # one page, one moment
        return render_template(
            "treasury/handover.html",
            group=group,
            found=found,
            form=form,
            able=able,
            may={action for action in Action if facts and handover_rules.may(facts, action, parties, now)},
            may_ask=facts is None and Permission.CONFIRM_MONEY in able and Permission.NAME_TREASURER not in able,
            silent_from=handover_rules.silent_from(facts) if facts else None,
            instructions=queries.instructions_of(group.id, now),
            coming=queries.coming_instructions(group.id, now),
            proof=proof_wanted(),
            **_people(group, found, with_choice=may_name),
            **_money(group, found),
        )


def _people(group: Group, found: Handover | None, *, with_choice: bool) -> dict[str, Any]:
    """Names; and whom an owner can choose, where he can."""
    parting = handover_queries.who_can_part(group.id) if with_choice else []
    members = queries.members(group.id, limit=group.most_members) if with_choice else []
    shown = [found.parting_id, found.successor_id, found.stated_by, found.named_by] if found else []
    names = people.names_of({*filter(None, shown), *parting, *(member.person_id for member in members)})
    treasurers = [member.person_id for member in members if member.role == Role.TREASURER]
    return {
        "names": names,
        "may_name": with_choice,
        "parting_choices": [(found.parting_id, names[found.parting_id])] if found else [(p, names[p]) for p in parting],
        "successor_choices": sorted(((m.person_id, names[m.person_id]) for m in members), key=lambda each: each[1]),
        "usual_parting": treasurers[0] if treasurers else me(),
    }


def _money(group: Group, found: Handover | None) -> dict[str, Any]:
    """What is in hand, what the books say is at the bank, and what the successor must have."""
    hand = in_hand.in_hand(group.id, clock.now())
    return {
        "hand": hand,
        "to_pay": hand.total(group.currency),
        "late": [each for each in hand.payouts if each.stage],
        "at_bank": handover_queries.at_bank(group.id, group.currency),
        "deposits": deposits.held_in(group.id, group.currency),
        "to_be_had": handover_queries.to_be_had(found) if found else None,
    }
