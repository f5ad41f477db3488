"""What people see of the stand-in: a page to pay at, one to say who one is, and a seller's dashboard. All of them say
that it is play money."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from marketplace.playmoney import accounts, checkout
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till

Page = str | AnyResponse | tuple[str, int]
_DECLINED, _GONE = 402, 410
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'; base-uri 'none'"
CARDS = (
    (checkout.FINE, "A card that pays", "4242 4242 4242 4242"),
    (checkout.DECLINED, "A card that is declined", "4000 0000 0000 0002"),
    (checkout.CONTESTED, "A card whose bank asks the money back", "4000 0000 0000 0259"),
    (checkout.BANK_DEBIT, "A bank debit, which takes a while", "arrives some seconds later"),
    (checkout.BANK_DEBIT_FAILS, "A bank debit without enough in the account", "fails some seconds later"),
)


class Pages:
    """The pages of one till."""

    def __init__(self, till: Till) -> None:
        self.till = till

    def register(self, app: Flask) -> None:
        """Put them beside the interface."""
        shop = Blueprint("playmoney", __name__, template_folder="templates")
        shop.after_request(keep_to_ourselves)
        shop.add_url_rule("/pay/<session_id>", "paying", self.paying)
        shop.add_url_rule("/pay/<session_id>", "pay", self.pay, methods=["POST"])
        shop.add_url_rule("/onboarding/<token>", "asking", self.asking)
        shop.add_url_rule("/onboarding/<token>", "tell", self.tell, methods=["POST"])
        shop.add_url_rule("/express/<account_id>", "dashboard", self.dashboard)
        app.register_blueprint(shop)

    def paying(self, session_id: str) -> Page:
        """Who pays how, of the ways there are."""
        with self.till.lock:
            session = self.till.kept["checkout.session"].get(session_id)
            return _pay_page(session) if session and session["status"] == "open" else _gone(session)

    def pay(self, session_id: str) -> Page:
        with self.till.lock:
            session = self.till.kept["checkout.session"].get(session_id)
            if session is None:
                return _gone(None)
            try:
                checkout.pay(self.till, session_id, card=request.form.get("card", ""))
            except checkout.Declined:
                return _pay_page(session, "This card was declined. Try another one."), _DECLINED
            except Refusal:
                return _gone(session)
            finally:
                self.till.save()
            return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)

    def asking(self, token: str) -> Page:
        """What Stripe would want to know, which nobody has to tell here. A link that was used leads to a new one."""
        with self.till.lock:
            link = self.till.kept["account_link"].get(token)
            if link is None:
                return render_template("playmoney/gone.html", back=None), _GONE
            if link["_used"] or link["expires_at"] < self.till.now():
                return redirect(link["_refresh"], 303)
            return render_template("playmoney/onboarding.html", back=link["_return"])

    def tell(self, token: str) -> Page:
        with self.till.lock:
            link = self.till.kept["account_link"].get(token)
            if link is None or link["_used"] or link["_account"] not in self.till.kept["account"]:
                return render_template("playmoney/gone.html", back=link and link["_refresh"]), _GONE
            link["_used"] = True
            is_all = request.form.get("answer") == "all"
            accounts.become(self.till, link["_account"], wanted=None if is_all else ["external_account"])
            self.till.save()
            return redirect(link["_return"], 303)

    def dashboard(self, account_id: str) -> Page:
        """What a seller has, and where it came from."""
        with self.till.lock:
            if account_id not in self.till.kept["account"]:
                return render_template("playmoney/gone.html", back=None), _GONE
            return render_template(
                "playmoney/express.html", purse=self.till.purses.get(account_id, {}), amount=amount,
                transfers=self.till.all("transfer", destination=account_id)[:50],
            )  # fmt: skip


def keep_to_ourselves(response: Response) -> Response:
    """For play money pages nothing is loaded from elsewhere, and nothing kept."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def amount(minor: int, currency: str) -> str:
    """For people: 98.00 EUR. The demo's currency has cents."""
    return f"{minor / 100:,.2f} {currency.upper()}"


def _pay_page(session: Thing, wrong: str = "") -> str:
    return render_template(
        "playmoney/pay.html", session=session, cards=CARDS, wrong=wrong,
        amount=amount(session["amount_total"], session["currency"]),
    )  # fmt: skip


def _gone(session: Thing | None) -> tuple[str, int]:
    return render_template("playmoney/gone.html", back=session and session["cancel_url"]), _GONE
