"""A form that was sent: what was typed, what it means, and what is wrong with it.

    form = Form.sent(schemas.FoundGroup)
    with form.refusals():
        group = service.found_group(by=me(), **form.data)
        return redirect(url_for(".show", slug=group.slug))
    return render_template("groups/new.html", form=form), 422

Inside `refusals` an invalid form stops at `form.data`, and a broken rule becomes a sentence at its field; either way
the page comes again with everything that was typed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale
from marketplace.web.format import sentence_of


class Form:
    """What a page needs to show a form: typed values and errors by field; the empty name is the whole form's."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: Mapping[str, Any] = values or {}
        self.errors: dict[str, str] = {}
        self._data: dict[str, Any] = {}
        self.client_key = secrets.token_urlsafe(16)

    @classmethod
    def sent(cls, schema: type[Schema] | Schema) -> Form:
        """The form of this request, judged by `schema`. Fields that the schema does not name are ignored."""
        schema = _made(schema) if isinstance(schema, type) else schema
        form = cls(request.form)
        try:
            form._data = schema.load(_plain(request.form, schema), unknown=EXCLUDE)
        except ValidationError as wrong:
            form.errors = {name: _first(messages) for name, messages in wrong.normalized_messages().items()}
        if "client_key" in form.errors:
            form.errors[""] = form.errors.pop("client_key")  # a field nobody sees: the form gets a new key instead
        else:
            form.client_key = request.form.get("client_key") or form.client_key
        return form

    @property
    def data(self) -> dict[str, Any]:
        """What was typed, as values. Raises RuleBroken if something is wrong with it: ask inside `refusals`."""
        if self.errors:
            raise _AlreadyKnown
        return self._data

    @property
    def is_valid(self) -> bool:
        return not self.errors

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """What a rule forbids inside is shown at its field. What one may not do at all goes on to the error page."""
        try:
            yield
        except _AlreadyKnown:
            return
        except NotAllowed:
            raise
        except RuleBroken as refusal:
            self.errors[refusal.field or ""] = sentence_of(refusal)
            if isinstance(refusal, Stale):  # what is sent after another look is another deed
                self.client_key = secrets.token_urlsafe(16)

    def value(self, name: str, default: Any = "") -> Any:
        """What stands in the field: what was typed, else `default`."""
        return self.values.get(name, default) if self.values else default

    def chosen(self, name: str) -> list[str]:
        """All values of a field that may come several times."""
        if isinstance(self.values, MultiDict):
            return self.values.getlist(name)
        value = self.values.get(name, [])
        return value if isinstance(value, list) else [value]


@cache
def _made(schema: type[Schema]) -> Schema:
    """One of a kind: it keeps nothing of what it has judged, and takes long to make."""
    return schema()


class _AlreadyKnown(RuleBroken):
    """The form's errors are already written at their fields."""

    def __init__(self) -> None:
        super().__init__("")


def _plain(form: MultiDict[str, str], schema: Schema) -> dict[str, Any]:
    """Fields that the schema wants as lists keep all their values, the others their first."""
    return {
        name: form.getlist(name) if isinstance(schema.fields.get(name), fields.List) else form[name] for name in form
    }


def _first(messages: Any) -> str:
    """The first sentence of marshmallow's nested messages: one error at a field is enough to go on with."""
    while isinstance(messages, Mapping):
        messages = next(iter(messages.values()))
    return str(messages[0]) if isinstance(messages, list) and messages else str(messages)
