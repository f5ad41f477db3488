"""What the benchmark runs on: the demo's public group, more members in it, and as many copies of one lot as wanted."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie

from flask import Flask
from sqlalchemy import Table, func, inspect, select, text

from marketplace.accounts.models import Person
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.auctions.rules import Format, State
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.text_models import ItemText
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Role
from marketplace.kernel import clock, schema
from marketplace.kernel.database import db, unit_of_work
from marketplace.worker import demo

SESSIONS = 16
_RUNS_FOR = timedelta(days=5)
_AT_ONCE = 50_000
# One to a number, from 1 to :many; both databases know it.
_SERIES = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :many)"


@dataclass(frozen=True)
class World:
    """Where the load goes."""

    slug: str
    group_id: int
    model_id: int
    """The lot that the others are copies of."""
    opening_minor: int
    people: tuple[int, ...]
    cookies: tuple[str, ...]
    """One session for each of them."""


def build(app: Flask) -> World:
    """Fill an empty database. Ends with a sentence if it holds anything."""
    with app.app_context():
        if inspect(db.engine).get_table_names():
            raise SystemExit("The database of --database must be an empty one: the benchmark fills it, and leaves it.")
        schema.upgrade()
        demo.ensure(app)
        group = db.session.scalars(select(Group).where(Group.is_catalogue_public).order_by(Group.id)).first()
        assert group is not None
        running = select(Lot).where(
            Lot.group_id == group.id, Lot.state == State.RUNNING, Lot.hidden_at.is_(None), Lot.format == Format.OPEN,
            Lot.reserve_minor.is_(None),
        )  # fmt: skip
        lot = db.session.scalars(running.order_by(Lot.id)).first()
        assert lot is not None
        people = [_member(group.id, number) for number in range(SESSIONS)]
        cookies = tuple(cookie_of(app, each) for each in people)
        return World(group.slug, group.id, lot.id, lot.opening_minor, tuple(each.id for each in people), cookies)


def cookie_of(app: Flask, person: Person) -> str:
    """A session as signing in makes it."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own interface
    session = {"_user_id": person.fs_uniquifier, "_fresh": False, "fs_cc": "set", "fs_paa": 0}
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps(session)}"


def cookie_from(header: str) -> str:
    """The pair that a Set-Cookie header sets."""
    name, morsel = next(iter(SimpleCookie(header).items()))
    return f"{name}={morsel.value}"


def add_lots(world: World, many: int) -> range:
    """The numbers of so many new running lots without bids, each with an item, its words and its photographs."""
    with unit_of_work():
        last = db.session.scalar(select(func.max(Lot.number)).where(Lot.group_id == world.group_id)) or 0
    for done in range(0, many, _AT_ONCE):
        _copy_lots(world, last + done, min(_AT_ONCE, many - done))
    _settle()
    return range(last + 1, last + many + 1)


def add_bids(world: World, lots: range) -> None:
    """One bid on each of these lots, by the members in turn."""
    with unit_of_work():
        ids = select(func.min(Lot.id), func.max(Lot.id)).where(
            Lot.group_id == world.group_id, Lot.number.between(lots[0], lots[-1])
        )
        first, last = db.session.execute(ids).one()
        person = f"{world.people[0]} + lots.id % {SESSIONS}"  # they were made one after the other
        where = "lots.id BETWEEN :first AND :last"
        at = {"first": first, "last": last}
        names = {"lot_id": "lots.id", "person_id": person, "name": "'Robin'", "maximum_minor": "opening_minor"}
        _insert(Alias.__table__, names, f"FROM lots WHERE {where}", at)
        bids = {
            "lot_id": "lots.id", "bidder_id": person, "client_key": "'copy-' || lots.id", "placed_at": "listed_at",
            "maximum_minor": "opening_minor", "price_minor": "opening_minor", "leads": "true", "is_quiet": "false",
            "salt": "'0123456789abcdef0123456789abcdef'", "void_cause": "''", "void_reason": "''",
        }  # fmt: skip
        _insert(Bid.__table__, bids, f"FROM lots WHERE {where}", at)
        standing = f"leader_id = {person}, leader_maximum_minor = opening_minor, bid_count = 1, version = 1"
        db.session.execute(text(f"UPDATE lots SET {standing} WHERE {where}"), at)  # noqa: S608 - our own words
    _settle()


def id_of(app: Flask, world: World, number: int) -> int:
    """The id of the lot of this number."""
    with app.app_context():
        return db.session.scalars(select(Lot.id).where(Lot.group_id == world.group_id, Lot.number == number)).one()


def number_of(lot_id: int) -> int:
    """The number of the lot of this id."""
    return db.session.get_one(Lot, lot_id).number


def _member(group_id: int, number: int) -> Person:
    now = clock.now()
    person = Person(
        email=f"bidder{number}@example.org", name=f"Bidder {number}", password="none",  # noqa: S106 - nobody types it
        fs_uniquifier=uuid.uuid4().hex, confirmed_at=now, is_operator=False, created_at=now,
    )  # fmt: skip
    with unit_of_work():
        group = db.session.get_one(Group, group_id)
        group.member_count += 1
        db.session.add(person)
        db.session.flush()
        membership = Membership(
            group_id=group_id, person_id=person.id, role=Role.MEMBER, agreed_version=group.rules_version, agreed_at=now,
            joined_at=now,
        )  # fmt: skip
        db.session.add(membership)
    return person


def _copy_lots(world: World, last: int, many: int) -> None:
    mark = secrets.token_hex(4)
    key = f"'{mark}-' || n"
    with unit_of_work():
        model = db.session.get_one(Lot, world.model_id)
        items = _next_id(Item)
        numbers = {"many": many, "item": model.item_id, "lot": model.id}
        end = clock.now() + _RUNS_FOR
        _copy(Item.__table__, {"id": f"{items} + n", "client_key": key, "frozen_at": "NULL"}, "id = :item", numbers)
        _copy(
            Photo.__table__, {"item_id": f"{items} + n", "key": f"key || {key}", "id": None}, "item_id = :item", numbers
        )
        _copy(ItemText.__table__, {"item_id": f"{items} + n"}, "item_id = :item", numbers)
        fresh = {
            "id": None, "item_id": f"{items} + n", "client_key": key, "number": f"{last} + n",
            "price_minor": "opening_minor", "leader_id": "NULL", "leader_maximum_minor": "NULL",
            "second_maximum_minor": "NULL", "bid_count": "0", "version": "0", "is_buy_now_gone": "false",
            "scheduled_end_at": ":end", "ends_at": ":end",
        }  # fmt: skip
        _copy(Lot.__table__, fresh, "id = :lot", numbers | {"end": end})
        if db.engine.dialect.name == "postgresql":
            db.session.execute(
                text("SELECT setval(pg_get_serial_sequence('items', 'id'), (SELECT max(id) FROM items))")
            )


def _next_id(model: type[Item]) -> int:
    return db.session.scalar(select(func.max(model.id))) or 0


def _copy(table: Table, changed: Mapping[str, str | None], where: str, values: Mapping[str, object]) -> None:
    """As many copies of a row as the series is long; `changed` columns are expressions, or left to the database."""
    as_it_is = {column.name: column.name for column in table.columns if not column.computed}
    columns = {name: change for name, change in (as_it_is | dict(changed)).items() if change is not None}
    _insert(table, columns, f"FROM {table.name}, series WHERE {where}", values)


def _insert(table: Table, columns: Mapping[str, str], source: str, values: Mapping[str, object]) -> None:
    chosen = f"SELECT {', '.join(columns.values())} {source}"
    series = _SERIES if "series" in source else ""
    db.session.execute(text(f"INSERT INTO {table.name} ({', '.join(columns)}) {series} {chosen}"), dict(values))


def _settle() -> None:
    """As a database is that grew in years: without it a session keeps the plan that it made for an empty table, and the
    loading's own tidying up, of a minute and more, would be counted as the cost of what is measured."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("CHECKPOINT"))
        else:
            connection.execute(text("ANALYZE"))
