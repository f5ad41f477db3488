"""An order's page as a story: where the money is, what was done, what is to be done now, what comes then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from markupsafe import Markup

from marketplace.escrow.gateway_rules import HOLDING
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.money_rules import sees_slip
from marketplace.escrow.order_rules import Action, Order as Facts, Party, State
from marketplace.escrow.reference_rules import parcel_of
from marketplace.escrow.reminding_rules import due_of, ship_until
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind
from marketplace.web.chargeback_words import reason_words
from marketplace.web.format import day, moment, short_moment
from marketplace.web.order_words import done_words, next_words, now_words, told

_BACK = {State.RETURN_DUE, State.RETURN_SHIPPED, State.RETURN_RECEIVED, State.RETURN_CONTESTED}
_SETTLED = {State.RELEASED, State.REFUNDED, State.SPLIT, State.PAYING_OUT, State.CLOSED}
_RULED = {Action.RELEASE, Action.REFUND, Action.DIVIDE, Action.RETURN_FIRST}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the page, and the names he reads in it."""

    person_id: int
    party: Party
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline."""

    at: str
    """done, now or next."""
    words: Markup
    detail: Markup | str = ""
    until: datetime | None = None
    proof_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One of the three places where the money can be."""

    label: str
    text: Markup | str = ""
    sums: tuple[tuple[str, Money], ...] = ()
    """What lies there, each after whose it is, where that is to be said."""
    note: str = ""
    is_here: bool = False


def steps_of(order: Order, lines: Sequence[OrderLine], movements: Sequence[Movement], reader: Reader) -> list[Step]:
    """The whole timeline of an order."""
    details = _details(order, reader)
    won = _("You won lot %(number)s") if reader.party is Party.BUYER else _("%(buyer)s won lot %(number)s")
    steps = [Step("done", told(won, details), moment(order.opened_at))]
    proofs = _proofs(lines, movements, reader)
    for line in lines:
        words = _line_words(order, line, reader, details)
        if words is not None:
            steps.append(Step("done", words, _line_detail(line, reader), proof_id=proofs.get(line.number)))
    now = _now(order, reader, details)
    facts = order.facts()
    is_over = facts.state in _SETTLED and order.held_at is None  # it was never paid in full: nobody is asked about it
    coming = [] if is_over else next_words(facts)
    later = [Step("next", told(words, details), told(after, details)) for words, after in coming]
    return [*steps, *([now] if now else []), *later]


def places_of(order: Order, lines: Sequence[OrderLine], reader: Reader) -> list[Place]:
    """Where the money is: with the buyer, with the group, or on its last way. It is in exactly one of them."""
    facts = order.facts()
    buyer, seller = _name(order.buyer_id, reader), _name(order.seller_id, reader)
    if facts.state in _SETTLED:
        return [
            _paid(order, lines, reader),
            Place(_holder(facts), _("no more")),
            _settled(order, lines, reader),
        ]
    target = Place(
        _("Then back to") if facts.state in _BACK else _("Then to"), buyer if facts.state in _BACK else seller
    )
    if facts.held:
        is_short = facts.state is State.TOPPING_UP
        note = "" if is_short else _("Not the seller’s yet.")
        held = Place(_holder(facts), sums=(("", facts.held),), note=note, is_here=True)
        return [_paid(order, lines, reader), held, target]
    if facts.state in (State.UNPAID, State.CANCELLED):
        note = _("Money that still comes is paid back.")
        here = Place(_("Still with"), sums=((buyer, facts.total),), note=note, is_here=True)
        return [here, Place(_("Held by the group"), _("nothing")), Place(_("Then to"), _("nobody"))]
    note = (
        _("Said to be sent. Nothing is held yet.")
        if facts.state is State.PAYMENT_CLAIMED
        else _("Nothing is held yet.")
    )
    here = Place(_("Still with"), sums=((buyer, facts.total),), note=note, is_here=True)
    then = _("Then held at the payment processor") if facts.is_by_gateway else _("Then held by the group")
    return [here, Place(then, _("until receipt is confirmed")), target]


def _holder(facts: Facts) -> str:
    if facts.is_by_gateway:
        return str(_("Held at the payment processor for this order"))
    return str(_("Held by the group for this order"))


def _paid(order: Order, lines: Sequence[OrderLine], reader: Reader) -> Place:
    label = _("You paid") if reader.party is Party.BUYER else _("%(name)s paid", name=reader.names[order.buyer_id])
    if order.held_at:
        return Place(label, day(order.held_at))
    is_part = any(line.to_state == State.TOPPING_UP for line in lines)
    return Place(label, _("a part") if is_part else _("too late"))


def _settled(order: Order, lines: Sequence[OrderLine], reader: Reader) -> Place:
    """The last place: who gets what, and how far that has come; or that the buyer's bank has it."""
    facts = order.facts()
    kept = order.money(sum(line.amount_minor or 0 for line in lines if line.action == Action.LOSE_CHARGEBACK))
    sides = [
        (order.buyer_id, facts.owed_buyer + facts.paid_buyer),
        (order.seller_id, facts.owed_seller + facts.paid_seller),
    ]
    if kept and not any(amount for _person_id, amount in sides):
        return Place(_("Kept by"), sums=((_("the buyer’s bank"), kept),), is_here=True)
    label = _("Paid out to") if facts.state is State.CLOSED else _("Being paid out to")
    return Place(
        label, sums=tuple((_name(person_id, reader), amount) for person_id, amount in sides if amount), is_here=True
    )


def _name(person_id: int, reader: Reader) -> str:
    return _("you") if person_id == reader.person_id else reader.names[person_id]


def _details(order: Order, reader: Reader) -> dict[str, object]:
    facts = order.facts()
    return {
        "number": order.lot_number,
        "buyer": reader.names[order.buyer_id],
        "seller": reader.names[order.seller_id],
        "missing": facts.missing,
        "held": facts.held,
        "days": order.terms.days_of_extension,
    }


def _line_words(order: Order, line: OrderLine, reader: Reader, details: Mapping[str, object]) -> Markup | None:
    if line.action == Action.SHIP and order.is_pick_up:
        is_mine = line.person_id == reader.person_id
        words = _("You have it ready to be picked up") if is_mine else _("%(seller)s has it ready to be picked up")
        return told(words, details)
    payee = {Party.BUYER: order.buyer_id, Party.SELLER: order.seller_id}.get(Party(line.payee)) if line.payee else None
    more = {
        "name": reader.names.get(line.person_id or 0, ""),
        "amount": order.money(line.amount_minor or 0),
        "payee": _name(payee, reader) if payee else "",
    }
    return done_words(line, reader.person_id, {**details, **more})


def _line_detail(line: OrderLine, reader: Reader) -> Markup:
    """When it was done, and what was said with it, for those whom it concerns."""
    note = ""
    match line.action:
        case Action.SAY_SENT if line.note:
            in_parcel = parcel_of(line.note) is not None
            note = _("In the parcel %(references)s") if in_parcel else _("In one payment with %(references)s")
        case Action.JOIN_PARCEL:
            note = "%(note)s"
        case Action.CONFIRM_PAYMENT if sees_slip(reader.party, Kind.COLLECT):
            note = _("Proof: %(note)s")
        case Action.CONFIRM_PAYOUT if reader.party in (Party.TREASURER, line.payee):
            note = _("Proof: %(note)s")
        case Action.PAYOUT_FAILED if reader.party in (Party.TREASURER, line.payee):
            note = "%(note)s"
        case Action.PAYOUT_WAITS | Action.PAYOUT_BOUNCED:
            note = "%(note)s"
        case Action.INQUIRE | Action.OPEN_CHARGEBACK:
            note = reason_words(line.note)
        case Action.SHIP | Action.SHIP_RETURN | Action.CONTEST_RETURN:
            note = "%(note)s"
        case action if Action(action) in _RULED:
            note = "%(note)s"
    if line.approved_by is not None:
        return Markup("{}. {}").format(_two(line, reader), _detail(line, note))
    return _detail(line, note)


def _two(line: OrderLine, reader: Reader) -> Markup:
    """Both officers, where it took two."""
    first = reader.names.get(line.person_id or 0, "")
    names = {"first": first, "second": reader.names.get(line.approved_by or 0, "")}
    return told(_("Entered by %(first)s, approved by %(second)s"), names)


def _detail(line: OrderLine, note: str) -> Markup:
    if not note or not line.note:
        return moment(line.at)
    return Markup("{}. {}").format(moment(line.at), told(note, {"note": line.note, "references": line.note}))


def _proofs(lines: Sequence[OrderLine], movements: Sequence[Movement], reader: Reader) -> dict[int, int]:
    """The pictures that are kept of payments and that this reader sees, by the number of the line that confirmed each.

    Each side's are confirmed one after the other: the third such line is its third movement that was confirmed.
    """
    found: dict[int, int] = {}
    for side in ("payment", Party.BUYER, Party.SELLER):
        confirmed = [line.number for line in lines if _side_of(line) == side]
        moved = [each for each in movements if each.confirmed_at and each.purpose.endswith(f":{side}")]
        for number, movement in zip(confirmed, moved, strict=False):
            if movement.proof_key and sees_slip(reader.party, Kind(movement.kind)):
                found[number] = movement.id
    return found


def _side_of(line: OrderLine) -> str | None:
    """Which side's money a line confirmed; "payment" where it came in."""
    if line.action == Action.CONFIRM_PAYMENT:
        return "payment"
    return line.payee if line.action == Action.CONFIRM_PAYOUT else None


def _now(order: Order, reader: Reader, details: Mapping[str, object]) -> Step | None:
    """What is to be done now, by whom, until when, and what the clock does then."""
    facts = order.facts()
    due = due_of(facts, now=clock.now())
    words = now_words(facts, due)
    if words is None:
        return None
    is_mine = due is not None and reader.party is due.duty.whose
    then = told(words.then, details)
    if facts.state is State.HELD:
        by = _("To be shipped by %(moment)s; after that the buyer may cancel.", moment=short_moment(ship_until(facts)))
        then = Markup("{} {}").format(then, Markup(by))  # noqa: S704 - a sentence of ours and a moment
    title = told(words.mine if is_mine else words.theirs, details)
    if facts.deadline is None or facts.deadline <= facts.since:
        return Step("now", title, then if facts.state in {*HOLDING} else "")
    is_held = facts.state is State.HELD  # whose sentence names both of its moments
    return Step("now", title, then, until=due.until if due and not is_held else facts.deadline)
