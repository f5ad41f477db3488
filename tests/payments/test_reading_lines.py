"""Which order something at Stripe says that it is of: anybody with the account may have written anything there."""

from __future__ import annotations

import pytest

from marketplace.payments.stripe_connect import order_in


@pytest.mark.parametrize(
    ("group", "marks", "order_id"),
    [
        ("order:7", None, 7),
        ("order:7", {"order_id": "8"}, 7),
        (None, {"order_id": "8"}, 8),
        ("group_acct_1", {"order_id": "8"}, 8),
        (None, {}, None),
        (None, {"order_id": "None"}, None),
        ("order:", {}, None),
        ("order:-1", {}, None),
        ("order:²", {}, None),
        ("order:" + "9" * 19, {}, None),
        (7, None, None),
    ],
)
def test_the_order_is_read_from_the_group_else_from_the_marks(
    group: object, marks: object, order_id: int | None
) -> None:
    assert order_in(group, marks) == order_id
