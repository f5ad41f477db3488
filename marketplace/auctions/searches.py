"""What members keep: searches of the catalogue that they saved, and what they want at a price."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from marketplace.auctions.search_models import Fit, KeptSearch
from marketplace.auctions.search_rules import Search, Sort, check_keeps, kept_part
from marketplace.groups import finding as group_finding, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound


@use_case
def keep(*, by: int, group_id: int, sort: Sort, name: str, search: Search, client_key: str) -> KeptSearch:
    """Keep a search: from now on he is told of lots that come and fit. The same key again gives the first one.

    Raises NotFound, NotAllowed, or RuleBroken where it would fit everything or is one too many.
    """
    groups.require(by, group_id, Permission.KEEP_SEARCH)
    group = group_finding.locked_group(group_id)  # so that they are counted one after the other
    earlier = select(KeptSearch).where(KeptSearch.person_id == by, KeptSearch.client_key == client_key)
    if (found := db.session.scalar(earlier)) is not None:
        return found
    mine = (KeptSearch.group_id == group_id, KeptSearch.person_id == by, KeptSearch.sort == sort)
    check_keeps(sort, search, already=db.session.scalar(select(func.count()).where(*mine)) or 0)
    kept = KeptSearch(
        group_id=group_id, person_id=by, client_key=client_key, sort=sort, name=name, search=kept_part(search),
        currency=group.currency, kept_at=clock.now(),
    )  # fmt: skip
    db.session.add(kept)
    db.session.flush()
    audit.note(f"keep {sort}", f"search:{kept.id}", by=by, group_id=group_id)
    return kept


@use_case
def remove(*, search_id: int, by: int) -> Sort:
    """Keep it no longer. What he was told stays told. Gives what it was. Raises NotFound where it is not his."""
    kept = db.session.get(KeptSearch, search_id, with_for_update=True)
    if kept is None or kept.person_id != by:
        raise no_such_search()
    sort = Sort(kept.sort)
    db.session.execute(delete(Fit).where(Fit.search_id == kept.id))
    db.session.delete(kept)
    audit.note(f"remove {sort}", f"search:{search_id}", by=by, group_id=kept.group_id)
    return sort


def kept_by(person_id: int, group_id: int) -> list[KeptSearch]:
    """All that a member keeps in a group, the last first. There are no more than the law allows."""
    wanted = select(KeptSearch).where(KeptSearch.group_id == group_id, KeptSearch.person_id == person_id)
    return list(db.session.scalars(wanted.order_by(KeptSearch.id.desc())))


def kept(search_id: int, *, by: int) -> KeptSearch:
    """One of his own. Raises NotFound."""
    found = db.session.get(KeptSearch, search_id)
    if found is None or found.person_id != by:
        raise no_such_search()
    return found


def told_of(lot_id: int) -> list[int]:
    """Everybody who was told that a lot fits what he looks for."""
    wanted = select(KeptSearch.person_id).join(Fit, Fit.search_id == KeptSearch.id)
    return list(db.session.scalars(wanted.where(Fit.lot_id == lot_id, Fit.told_at.is_not(None)).distinct()))


def no_such_search() -> NotFound:
    return NotFound("There is no such search.")
