"""The names that bidders go by on a lot: birds and trees, picked by chance, so that nothing about a person follows."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import bindparam, select

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

_TAKEN = select(Alias.lot_id, Alias.name).where(Alias.lot_id.in_(bindparam("lot_ids", expanding=True)))


def pick(taken: Collection[str]) -> str:
    """A name that is not taken yet."""
    round_number = 1
    while True:
        names = [name if round_number == 1 else f"{name} {round_number}" for name in NAMES]
        if free := [name for name in names if name not in taken]:
            return secrets.choice(free)
        round_number += 1


def taken_on(lot_ids: Collection[int]) -> dict[int, set[str]]:
    """The names that are taken on each of these lots, which are locked: so two do not pick the same."""
    taken: dict[int, set[str]] = {lot_id: set() for lot_id in lot_ids}
    for lot_id, name in db.session.execute(_TAKEN, {"lot_ids": lot_ids}) if taken else ():
        taken[lot_id].add(name)
    return taken


def given(lot_id: int, person_id: int) -> Alias:
    """The person's new name on this lot, which is locked."""
    alias = named(lot_id, person_id, taken_on([lot_id])[lot_id])
    db.session.add(alias)
    return alias


def named(lot_id: int, person_id: int, taken: Collection[str]) -> Alias:
    """The same where it is known which names are taken; not in the database yet."""
    return Alias(lot_id=lot_id, person_id=person_id, name=pick(taken))
