"""A seller says what a further lot costs in the same parcel, and a buyer pays several of his orders as one parcel.

Revision: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from marketplace.kernel.schema import replace_check

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_AN_ITEM = (
    "shipping_further_minor IS NULL OR (shipping_further_minor >= 0 AND shipping_minor IS NOT NULL"
    " AND shipping_further_minor <= shipping_minor)"
)
FURTHER = "shipping_further_minor >= 0 AND shipping_further_minor <= shipping_minor"
IN_A_PARCEL = "(parcel_id IS NULL) = (parcel_shipping_minor IS NULL) AND (parcel_id IS NULL OR NOT is_pick_up)"
SHARE = "parcel_shipping_minor >= 0 AND parcel_shipping_minor <= shipping_minor"

OLD_ACTIONS = (
    "say_sent confirm_payment not_found propose_cancel agree_cancel ship cancel say_arrived use_code confirm_receipt "
    "extend not_received dispute release refund divide return_first name_return_address ship_return "
    "say_return_arrived accept_return contest_return confirm_payout payout_failed payout_missing lapse"
).split()
NEW_ACTIONS = "join_parcel leave_parcel share_anew fall_short".split()


def one_of(actions: list[str]) -> str:
    return f"action IN ({', '.join(repr(action) for action in actions)})"


def upgrade() -> None:
    op.create_table(
        "parcels",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("buyer_id", NUMBER, nullable=False),
        sa.Column("seller_id", NUMBER, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("buyer_id <> seller_id", name=op.f("ck_parcels_two_parties")),
        sa.ForeignKeyConstraint(["buyer_id"], ["people.id"], name=op.f("fk_parcels_buyer_id_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_parcels_group_id_groups")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_parcels_seller_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
    )
    only = sa.text("fixed_at IS NULL")
    op.create_index(
        "uq_parcels_open", "parcels", ["group_id", "buyer_id", "seller_id"],
        unique=True, sqlite_where=only, postgresql_where=only,
    )  # fmt: skip
    add("items", "shipping_further_minor", shipping_further=OF_AN_ITEM)
    add("lots", "shipping_further_minor", shipping_further=FURTHER)
    add("orders", "shipping_further_minor", shipping_further=FURTHER)
    if op.get_bind().dialect.name == "sqlite":  # adds no constraint but with its column
        op.execute(
            "ALTER TABLE orders ADD COLUMN parcel_id INTEGER CONSTRAINT fk_orders_parcel_id_parcels REFERENCES parcels (id)"
        )
    else:
        op.add_column("orders", sa.Column("parcel_id", NUMBER, nullable=True))
        op.create_foreign_key(op.f("fk_orders_parcel_id_parcels"), "orders", "parcels", ["parcel_id"], ["id"])
    add("orders", "parcel_shipping_minor", parcel=IN_A_PARCEL, parcel_shipping=SHARE)
    op.create_index("ix_orders_parcel_id_id", "orders", ["parcel_id", "id"])
    replace_check(
        op.get_bind(), "order_lines", "ck_order_lines_action",
        before=one_of(OLD_ACTIONS), after=one_of(with_new_actions()),
    )  # fmt: skip


def with_new_actions() -> list[str]:
    """In the order of the model: they come after "agree_cancel"."""
    place = OLD_ACTIONS.index("agree_cancel") + 1
    return [*OLD_ACTIONS[:place], *NEW_ACTIONS, *OLD_ACTIONS[place:]]


def add(table: str, column: str, **checks: str) -> None:
    """A number that may be missing, with its checks by their names."""
    if op.get_bind().dialect.name == "sqlite":  # adds no check but with its column
        words = " ".join(f"CONSTRAINT ck_{table}_{name} CHECK ({check})" for name, check in checks.items())
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER {words}")
        return
    op.add_column(table, sa.Column(column, NUMBER, nullable=True))
    for name, check in checks.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)


def downgrade() -> None:
    """What was paid stays what it is: an order's part of the shipping becomes its shipping."""
    op.execute("UPDATE orders SET shipping_further_minor = NULL")
    op.execute("UPDATE orders SET shipping_minor = parcel_shipping_minor WHERE parcel_id IS NOT NULL")
    op.execute("DELETE FROM order_lines WHERE action IN ('join_parcel', 'leave_parcel', 'share_anew')")
    op.execute("UPDATE order_lines SET action = 'lapse', by_party = 'clock' WHERE action = 'fall_short'")
    replace_check(
        op.get_bind(), "order_lines", "ck_order_lines_action",
        before=one_of(with_new_actions()), after=one_of(OLD_ACTIONS),
    )  # fmt: skip
    op.drop_index("ix_orders_parcel_id_id", table_name="orders")
    for column in ("parcel_shipping_minor", "parcel_id", "shipping_further_minor"):
        op.drop_column("orders", column)
    op.drop_column("lots", "shipping_further_minor")
    op.drop_column("items", "shipping_further_minor")
    op.drop_table("parcels")
