"""Told about orders: what happened, where the money is, what is to be done until when. Called by wiring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from marketplace.accounts.queries import names_of
from marketplace.escrow import finding, queries as orders
from marketplace.escrow.condition_rules import is_paid_by_hand
from marketplace.escrow.events import ConfirmerMissing, DeadlineNear, MessageWritten, OrderChanged, OrderOpened
from marketplace.escrow.money_rules import owed
from marketplace.escrow.order_rules import Action, Order, Party, State
from marketplace.escrow.reminding_rules import name_return_address_until, ship_until
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.order_rules import Told, told_of, why
from marketplace.notifications.rules import deadline_kind
from marketplace.notifications.service import notify, notify_all


class _Reader(NamedTuple):
    """Whom a change is told, and as what; `payee` is whose payout it is about."""

    person_id: int
    party: Party
    payee: Party | None = None


def opened(fact: OrderOpened) -> None:
    """The buyer hears what to pay until when. The seller hears from the auction that the lot is sold."""
    order = fact.order
    notify(
        person_id=order.buyer_id,
        kind="order_to_pay",
        ref=f"order:{order.id}",
        path=links.order(order.id),
        data=_standing(order, fact.title) | {"name": _names(order)[Party.SELLER]},
        group_id=order.group_id,
    )


def changed(fact: OrderChanged) -> None:
    """Everybody hears it whom the table names, but not who did it himself."""
    told = told_of(fact.action, by=fact.by, was=fact.was, then=fact.order.state)
    if told is None or fact.in_parcel:
        return
    if told.kind == "payout_to_make" and not _pays_by_hand(fact.order):
        _remind_who_waits(fact)
        return
    names = _names(fact.order)
    for reader in _readers(fact, told):
        if reader.person_id == fact.person_id:
            continue
        notify(
            person_id=reader.person_id,
            kind=told.kind,
            ref=f"order:{fact.order.id}",
            path=_path(fact.order, reader),
            data=_standing(fact.order, fact.title) | _details(fact, told, reader, names),
            group_id=fact.order.group_id,
            key=f"order:{fact.order.id}:{fact.number}" + (f":{reader.payee}" if reader.payee else ""),
        )


def message_written(fact: MessageWritten) -> None:
    notify_all(
        fact.reader_ids,
        kind="message_new",
        ref=f"order:{fact.order_id}",
        path=links.order(fact.order_id),
        data={"title": fact.title, "name": names_of([fact.author_id]).get(fact.author_id, "")},
        group_id=fact.group_id,
        key=f"message:{fact.message_id}",
    )


def deadline_near(fact: DeadlineNear) -> None:
    """Whoever has to act hears what happens if he does not."""
    notify_all(
        fact.person_ids,
        kind=deadline_kind(fact.hours),
        ref=f"order:{fact.order.id}",
        path=links.order(fact.order.id),
        data={"title": fact.title, "until": fact.until, "deed": Word(fact.deed), "then": Word(fact.then)},
        group_id=fact.order.group_id,
        key=f"order:{fact.order.id}:{fact.number}:{fact.until:%Y%m%d%H%M}:{fact.hours}",
    )


def confirmer_missing(fact: ConfirmerMissing) -> None:
    """The owners hear what to do, once at each lapse: until they do it the money stays where it is."""
    notify_all(
        fact.owner_ids,
        kind="confirmer_missing",
        ref=f"order:{fact.order.id}",
        path=links.members(groups.group(fact.order.group_id).slug),
        data={"title": fact.title, "number": fact.order.id},
        group_id=fact.order.group_id,
        key=f"order:{fact.order.id}:{fact.number}",
    )


def _readers(fact: OrderChanged, told: Told) -> Iterator[_Reader]:
    order = fact.order
    people = {Party.BUYER: order.buyer_id, Party.SELLER: order.seller_id}
    if fact.payee is not None and told.kind != "payout_missing":
        yield _Reader(people[fact.payee], fact.payee, fact.payee)
    for party in (Party.BUYER, Party.SELLER):
        if party in told.to:
            yield _Reader(people[party], party)
    if Party.TREASURER not in told.to:
        return
    officers = finding.confirmers_of(orders.order(order.id))
    for payee in _payees(fact, told):
        yield from (_Reader(officer_id, Party.TREASURER, payee) for officer_id in officers)


def _pays_by_hand(order: Order) -> bool:
    return any(owed(order, payee) and is_paid_by_hand(order, payee) for payee in finding.PAYEES)


def _remind_who_waits(fact: OrderChanged) -> None:
    """Where a payment processor pays, no officer is asked; after some days whoever waits for it hears of it again."""
    if fact.was is not State.PAYING_OUT:
        return
    order, names = fact.order, _names(fact.order)
    told = Told("payout_waits", frozenset())
    for payee in (each for each in finding.PAYEES if owed(order, each)):
        reader = _Reader(finding.person_of(orders.order(order.id), payee), payee, payee)
        details = _details(fact, told, reader, names) | {"amount": owed(order, payee)}
        notify(
            person_id=reader.person_id, kind=told.kind, ref=f"order:{order.id}", path=links.order(order.id),
            data=_standing(order, fact.title) | details, group_id=order.group_id,
            key=f"order:{order.id}:{fact.number}:{payee}",
        )  # fmt: skip


def _payees(fact: OrderChanged, told: Told) -> list[Party | None]:
    """Whose payouts the officers hear of: each by itself, for each is sent by itself."""
    if told.kind != "payout_to_make":
        return [fact.payee]
    return [payee for payee in finding.PAYEES if owed(fact.order, payee)]


def _path(order: Order, reader: _Reader) -> str:
    """Officers have a page for each payment and each payout; the parties have the order's."""
    if reader.party is not Party.TREASURER:
        return links.order(order.id)
    if order.is_by_gateway and reader.payee is None:
        return links.order(order.id)
    return links.payout(order.id, reader.payee) if reader.payee else links.payment(order.id)


def _standing(order: Order, title: str) -> dict[str, object]:
    """Where the order stands."""
    return {
        "title": title, "number": order.id, "total": order.total, "hammer": order.hammer, "shipping": order.shipping,
        "missing": order.missing, "until": order.deadline, "is_pick_up": order.is_pick_up,
    }  # fmt: skip


def _details(fact: OrderChanged, told: Told, reader: _Reader, names: dict[Party, str]) -> dict[str, object]:
    """What was done, as this reader should hear it. `name` is the other one: for officers whose money it is."""
    order = fact.order
    return {
        "you": reader.party,
        "name": names[_other(reader, fact)],
        "amount": owed(order, reader.payee) if told.kind == "payout_to_make" else fact.amount,
        "note": fact.note,
        "why": why(told),
        "by_clock": fact.action is Action.LAPSE,
        **_by_state(fact),
    }


def _by_state(fact: OrderChanged) -> dict[str, object]:
    """What only makes sense in the state the order has come to."""
    order, payout_until = fact.order, fact.at + timedelta(days=fact.order.terms.days_to_pay_out)
    match order.state:
        case State.HELD:
            return {"ship_until": ship_until(order), "is_address_missing": order.is_address_missing}
        case State.RETURN_DUE:
            return {"has_address": order.has_return_address, "name_until": name_return_address_until(order)}
        case State.RELEASED:
            return {"fee": order.total - order.owed_seller, "until": payout_until}
        case State.REFUNDED:
            return {"until": payout_until}
        case State.SPLIT:
            return {"to_buyer": order.owed_buyer, "to_seller": order.owed_seller, "until": payout_until}
    return {}


def _other(reader: _Reader, fact: OrderChanged) -> Party:
    if reader.party is Party.TREASURER:
        return reader.payee or Party.BUYER
    return Party.SELLER if reader.party is Party.BUYER else Party.BUYER


def _names(order: Order) -> dict[Party, str]:
    names = names_of([order.buyer_id, order.seller_id])
    return {Party.BUYER: names.get(order.buyer_id, ""), Party.SELLER: names.get(order.seller_id, "")}
