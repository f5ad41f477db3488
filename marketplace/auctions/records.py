"""The record of an auction, taken from the database: record_rules.py says what it is and how it is checked."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from marketplace.auctions import bid_rules, finding, retracting
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.auctions.record_rules import Line, Record, Sealed, is_opened
from marketplace.auctions.rules import Lot as Facts, State
from marketplace.auctions.seal_rules import What, seal
from marketplace.kernel.database import db
from marketplace.kernel.money import Money


def record_for(lot: Lot, person_id: int) -> Record:
    """The bids on a lot in order, each sealed, and opened as far as this person may see it: his own always.

    While the lot runs, the quiet raises of others are left out, as they are in its history. Raises NotFound.
    """
    finding.check_may_verify(lot, person_id)
    wanted = select(Bid, Alias.name).join(Alias, (Alias.lot_id == Bid.lot_id) & (Alias.person_id == Bid.bidder_id))
    rows = db.session.execute(wanted.where(Bid.lot_id == lot.id).order_by(Bid.id)).all()
    has_ended = lot.state in {State.SOLD, State.PASSED}
    facts = _as_it_ended(lot)
    price = bid_rules.price(facts)
    highest = Money(max([price.minor, *(bid.price_minor for bid, _name in rows)]), lot.currency)
    shown = [(bid, name) for bid, name in rows if _is_shown(lot, bid, person_id)]
    return Record(
        opening=replace(
            facts, state=State.RUNNING, seller_id=0, reserve=None, ends_at=lot.scheduled_end_at, leader_id=None,
            leader_maximum=None, second_maximum=None, bid_count=0, is_buy_now_gone=False, is_bought=False,
            has_fallen_through=False, is_hidden=False,
        ),
        reserve=_reserve(lot, is_shown=has_ended or person_id == lot.seller_id),
        lines=tuple(_line(facts, bid, name, highest, person_id) for bid, name in shown),
        state=facts.state,
        price=price,
        leader=_leader(lot, facts.leader_id),
        ends_at=lot.ends_at,
        is_bought=lot.bought_at is not None,
    )  # fmt: skip


def _as_it_ended(lot: Lot) -> Facts:
    """How the auction stands or ended. That a lot was sold on an offer after it had passed is no part of that."""
    facts = lot.facts()
    if lot.sold_on_offer_at is None:
        return facts
    return bid_rules.retaken(replace(facts, state=State.PASSED, is_bought=False), retracting.counting_bids(lot))


def _is_shown(lot: Lot, bid: Bid, person_id: int) -> bool:
    """While it runs, the quiet raises of others are not, and of sealed bids none but one's own."""
    has_ended = lot.state in {State.SOLD, State.PASSED}
    return has_ended or bid.bidder_id == person_id or not (bid.is_quiet or lot.is_blind)


def _leader(lot: Lot, leader_id: int | None) -> str:
    if lot.is_blind:
        return ""
    wanted = select(Alias.name).where(Alias.lot_id == lot.id, Alias.person_id == leader_id)
    return db.session.scalar(wanted) or ""


def _line(facts: Facts, bid: Bid, name: str, highest: Money, person_id: int) -> Line:
    maximum, by_leader = Money(bid.maximum_minor, highest.currency), bid.bidder_id == facts.leader_id
    is_shown = is_opened(maximum=maximum, by_leader=by_leader, highest=highest, state=facts.state)
    return Line(
        bidder=name,
        placed_at=bid.placed_at,
        maximum=_sealed(What.BID, maximum, bid.salt, is_shown=is_shown or bid.bidder_id == person_id),
        price=Money(bid.price_minor, highest.currency),
        leads=bid.leads and not facts.is_blind,
        voided_at=bid.voided_at,
    )


def _reserve(lot: Lot, *, is_shown: bool) -> Sealed | None:
    return None if lot.reserve is None else _sealed(What.RESERVE, lot.reserve, lot.reserve_salt, is_shown=is_shown)


def _sealed(what: What, amount: Money, salt: str, *, is_shown: bool) -> Sealed:
    return Sealed(seal(what, amount, salt), amount if is_shown else None, salt if is_shown else None)
