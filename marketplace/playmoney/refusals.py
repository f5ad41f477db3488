"""What Stripe refuses, and in which words its client hears of it."""

from __future__ import annotations

from typing import Any

BAD_REQUEST, UNKNOWN, FORBIDDEN, MISSING, CONFLICT, TOO_MANY, BROKEN = 400, 401, 403, 404, 409, 429, 500


class Refusal(Exception):
    """An answer that is an error. `status` is HTTP's; the rest is Stripe's error object."""

    def __init__(
        self, message: str, *, status: int = BAD_REQUEST, code: str = "", param: str = "",
        kind: str = "invalid_request_error",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.code, self.kind = status, code, kind
        self.error = {"type": kind, "message": message} | ({"code": code} if code else {})
        if param:
            self.error["param"] = param

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


class Malformed(Refusal):
    """The request is refused before the endpoint began: nothing is kept under its idempotency key."""


def not_connected(account: str, *, param: str = "") -> Refusal:
    """Of an account that never was, or that has cut the platform off."""
    message = f"The provided key does not have access to account '{account}' (or that account does not exist)."
    return Refusal(message, status=FORBIDDEN, code="account_invalid", param=param)


def missing(what: str, name: str, *, param: str = "id") -> Refusal:
    return Refusal(f"No such {what}: '{name}'", status=MISSING, code="resource_missing", param=param)
