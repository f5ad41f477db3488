"""The stand-in's money, asked for by the real client: what comes in, goes on, comes back."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from io import BytesIO
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from marketplace.playmoney import accounts, charges, checkout, disputes
from marketplace.playmoney.server import StandIn


def a_session(
    client: StripeClient, minor: int = 100_00, key: str = "order:7:1", **more: Any
) -> stripe.checkout.Session:
    price = {"currency": "eur", "unit_amount": minor, "product_data": {"name": "Clock"}}
    asked: Any = {
        "mode": "payment", "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://example.org/back?session={CHECKOUT_SESSION_ID}", "client_reference_id": "7",
        "payment_intent_data": {"transfer_group": "order:7", "metadata": {"order_id": "7"}},
    } | more  # fmt: skip
    return client.v1.checkout.sessions.create(asked, {"idempotency_key": key})


def a_charge(client: StripeClient, here: StandIn, minor: int = 100_00, key: str = "order:7:1") -> stripe.Charge:
    session = a_session(client, minor, key)
    paid = checkout.pay(here.till, session.id)
    intent = client.v1.payment_intents.retrieve(
        paid["payment_intent"], {"expand": ["latest_charge.balance_transaction"]}
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    return charge


def a_seller(client: StripeClient, here: StandIn) -> str:
    account = client.v1.accounts.create(
        {
            "country": "DE",
            "controller": {
                "stripe_dashboard": {"type": "express"},
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
            },
            "capabilities": {"transfers": {"requested": True}},
        }
    )
    accounts.become(here.till, account.id)
    return account.id


def available(client: StripeClient) -> int:
    return client.v1.balance.retrieve().available[0].amount


def test_a_session_is_paid_and_its_charge_tells_what_was_kept(client: StripeClient, stripe_here: StandIn) -> None:
    session = a_session(client)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    checkout.pay(stripe_here.till, session.id)
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status, paid.amount_total) == ("complete", "paid", 100_00)
    intent = client.v1.payment_intents.retrieve(
        str(paid.payment_intent), {"expand": ["latest_charge.balance_transaction"]}
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.metadata["order_id"] == "7"
    assert charge.transfer_group == "order:7"
    line = charge.balance_transaction
    assert isinstance(line, stripe.BalanceTransaction)
    assert (line.amount, line.fee, line.net) == (100_00, 1_75, 98_25)
    assert available(client) == 98_25


def test_people_pay_at_a_page_that_says_it_is_play_money(client: StripeClient, stripe_here: StandIn) -> None:
    session = a_session(client, success_url=f"{stripe_here.url}/v1/account", cancel_url=f"{stripe_here.url}/v1/account")
    page = urllib.request.urlopen(str(session.url)).read().decode()
    assert "Play money" in page
    assert "100.00 EUR" in page
    declined = urllib.request.Request(str(session.url), urllib.parse.urlencode({"card": checkout.DECLINED}).encode())
    with pytest.raises(urllib.error.HTTPError, match="402"):
        urllib.request.urlopen(declined)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open", "he may try another card"
    paying = urllib.request.Request(str(session.url), urllib.parse.urlencode({"card": checkout.FINE}).encode())
    with pytest.raises(urllib.error.HTTPError, match="401"):  # led back to the shop: here, a page that wants a key
        urllib.request.urlopen(paying)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    with pytest.raises(urllib.error.HTTPError, match="410"):
        urllib.request.urlopen(str(session.url or f"{stripe_here.url}/pay/{session.id}"))


@pytest.mark.parametrize(("card", "status"), [(checkout.BANK_DEBIT, "paid"), (checkout.BANK_DEBIT_FAILS, "unpaid")])
def test_a_bank_debit_is_submitted_first_and_settled_later(
    client: StripeClient, stripe_here: StandIn, card: str, status: str
) -> None:
    session = a_session(client)
    checkout.pay(stripe_here.till, session.id, card=card)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    checkout.settle(stripe_here.till, session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == status
    kind = "succeeded" if status == "paid" else "failed"
    assert client.v1.events.list({"type": f"checkout.session.async_payment_{kind}"}).data


def test_only_an_open_session_can_be_expired(client: StripeClient, stripe_here: StandIn) -> None:
    session = a_session(client)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="open"):
        client.v1.checkout.sessions.expire(session.id)


def test_a_transfer_draws_on_one_charge_and_never_on_more_than_it_brought(
    client: StripeClient, stripe_here: StandIn
) -> None:
    charge, seller = a_charge(client, stripe_here), a_seller(client, stripe_here)
    made = client.v1.transfers.create(
        {"amount": 90_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
    )
    assert made.transfer_group == "order:7"
    assert stripe_here.till.purse(seller, "eur") == 90_00
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed the source amount"):
        client.v1.transfers.create(
            {"amount": 10_01, "currency": "eur", "destination": seller, "source_transaction": charge.id}
        )
    assert available(client) == 8_25
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.transfers.create({"amount": 8_26, "currency": "eur", "destination": seller})
    assert why.value.code == "balance_insufficient"


def test_a_restricted_account_is_given_nothing(client: StripeClient, stripe_here: StandIn) -> None:
    charge, seller = a_charge(client, stripe_here), a_seller(client, stripe_here)
    accounts.become(stripe_here.till, seller, wanted=["external_account"])
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.transfers.create(
            {"amount": 1_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
        )
    assert why.value.code == "insufficient_capabilities_for_transfer"
    accounts.deauthorise(stripe_here.till, seller)
    with pytest.raises(stripe.PermissionError):
        client.v1.transfers.create({"amount": 1_00, "currency": "eur", "destination": seller})


def test_a_transfer_is_taken_back_only_while_the_account_has_it(client: StripeClient, stripe_here: StandIn) -> None:
    charge, seller = a_charge(client, stripe_here), a_seller(client, stripe_here)
    made = client.v1.transfers.create(
        {"amount": 90_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
    )
    client.v1.transfers.reversals.create(made.id, {"amount": 30_00})
    assert accounts.pay_out(stripe_here.till, seller, "eur") == 60_00
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.transfers.reversals.create(made.id, {"amount": 60_00})
    assert why.value.code == "balance_insufficient"
    assert client.v1.transfers.retrieve(made.id).amount_reversed == 30_00
    assert [each.amount for each in client.v1.transfers.reversals.list(made.id).data] == [30_00]


def test_refunds_in_parts_up_to_the_charge_and_one_that_fails_later(client: StripeClient, stripe_here: StandIn) -> None:
    a_charge(client, stripe_here, key="order:8:1")
    charge = a_charge(client, stripe_here)
    part = client.v1.refunds.create({"payment_intent": str(charge.payment_intent), "amount": 40_00})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"charge": charge.id, "amount": 60_01})
    client.v1.refunds.create({"charge": charge.id})
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.refunds.create({"charge": charge.id})
    assert why.value.code == "charge_already_refunded"
    charges.fail_refund(stripe_here.till, part.id)
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 60_00
    assert client.v1.refunds.retrieve(part.id).status == "failed"
    assert client.v1.events.list({"type": "refund.failed"}).data


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_chargeback_takes_the_money_and_a_fee_and_gives_it_back_if_won(
    client: StripeClient, stripe_here: StandIn, verdict: str
) -> None:
    charge = a_charge(client, stripe_here)
    opened = disputes.open_(stripe_here.till, charge.id)
    assert available(client) == 98_25 - 100_00 - 15_00
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.refunds.create({"charge": charge.id})
    assert why.value.code == "charge_disputed"
    word = "winning_evidence" if verdict == "won" else "losing_evidence"
    decided = client.v1.disputes.update(opened["id"], {"evidence": {"uncategorized_text": word}, "submit": True})
    assert decided.status == verdict
    assert available(client) == 98_25 - 15_00 - (0 if verdict == "won" else 100_00)
    kinds = [event.type for event in client.v1.events.list({"limit": 4}).data]
    assert kinds[0] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in kinds) is (verdict == "won")


def test_an_inquiry_takes_nothing_and_may_be_refunded(client: StripeClient, stripe_here: StandIn) -> None:
    charge = a_charge(client, stripe_here)
    opened = disputes.open_(stripe_here.till, charge.id, is_inquiry=True)
    assert (opened["status"], available(client)) == ("warning_needs_response", 98_25)
    client.v1.refunds.create({"charge": charge.id, "amount": 50_00})
    assert disputes.decide(stripe_here.till, opened["id"], "won")["status"] == "warning_closed"
    assert available(client) == 48_25


def test_the_balance_is_the_sum_of_its_lines(client: StripeClient, stripe_here: StandIn) -> None:
    charge, seller = a_charge(client, stripe_here), a_seller(client, stripe_here)
    client.v1.transfers.create(
        {"amount": 50_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
    )
    client.v1.refunds.create({"charge": charge.id, "amount": 20_00})
    disputes.open_(stripe_here.till, a_charge(client, stripe_here, 30_00, "order:9:1").id)
    lines = list(client.v1.balance_transactions.list({"limit": 2}).auto_paging_iter())
    assert len(lines) == 5
    assert {line.reporting_category for line in lines} == {"charge", "transfer", "refund", "dispute"}
    assert sum(line.net for line in lines) == available(client)
    assert all(line.net == line.amount - line.fee for line in lines)


def test_money_that_has_not_arrived_is_pending() -> None:
    with StandIn(settles_after=3600) as here:
        client = StripeClient("sk_test_play", base_addresses={"api": here.url})
        charge, seller = a_charge(client, here), a_seller(client, here)
        balance = client.v1.balance.retrieve()
        assert (balance.available[0].amount, balance.pending[0].amount) == (0, 98_25)
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.transfers.create({"amount": 50_00, "currency": "eur", "destination": seller})
        client.v1.transfers.create(
            {"amount": 50_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
        )
        refund = client.v1.refunds.create({"charge": charge.id, "amount": 10_00})
        assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")


def test_evidence_is_handed_in_with_files_and_the_bank_decides(client: StripeClient, stripe_here: StandIn) -> None:
    opened = disputes.open_(stripe_here.till, a_charge(client, stripe_here).id)
    stream = BytesIO(b"%PDF-1.4 pages")
    stream.name = "pages.pdf"
    file = client.v1.files.create({"purpose": "dispute_evidence", "file": stream})
    assert (file.type, file.size, file.filename) == ("pdf", 14, "pages.pdf")
    told = {"uncategorized_text": "He confirmed <b>receipt</b>.", "uncategorized_file": file.id}
    changed = client.v1.disputes.update(opened["id"], {"evidence": told, "submit": True})
    assert (changed.status, changed.evidence_details.submission_count) == ("under_review", 1)
    desk = f"{stripe_here.url}/bank"
    assert b"He confirmed &lt;b&gt;receipt&lt;/b&gt;." in urllib.request.urlopen(desk).read()
    assert urllib.request.urlopen(f"{desk}/files/{file.id}").read() == b"%PDF-1.4 pages"
    urllib.request.urlopen(f"{desk}/{opened['id']}", b"verdict=won")
    for gone in (urllib.request.Request(f"{desk}/{opened['id']}", b"verdict=lost"), f"{desk}/files/file_none"):
        with pytest.raises(urllib.error.HTTPError) as why:
            urllib.request.urlopen(gone)
        assert why.value.code == 410
        why.value.close()
    assert client.v1.disputes.retrieve(opened["id"]).status == "won"


@pytest.mark.parametrize(
    ("evidence", "match"),
    [
        ({"uncategorized_file": "file_none"}, "No such file"),
        ({"uncategorized_text": "x" * 20_001}, "longer"),
        ({"no_such_part": "x"}, "unknown parameter"),
    ],
)
def test_evidence_that_a_bank_does_not_take_is_refused(
    client: StripeClient, stripe_here: StandIn, evidence: dict[str, str], match: str
) -> None:
    opened = disputes.open_(stripe_here.till, a_charge(client, stripe_here).id)
    with pytest.raises(stripe.InvalidRequestError, match=match):
        client.v1.disputes.update(opened["id"], {"evidence": evidence, "submit": True})  # type: ignore[typeddict-item]
    stream = BytesIO(b"no file that a bank reads")
    stream.name = "x.exe"
    with pytest.raises(stripe.InvalidRequestError, match="file type"):
        client.v1.files.create({"purpose": "dispute_evidence", "file": stream})
