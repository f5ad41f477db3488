"""Sellers: accounts, the links by which they say who they are, and what is still wanted of them."""

from __future__ import annotations

import secrets

from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown

LINK_SECONDS = 300
WANTED = ["business_profile.url", "external_account", "individual.dob.day", "tos_acceptance.date"]
"""What an account is asked for until somebody has told."""


def create(till: Till, asked: Thing) -> Thing:
    """An Express account. Raises Refusal where the controller is not one."""
    controller = asked.get("controller", {})
    if asked.get("type") and controller:
        raise Refusal("You may not provide the `type` parameter and `controller` parameters simultaneously.")
    if controller.get("stripe_dashboard", {}).get("type") != "express":
        raise Refusal("This stand-in makes Express accounts only.", param="controller[stripe_dashboard][type]")
    if not asked.get("capabilities", {}).get("transfers", {}).get("requested"):
        raise Refusal("An Express account requests a capability.", param="capabilities")
    account = till.add(
        "account", "acct",
        {
            "type": "none", "country": asked.get("country", "DE"), "email": asked.get("email"),
            "business_type": asked.get("business_type"), "default_currency": "eur", "controller": controller,
            "metadata": asked.get("metadata", {}), "capabilities": {"transfers": "inactive"},
            "charges_enabled": False, "payouts_enabled": False, "details_submitted": False,
            "requirements": _requirements(WANTED), "future_requirements": _requirements([]),
        },
    )  # fmt: skip
    return shown(account)


def link(till: Till, asked: Thing, base: str) -> Thing:
    """A link that works once, for some minutes."""
    till.find("account", asked["account"], param="account")
    for name in ("refresh_url", "return_url"):
        if not asked.get(name):
            raise Refusal(f"You must provide a {name}.", param=name)
    token = secrets.token_urlsafe(16)
    values = {"_account": asked["account"], "_refresh": asked["refresh_url"], "_return": asked["return_url"]}
    made = {"url": f"{base}/onboarding/{token}", "expires_at": till.now() + LINK_SECONDS, "_used": False}
    kept = till.add("account_link", "alink", values | made)
    till.kept["account_link"][token] = till.kept["account_link"].pop(kept["id"])
    return {name: value for name, value in shown(kept).items() if name not in ("id", "livemode")}


def login_link(till: Till, account_id: str, base: str) -> Thing:
    """To the seller's dashboard."""
    account = till.find("account", account_id)
    if not account["details_submitted"]:
        raise Refusal("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": till.now(), "url": f"{base}/express/{account_id}"}


def become(till: Till, account_id: str, *, wanted: list[str] | None = None, disabled: str | None = None) -> Thing:
    """The account has told all but `wanted`; `disabled` is Stripe's reason to restrict it. The platform hears of it."""
    account = till.find("account", account_id)
    is_well = not wanted and disabled is None
    account |= {
        "details_submitted": True, "payouts_enabled": is_well,
        "capabilities": {"transfers": "active" if is_well else "inactive"},
        "requirements": _requirements(wanted or [], disabled),
    }  # fmt: skip
    till.emit("account.updated", account, account=account_id)
    return shown(account)


def deauthorise(till: Till, account_id: str) -> None:
    """The seller has cut the platform off."""
    account = till.find("account", account_id)
    account["capabilities"] = {"transfers": "inactive"}
    application = {"id": "ca_play", "object": "application", "name": "Earnest"}
    till.emit("account.application.deauthorized", application, account=account_id)
    del till.kept["account"][account_id]


def pay_out(till: Till, account_id: str, currency: str) -> int:
    """What the account has goes to its bank. How much that was."""
    amount = till.purse(account_id, currency)
    till.purse(account_id, currency, add=-amount)
    return amount


def _requirements(wanted: list[str], disabled: str | None = None) -> Thing:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": list(wanted), "errors": [],
        "disabled_reason": disabled or ("requirements.past_due" if wanted else None),
        "eventually_due": list(wanted), "past_due": list(wanted), "pending_verification": [],
    }  # fmt: skip
