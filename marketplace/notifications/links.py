"""Where on the site a thing is dealt with. A test holds these paths and the pages together."""

from __future__ import annotations

HOME = "/"
NOTICES = "/notices"
NEW_PASSWORD = "/new-password"  # noqa: S105 - a place
OWN_OFFERS = "/offers"
PAYOUT_DETAILS = "/settings/payout-details"
CARD_PAYMENTS = "/settings/card-payments"
SECOND_FACTOR = "/settings/second-factor"


def group(slug: str) -> str:
    return f"/g/{slug}"


def lot(slug: str, number: int) -> str:
    return f"/g/{slug}/lots/{number}"


def offers(slug: str, number: int) -> str:
    """What its seller is offered for a lot that has passed."""
    return f"/g/{slug}/lots/{number}/offers"


def deposit(slug: str) -> str:
    """A member's own deposit in a group."""
    return f"/g/{slug}/deposit"


def treasury(slug: str) -> str:
    """An officer's queue of other members' money."""
    return f"/g/{slug}/treasury"


def handover(slug: str) -> str:
    """Where the treasury is handed over."""
    return f"/g/{slug}/treasury/handover"


def deposits(slug: str) -> str:
    """The same of their deposits."""
    return f"/g/{slug}/treasury/deposits"


def deposit_of(slug: str, person_id: int) -> str:
    """Where officers say what came in of somebody's deposit."""
    return f"/g/{slug}/treasury/deposits/{person_id}"


def deposit_payout(slug: str, payout_id: int) -> str:
    """Where officers see where to pay what goes out of a deposit, and say that they have."""
    return f"/g/{slug}/treasury/deposit-payouts/{payout_id}"


def questions(slug: str, number: int) -> str:
    """What was asked and answered under a lot."""
    return f"/g/{slug}/lots/{number}/questions"


def sale(slug: str, number: int) -> str:
    """Where a sale is followed."""
    return f"/g/{slug}/sales/{number}"


def searches(slug: str) -> str:
    """A member's own searches and wants."""
    return f"/g/{slug}/searches"


def kept_search(slug: str, search_id: int) -> str:
    """The lots that fit one of them."""
    return f"/g/{slug}/searches/{search_id}"


def bids(*, ended: bool) -> str:
    """A person's own list of what he bid on: for lots whose page he may not see any more."""
    return "/bids?show=ended" if ended else "/bids"


def watching(*, ended: bool) -> str:
    """A person's own list of what he watches, for the same."""
    return "/watching?show=ended" if ended else "/watching"


def applications(slug: str) -> str:
    return f"/g/{slug}/applications"


def reports(slug: str) -> str:
    return f"/g/{slug}/reports"


def instructions(slug: str) -> str:
    return f"/g/{slug}/settings/instructions"


def members(slug: str) -> str:
    return f"/g/{slug}/members"


def member(slug: str, person_id: int) -> str:
    return f"/g/{slug}/members/{person_id}"


def payout_change(token: str) -> str:
    """Where new payout details are taken back, without signing in."""
    return f"/settings/payout-details/change/{token}"


def order(order_id: int) -> str:
    return f"/orders/{order_id}"


def parcel(parcel_id: int) -> str:
    """Orders that are paid and posted together."""
    return f"/parcels/{parcel_id}"


def parcel_payment(parcel_id: int) -> str:
    """Where officers say what came in for a parcel."""
    return f"/parcels/{parcel_id}/payment"


def payment(order_id: int) -> str:
    """Where officers say what came in."""
    return f"/orders/{order_id}/payment"


def payout(order_id: int, payee: str) -> str:
    """Where officers see where to pay, and say that they have."""
    return f"/orders/{order_id}/payouts/{payee}"


def proposal(proposal_id: int) -> str:
    """Where a second officer looks at what another one entered."""
    return f"/proposals/{proposal_id}"


def dispute(order_id: int) -> str:
    return f"/orders/{order_id}/dispute"


def feedback(order_id: int) -> str:
    return f"/orders/{order_id}/feedback"


def attest(slug: str) -> str:
    """Where an officer says what the bank had at a month's end."""
    return f"/g/{slug}/treasury/bank/attest"


def debt(slug: str) -> str:
    """What one owes a group oneself."""
    return f"/g/{slug}/debt"


def debt_of(slug: str, person_id: int) -> str:
    """Where officers look after what somebody owes."""
    return f"/g/{slug}/treasury/debts/{person_id}"


def fees(slug: str) -> str:
    """What a group has earned."""
    return f"/g/{slug}/fees"


def claim(claim_id: int) -> str:
    """Where a bank that asks money back is answered."""
    return f"/chargebacks/{claim_id}"
