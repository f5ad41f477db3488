"""Keeps the words of items, and finds items by them."""

from __future__ import annotations

from sqlalchemy import Boolean, ColumnElement, String, and_, false, literal, select, text, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.catalog import queries
from marketplace.catalog.models import Item
from marketplace.catalog.text_models import ItemText
from marketplace.catalog.text_rules import Term, pattern, words_of
from marketplace.kernel.database import db, use_case

_FOUND_BY_SQLITE = text("SELECT rowid FROM item_words WHERE item_words MATCH :asked LIMIT :most")
_FOUND_BY_POSTGRESQL = text("SELECT item_id FROM item_texts WHERE lexemes @@ CAST(:asked AS tsquery) LIMIT :most")


@use_case
def write(item: Item) -> None:
    """Put the words of an item into the index: what it says of itself, and what its seller has added since."""
    remarks = (remark.text for remark in queries.remarks_of(item.id))
    claims = (f"{claim.label} {claim.text}" for claim in item.claims)
    said = (item.title, item.description, item.period, item.dimensions, item.faults, *claims, *remarks)
    words = f"{_sign(item.group_id)} {words_of(*said)}".rstrip()
    found = db.session.get(ItemText, item.id)
    if found is None:
        db.session.add(ItemText(item_id=item.id, words=words))
    else:
        found.words = words


def found(group_id: int, terms: tuple[Term, ...], *, most: int) -> list[int]:
    """Ids of a group's items that have all of these, `most` of them at the most, in no order; drafts among them."""
    if not terms:
        return []
    if db.engine.dialect.name == "postgresql":
        wanted = [f"'{_sign(group_id)}'", *(f"'{term.text}'" + ":*" * term.begins for term in terms)]
        return list(db.session.scalars(_FOUND_BY_POSTGRESQL, {"asked": " & ".join(wanted), "most": most}))
    wanted = [f'"{_sign(group_id)}"', *(f'"{term.text}"' + " *" * term.begins for term in terms)]
    return list(db.session.scalars(_FOUND_BY_SQLITE, {"asked": " AND ".join(wanted), "most": most}))


def says(item_id: ColumnElement[int] | InstrumentedAttribute[int], terms: tuple[Term, ...]) -> ColumnElement[bool]:
    """The same as a condition on rows that are read anyway: where so many items have the words that the index does not
    narrow it down."""
    if not terms:
        return false()
    padded = literal(" ") + type_coerce(ItemText.words, String) + literal(" ")
    said = and_(*(padded.contains(pattern(term), autoescape=True) for term in terms))
    # Not EXISTS, which PostgreSQL would make a join of: it cannot know how many rows are LIKE something.
    return type_coerce(select(said).where(ItemText.item_id == item_id).scalar_subquery(), Boolean)


def words_by_item(item_ids: set[int]) -> dict[int, str]:
    """The words of each of these items."""
    rows = db.session.execute(select(ItemText.item_id, ItemText.words).where(ItemText.item_id.in_(item_ids)))
    return dict(rows.all())


def _sign(group_id: int) -> str:
    """Stands among an item's words for its group. No word of anybody's holds such a mark."""
    return f"§{group_id}"
