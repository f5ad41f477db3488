"""The door: which request is for whom, with Stripe's rules for keys that make a request safe to repeat."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from stripe import params as shapes
from stripe.params import checkout as checkout_shapes

from marketplace.playmoney import accounts, charges, checkout, disputes, files, reading, transfers
from marketplace.playmoney.params import checked, nested
from marketplace.playmoney.refusals import BROKEN, CONFLICT, MISSING, TOO_MANY, UNKNOWN, Malformed, Refusal
from marketplace.playmoney.till import Thing, Till
from marketplace.playmoney.weather import Fault

_KEPT_SECONDS = 24 * 3600
_KEYS = re.compile(r"^(sk|rk)_test_\w+$")
Act = Callable[[Till, str, Thing, str], Thing]


class Endpoint(NamedTuple):
    """One line of the table: what is asked how, of which shape, and who answers. `act` gets the till, the name in the
    path, the parameters and the address of our own pages."""

    method: str
    path: str
    shape: type | None
    act: Act


def _one(kind: str) -> Act:
    return lambda till, name, asked, base: reading.one(till, kind, name, asked)


def _list(kind: str) -> Act:
    return lambda till, name, asked, base: reading.page(till, kind, asked)


def _asked(act: Callable[[Till, Thing], Thing]) -> Act:
    return lambda till, name, asked, base: act(till, asked)


def _named(act: Callable[[Till, str], Thing]) -> Act:
    return lambda till, name, asked, base: act(till, name)


def _of(act: Callable[[Till, str, Thing], Thing]) -> Act:
    return lambda till, name, asked, base: act(till, name, asked)


def _shown_at(act: Callable[[Till, Thing, str], Thing]) -> Act:
    return lambda till, name, asked, base: act(till, asked, base)


def _login_link(till: Till, name: str, asked: Thing, base: str) -> Thing:
    return accounts.login_link(till, name, base)


def _balance(till: Till, name: str, asked: Thing, base: str) -> Thing:
    return reading.balance(till)


def _reversals(till: Till, name: str, asked: Thing, base: str) -> Thing:
    return reading.page(till, "transfer_reversal", {**asked, "transfer": name})


def _platform(till: Till, name: str, asked: Thing, base: str) -> Thing:
    return {"id": "acct_platform", "object": "account", "country": "DE", "default_currency": "eur"}


S, C = shapes, checkout_shapes

# fmt: off
TABLE = (
    Endpoint("GET",  "/v1/account",                      None,                           _platform),
    Endpoint("POST", "/v1/accounts",                     S.AccountCreateParams,          _asked(accounts.create)),
    Endpoint("GET",  "/v1/accounts/ID",                  None,                           _one("account")),
    Endpoint("POST", "/v1/account_links",                S.AccountLinkCreateParams,      _shown_at(accounts.link)),
    Endpoint("POST", "/v1/accounts/ID/login_links",      S.AccountLoginLinkCreateParams, _login_link),
    Endpoint("POST", "/v1/checkout/sessions",            C.SessionCreateParams,          _shown_at(checkout.create)),
    Endpoint("GET",  "/v1/checkout/sessions",            C.SessionListParams,            _list("checkout.session")),
    Endpoint("GET",  "/v1/checkout/sessions/ID",         C.SessionRetrieveParams,        _one("checkout.session")),
    Endpoint("POST", "/v1/checkout/sessions/ID/expire",  C.SessionExpireParams,          _named(checkout.expire)),
    Endpoint("GET",  "/v1/payment_intents",              S.PaymentIntentListParams,      _list("payment_intent")),
    Endpoint("GET",  "/v1/payment_intents/ID",           S.PaymentIntentRetrieveParams,  _one("payment_intent")),
    Endpoint("GET",  "/v1/charges",                      S.ChargeListParams,             _list("charge")),
    Endpoint("GET",  "/v1/charges/ID",                   S.ChargeRetrieveParams,         _one("charge")),
    Endpoint("POST", "/v1/refunds",                      S.RefundCreateParams,           _asked(charges.refund)),
    Endpoint("GET",  "/v1/refunds",                      S.RefundListParams,             _list("refund")),
    Endpoint("GET",  "/v1/refunds/ID",                   S.RefundRetrieveParams,         _one("refund")),
    Endpoint("POST", "/v1/transfers",                    S.TransferCreateParams,         _asked(transfers.create)),
    Endpoint("GET",  "/v1/transfers",                    S.TransferListParams,           _list("transfer")),
    Endpoint("GET",  "/v1/transfers/ID",                 S.TransferRetrieveParams,       _one("transfer")),
    Endpoint("POST", "/v1/transfers/ID/reversals",       S.TransferReversalCreateParams, _of(transfers.reverse)),
    Endpoint("GET",  "/v1/transfers/ID/reversals",       S.TransferReversalListParams,   _reversals),
    Endpoint("GET",  "/v1/disputes",                     S.DisputeListParams,            _list("dispute")),
    Endpoint("GET",  "/v1/disputes/ID",                  S.DisputeRetrieveParams,        _one("dispute")),
    Endpoint("POST", "/v1/disputes/ID",                  S.DisputeUpdateParams,          _of(disputes.update)),
    Endpoint("POST", "/v1/disputes/ID/close",            S.DisputeCloseParams,           _named(disputes.give_up)),
    Endpoint("POST", "/v1/files",                        S.FileCreateParams,             _asked(files.create)),
    Endpoint("GET",  "/v1/files/ID",                     None,                           _one("file")),
    Endpoint("GET",  "/v1/balance",                      None,                           _balance),
    Endpoint("GET",  "/v1/balance_transactions",         S.BalanceTransactionListParams, _list("balance_transaction")),
    Endpoint("GET",  "/v1/balance_transactions/ID",      None,                           _one("balance_transaction")),
    Endpoint("GET",  "/v1/events",                       S.EventListParams,              _list("event")),
    Endpoint("GET",  "/v1/events/ID",                    None,                           _one("event")),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Request:
    """What came in, as far as it matters."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    authorisation: str
    key: str
    base: str

    @property
    def fingerprint(self) -> str:
        """Of what is asked: the same key is for the same question only."""
        asked = json.dumps([self.method, self.path, sorted(self.pairs)])
        return hashlib.sha256(asked.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]
    is_replayed: bool = False
    is_lost: bool = False
    """The line breaks before it is heard."""


class Door:
    """Lets one request after another in."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.log: list[tuple[str, str]] = []
        """What was asked, and under which key: for tests."""

    def answer(self, request: Request, fault: Fault | None = None) -> Answer:
        """Never raises: what is refused is an answer, too."""
        if fault in _BEFORE:
            return Answer(*_BEFORE[fault])
        with self.till.lock:
            self.log.append((f"{request.method} {request.path}", request.key))
            try:
                endpoint, name, asked = self._understood(request)
            except Refusal as why:
                return Answer(why.status, why.body)
            answer = self._once(request, lambda: endpoint.act(self.till, name, asked, request.base), fault)
            if request.method == "POST":
                self.till.save()
        return answer

    def _once(self, request: Request, act: Callable[[], Thing], fault: Fault | None) -> Answer:
        """Carried out once for each key: what it came to is kept, refusals too, and given again."""
        kept = self.till.answers.get(request.key) if request.method == "POST" and request.key else None
        if kept and kept["at"] > self.till.now() - _KEPT_SECONDS:
            if kept["fingerprint"] != request.fingerprint:
                return _answer_of(_OTHER_PARAMETERS)
            return Answer(kept["status"], kept["body"], is_replayed=True, is_lost=fault is Fault.LOST)
        try:
            status, body = 200, act()
        except Refusal as why:
            status, body = why.status, why.body
        if fault is Fault.BROKEN_AFTER:
            status, body = BROKEN, _BROKEN.body
        if request.method == "POST" and request.key:
            self.till.answers[request.key] = {
                "fingerprint": request.fingerprint, "status": status, "body": body, "at": self.till.now(),
            }  # fmt: skip
        return Answer(status, body, is_lost=fault is Fault.LOST)

    def _understood(self, request: Request) -> tuple[Endpoint, str, Thing]:
        """Who answers, about what, with which parameters. Raises Refusal before anything has begun."""
        if not _KEYS.match(request.authorisation):
            raise Refusal("Invalid API Key provided.", status=UNKNOWN)
        for endpoint in TABLE:
            matched = re.fullmatch(endpoint.path.replace("ID", r"(\w+)"), request.path)
            if matched and endpoint.method == request.method:
                given = nested(request.pairs)
                asked = checked(given, endpoint.shape) if endpoint.shape else _without_shape(given)
                return endpoint, (matched.groups() or ("",))[0], asked
        raise Malformed(f"Unrecognized request URL ({request.method}: {request.path}).", status=MISSING)


def _without_shape(given: Thing) -> Thing:
    unknown: Iterable[str] = given.keys() - {"expand"}
    for name in unknown:
        raise Malformed(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    return given


def _answer_of(why: Refusal) -> Answer:
    return Answer(why.status, why.body)


_OTHER_PARAMETERS = Refusal(
    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
    kind="idempotency_error",
)
_BROKEN = Refusal("An unknown error occurred.", status=BROKEN, kind="api_error")
_TOO_MANY = Refusal("Request rate limit exceeded.", status=TOO_MANY, code="rate_limit")
_BUSY = Refusal(
    "There is currently another in-progress request using this Stripe-Idempotency key.",
    status=CONFLICT, code="idempotency_key_in_use", kind="idempotency_error",
)  # fmt: skip
_BEFORE = {
    Fault.BROKEN: (BROKEN, _BROKEN.body),
    Fault.TOO_MANY: (TOO_MANY, _TOO_MANY.body),
    Fault.BUSY: (CONFLICT, _BUSY.body),
}
