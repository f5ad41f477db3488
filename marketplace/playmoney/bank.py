"""The bank's desk: what buyers' banks were shown, and how they decide. For people who try the product out."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, render_template, request

from marketplace.playmoney import disputes, files
from marketplace.playmoney.pages import Page, amount, keep_to_ourselves
from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Till

_GONE = 410
_MOST = 50


class Desk:
    """The pages of one till's bank."""

    def __init__(self, till: Till) -> None:
        self.till = till

    def register(self, app: Flask) -> None:
        """Put them beside the interface."""
        desk = Blueprint("bank", __name__, template_folder="templates")
        desk.after_request(keep_to_ourselves)
        desk.add_url_rule("/bank", "show", self.show)
        desk.add_url_rule("/bank/<dispute_id>", "decide", self.decide, methods=["POST"])
        desk.add_url_rule("/bank/files/<file_id>", "file", self.file)
        app.register_blueprint(desk)

    def show(self) -> Page:
        """Every claim, newest first, with what was handed in."""
        with self.till.lock:
            found = self.till.all("dispute")[:_MOST]
            return render_template(
                "playmoney/bank.html", disputes=found, amount=amount, files=files.EVIDENCE_FIELDS, open=disputes.OPEN
            )

    def decide(self, dispute_id: str) -> Page:
        """The buyer's bank has decided."""
        with self.till.lock:
            try:
                disputes.decide(self.till, dispute_id, "won" if request.form.get("verdict") == "won" else "lost")
            except Refusal:
                return render_template("playmoney/gone.html", back="/bank"), _GONE
            self.till.save()
        return redirect("/bank", 303)

    def file(self, file_id: str) -> Page:
        """A file that was handed in."""
        with self.till.lock:
            try:
                return Response(files.content_of(self.till, file_id), mimetype="application/pdf")
            except Refusal:
                return render_template("playmoney/gone.html", back="/bank"), _GONE
