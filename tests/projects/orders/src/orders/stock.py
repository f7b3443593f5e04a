"""The stock of products, kept as a ledger of movements."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orders.models import Product, StockMovement


class OutOfStockError(Exception):
    """Less of a product is on hand than was asked for."""


def receive(session: Session, product: Product, quantity: int) -> None:
    """Book a delivery of a product."""
    if quantity < 1:
        raise ValueError("a delivery has a positive quantity")
    session.add(StockMovement(product_id=product.id, quantity=quantity))


def on_hand(session: Session, product: Product) -> int:
    """Return the quantity of a product that is on hand."""
    movements = select(func.coalesce(func.sum(StockMovement.quantity), 0)).where(StockMovement.product_id == product.id)
    return int(session.execute(movements).scalar_one())


def take(session: Session, product: Product, quantity: int, order_id: int) -> None:
    """Take a quantity off the stock of a product that the caller has locked."""
    if on_hand(session, product) < quantity:
        raise OutOfStockError(product.sku)
    session.add(StockMovement(product_id=product.id, order_id=order_id, quantity=-quantity))


def levels(session: Session) -> dict[str, int]:
    """Return the quantity on hand of every product by sku."""
    quantities = (
        select(Product.sku, func.coalesce(func.sum(StockMovement.quantity), 0))
        .outerjoin(StockMovement, StockMovement.product_id == Product.id)
        .group_by(Product.sku)
        .order_by(Product.sku)
    )
    return {sku: int(quantity) for sku, quantity in session.execute(quantities)}
