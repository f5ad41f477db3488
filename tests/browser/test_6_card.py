"""Journey 6, by card: the seller says who he is at Stripe, the buyer pays there, and the money goes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import gateway
from marketplace.payments.rules import Through
from marketplace.playmoney import disputes
from marketplace.playmoney.server import StandIn
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import TERMS, Club, club
from tests.factories.escrow import an_order
from tests.house import House, house

SECRET = "whsec_of_the_story"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, stripe: StandIn) -> Iterator[House]:
    """An installation of its own, whose Stripe is the stand-in."""
    settings = {
        "EARNEST_STRIPE_KEY": "sk_test_story", "EARNEST_STRIPE_URL": stripe.url,
        "EARNEST_STRIPE_WEBHOOK_SECRETS": SECRET, "EARNEST_STRIPE_CONNECT_SECRETS": SECRET,
    }  # fmt: skip
    with house(tmp_path_factory.mktemp("cards"), **settings) as open_house:
        stripe.tells(f"{open_house.url}/webhooks/stripe", SECRET)
        stripe.tells(f"{open_house.url}/webhooks/stripe/connect", SECRET, of_accounts=True)
        yield open_house


def sold_by_card(group: Club) -> int:
    """A lot of Jonas's that Marta won, to be paid by card; the order's number."""
    with group.here.inside():
        return an_order(
            group=group._group(), seller=group._person(group.jonas), buyer=group._person(group.marta),
            terms=replace(TERMS, gateway=Through.STRIPE),
        ).id  # fmt: skip


def says_who_he_is(jonas: Visitor, stripe: StandIn) -> None:
    jonas.opens("/settings/card-payments")
    jonas.reads("You have no account yet")
    jonas.is_led_on("Make an account at Stripe", to=stripe.url)
    jonas.reads("Say who you are")
    jonas.presses("Tell everything")
    jonas.reads("You can be paid by card")


def pays_by_card(marta: Visitor, order: int, stripe: StandIn) -> None:
    marta.opens(f"/orders/{order}")
    marta.reads("Pay by card, and it is held for you")
    marta.ticks("Marta Lind")
    marta.is_led_on("Pay by card", to=stripe.url)
    marta.reads("Play money", "EUR")
    marta.ticks("A card that is declined")
    marta.presses("Pay 1", status=402)
    marta.reads("This card was declined")
    marta.ticks("A card that pays")
    marta.presses("Pay 1")
    marta.reads("Your payment is being processed")
    marta.reads_soon("Your money is held")


def answers_the_bank(visitor: NewVisitor, jonas: Visitor, group: Club) -> None:
    """The seller says what speaks for him, and a moderator sends it."""
    jonas.presses("Say and show what speaks for you")
    jonas.fills({"In your words": "He wrote to me before he paid."})
    jonas.presses("Add it")
    jonas.reads("It is added", "He wrote to me before he paid.")
    vera = visitor()
    vera.signs_in(group.moderator.email, phone=group.moderator.phone)
    vera.opens("/")
    vera.presses("See what would be sent", within="main")
    vera.fills({"What you say yourself": "They have met at our table."})
    vera.presses("Read exactly what is sent")
    vera.reads("Do you send the bank exactly this?", "He wrote to me before he paid.")
    vera.presses("Send it to the bank")
    vera.reads("What the bank reads", "They have met at our table.")


@pytest.mark.parametrize("on_phone", [False, True], ids=["desk", "phone"])
def test_an_order_is_paid_by_card_and_the_seller_by_transfer(
    visitor: NewVisitor, here: House, stripe: StandIn, on_phone: bool
) -> None:
    group = club(here)
    order = sold_by_card(group)
    marta, jonas = visitor(on_phone=on_phone), visitor(on_phone=not on_phone)
    for each in (marta, jonas):
        each.exam.elsewhere = (f"{stripe.url}/",)
    jonas.signs_in(group.jonas.email)
    says_who_he_is(jonas, stripe)
    marta.signs_in(group.marta.email)
    pays_by_card(marta, order, stripe)
    jonas.opens(f"/orders/{order}")
    jonas.fills({"Carrier": "Post", "Number of the parcel": "CX 4471"})
    jonas.presses("I have shipped it")
    marta.opens(f"/orders/{order}")
    marta.presses("All correct: release EUR 142.00")
    jonas.opens(f"/orders/{order}")
    jonas.reads_soon("This order has ended")
    with here.inside():
        assert ledger.balance(gateway(group.id, Through.STRIPE), "EUR").minor == 6_60, "the group's fee"


def test_both_see_that_the_bank_asks_the_money_back(visitor: NewVisitor, here: House, stripe: StandIn) -> None:
    group = club(here)
    order = sold_by_card(group)
    marta, jonas, agnes = visitor(), visitor(on_phone=True), visitor()
    for each in (marta, jonas):
        each.exam.elsewhere = (f"{stripe.url}/",)
    jonas.signs_in(group.jonas.email)
    says_who_he_is(jonas, stripe)
    marta.signs_in(group.marta.email)
    pays_by_card(marta, order, stripe)
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    jonas.opens(f"/orders/{order}")
    jonas.reads_soon("The buyer’s bank asks the money back")
    agnes.signs_in(group.treasurer.email, phone=group.treasurer.phone)
    agnes.opens(f"/orders/{order}")
    agnes.reads("What the bank says", "The card’s owner says that he did not make this payment")
    answers_the_bank(visitor, jonas, group)
    disputes.decide(stripe.till, opened["id"], "won")
    jonas.opens(f"/orders/{order}")
    jonas.reads_soon("Ship it")
