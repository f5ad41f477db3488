"""What members look for, and which new lots were found to fit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from marketplace.auctions.search_rules import Search, Sort, packed, unpacked
from marketplace.kernel.database import Base

_SORTS = ", ".join(f"'{sort}'" for sort in Sort)
_UNTOLD = text("told_at IS NULL")


class SearchType(TypeDecorator[Search]):
    """A search as a JSON column."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Search | None, dialect: Dialect) -> dict[str, Any]:
        return packed(value or Search())

    def process_result_value(self, value: Any, dialect: Dialect) -> Search:
        return unpacked(value or {})


class KeptSearch(Base):
    """What a member is told of when it comes: a search that he saved, or something that he wants."""

    __tablename__ = "kept_searches"
    __table_args__ = (
        UniqueConstraint("person_id", "client_key"),
        Index("ix_kept_searches_group_id_person_id_id", "group_id", "person_id", "id"),
        CheckConstraint(f"sort IN ({_SORTS})", "sort"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    sort: Mapped[str]
    name: Mapped[str]
    """A want has the words that it looks for."""
    search: Mapped[Search] = mapped_column(SearchType)
    currency: Mapped[str]
    """Of the sums in it."""
    kept_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When something that fits was last told."""


class LotToMatch(Base):
    """A lot that has come, or reads otherwise, and has not yet been held against what members look for."""

    __tablename__ = "lots_to_match"
    __table_args__ = (Index("ix_lots_to_match_since", "since"),)

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True, autoincrement=False)
    since: Mapped[datetime]


class Fit(Base):
    """A lot is what a member looks for. The row stays when he was told: he is told once."""

    __tablename__ = "search_fits"
    __table_args__ = (
        Index("ix_search_fits_untold", "search_id", "lot_id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    search_id: Mapped[int] = mapped_column(ForeignKey("kept_searches.id"), primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True, autoincrement=False, index=True)
    found_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When he was told, or the lot was gone before he could be."""
