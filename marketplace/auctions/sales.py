"""Holding a sale: it is opened, sellers put lots in, a moderator orders them; from its start on it runs by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from marketplace.auctions import finding, rules, sale_finding, sale_rules, service
from marketplace.auctions.models import Lot
from marketplace.auctions.sale_events import LotTakenOut, SaleCalledOff, SaleMoved
from marketplace.auctions.sale_models import Sale
from marketplace.auctions.sale_rules import Action, Party
from marketplace.groups import finding as group_finding, queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.fields import in_zone


@use_case
def open_sale(
    *, by: int, group_id: int, title: str, words: str, starts_at: datetime, first_end_at: datetime, gap_seconds: int,
    client_key: str,
) -> Sale:  # fmt: skip
    """Announce a sale: until `starts_at` sellers put lots in. Moments without a zone are the group's.

    The same key again gives the first sale. Raises NotFound, NotAllowed, or RuleBroken at the field that is wrong.
    """
    group = group_finding.locked_group(group_id)
    groups.require(by, group.id, Permission.HOLD_SALE)
    earlier = db.session.scalar(select(Sale).where(Sale.opened_by_id == by, Sale.client_key == client_key))
    if earlier is not None:
        return earlier
    now = clock.now()
    number = 1 + (db.session.scalar(select(func.max(Sale.number)).where(Sale.group_id == group.id)) or 0)
    sale = Sale(
        group_id=group.id, number=number, opened_by_id=by, client_key=client_key, title=title, words=words,
        starts_at=in_zone(starts_at, group.time_zone), first_end_at=in_zone(first_end_at, group.time_zone),
        gap_seconds=gap_seconds, opened_at=now,
    )  # fmt: skip
    sale_rules.check_dates(sale.facts(), now=now)
    db.session.add(sale)
    db.session.flush()
    audit.note("open sale", f"sale:{sale.id}", by=by, group_id=group.id)
    return sale


@use_case
def change_sale(
    *, sale_id: int, by: int, title: str, words: str, starts_at: datetime, first_end_at: datetime, gap_seconds: int
) -> None:
    """Say anew what it is and when, before it begins. Its lots go along, and their sellers are told of new moments."""
    sale = _held(sale_id, by)
    lots = sale_finding.locked_lots(sale)
    zone = group_queries.group(sale.group_id).time_zone
    now = clock.now()
    sale_rules.judge(sale.facts(), Action.CHANGE, by=Party.HOLDER, now=now)
    before = sale.facts()
    sale.title, sale.words, sale.gap_seconds = title, words, gap_seconds
    sale.starts_at, sale.first_end_at = in_zone(starts_at, zone), in_zone(first_end_at, zone)
    sale_rules.check_dates(sale.facts(), now=now)
    sale.version += 1
    _lay_out(sale, lots)
    audit.note("change sale", f"sale:{sale.id}", by=by, group_id=sale.group_id)
    if sale.facts() != before:
        announce(
            SaleMoved(
                sale.id, sale.group_id, sale.number, sale.title, _sellers(lots), sale.starts_at, sale.first_end_at,
                sale.version,
            )
        )  # fmt: skip


@use_case
def put_in(*, lot_id: int, by: int, sale: int) -> None:
    """Put a scheduled lot into a sale of its group, by its number. Again into the same one, it does nothing.

    It starts and ends with the sale from then on. Raises NotFound, NotAllowed, TooLate, Stale or RuleBroken.
    """
    seen = finding.lot_for(lot_id, by)
    chosen = sale_finding.locked_choice(seen.group_id, sale)
    lot = finding.locked_lot(lot_id)
    now = clock.now()
    groups.require(by, lot.group_id, Permission.LIST_ITEM)
    if lot.sale_id == chosen.id and lot.seller_id == by:
        return
    rules.judge(lot.facts(), rules.Action.PUT_INTO_SALE, by=rules.party_of(lot.seller_id, by), now=now)
    if lot.sale_id is not None:
        raise RuleBroken("This lot is in another sale. Withdraw it first, then put the item up again.", field="sale")
    place = sale_finding.next_place(chosen, now=now)
    lot.sale_id, lot.sale_position = place.sale_id, place.position
    _set_times(lot, place.starts_at, place.ends_at)
    audit.note("put into sale", f"lot:{lot.id}", by=by, group_id=lot.group_id)


@use_case
def move_lot(*, sale_id: int, by: int, lot: int, place: int) -> None:
    """Put the lot of this number at another place in the sale, before it begins; those between move up or down."""
    sale = _held(sale_id, by)
    lots = {each.number: each for each in sale_finding.locked_lots(sale)}
    sale_rules.judge(sale.facts(), Action.MOVE, by=Party.HOLDER, now=clock.now())
    if lot not in lots:
        raise Stale("This lot is not in the sale any more. Look at the list again.")
    _lay_out(sale, [lots[number] for number in sale_rules.moved(list(lots), lot, place)])
    sale.version += 1
    audit.note("move lot in sale", f"lot:{lots[lot].id}", by=by, group_id=sale.group_id, why=str(place))


@use_case
def take_out(*, sale_id: int, by: int, lot: int, reason: str) -> None:
    """Take the lot of this number out, before the sale begins: it is withdrawn, and its seller reads the reason."""
    sale = _held(sale_id, by)
    lots = {each.number: each for each in sale_finding.locked_lots(sale)}
    sale_rules.judge(sale.facts(), Action.TAKE_OUT, by=Party.HOLDER, now=clock.now())
    if lot not in lots:
        raise Stale("This lot is not in the sale any more. Look at the list again.")
    gone = lots.pop(lot)
    service.take_out_of_sale(gone, by=by, reason=reason)
    _lay_out(sale, list(lots.values()))
    sale.version += 1
    announce(LotTakenOut(gone.id, sale.group_id, gone.number, gone.title, gone.seller_id, sale.title, reason))


@use_case
def call_off(*, sale_id: int, by: int, reason: str) -> None:
    """The sale does not take place: its lots are withdrawn, and their sellers read why. Before it begins."""
    sale = _held(sale_id, by)
    lots = sale_finding.locked_lots(sale)
    now = clock.now()
    sale_rules.judge(sale.facts(), Action.CALL_OFF, by=Party.HOLDER, now=now)
    for lot in lots:
        service.take_out_of_sale(lot, by=by, reason=reason)
    sale.called_off_at, sale.called_off_reason = now, reason
    sale.version += 1
    audit.note("call off sale", f"sale:{sale.id}", by=by, group_id=sale.group_id, why=reason)
    announce(SaleCalledOff(sale.id, sale.group_id, sale.number, sale.title, _sellers(lots), reason))


def _held(sale_id: int, by: int) -> Sale:
    """The sale, locked, for who may hold one in its group. Raises NotFound or NotAllowed."""
    sale = sale_finding.locked_sale(sale_id)
    groups.require(by, sale.group_id, Permission.HOLD_SALE)
    return sale


def _lay_out(sale: Sale, lots: list[Lot]) -> None:
    """Give the lots their places in this order, without gaps, and the moments that follow. All are locked."""
    facts = sale.facts()
    for position, lot in enumerate(lots, start=1):
        lot.sale_position = position
        _set_times(lot, sale.starts_at, sale_rules.end_of(facts, position))


def _set_times(lot: Lot, starts_at: datetime, ends_at: datetime) -> None:
    if (lot.starts_at, lot.ends_at) != (starts_at, ends_at):
        lot.starts_at, lot.scheduled_end_at, lot.ends_at = starts_at, ends_at, ends_at
        lot.version += 1


def _sellers(lots: list[Lot]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(lot.seller_id for lot in lots))
