"""What bids rest on, read in as few statements for a hundred of them as for one, once their lots are locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import and_, bindparam, select, tuple_

from marketplace.auctions import aliases, finding
from marketplace.auctions.bid_rules import check_has_confirmer
from marketplace.auctions.depositing import check_standing
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.catalog import service as catalog
from marketplace.deposits import service as deposits
from marketplace.deposits.asking_rules import Standing
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission, Who, judge
from marketplace.kernel import clock
from marketplace.kernel.database import add_rows, db

_HIS_WITH_A_KEY = and_(
    Bid.lot_id == Alias.lot_id, Bid.bidder_id == Alias.person_id, Bid.client_key.in_(bindparam("keys", expanding=True))
)
_ALIASES = (
    select(Alias, Bid)
    .outerjoin(Bid, _HIS_WITH_A_KEY)
    .where(tuple_(Alias.lot_id, Alias.person_id).in_(bindparam("pairs", expanding=True)))
)


class Wanted(Protocol):
    """As much of a bid as tells what it rests on."""

    @property
    def lot_id(self) -> int: ...
    @property
    def by(self) -> int: ...
    @property
    def client_key(self) -> str: ...


@dataclass(slots=True)
class Ground:
    """What some bids rest on. What one of them changes, the next one finds changed."""

    lots: dict[int, Lot]
    people: dict[tuple[int, int], tuple[Group, Who]]
    """As the table of permissions sees them, by group and person; and the group, for all who ask for it meanwhile."""
    confirmers: dict[int, set[int]]
    """Who may confirm money, by group."""
    deposits: dict[tuple[int, int], Standing]
    """By group and person, where there are any."""
    aliases: dict[tuple[int, int], Alias]
    """By lot and person."""
    bids: dict[tuple[int, int, str], Bid]
    """Those that were placed with these keys already, by lot, person and key."""
    names: dict[int, set[str]]
    """Taken on lots of which a bidder is new."""
    items: set[int] = field(default_factory=set)
    """Of lots that have their first bid: they are to be fixed as they are."""
    new: list[Alias | Bid] = field(default_factory=list)
    """Not in the database yet."""

    @classmethod
    def under(cls, wanted: Sequence[Wanted]) -> Ground:
        """Lock the lots, then read what was committed until then."""
        lots = finding.locked_lots(each.lot_id for each in wanted)
        there = [each for each in wanted if each.lot_id in lots]
        pairs = {(each.lot_id, each.by) for each in there}
        keys = {each.client_key for each in there}
        rows = db.session.execute(_ALIASES, {"pairs": list(pairs), "keys": list(keys)}).all()
        known = {(alias.lot_id, alias.person_id): alias for alias, _bid in rows}
        group_ids = {lot.group_id for lot in lots.values()}
        in_groups = sorted({(lots[each.lot_id].group_id, each.by) for each in there})
        return cls(
            lots=lots,
            people=groups.locked_people(in_groups),
            confirmers=group_queries.confirmers(group_ids),
            deposits=deposits.standings_of(in_groups),
            aliases=known,
            bids={(bid.lot_id, bid.bidder_id, bid.client_key): bid for _alias, bid in rows if bid is not None},
            names=aliases.taken_on({lot_id for lot_id, _person_id in pairs - known.keys()}),
        )

    def lot(self, lot_id: int) -> Lot:
        """Raises NotFound."""
        if lot_id not in self.lots:
            raise finding.no_such_lot()
        return self.lots[lot_id]

    def check_may_bid(self, lot: Lot, person_id: int) -> None:
        """Raises as groups.require does."""
        _group, who = self.people[lot.group_id, person_id]
        judge(Permission.PLACE_BID, who)

    def check_confirmer(self, lot: Lot, bidder_id: int) -> None:
        """Raises RuleBroken."""
        check_has_confirmer(self.confirmers[lot.group_id], seller_id=lot.seller_id, bidder_id=bidder_id)

    def check_deposit(self, lot: Lot, bidder_id: int) -> None:
        """Raises DepositNeeded."""
        check_standing(lot, self.deposits.get((lot.group_id, bidder_id)))

    def new_alias(self, lot: Lot, person_id: int) -> Alias:
        """The name of a bidder who is new on this lot."""
        alias = aliases.named(lot.id, person_id, self.names[lot.id])
        self.names[lot.id].add(alias.name)
        self.aliases[lot.id, person_id] = alias
        self.new.append(alias)
        return alias

    def note_bid(self, bid: Bid) -> None:
        """A bid that counts."""
        self.bids[bid.lot_id, bid.bidder_id, bid.client_key] = bid
        self.new.append(bid)

    def note_first_bid(self, lot: Lot) -> None:
        """The lot's item is to be fixed, unless others have bid on it."""
        if lot.leader_id is None:
            self.items.add(lot.item_id)

    def keep(self) -> None:
        """Write down what is new; what has changed is written by itself."""
        if self.items:
            catalog.freeze(*sorted(self.items), at=clock.now())
        for kind in (Alias, Bid):
            add_rows(kind, [_values_of(each) for each in self.new if isinstance(each, kind)])


def _values_of(row: Alias | Bid) -> dict[str, Any]:
    """What has been said of a new row; the rest has defaults."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}
