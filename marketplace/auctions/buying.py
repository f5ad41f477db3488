"""Buying a lot at once, for the price that its seller named."""

from __future__ import annotations

from marketplace.auctions import aliases, bid_rules, bidding, closing, finding
from marketplace.auctions.depositing import check_deposit
from marketplace.auctions.events import LotBought
from marketplace.auctions.rules import Party, State
from marketplace.catalog import service as catalog
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money


@use_case
def buy_now(*, lot_id: int, by: int, price_seen: Money, shipping_seen: Money) -> None:
    """Buy a lot for what the page said it costs; its auction is over. Again by the same buyer, it does nothing.

    Raises NotFound, NotAllowed, TooEarly, TooLate, Stale or RuleBroken.
    """
    lot = finding.locked_lot(lot_id)
    groups.require(by, lot.group_id, Permission.PLACE_BID)
    if lot.hidden_at is not None:
        finding.check_sees(lot, by)
    if lot.state == State.SOLD and lot.bought_at is not None and lot.leader_id == by:
        return
    now = clock.now()
    with clock.at(now):
        bidding.start_if_due(lot, now)
        alias, _earlier = bidding.what_he_bid(lot, by, client_key="")
        as_bidder = Party.BIDDER if alias is None else alias.party
        after = bid_rules.judge_purchase(lot.facts(), buyer_id=by, now=now, as_bidder=as_bidder)
        bidding.check_confirmer(lot, by)
        check_deposit(lot, by)
        bidding.check_shipping(lot, shipping_seen)
        if price_seen != lot.buy_now:
            raise Stale("The price for buying at once is another now. Look at the lot again.")
        catalog.freeze(lot.item_id, at=now)
        lot.bought_at = lot.closed_at = now
        lot.take(after)
        alias = alias or aliases.given(lot.id, by)
        alias.maximum_minor = lot.price_minor
        audit.note("buy now", f"lot:{lot.id}", by=by, group_id=lot.group_id)
        announce(closing.sold(lot, now))
        announce(LotBought(lot.id, lot.group_id, lot.number, lot.title, by, lot.price))
