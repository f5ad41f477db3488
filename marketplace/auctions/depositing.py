"""Deposits, as auctions ask for them; and what of a member's is open here that his deposit stands behind."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, union_all

from marketplace.auctions.chance_models import Chance
from marketplace.auctions.chance_rules import State as ChanceState
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import State as OfferState
from marketplace.auctions.rules import State
from marketplace.deposits import asking_rules, service as deposits
from marketplace.deposits.asking_rules import DepositNeeded, Standing
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken

_LIVE = (State.SCHEDULED, State.RUNNING)


def check_deposit(lot: Lot, person_id: int) -> None:
    """Return if his deposit lets this member buy the lot; else raise DepositNeeded."""
    usual = asking_rules.usual(lot.terms, lot.currency)
    deposits.check(lot.group_id, person_id, asked=lot.deposit, usual=usual)


def check_standing(lot: Lot, standing: Standing | None) -> None:
    """The same where it is known how his deposit stands."""
    usual = asking_rules.usual(lot.terms, lot.currency)
    asking_rules.check(standing, asked=lot.deposit, usual=usual, now=clock.now())


def check_offerers_deposit(lot: Lot, person_id: int) -> None:
    """The same when a seller accepts an offer; he may not learn how the deposit stands."""
    usual = asking_rules.usual(lot.terms, lot.currency)
    try:
        deposits.check(lot.group_id, person_id, asked=lot.deposit, usual=usual, keeps_asked=True)
    except DepositNeeded:
        raise RuleBroken(
            "Whoever made this offer cannot buy here at present. Decline it, or wait: it may be possible again later."
        ) from None


def with_deposit(lot: Lot, person_ids: Collection[int]) -> set[int]:
    """Those whose deposit lets them buy the lot. One query."""
    known = deposits.standings_of([(lot.group_id, person_id) for person_id in person_ids])
    usual, now = asking_rules.usual(lot.terms, lot.currency), clock.now()
    return {
        person_id
        for person_id in person_ids
        if asking_rules.is_enough(known.get((lot.group_id, person_id)), asked=lot.deposit, usual=usual, now=now)
    }


def has_open(group_id: int, person_id: int) -> bool:
    """Whether a bid or an offer of his stands in the group, or he is offered something. One query.

    Ask this before you ask for his orders: what ends here becomes an order, and would else be seen in neither place.
    """
    here = Lot.group_id == group_id
    bids = select(Lot.id).join(Alias, Alias.lot_id == Lot.id)
    bids = bids.where(here, Lot.state.in_(_LIVE), Alias.person_id == person_id, Alias.maximum_minor.is_not(None))
    chances = select(Lot.id).join(Chance, Chance.lot_id == Lot.id)
    chances = chances.where(here, Chance.person_id == person_id, Chance.state == ChanceState.OPEN)
    offers = select(Lot.id).join(Offer, Offer.lot_id == Lot.id)
    offers = offers.where(here, Offer.person_id == person_id, Offer.state == OfferState.OPEN)
    return db.session.execute(union_all(bids, chances, offers).limit(1)).first() is not None


def has_live_lots(group_id: int) -> bool:
    """Whether anybody may still bid in the group, closed or not."""
    live = select(Lot.id).where(Lot.group_id == group_id, Lot.state.in_(_LIVE))
    return db.session.scalar(live.limit(1)) is not None
