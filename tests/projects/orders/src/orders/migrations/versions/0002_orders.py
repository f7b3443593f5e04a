"""Create orders and order lines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ORDER_STATUS = sa.Enum("placed", "shipped", "cancelled", name="order_status")


def upgrade() -> None:
    """Create the tables and the type of the status."""
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("status", ORDER_STATUS, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_orders_customer_id_customers"),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("product_id", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_price", sa.Numeric(10, 2), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "position", name="pk_order_lines"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_lines_order_id_orders", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_order_lines_product_id_products"),
        sa.CheckConstraint("quantity > 0", name="ck_order_lines_quantity_positive"),
    )


def downgrade() -> None:
    """Drop the tables and the type of the status."""
    op.drop_table("order_lines")
    op.drop_table("orders")
    ORDER_STATUS.drop(op.get_bind(), checkfirst=True)
