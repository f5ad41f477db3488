"""The end held against what it ought to be: by the plan, by the product's books, and by Stripe's own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sqlalchemy import select

from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import gateway, receivable
from marketplace.notifications.detail_rules import unpacked
from marketplace.notifications.models import Notice
from marketplace.payments.rules import Through
from marketplace.playmoney.till import Thing, Till, fee_on
from tests.faults.storm.plan import BANKS, LAST, MONEY, End, Goes
from tests.faults.storm.stage import TERMS, Deal
from tests.faults.storm.weathering import Storm

_WHOLE = 10_000
_RECOVERS_WITHIN_SECONDS = 5.0
_MAY_COME_TWICE = {
    "payout_waits": {*End},  # at every two days
    "payout_sent": {End.BANK_WON, End.BANK_LATE_WON},  # taken back for the time that the bank needs, and sent again
}


@dataclass(frozen=True, slots=True)
class Account:
    """What Stripe has of one order, in minor units."""

    charges: int
    charged: int
    refunded: int
    transferred: int
    """What the seller has, less what was taken back."""
    verdicts: tuple[str, ...]
    """Of the buyer's bank."""
    net: int
    """What is left of it with the platform, less what Stripe keeps."""
    marks: tuple[str, ...]
    """The movements for which refunds, transfers and reversals were made."""


def faults_of(storm: Storm) -> list[str]:
    """A sentence for everything that is not as it ought to be."""
    return [
        *_of_orders(storm),
        *_of_books(storm),
        *_of_notices(storm),
        *_of_answers(storm),
    ]


def account_of(till: Till, order_id: int) -> Account:
    """Reckoned from Stripe's objects alone."""
    with till.lock:
        charges = till.all("charge", transfer_group=f"order:{order_id}")
        of_charge = {each["id"] for each in charges}
        refunds = [each for each in till.all("refund") if each["charge"] in of_charge and each["status"] != "failed"]
        transfers = till.all("transfer", transfer_group=f"order:{order_id}")
        of_transfer = {each["id"] for each in transfers}
        reversals = [each for each in till.all("transfer_reversal") if each["transfer"] in of_transfer]
        claims = [each for each in till.all("dispute") if each["charge"] in of_charge]
        ids = {each["id"] for each in (*charges, *refunds, *transfers, *reversals, *claims)}
        lines = [each for each in till.all("balance_transaction") if each["source"] in ids]
    return Account(
        len(charges), _sum(charges), _sum(refunds), _sum(transfers) - _sum(reversals),
        tuple(each["status"] for each in claims), sum(each["net"] for each in lines),
        tuple(each["metadata"]["movement"] for each in (*refunds, *transfers, *reversals)),
    )  # fmt: skip


def _sum(things: list[Thing]) -> int:
    return sum(each["amount"] for each in things)


# ---- each order ----


def _of_orders(storm: Storm) -> Iterator[str]:
    till = storm.stage.stripe.till
    with storm.stage.here.inside():
        books = ledger.balances_of_orders([deal.id for deal in storm.deals])
        orders = {order.id: order for order in db.session.scalars(select(Order))}
        for deal in storm.deals:
            order, account = orders[deal.id], account_of(till, deal.id)
            mine = {name: amount.minor for name, amount in books.get(deal.id, {}).items()}
            set_off = -mine.get(receivable(order.group_id, order.seller_id), 0)
            for fault in (*_of_end(deal, order, account, set_off), *_of_money(order, account, mine)):
                yield f"Order {deal.id}, {deal.part.end.name}: {fault}"


def _of_end(deal: Deal, order: Order, account: Account, set_off: int) -> Iterator[str]:
    """Whether it came to its end, and its money with it."""
    part = deal.part
    if order.state != LAST[part.end]:
        yield f"it is {order.state}."
    if account.charges != (MONEY[part.end] is not Goes.NOWHERE) or account.charged not in (0, part.total):
        yield f"it was paid {account.charges} times, {account.charged}."
    proceeds = part.total - part.hammer * TERMS.fee_basis_points // _WHOLE - fee_on(part.total)
    if part.end in BANKS and account.verdicts != (BANKS[part.end],):
        yield f"the bank said {account.verdicts}."
    moved = (account.refunded, account.transferred)
    match MONEY[part.end]:
        case Goes.TO_SELLER if part.end in BANKS:  # the bank's own fee is his, too
            is_right = account.refunded == 0 and 0 < account.transferred <= proceeds
        case Goes.TO_SELLER:
            is_right = moved == (0, proceeds - set_off)
        case Goes.TO_BOTH:
            is_right = account.refunded == part.back and 0 < account.transferred < part.total - part.back
        case goes:
            is_right = moved == (part.total if goes is Goes.TO_BUYER else 0, 0)
    if not is_right:
        yield f"{account.refunded} was refunded and {account.transferred} passed on, of {part.total}."


def _of_money(order: Order, account: Account, mine: dict[str, int]) -> Iterator[str]:
    """Whether the product and Stripe say the same of it, to the cent, and nothing was done twice."""
    there = mine.get(gateway(order.group_id, Through.STRIPE), 0)
    if there != account.net:
        yield f"by the books {there} of it is at Stripe, and there it is {account.net}."
    if (order.paid_buyer_minor, order.paid_seller_minor) != (account.refunded, account.transferred):
        yield f"it says that it paid {order.paid_buyer_minor} and {order.paid_seller_minor}."
    for mark, times in Counter(account.marks).items():
        if times > 1:
            yield f"{mark} was done {times} times."


# ---- all of them ----


def _of_books(storm: Storm) -> Iterator[str]:
    done = storm.stage.here.flask("ledger", "verify", "--json")
    report = json.loads(done.stdout) if done.stdout.startswith("{") else {"findings": [{"sentence": done.stderr}]}
    yield from [f"ledger verify: {each['sentence']}" for each in report["findings"]]
    till = storm.stage.stripe.till
    with till.lock:
        available, pending = till.balance()
        own = sum(each["net"] for each in till.all("balance_transaction", type="topup"))
    with storm.stage.here.inside():
        group_ids = db.session.scalars(select(Order.group_id).distinct()).all()
        booked = sum(ledger.balance(gateway(each, Through.STRIPE), "EUR").minor for each in group_ids)
    there = available.get("eur", 0) + pending.get("eur", 0) - own
    if booked != there:
        yield f"By the books {booked} is at Stripe, and there it is {there}."


def _which(data: dict[str, Any]) -> tuple[object, object]:
    return data.get("until"), data.get("days")


def _of_notices(storm: Storm) -> Iterator[str]:
    """The same thing of the same order is told to the same person once. A deadline is the same if its moment is, and a
    late payout if as many days have passed."""
    ends = {f"order:{deal.id}": deal.part.end for deal in storm.deals}
    with storm.stage.here.inside():
        rows = db.session.execute(select(Notice.person_id, Notice.kind, Notice.ref, Notice.data)).all()
    told = Counter((person, kind, ref, _which(unpacked(data))) for person, kind, ref, data in rows)
    for (person, kind, ref, _of), count in told.items():
        if count > 1 and ref in ends and ends[ref] not in _MAY_COME_TWICE.get(kind, ()):
            yield f"Person {person} was told {count} times of {kind}, {ref}, {ends[ref].name}."


def _of_answers(storm: Storm) -> Iterator[str]:
    """The product broke down only while its database did."""
    breaks = [*zip(storm.stage.broken_at[::2], storm.stage.broken_at[1::2], strict=True)]
    for answer in storm.answers:
        is_excused = any(begun <= answer.at <= over + _RECOVERS_WITHIN_SECONDS for begun, over in breaks)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_excused:
            yield f"{answer.what} was answered {answer.status}."
