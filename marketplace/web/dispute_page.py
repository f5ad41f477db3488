"""What the page of one dispute shows to one reader, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from markupsafe import Markup

from marketplace.accounts import queries as accounts
from marketplace.auctions import questions
from marketplace.catalog import queries as catalog
from marketplace.disputes import evidence, queries, schemas
from marketplace.disputes.choosing_rules import agree_until
from marketplace.disputes.dispute_rules import Action, Party, Remedy, State
from marketplace.disputes.finding import Case, side_of
from marketplace.disputes.judging_rules import answer_by
from marketplace.disputes.models import SIDES, DisputeLine, Evidence
from marketplace.disputes.queries import View
from marketplace.escrow import queries as orders
from marketplace.escrow.models import Message
from marketplace.groups import queries as groups
from marketplace.groups.rules import OFFICERS, Role
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.reputation import queries as reputation
from marketplace.reputation.rules import Standing
from marketplace.web import dispute_choices as choices, dispute_words as words
from marketplace.web.dispute_course import course_of, lodge_by, notice_of, settled_before
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, about
from marketplace.web.fresh import may_move_money


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as the page shows both: the same rows, in the same order."""

    party: Party
    person_id: int
    name: str
    standing: Standing
    statements: list[DisputeLine]
    wants: Remedy | None
    """What the buyer asks for; the seller's offer, while it stands."""
    would_take: Remedy | None
    """The buyer's counter-offer, while it stands."""
    before: Remedy | None
    """What he had offered before the other side's offer took its place."""
    has_contested: bool
    exhibits: list[Evidence]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What somebody found, and who gets what by it."""

    line: DisputeLine
    name: str
    happens: Markup
    shares: list[tuple[Markup, Money]]


@dataclass(frozen=True, slots=True)
class Confirming:
    """A ruling that is read before it is final."""

    remedy: Remedy
    deed: Markup
    happens: Markup
    shares: list[tuple[Markup, Money]] = field(default_factory=list)


def dispute_page(
    dispute_id: int, person_id: int, forms: Mapping[str, Form] | None = None, confirming: Remedy | None = None
) -> str:
    """The page of a dispute. `forms`: those that were refused, or come again. `confirming`: the ruling to be read."""
    view = queries.view_for(dispute_id, person_id)
    order, dispute = view.case
    group = groups.group(order.group_id)
    about(group)
    messages = orders.messages_of(order.id) if view.seat not in SIDES else []
    members = queries.proposable(view.case) if view.can_choose else []
    names = accounts.names_of(_people_of(view, messages, members))
    with clock.at(view.now):  # one page, one moment
        return render_template(
            "disputes/show.html",
            view=view,
            order=order,
            dispute=dispute,
            facts=dispute.facts(),
            group=group,
            names=names,
            question=words.question(view.case, names),
            notice=notice_of(view, names),
            course=course_of(view, person_id, names),
            sides=_sides(view, names),
            settled_before=settled_before(view, names),
            rulings=[_ruling(view, line, names) for line in view.lines if line.action == Action.RULE],
            confirming=_confirming(view, confirming, names) if confirming else None,
            messages=messages,
            asked_before=questions.evidence_of(order.lot_id),
            members=sorted((names[member_id], member_id) for member_id in members),
            item=catalog.item(order.item_id),
            able=able_in(group),
            forms=forms or {},
            refused=_refused(view, forms or {}),
            blank=Form(),
            **_deeds(view, names),
            **_for_ruler(view, person_id),
        )


def is_unproved(case: Case, person_id: int) -> bool:
    """Whether this person rules as an officer, who moves money so, and has not used his second factor a moment ago.

    The plain member whom both sides accepted needs none.
    """
    membership = groups.membership(case.order.group_id, person_id)
    is_officer = membership is not None and membership.role in OFFICERS
    return is_officer and side_of(case, person_id) is None and not may_move_money()


def form_page(order_id: int, form: Form) -> str:
    """The page on which a buyer says what is wrong. Ask first whether he may."""
    order = orders.order(order_id)
    group = groups.group(order.group_id)
    about(group)
    names = accounts.names_of([order.buyer_id, order.seller_id])
    terms = order.terms
    details: dict[str, object] = {
        "held": order.facts().held,
        "days": words.days(terms.days_to_post_return),
        "seller": names[order.seller_id],
    }
    return render_template(
        "disputes/new.html",
        order=order,
        group=group,
        item=catalog.item(order.item_id),
        held=order.facts().held,
        seller=names[order.seller_id],
        reasons=choices.reasons(order),
        asked=choices.asked(order, details),
        to_talk=words.days(terms.days_to_talk),
        to_answer=words.days(terms.days_to_answer),
        form=form,
        law=schemas,
        most_photos=evidence.MOST_EACH,
    )


def _people_of(view: View, messages: list[Message], members: list[int]) -> set[int]:
    order, dispute = view.case
    named = {line.person_id for line in view.lines} | {line.named_id for line in view.lines}
    known = {*named, order.buyer_id, order.seller_id, dispute.proposed_ruler_id, dispute.accepted_ruler_id}
    return {person_id for person_id in known if person_id} | {message.author_id for message in messages} | {*members}


def _sides(view: View, names: Mapping[int, str]) -> list[Side]:
    """Buyer left."""
    order, facts = view.case.order, view.case.dispute.facts()
    standings = reputation.standings_of([order.buyer_id, order.seller_id], order.group_id)
    sides = []
    for party, person_id in ((Party.BUYER, order.buyer_id), (Party.SELLER, order.seller_id)):
        mine = [line for line in view.lines if line.person_id == person_id]
        offers = [line for line in mine if line.action == Action.OFFER]
        last = words.line_remedy(view.case, offers[-1]) if offers else None
        standing_offer = facts.offered if facts.offered_by is party else None
        is_buyer = party is Party.BUYER
        side = Side(
            party=party, person_id=person_id, name=names[person_id], standing=standings[person_id],
            statements=[line for line in mine if line.words], wants=facts.asked if is_buyer else standing_offer,
            would_take=standing_offer if is_buyer else None, before=None if standing_offer else last,
            exhibits=view.evidence[party],
            has_contested=any(line.action == Action.CONTEST for line in mine),
        )  # fmt: skip
        sides.append(side)
    return sides


def _ruling(view: View, line: DisputeLine, names: Mapping[int, str]) -> Ruling:
    remedy = words.line_remedy(view.case, line)
    if remedy is None:
        raise ValueError(f"line {line.id} rules nothing")
    return Ruling(
        line, names[line.person_id or 0], words.happens(view.case, remedy, names),
        choices.shares(view.case, remedy, names),
    )  # fmt: skip


def _confirming(view: View, remedy: Remedy, names: Mapping[int, str]) -> Confirming:
    case = view.case
    return Confirming(
        remedy, words.deed(case, remedy, names), words.happens(case, remedy, names), choices.shares(case, remedy, names)
    )


def _deeds(view: View, names: Mapping[int, str]) -> dict[str, Any]:
    """What this reader can do now: the law's actions, with the words of their buttons."""
    case, facts = view.case, view.case.dispute.facts()
    side = view.seat if view.seat in SIDES else None
    return {
        "open": set(view.actions),
        "A": Action,
        "options": choices.offered(case, side, view.actions, names) if side else [],
        "rulings_open": choices.ruled(case, names) if view.seat is Party.RULER else [],
        "asked_deed": words.deed(case, facts.asked, names),
        "offered_deed": words.deed(case, facts.offered, names) if facts.offered else "",
        "answer_by": answer_by(facts),
        "agree_until": agree_until(facts) if view.can_choose else None,
        "lodge_by": lodge_by(facts),
        "WANTED": words.WANTED,
        "law": schemas,
        "most_photos": evidence.MOST_EACH,
    }


def _refused(view: View, forms: Mapping[str, Form]) -> str:
    """Why a deed was refused whose form is not on the page, or not any more: a button, or the dispute has moved on."""
    is_side = view.seat in SIDES
    shown = {
        "answer": Action.OFFER in view.actions,
        "appeal": Action.APPEAL in view.actions,
        "rule": Action.RULE in view.actions,
        "ruler": view.can_choose,
        "say": is_side and view.case.dispute.state != State.SETTLED,
    }
    gone = [form for name, form in forms.items() if not shown.get(name)]
    return next((sentence for form in gone for sentence in form.errors.values()), "")


def _for_ruler(view: View, person_id: int) -> dict[str, Any]:
    """In which capacity the reader may rule, as a sentence, and whether he has to show a code first."""
    if view.seat is not Party.RULER:
        return {"capacity": "", "unproved": False}
    membership = groups.membership(view.case.order.group_id, person_id)
    is_chosen = person_id == view.case.dispute.accepted_ruler_id
    role = Role.MEMBER if is_chosen or membership is None else Role(membership.role)
    return {"capacity": words.ROLES[role], "unproved": is_unproved(view.case, person_id)}
