"""Statements that SQLAlchemy has no common words for, and such as come with every page, written out once.

A statement of SQLAlchemy has a parameter for every constant in it: each of them is bound anew each time, and since what
is best done depends on them, the database plans it anew, too. Written out, with its own parameters alone, it is planned
once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Dialect,
    Select,
    TextClause,
    bindparam,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.visitors import replacement_traverse

from marketplace.kernel.database import Base, db

T = TypeVar("T")


def insert_into(model: type[Base]) -> postgresql.Insert:
    """An INSERT that can say what is done where the row is there already (`on_conflict_…`), on either database."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return cast(postgresql.Insert, dialect.insert(model))


def built_once(build: Callable[[], T]) -> Callable[[], T]:
    """For a statement that depends on the database alone: to build it takes longer than to send it."""

    @cache
    def built_for(_dialect: str) -> T:
        return build()

    @wraps(build)
    def built() -> T:
        return built_for(db.engine.dialect.name)

    return built


def finds(statement: Select[*tuple[Any, ...]]) -> ColumnElement[bool]:
    """Whether a statement finds anything, to be asked as a part of another one."""
    return statement.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(None).exists()


def written_out(statement: Select[*tuple[Any, ...]], *parameters: BindParameter[Any], dialect: Dialect) -> TextClause:
    """The statement as text for this database, with every constant in its place; the parameters are as they were.

    A parameter that the statement does not have is refused with sqlalchemy.exc.ArgumentError.
    """
    kind: Callable[..., Dialect] = type(dialect)
    plain = kind(paramstyle="named")  # one in which no percent sign has to be escaped
    marked: Any = replacement_traverse(statement, {}, partial(_mark, {each.key for each in parameters}))
    words = str(marked.compile(dialect=plain, compile_kwargs={"literal_binds": True})).replace(":", r"\:")
    for each in parameters:
        words = words.replace(_MARK.format(each.key), f":{each.key}")
    return text(words).bindparams(*(bindparam(each.key, type_=each.type) for each in parameters))


_MARK = "\x01{}\x01"
"""Where a parameter is to stay; no text of a statement has such a character."""


def _mark(names: set[str], element: Any, **_: Any) -> Any:
    stays = isinstance(element, BindParameter) and element.key in names
    return literal_column(_MARK.format(element.key), element.type) if stays else None
