"""The record of an order whose buyer's bank asks the money back: gathered from all that we have, in a fixed number of
queries."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from marketplace.accounts import queries as people
from marketplace.auctions.models import Bid
from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Item
from marketplace.disputes import queries as disputes
from marketplace.disputes.claim_models import ClaimPicture, ClaimWords
from marketplace.disputes.claim_rules import LISTING_TICKED
from marketplace.disputes.dispute_rules import Action, Party as Side
from marketplace.disputes.evidence_rules import Exhibit, Happened, Record, Said
from marketplace.disputes.models import Dispute
from marketplace.escrow import queries as orders
from marketplace.escrow.chargeback_models import BankClaim
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action as OrderAction, Party, State
from marketplace.groups import queries as groups
from marketplace.kernel.database import db
from marketplace.kernel.money import Money


def record_of(order: Order, claim: BankClaim) -> Record:
    """Everything that may be sent to the bank about this order."""
    item, dispute = catalog.item(order.item_id), disputes.dispute_of_order(order.id)
    facts, known = order.facts(), people.people([order.buyer_id, order.seller_id])
    bids = _bids(order)
    address = order.address or ""
    return Record(
        order_id=order.id, group=groups.group(order.group_id).name, title=order.title, description=item.description,
        promises=_promises(item), buyer=known[order.buyer_id].name, seller=known[order.seller_id].name,
        hammer=facts.hammer, shipping=facts.shipping, total=facts.total, won_at=order.opened_at, bids=len(bids),
        bidders=len({bid.bidder_id for bid in bids}),
        own_bids=tuple(bid.placed_at for bid in bids if bid.bidder_id == order.buyer_id),
        recipient=address.partition("\n")[0], address=address if order.carrier else "",
        email=known[order.buyer_id].email, carrier=order.carrier, tracking=order.tracking,
        happened=tuple(_happened(line, order.currency) for line in orders.lines_of(order.id)),
        said=tuple(_said(order, claim, dispute)), exhibits=tuple(_exhibits(item, claim, dispute)),
    )  # fmt: skip


def pictures_of(claim_id: int) -> list[ClaimPicture]:
    """What the seller shows the bank, in its order."""
    wanted = select(ClaimPicture).where(ClaimPicture.claim_id == claim_id)
    return list(db.session.scalars(wanted.order_by(ClaimPicture.number)))


def words_of(claim_id: int) -> list[ClaimWords]:
    """What the seller says to the bank, oldest first."""
    return list(db.session.scalars(select(ClaimWords).where(ClaimWords.claim_id == claim_id).order_by(ClaimWords.id)))


def _promises(item: Item) -> tuple[tuple[str, str], ...]:
    faults = (("Known faults", item.faults),) if item.faults else ()
    return (*((each.label, each.text) for each in item.claims if each.text), *faults)


def _bids(order: Order) -> list[Bid]:
    """Those that count, oldest first."""
    counted = select(Bid).where(Bid.lot_id == order.lot_id, Bid.voided_at.is_(None))
    return list(db.session.scalars(counted.order_by(Bid.id)))


def _happened(line: OrderLine, currency: str) -> Happened:
    return Happened(
        OrderAction(line.action), Party(line.by_party), line.at, State(line.from_state), State(line.to_state),
        Money(line.amount_minor, currency) if line.amount_minor else None, Party(line.payee) if line.payee else None,
    )  # fmt: skip


def _said(order: Order, claim: BankClaim, dispute: Dispute | None) -> Iterable[Said]:
    for words in words_of(claim.id):
        yield Said(f"words-{words.id}", "seller", "the seller", words.at, words.words)
    for message in orders.messages_of(order.id):
        who = "the buyer" if message.author_id == order.buyer_id else "the seller"
        yield Said(f"message-{message.id}", "message", who, message.at, message.text)
    for line in disputes.lines_of(dispute.id) if dispute else ():
        if line.words:
            is_ruling = line.action == Action.RULE
            who = "an officer" if line.by_party == Side.RULER else f"the {line.by_party}"
            yield Said(f"line-{line.id}", "ruling" if is_ruling else "statement", who, line.at, line.words)


def _exhibits(item: Item, claim: BankClaim, dispute: Dispute | None) -> Iterable[Exhibit]:
    """The seller's own first; of the listing's the copies that a dispute has kept, where there was one."""
    for picture in pictures_of(claim.id):
        title = f"{'Parcel' if picture.is_of_parcel else 'Seller'} {picture.number}"
        yield Exhibit(f"picture-{picture.id}", picture.key, title, picture.alt, True, picture.is_of_parcel)
    shown = [each for side in disputes.evidence_of(dispute.id).values() for each in side] if dispute else []
    listed = [(each.id, each.key, each.alt) for each in shown if each.is_listing] if dispute else [
        (each.id, each.key, each.alt) for each in catalog.photos_of([item.id])[item.id]
    ]  # fmt: skip
    prefix = "shown" if dispute else "photo"
    for place, (number, key, alt) in enumerate(listed, 1):
        yield Exhibit(f"{prefix}-{number}", key, f"Listing {place}", alt, place <= LISTING_TICKED)
    for each in shown:
        if not each.is_listing:
            title = f"{'Buyer' if each.side == Side.BUYER else 'Seller'}, in the dispute: {each.name}"
            yield Exhibit(f"shown-{each.id}", each.key, title, each.alt, False)
