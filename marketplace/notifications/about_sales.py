"""Told about sales, to those who have lots in them. Called by wiring."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.auctions.sale_events import LotTakenOut, SaleCalledOff, SaleMoved
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.service import notify, notify_all


def taken_out(fact: LotTakenOut) -> None:
    """The notice leads to the lot: from there its seller puts the item up again."""
    notify(
        person_id=fact.seller_id,
        kind="lot_taken_out",
        ref=f"lot:{fact.lot_id}",
        path=links.lot(groups.group(fact.group_id).slug, fact.number),
        data={"number": fact.number, "title": fact.title, "sale": fact.sale, "reason": fact.reason},
        group_id=fact.group_id,
    )


def moved(fact: SaleMoved) -> None:
    """It can be moved again, and is told again."""
    details = {"starts": fact.starts_at, "until": fact.first_end_at}
    _tell_sellers(fact, "sale_moved", details, key=f"sale:{fact.sale_id}:{fact.version}")


def called_off(fact: SaleCalledOff) -> None:
    _tell_sellers(fact, "sale_called_off", {"reason": fact.reason}, key=f"sale:{fact.sale_id}")


def _tell_sellers(fact: SaleCalledOff | SaleMoved, kind: str, details: Mapping[str, object], *, key: str) -> None:
    """One notice for each seller, however many lots he has in it."""
    notify_all(
        fact.seller_ids,
        kind=kind,
        ref=f"sale:{fact.sale_id}",
        path=links.sale(groups.group(fact.group_id).slug, fact.number),
        data={"sale": fact.title, **details},
        group_id=fact.group_id,
        key=key,
    )
