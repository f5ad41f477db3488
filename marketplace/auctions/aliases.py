"""The names that bidders go by on a lot: birds and trees, picked by chance, so that nothing about a person follows."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from marketplace.auctions.models import Alias
from marketplace.kernel.database import db

NAMES = tuple(
    (
        "Alder Ash Aspen Beech Birch Bittern Blackbird Box Buzzard Cedar Cherry Chestnut Chough Coot Cormorant Crane "
        "Curlew Cypress Dipper Dove Dunlin Egret Elder Elm Falcon Fig Finch Fir Gannet Goshawk Grebe Hazel Heron Hobby "
        "Holly Hoopoe Hornbeam Jackdaw Jay Juniper Kestrel Kingfisher Lapwing Larch Lark Linden Linnet Magpie Maple "
        "Martin Medlar Merlin Mulberry Nightingale Nuthatch Oak Oriole Osprey Owl Pear Pine Pipit Plover Poplar Quail "
        "Quince Raven Redstart Robin Rowan Sandpiper Siskin Spruce Starling Stork Swallow Swift Sycamore Tern Thrush "
        "Walnut Warbler Wheatear Willow Wren Yew"
    ).split()
)


def pick(lot_id: int) -> str:
    """A name that nobody on this lot has yet. The lot's row is locked, so two do not pick the same."""
    taken = set(db.session.scalars(select(Alias.name).where(Alias.lot_id == lot_id)))
    round_number = 1
    while True:
        names = [name if round_number == 1 else f"{name} {round_number}" for name in NAMES]
        if free := [name for name in names if name not in taken]:
            return secrets.choice(free)
        round_number += 1


def given(lot_id: int, person_id: int) -> Alias:
    """The person's new name on this lot, which is locked."""
    alias = Alias(lot_id=lot_id, person_id=person_id, name=pick(lot_id))
    db.session.add(alias)
    return alias
