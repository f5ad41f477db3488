"""The law of an item: what it says of itself, what it needs before others see it, and when it is fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from marketplace.kernel.errors import RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money

MOST_PHOTOS = 12
MOST_CLAIMS = 8
MOST_REMARKS = 50
WIDTHS = (480, 1600)
"""Every photograph is kept in these widths, in pixels: one for cards and thumbnails, one for its plate."""

MOST_IN_TITLE = 120
MOST_IN_DESCRIPTION = 10_000
MOST_IN_FAULTS = 2_000
MOST_IN_LINE = 120
MOST_IN_PERIOD = 60
MOST_IN_SHIPPING_TO = 200
MOST_IN_LABEL = 40
MOST_IN_REMARK = 1_000
MOST_IN_ALT = 200
MOST_GRAMS = 10_000_000
"""Ten tonnes: heavier goods are not posted, and not auctioned among friends."""

UNSAID = {
    "shipping": "Say what shipping costs. If you do not send it at all, save the form without it.",
    "pickup_possible": "Say whether it can be picked up: tick the box or leave it, then save.",
}
"""Questions that an empty form answers with no, and a missing column does not: what then asks them."""


class State(StrEnum):
    """Where an item is. A draft and a withdrawn item are the seller's alone to see."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class PhotoDeed(StrEnum):
    """What a button beside a photograph does."""

    SAVE = "save"
    EARLIER = "earlier"
    LATER = "later"
    REMOVE = "remove"


class Category(StrEnum):
    ANTIQUES = "antiques"
    WATCHES = "watches"
    PORCELAIN = "porcelain"
    MODELS = "models"
    CARDS = "cards"
    COINS = "coins"
    PLANTS = "plants"
    BOOKS = "books"
    CAMERAS = "cameras"
    OTHER = "other"


class Condition(StrEnum):
    NEW = "new"
    AS_NEW = "as_new"
    GOOD = "good"
    USED = "used"
    WORN = "worn"
    FOR_PARTS = "for_parts"


class Sureness(StrEnum):
    """How sure the seller is of a claim. What is certain or likely is part of the deal; what is unknown is not."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of what the seller says: "Movement", "original", likely. The text may be empty where it is unknown."""

    label: str
    text: str
    sureness: Sureness

    @property
    def is_promised(self) -> bool:
        """Whether the buyer may hold the seller to it."""
        return self.sureness is not Sureness.UNKNOWN


@dataclass(frozen=True, slots=True)
class Details:
    """What a seller writes of an item. A draft may leave anything out."""

    title: str = ""
    description: str = ""
    """Markdown."""
    category: Category | None = None
    condition: Condition | None = None
    period: str = ""
    dimensions: str = ""
    weight_grams: int | None = None
    claims: tuple[Claim, ...] = ()
    faults: str = ""
    shipping: Decimal | None = None
    """In main units of the group's currency. None: it is not sent at all."""
    shipping_further: Decimal | None = None
    """What it adds to the shipping of other lots that go into the same parcel. None: as much as by itself."""
    shipping_to: str = ""
    pickup_possible: bool = False
    unsaid: tuple[str, ...] = ()
    """Those of UNSAID that nobody has answered yet. A form that was saved has answered all."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the law needs to know of an item."""

    state: State
    title: str
    description: str
    category: Category | None
    condition: Condition | None
    shipping: Money | None
    """None: it is not sent at all."""
    shipping_to: str
    pickup_possible: bool
    photos: int
    frozen_at: datetime | None
    is_hidden: bool = False
    unsaid: tuple[str, ...] = ()


LAW = {
    (State.DRAFT, Action.PUBLISH): State.PUBLISHED,
    (State.DRAFT, Action.WITHDRAW): State.WITHDRAWN,
    (State.PUBLISHED, Action.WITHDRAW): State.WITHDRAWN,
    (State.WITHDRAWN, Action.PUBLISH): State.PUBLISHED,
}


class Incomplete(RuleBroken):
    """The item lacks what others need to judge it: a sentence for each form field, in their order."""

    def __init__(self, *missing: RuleBroken) -> None:
        super().__init__(missing[0].message, field=missing[0].field)
        self.missing = missing


def judge(item: Listing, action: Action) -> State:
    """The state that `action` leads to. Raises the rule that forbids it."""
    check_open(item)
    then = LAW.get((item.state, action))
    if then is None:
        raise RuleBroken("This was done before. Load the page again to see how the item stands.")
    if then is State.PUBLISHED:
        check_complete(item)
    return then


def open_to(item: Listing) -> frozenset[Action]:
    """What the seller may do with the item now, were it complete: the buttons of its page."""
    if item.frozen_at is not None or item.is_hidden:
        return frozenset()
    return frozenset(action for given, action in LAW if given is item.state)


def check_open(item: Listing) -> None:
    """Raise where the item can no longer be changed."""
    if item.is_hidden:
        raise RuleBroken("A moderator has taken this item out of sight. Ask a moderator of the group why.")
    if item.frozen_at is not None:
        raise TooLate(
            "The first bid came on %(at)s: since then the item stays as it is. Add a remark instead.", at=item.frozen_at
        )


def check_complete(item: Listing) -> None:
    """Raise Incomplete where something is missing that others need to judge the item."""
    if missing := tuple(lacks(item)):
        raise Incomplete(*missing)


def lacks(item: Listing) -> Iterator[RuleBroken]:
    """What is missing before others may see the item, each with its form field."""
    if not item.title:
        yield RuleBroken("Give it a title: what it is, by whom, from when.", field="title")
    if item.category is None:
        yield RuleBroken("Choose the kind that fits best.", field="category")
    if item.condition is None:
        yield RuleBroken("Say in what condition it is.", field="condition")
    if not item.description:
        yield RuleBroken("Describe it, so that nobody has to guess.", field="description")
    if item.shipping is None and not item.pickup_possible:
        yield RuleBroken("Say what shipping costs, or that it can be picked up.", field="shipping")
    else:
        yield from (RuleBroken(UNSAID[field], field=field) for field in item.unsaid)
    if item.shipping is not None and not item.shipping_to:
        yield RuleBroken("Say where you send it, as in: Austria and Germany.", field="shipping_to")
    if not item.photos:
        yield RuleBroken("Add one photograph at least.", field="photos")


def check_further(shipping: Money | None, further: Money | None) -> None:
    """Raise where a combined rate is no rate: without shipping, or dearer than a parcel of its own."""
    if further is None:
        return
    if shipping is None:
        raise RuleBroken(
            "Say what shipping costs by itself, too. If you do not send it, leave empty what it costs in one parcel.",
            field="shipping",
        )
    if further > shipping:
        raise RuleBroken(
            "In a parcel with others it costs at most what it costs by itself, %(shipping)s. Enter less, or nothing.",
            field="shipping_further",
            shipping=shipping,
        )


def check_photo_removal(item: Listing) -> None:
    """Raise where the item may not lose a photograph."""
    check_open(item)
    if item.state is State.PUBLISHED and item.photos <= 1:
        raise RuleBroken("A published item keeps one photograph at least. Add another before you remove this one.")


def check_remark(item: Listing, already: int) -> None:
    """Raise where no remark can be added to an item that has `already` so many."""
    if item.frozen_at is None:
        raise TooEarly("Nobody has bid yet: change the item itself instead of adding a remark.")
    if already >= MOST_REMARKS:
        raise RuleBroken("An item has %(most)s remarks at most. Say no more than is said.", most=MOST_REMARKS)
