"""Told about what members look for: lots that have come and fit. Called by wiring."""

from __future__ import annotations

from marketplace.auctions import searches
from marketplace.auctions.events import LotHidden, LotsFit, LotWithdrawn
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.service import lead_elsewhere, notify


def lots_fit(fact: LotsFit) -> None:
    """One lot is named and leads to its page; of several it is said how many, and they lead to the search."""
    slug = groups.group(fact.group_id).slug
    is_one = fact.count == 1
    notify(
        person_id=fact.person_id,
        kind=f"{fact.sort}_fits" if is_one else f"{fact.sort}_fits_more",
        ref=f"lot:{fact.lot_id}" if is_one else f"search:{fact.search_id}",
        path=links.lot(slug, fact.number) if is_one else links.kept_search(slug, fact.search_id),
        data={
            "name": fact.name, "count": fact.count, "number": fact.number, "title": fact.title, "price": fact.price,
            "until": fact.ends_at,
        },
        group_id=fact.group_id,
        key=f"search:{fact.search_id}:{fact.at.isoformat()}",
    )  # fmt: skip


def hidden(fact: LotHidden | LotWithdrawn) -> None:
    """What people were told of a lot that a moderator has hidden leads to what they look for: they cannot see it."""
    if isinstance(fact, LotWithdrawn) and not fact.by_moderator:
        return
    path = links.searches(groups.group(fact.group_id).slug)
    lead_elsewhere(searches.told_of(fact.lot_id), ref=f"lot:{fact.lot_id}", path=path)
