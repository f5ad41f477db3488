"""Answers to banks through Stripe, which calls their claims disputes. Stripe's words end here."""

from __future__ import annotations

from io import BytesIO

import stripe
from stripe import params as shapes

from marketplace.payments.gateway import Contest, Done, Outcome
from marketplace.payments.rules import Through
from marketplace.payments.stripe_client import Stripe
from marketplace.payments.stripe_connect import refusal_of

_MARK = "contest"
"""The name under which a dispute at Stripe carries the key of our answer."""


class StripeAdvocate:
    """Every verb ends in one call with the answer's key. Without an answer, StripeIsAway is raised."""

    name = Through.STRIPE.value

    def __init__(self, stripe_here: Stripe) -> None:
        self._stripe = stripe_here

    def contest(self, contest: Contest) -> Outcome:
        """The files first, each under a key of its own: sent again, each is the same file."""
        try:
            with self._stripe.asked() as client:
                asked: shapes.DisputeUpdateParams = {
                    "evidence": _evidence(client, contest), "submit": True, "metadata": {_MARK: contest.key},
                }  # fmt: skip
                return Done(client.v1.disputes.update(contest.claim, asked, {"idempotency_key": contest.key}).id)
        except stripe.StripeError as error:
            return refusal_of(error)

    def give_up(self, contest: Contest) -> Outcome:
        try:
            with self._stripe.asked() as client:
                return Done(client.v1.disputes.close(contest.claim, {}, {"idempotency_key": contest.key}).id)
        except stripe.StripeError as error:
            return refusal_of(error)

    def look_up_contest(self, contest: Contest) -> Outcome | None:
        """Handed in is what carries our mark and was submitted; given up is what is lost."""
        with self._stripe.asked() as client:
            dispute = client.v1.disputes.retrieve(contest.claim)
        if contest.evidence is None:
            return Done(dispute.id) if dispute.status in ("lost", "warning_closed") else None
        is_ours = _MARK in dispute.metadata and dispute.metadata[_MARK] == contest.key
        return Done(dispute.id) if is_ours and dispute.evidence_details.submission_count else None


def _evidence(client: stripe.StripeClient, contest: Contest) -> shapes.DisputeUpdateParamsEvidence:
    """What is empty is left out: to Stripe an empty text is one, too."""
    found: shapes.DisputeUpdateParamsEvidence = {}
    said = contest.evidence
    if said is not None:
        texts: shapes.DisputeUpdateParamsEvidence = {
            "product_description": said.product, "customer_name": said.customer_name,
            "customer_email_address": said.customer_email, "shipping_address": said.address,
            "shipping_carrier": said.carrier, "shipping_tracking_number": said.tracking,
            "shipping_date": said.shipped_on, "uncategorized_text": said.account,
        }  # fmt: skip
        for name, text in texts.items():
            if text:
                found[name] = text  # type: ignore[literal-required]  # a name out of the same shape
    if contest.parcel:
        found["shipping_documentation"] = _file(client, contest, contest.parcel, "parcel")
    if contest.pictures:
        found["uncategorized_file"] = _file(client, contest, contest.pictures, "pictures")
    return found


def _file(client: stripe.StripeClient, contest: Contest, content: bytes, name: str) -> str:
    """Its id. The client names a file as its stream is named."""
    stream = BytesIO(content)
    stream.name = f"{name}.pdf"
    asked: shapes.FileCreateParams = {"purpose": "dispute_evidence", "file": stream}
    return client.v1.files.create(asked, {"idempotency_key": f"{contest.key}:{name}"}).id
