"""The people, groups and things that a story begins with: put there beforehand, so that it is about one matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import select

from marketplace.accounts import addresses, second_factors
from marketplace.accounts.models import PayoutDetails, Person
from marketplace.auctions.models import Lot
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Claim, Sureness
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.worker import demo_pictures
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import a_photo, an_item
from tests.factories.escrow import an_order
from tests.factories.groups import HIGH, a_group, a_member
from tests.factories.reputation import a_closed_deal, feedback
from tests.house import House
from tests.phone import Phone


@dataclass
class Somebody:
    """A person as a story knows him."""

    id: int
    name: str
    email: str
    phone: Phone | None = None


@dataclass
class Club:
    """A group with everybody that a deal needs."""

    here: House
    id: int
    slug: str
    owner: Somebody
    treasurer: Somebody
    moderator: Somebody
    jonas: Somebody
    """Sells watches."""
    marta: Somebody
    """Buys."""
    ferenc: Somebody
    """Bids, too."""

    def path(self, rest: str = "") -> str:
        return f"/g/{self.slug}{rest}"

    def has_watch(self) -> int:
        """A watch of Jonas’s, published, with three photographs; its number."""
        with self.here.inside():
            item = an_item(self._person(self.jonas), self._group(), photos=0, title=WATCH, claims=CLAIMS)
            for place, (tint, light, words) in enumerate(VIEWS, start=1):
                a_photo(item, position=place, content=drawn("watch", tint, light), alt=words)
            return item.id

    def offers(self, *, opening: int = 100_00, ends_in: float = 48, **more: Any) -> int:
        """That watch as a lot that runs; its number. Sums are in cents, time in hours."""
        item_id = self.has_watch()
        with self.here.inside():
            ends_at = clock.now() + timedelta(hours=ends_in)
            item = db.session.get_one(Item, item_id)
            return a_lot(item, opening=opening, ends_at=ends_at, terms=TERMS, **more).number

    def sold(self, state: State = State.AWAITING_PAYMENT, **more: Any) -> int:
        """A teapot that Jonas has sold to Marta; the order’s number."""
        with self.here.inside():
            jonas = self._person(self.jonas)
            item = an_item(jonas, self._group(), photos=0, title=TEAPOT, claims=TEAPOT_CLAIMS, shipping_minor=10_00)
            a_photo(item, content=drawn("teapot", "#5b7cc0", 0), alt="The pot from the left")
            return an_order(
                state, group=self._group(), seller=jonas, buyer=self._person(self.marta), item=item, terms=TERMS, **more
            ).id

    def bids(self, who: Somebody, number: int, maximum: int) -> None:
        """A bid of his, an hour after the one before."""
        with self.here.inside():
            a_bid(lot_numbered(self.id, number), self._person(who), maximum)

    def has_traded(self, deals: int) -> None:
        """Jonas has sold so often, to everybody’s content."""
        with self.here.inside():
            for _deal in range(deals):
                feedback(a_closed_deal(self._group(), buyer=self._person(self.ferenc), seller=self._person(self.jonas)),
                         by=self._person(self.ferenc))  # fmt: skip

    def _person(self, who: Somebody) -> Person:
        return db.session.get_one(Person, who.id)

    def _group(self) -> Group:
        return db.session.get_one(Group, self.id)


WATCH = "Open-face pocket watch, Le Locle, with its original crown and a monogram “A.L.”"
TEAPOT = "Porcelain teapot with blue flowers, about 1765"
VIEWS = (
    ("#c9a64d", 1, "Dial: no hairlines under the lens."),
    ("#b8923f", 0, "Back, with the monogram."),
    ("#c9a64d", 2, "In the light of the window."),
)
TERMS = Terms(fee_basis_points=500, officer_limit_minor=HIGH)
CLAIMS = (
    Claim("Period", "1890–1910", Sureness.CERTAIN),
    Claim("Case", "14 ct gold, hallmarked", Sureness.CERTAIN),
    Claim("Movement", "original", Sureness.LIKELY),
    Claim("Last service", "", Sureness.UNKNOWN),
)
TEAPOT_CLAIMS = (
    Claim("Period", "1760–1770", Sureness.CERTAIN),
    Claim("Maker", "Bow", Sureness.LIKELY),
    Claim("Lid", "belongs to the pot", Sureness.CERTAIN),
    Claim("Damage", "chip under the lid rim, 4 mm", Sureness.CERTAIN),
)


def lot_numbered(group_id: int, number: int) -> Lot:
    """Inside the house only."""
    return db.session.scalars(select(Lot).where(Lot.group_id == group_id, Lot.number == number)).one()


def somebody(name: str, *, moves_money: bool = False, is_operator: bool = False) -> Somebody:
    """Signed up and proved; inside the house only."""
    person = a_person(name, second_factor=moves_money, is_operator=is_operator)
    phone = Phone(second_factors.key_of(person.tf_totp_secret)) if person.tf_totp_secret else None
    return Somebody(person.id, person.name, person.email, phone)


def club(here: House) -> Club:
    """Lindengasse Antiques: owner, treasurer, moderator and three members who can buy, sell and be paid."""
    with here.inside():
        owner = somebody("Hedwig Amsel", moves_money=True)
        group = a_group(db.session.get_one(Person, owner.id), terms=TERMS)
        group_id, slug = group.id, group.slug
        treasurer = somebody("Agnes Thaler", moves_money=True)
        moderator = somebody("Viktor Sedlak", moves_money=True)
        members = [somebody(name) for name in ("Jonas Weidl", "Marta Lind", "Ferenc Bartos")]
        for person, role in [
            (treasurer, Role.TREASURER),
            (moderator, Role.MODERATOR),
            *((m, Role.MEMBER) for m in members),
        ]:
            group = db.session.get_one(Group, group_id)
            a_member(group, role, person=db.session.get_one(Person, person.id))
        for person in members:
            _settle(person)
    return Club(here, group_id, slug, owner, treasurer, moderator, *members)


@cache
def drawn(thing: str, tint: str = "#c9a64d", light: int = 1) -> bytes:
    """A photograph, as the demo has them."""
    return demo_pictures.picture(thing, tint=tint, light=light)


def _settle(person: Somebody) -> None:
    """Where his parcels and his money go, said long ago."""
    addresses.add_address(
        by=person.id, recipient=person.name, street="Lindengasse 7", postal_code="1070", city="Wien", country="AT"
    )
    long_ago, details = clock.now() - timedelta(days=10), f"{person.name}\nAT61 1904 3002 3457 3201"
    with unit_of_work():
        db.session.add(PayoutDetails(person_id=person.id, details=details, changed_at=long_ago, usable_from=long_ago))
