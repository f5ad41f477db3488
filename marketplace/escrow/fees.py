"""What a group has earned: asked for by its officers, paid by whoever runs the site, or put into its guarantee fund."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from marketplace.escrow import fee_rules
from marketplace.escrow.events import FeesAnswered, FeesAsked
from marketplace.escrow.fee_models import FeeRequest
from marketplace.escrow.fee_rules import State
from marketplace.groups import queries as groups, service as permissions
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books, rules as chart, service as ledger
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart
from marketplace.payments.rules import FEES_PAID, Through

MOST = 50


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a group has earned, and what became of it."""

    earned: Money
    """On the group's account of fees now."""
    available: Money
    """What can be asked for."""
    fund: Money
    requests: list[FeeRequest]
    """The last first."""

    @property
    def open(self) -> FeeRequest | None:
        return next((each for each in self.requests if each.state == State.ASKED), None)


def earnings_of(group_id: int) -> Earnings:
    """A fixed number of queries."""
    currency = groups.group(group_id).currency
    requests = select(FeeRequest).where(FeeRequest.group_id == group_id).order_by(FeeRequest.id.desc()).limit(MOST)
    found = list(db.session.scalars(requests))
    sums = books.balances([chart.fees(group_id), chart.guarantee_fund(group_id)], currency)
    return Earnings(
        sums[chart.fees(group_id)], _available(group_id, currency), sums[chart.guarantee_fund(group_id)], found
    )  # fmt: skip


def open_requests(*, limit: int = MOST) -> list[FeeRequest]:
    """What groups ask for, oldest first: for those who run the site."""
    asked = select(FeeRequest).where(FeeRequest.state == State.ASKED).order_by(FeeRequest.id)
    return list(db.session.scalars(asked.limit(limit)))


@use_case
def ask(*, group_id: int, by: int, amount: Money) -> None:
    """An owner or treasurer asks the site for a part of what the group has earned. One request at a time."""
    permissions.require(by, group_id, Permission.ASK_FOR_FEES)
    ledger.lock(group_id, currency=amount.currency)
    if _asked(group_id) is not None:
        raise RuleBroken("The group has asked already. Wait for that, or take it back first.")
    fee_rules.check(amount, _available(group_id, amount.currency))
    request = FeeRequest(
        group_id=group_id, amount_minor=amount.minor, currency=amount.currency, state=State.ASKED, asked_by=by,
        asked_at=clock.now(),
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    audit.note("ask for fees", f"fees:{request.id}", by=by, group_id=group_id, why=str(amount))
    announce(FeesAsked(group_id, request.id, amount, by))


@use_case
def take_back(*, group_id: int, by: int) -> None:
    """The group does not ask any more."""
    permissions.require(by, group_id, Permission.ASK_FOR_FEES)
    asked = _asked(group_id)
    request = None if asked is None else db.session.get(FeeRequest, asked.id, with_for_update=True)
    if request is None or request.state != State.ASKED:
        raise RuleBroken("Nothing is asked for any more. Look at where it stands now.")
    _answer(request, State.WITHDRAWN, by=by, note="")


@use_case
def confirm_paid(*, request_id: int, by: int, reference: str) -> None:
    """Somebody who runs the site paid it. Who does is asked where operators are known."""
    request = _open(request_id)
    ledger.lock(request.group_id, currency=request.currency)
    if _available(request.group_id, request.currency, besides=request) < request.amount:
        raise RuleBroken("So much of what the group has earned is not there any more: a bank took it. Decline it.")
    _answer(request, State.PAID, by=by, note=reference)
    ledger.post(
        group_id=request.group_id, moves=fee_rules.paid_moves(request.group_id, request.amount),
        reference=f"{FEES_PAID}{request.id}", memo="Fees paid to the group", at=clock.now(),
    )  # fmt: skip
    announce(FeesAnswered(request.group_id, request.id, request.amount, by, is_paid=True, note=reference))


@use_case
def decline(*, request_id: int, by: int, reason: str) -> None:
    """It is not paid, for a reason that the group reads; it may ask again."""
    request = _open(request_id)
    _answer(request, State.DECLINED, by=by, note=reason)
    announce(FeesAnswered(request.group_id, request.id, request.amount, by, is_paid=False, note=reason))


@use_case
def fill_fund(*, group_id: int, by: int, amount: Money, client_key: str) -> None:
    """An owner puts fees into the group's guarantee fund; the same form twice does it once."""
    permissions.require(by, group_id, Permission.FILL_FUND)
    ledger.lock(group_id, currency=amount.currency)
    reference = f"fund:{group_id}:{client_key}"
    if db.session.scalar(select(Transfer.id).where(Transfer.reference == reference)) is not None:
        return
    request, nothing = _asked(group_id), Money(0, amount.currency)
    earned = books.balance(chart.fees(group_id), amount.currency)
    fee_rules.check(amount, max(nothing, earned - (request.amount if request else nothing)), field="fund_amount")
    ledger.post(
        group_id=group_id, moves=fee_rules.fund_moves(group_id, amount), reference=reference,
        memo="Fees put into the guarantee fund", at=clock.now(),
    )  # fmt: skip
    audit.note("fill fund", f"group:{group_id}", by=by, group_id=group_id, why=str(amount))


def _available(group_id: int, currency: str, *, besides: FeeRequest | None = None) -> Money:
    """What can be asked for now; or, `besides` the one request that there is, what can be paid."""
    places = [chart.fees(group_id), chart.gateway(group_id, Through.STRIPE)]
    sums, request = books.balances(places, currency), _asked(group_id)
    return fee_rules.available(
        earned=sums[places[0]], at_processor=sums[places[1]], of_others=_of_others(group_id, currency),
        asked=request.amount if request and request is not besides else Money(0, currency),
    )  # fmt: skip


def _of_others(group_id: int, currency: str) -> Money:
    """What is held for, or owed to, the parties of orders whose money a processor carries."""
    here = select(Transfer.order_id).join(Entry, Entry.transfer_id == Transfer.id)
    here = here.where(Transfer.group_id == group_id, Entry.account == chart.gateway(group_id, Through.STRIPE))
    sums = select(func.coalesce(books.CREDITS_LESS_DEBITS, 0)).join(Transfer, Entry.transfer_id == Transfer.id)
    is_theirs = [Entry.account.startswith(f"{each}:", autoescape=True) for each in (Chart.ESCROW, Chart.PAYABLE)]
    found = db.session.scalar(sums.where(Transfer.order_id.in_(here), or_(*is_theirs)))
    return Money(int(found or 0), currency)


def _asked(group_id: int) -> FeeRequest | None:
    wanted = select(FeeRequest).where(FeeRequest.group_id == group_id, FeeRequest.state == State.ASKED)
    return db.session.scalar(wanted)


def _open(request_id: int) -> FeeRequest:
    request = db.session.get(FeeRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None or request.state != State.ASKED:
        raise NotFound("There is no such request.")
    return request


def _answer(request: FeeRequest, state: State, *, by: int, note: str) -> None:
    request.state, request.answered_by, request.answered_at, request.note = state, by, clock.now(), note
    audit.note(f"fees {state}", f"fees:{request.id}", by=by, group_id=request.group_id, why=note)
