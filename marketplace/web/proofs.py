"""Forms by which an officer says that money came or went, with a picture of the bank's slip if he likes."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response as Answer, flash, make_response, request
from flask_babel import lazy_gettext as _l
from marshmallow import Schema
from werkzeug.wrappers import Response

from marketplace.bankbook import queries as bank
from marketplace.groups.proposal_rules import NEWS, PROOF_WIDTH, WAITING, Outcome
from marketplace.kernel import images, storage
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.payments.bank_matching_rules import LineState
from marketplace.web.forms import Form
from marketplace.web.paging import row_number
from marketplace.web.person import me

Page = str | Response | tuple[str, int]


_WAITS = _l("Nothing is confirmed yet: with it you would pass what one officer confirms alone. Another has to approve.")


_MOST_IN_REFERENCE = 140


def from_bank_line(group_id: int) -> Form:
    """A form to confirm money with, filled in with the line of the bank's statement that the address names, if the
    person at the page may read it."""
    number = request.args.get("line", type=row_number)
    if number is None:
        return Form()
    try:
        line = bank.line_for(number, by=me(), group_id=group_id)
    except (NotAllowed, NotFound):
        return Form()
    if line.state != LineState.OPEN:
        return Form()
    return Form({"amount": str(abs(line.amount.amount)), "bank_reference": line.text[:_MOST_IN_REFERENCE].strip()})


def confirm_with_proof(
    schema: type[Schema], confirm: Callable[..., Outcome], said: str, *, done: Callable[[], Response],
    again: Callable[[Form], str],
) -> Page:  # fmt: skip
    """Confirm what a form says, with the picture that came with it, if one did; `confirm` says what came of it.

    A picture of what was refused, or was known before, is not kept; what is refused comes again as a form.
    """
    form = Form.sent(schema)
    kept: str | None = None
    outcome = Outcome.KNOWN
    try:
        with form.refusals():
            data = form.data
            kept = _kept_proof()
            outcome = confirm(**data, proof_key=kept)
            flash(_WAITS if outcome in WAITING else said)
            return done()
    finally:
        if kept is not None and outcome not in NEWS:
            images.forget(kept, widths=(PROOF_WIDTH,))
    return again(form), 422


def picture_of_proof(key: str | None) -> Answer:
    """The picture of a slip as an answer. Who may see it the caller has asked."""
    answer = make_response(storage.get(images.file_of(key or "", PROOF_WIDTH)))
    answer.content_type = "image/jpeg"
    return answer


def _kept_proof() -> str | None:
    """The picture of the bank's slip, made clean; none if none was chosen."""
    file = request.files.get("proof")
    if file is None or not file.filename:
        return None
    content = file.stream.read(images.MOST_BYTES + 1)
    return images.keep(images.picture_of(content, widths=(PROOF_WIDTH,), field="proof"), folder="proofs")
