"""What auctions announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.auctions.offer_rules import Cause as OfferCause, State as OfferState
from marketplace.auctions.question_rules import Part, Reason
from marketplace.auctions.retraction_rules import Cause
from marketplace.auctions.search_rules import Sort
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class LotListed:
    lot_id: int
    group_id: int
    item_id: int
    number: int
    title: str
    seller_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LotStarted:
    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class BidPlaced:
    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    bidder_id: int
    price: Money
    leads: bool
    placed_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Outbid:
    """`person_id` led and does not any more: it takes `least` or more to lead again."""

    lot_id: int
    group_id: int
    number: int
    title: str
    person_id: int
    price: Money
    least: Money
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class BidsVoided:
    """Bids of `person_id` count no more; the price was computed anew from the others'. `new_leader_id` did not lead
    before, and does now."""

    lot_id: int
    group_id: int
    number: int
    title: str
    person_id: int
    new_leader_id: int | None
    price: Money
    ends_at: datetime
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class BidRetracted:
    """Somebody took his bids back, or a moderator did for him; others know him as `bidder` on this lot."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    bidder: str
    price: Money
    reason: str


@dataclass(frozen=True, slots=True)
class WatchedLotEnds:
    """A lot that `person_id` watches ends soon."""

    lot_id: int
    group_id: int
    number: int
    title: str
    person_id: int
    price: Money
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LotsFit:
    """`count` lots that have come are what `person_id` looks for; one of them, the next to end, in particulars."""

    search_id: int
    sort: Sort
    name: str
    person_id: int
    group_id: int
    count: int
    lot_id: int
    number: int
    title: str
    price: Money
    ends_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A member, who is not named, asked the seller something under the lot."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    question: int
    text: str


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """The seller answered `asker_id`, or added to the answer."""

    lot_id: int
    group_id: int
    number: int
    title: str
    asker_id: int
    question: int
    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class WordsHidden:
    """A moderator hid what `author_id` said under the lot."""

    lot_id: int
    group_id: int
    number: int
    title: str
    author_id: int
    said_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class LotSold:
    lot_id: int
    group_id: int
    item_id: int
    number: int
    title: str
    seller_id: int
    buyer_id: int
    hammer: Money
    shipping: Money
    terms: Terms
    sold_at: datetime
    attempt: int = 1
    """From 2 on, a second chance was taken."""
    is_on_offer: bool = False
    """Its auction had passed, and the seller accepted an offer."""
    shipping_further: Money | None = None
    """What shipping it adds to a parcel with other lots of the seller; none where that is as much as by itself."""


@dataclass(frozen=True, slots=True)
class LotBought:
    """It was bought at once; the bids of others on it count no more. LotSold says the same of the sale."""

    lot_id: int
    group_id: int
    number: int
    title: str
    buyer_id: int
    price: Money


@dataclass(frozen=True, slots=True)
class ChanceGiven:
    """The buyer did not pay, and the lot is offered to `person_id`, who was next in line."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    person_id: int
    price: Money
    shipping: Money
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ChancesOver:
    """Nobody who was next in line took the lot: its seller may list it again."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int


@dataclass(frozen=True, slots=True)
class LotOfferMade:
    """Somebody, who goes by `name` on this lot, offers its seller `amount` for it, until `ends_at`."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    offer_id: int
    name: str
    amount: Money
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LotOfferEnded:
    """What `person_id` offered for a lot binds him no more, and nothing came of it. `cause` where it was superseded."""

    lot_id: int
    group_id: int
    number: int
    title: str
    person_id: int
    offer_id: int
    amount: Money
    state: OfferState
    cause: OfferCause | None


@dataclass(frozen=True, slots=True)
class LotPassed:
    lot_id: int
    group_id: int
    item_id: int
    number: int
    title: str
    seller_id: int
    bid_count: int
    passed_at: datetime


@dataclass(frozen=True, slots=True)
class LotWithdrawn:
    lot_id: int
    group_id: int
    item_id: int
    number: int
    title: str
    seller_id: int
    leader_id: int | None
    by_moderator: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LotHidden:
    """A moderator took a lot that had ended out of sight."""

    lot_id: int
    group_id: int
    number: int
    title: str
    seller_id: int
    buyer_id: int | None
    reason: str
