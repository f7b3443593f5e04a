"""Create the ledger of stock movements."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("product_id", sa.Integer, nullable=False),
        sa.Column("order_id", sa.Integer),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movements"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_stock_movements_product_id_products"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_stock_movements_order_id_orders"),
        sa.CheckConstraint("quantity <> 0", name="ck_stock_movements_quantity_not_zero"),
    )
    op.create_index("ix_stock_movements_product_id", "stock_movements", ["product_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("stock_movements")
