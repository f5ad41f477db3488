"""Where it happens: the product as it is deployed, a Stripe of its own, and a database that may be broken off."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import Cookie
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.models import Person
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.clock import ClockOffset
from marketplace.kernel.database import db
from marketplace.kernel.heartbeat import WorkerHeartbeat
from marketplace.payments.rules import Through
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.escrow import an_address, an_order
from tests.factories.groups import a_group, a_member
from tests.factories.stripe import KEY, PLATFORM, become_seller
from tests.faults.storm.plan import Part
from tests.faults.storm.server import Server, server
from tests.house import House, house_in_parts

T = TypeVar("T")

# The law's own, but for the longest two: what they wait for is the same after days as after weeks.
TERMS = Terms(fee_basis_points=500, days_in_transit=5, days_to_inspect=3, gateway=Through.STRIPE)
_TRIES = 60
_OWN_MONEY = 100_000_00
"""What the platform has at Stripe beforehand, in minor units: out of it the fees of what is refunded are paid."""


@dataclass
class Stage:
    """One installation with its Stripe."""

    here: House
    stripe: StandIn
    server: Server | None = None
    moved: timedelta = timedelta()
    broken_at: list[float] = field(default_factory=list)
    """When the database was broken off and back again, by time.monotonic()."""
    ended: Counter[str] = field(default_factory=Counter)
    """How often a process ended by itself."""

    def ask(self, question: Callable[[], T]) -> T:
        """The answer of a query, again until the database gives one."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return self.here.ask(question)
            except DBAPIError:
                if not tries_left:
                    raise
                time.sleep(0.25)
        raise AssertionError("unreachable")

    def move(self, **span: float) -> None:
        """Time goes on for the product and for Stripe. Where no answer tells whether it did, it is read."""
        self.ask(lambda: clock.move(timedelta(**span)))
        self.moved = timedelta(milliseconds=self.ask(lambda: db.session.scalar(select(ClockOffset.milliseconds)) or 0))

    def break_database(self) -> None:
        if self.server is not None:
            self.broken_at.append(time.monotonic())
            self.server.break_off()
            self.broken_at.append(time.monotonic())

    def kill(self, *names: str) -> None:
        """With `kill -9`, and started again at once."""
        self.look_after()
        for name in names:
            self.here.kill(name)
        for name in names:
            self._start(name)

    def look_after(self) -> None:
        """As `flask serve` does: what has ended by itself, as where it began without a database, is started again."""
        for name, process in [*self.here.processes.items()]:
            if process.poll() is not None:
                self.ended[name] += 1
                self._start(name)

    def _start(self, name: str) -> None:
        (self.here.start_web if name == "web" else self.here.start_worker)()

    def has_worker(self) -> bool:
        """Whether the worker that was started last has begun to work."""
        pid = self.here.processes["worker"].pid
        beat = select(WorkerHeartbeat.name).where(WorkerHeartbeat.name.endswith(f":{pid}"))
        return self.ask(lambda: db.session.scalar(beat)) is not None

    def has_web(self) -> bool:
        """Whether the web server answers."""
        return self.here.answers()


@contextmanager
def stage(folder: Path, *, on_server: bool) -> Iterator[Stage]:
    """Everything runs. At the end it is stopped, the database last."""
    with ExitStack() as stack:
        stripe = stack.enter_context(StandIn())
        settings = {
            "EARNEST_STRIPE_KEY": KEY, "EARNEST_STRIPE_URL": stripe.url, "EARNEST_STRIPE_WEBHOOK_SECRETS": PLATFORM,
            "EARNEST_STRIPE_CONNECT_SECRETS": PLATFORM, "EARNEST_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        its_server = stack.enter_context(server()) if on_server else None
        if its_server is not None:
            settings["DATABASE_URL"] = its_server.url
        here = stack.enter_context(house_in_parts(folder, web_processes=2, **settings))
        built = Stage(here, stripe, its_server)
        stripe.till.clock = lambda: time.time() + built.moved.total_seconds()
        stripe.till.book("topup", _OWN_MONEY, "eur", "tu_1")
        stripe.tells(f"{here.url}/webhooks/stripe", PLATFORM)
        yield built


# ---- people and orders ----


@dataclass(frozen=True, slots=True)
class Deal:
    """One order, whose part it plays, and the sessions of its two sides."""

    id: int
    part: Part
    buyer_id: int
    seller_id: int
    cookies: dict[str, str]
    """By "buyer" and "seller"."""


def open_deals(stage: Stage, parts: tuple[Part, ...], *, terms: Terms = TERMS) -> list[Deal]:
    """A group, sellers whom Stripe knows, buyers with addresses, and an order for each part."""
    with stage.here.inside():
        group_id = a_group(terms=terms).id
        sellers = [_seller(stage, group_id, terms) for _each in range(2 + len(parts) // 8)]
        buyers = [_buyer(group_id) for _each in range(2 + len(parts) // 4)]
        deals = [_open(stage, group_id, part, sellers, buyers, terms) for part in parts]
    stage.stripe.hooks.wait()
    return deals


def _open(
    stage: Stage, group_id: int, part: Part, sellers: list[int], buyers: list[int], terms: Terms
) -> Deal:  # fmt: skip
    seller_id, buyer_id = sellers[part.number % len(sellers)], buyers[part.number % len(buyers)]
    seller, buyer = (db.session.get_one(Person, person_id) for person_id in (seller_id, buyer_id))
    order = an_order(
        group=db.session.get_one(Group, group_id), seller=seller, buyer=buyer, hammer=part.hammer,
        shipping=part.shipping, terms=terms,
    )  # fmt: skip
    cookies = {"seller": cookie_of(stage.here, seller_id), "buyer": cookie_of(stage.here, buyer_id)}
    return Deal(order.id, part, buyer_id, seller_id, cookies)


def _seller(stage: Stage, group_id: int, terms: Terms) -> int:
    seller = a_member(db.session.get_one(Group, group_id), name="Jonas Weidl")
    return become_seller(stage.stripe, seller.id) if terms.gateway is Through.STRIPE else seller.id


def _buyer(group_id: int) -> int:
    buyer = a_member(db.session.get_one(Group, group_id), name="Marta Lind")
    an_address(buyer.id)
    return buyer.id


def a_treasurer(stage: Stage, group_id: int) -> int:
    """With a second factor, as whoever moves money has."""
    with stage.here.inside():
        person = a_person("Agnes Thaler", second_factor=True)
        return a_member(db.session.get_one(Group, group_id), Role.TREASURER, person=person).id


def cookie_of(here: House, person_id: int) -> str:
    """A session as signing in makes it, a moment ago. Inside the house only."""
    signer = here.app.session_interface.get_signing_serializer(here.app)  # type: ignore[attr-defined]  # Flask's own
    uniquifier = db.session.get_one(Person, person_id).fs_uniquifier
    proved = [uniquifier, clock.now().timestamp()]
    return str(
        signer.dumps(
            {"_user_id": uniquifier, "_fresh": True, "fs_cc": "set", "fs_paa": time.time(), "second_factor": proved}
        )
    )


def as_cookie(here: House, value: str) -> Cookie:
    """For a cookie jar."""
    return Cookie(
        0, str(here.app.config["SESSION_COOKIE_NAME"]), value, None, False, "127.0.0.1", False, False, "/", True,
        False, None, True, None, None, {},
    )  # fmt: skip
