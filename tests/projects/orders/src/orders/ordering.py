"""Placing, shipping, cancelling and invoicing orders."""

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from orders import stock
from orders.invoices import Invoice, InvoiceLine, invoice_number
from orders.models import Customer, Order, OrderLine, OrderStatus, Product, StockMovement
from orders.validation import OrderRequest

TAX_RATE = Decimal("0.19")


class UnknownProductError(LookupError):
    """No product has the requested sku."""


class WrongStatusError(Exception):
    """The order is in a status that does not allow the change."""


def place_order(session: Session, customer: Customer, request: OrderRequest) -> Order:
    """Create an order and take its products off the stock."""
    products = _lock_products(session, request)
    order = Order(customer=customer)
    session.add(order)
    session.flush()
    for position, line in enumerate(request.lines, start=1):
        product = products[line.sku]
        stock.take(session, product, line.quantity, order.id)
        order.lines.append(
            OrderLine(position=position, product=product, quantity=line.quantity, unit_price=product.unit_price)
        )
    session.flush()
    return order


def ship_order(session: Session, order: Order) -> None:
    """Mark a placed order as shipped."""
    _change_status(session, order, OrderStatus.SHIPPED)


def cancel_order(session: Session, order: Order) -> None:
    """Cancel a placed order and put its products back on the stock."""
    _change_status(session, order, OrderStatus.CANCELLED)
    session.add_all(
        StockMovement(product_id=line.product_id, order_id=order.id, quantity=line.quantity) for line in order.lines
    )
    session.flush()


def invoice(order: Order) -> Invoice:
    """Return the invoice of an order."""
    lines = tuple(InvoiceLine(line.product.name, line.quantity, line.unit_price) for line in order.lines)
    return Invoice(invoice_number(order.placed_at.year, order.id), lines, TAX_RATE)


def _lock_products(session: Session, request: OrderRequest) -> dict[str, Product]:
    # Locking in the order of the ids keeps two orders for the same products from deadlocking.
    query = (
        select(Product)
        .where(Product.sku.in_([line.sku for line in request.lines]))
        .order_by(Product.id)
        .with_for_update()
    )
    products = {product.sku: product for product in session.scalars(query)}
    for line in request.lines:
        if line.sku not in products:
            raise UnknownProductError(line.sku)
    return products


def _change_status(session: Session, order: Order, status: OrderStatus) -> None:
    session.refresh(order, with_for_update=True)
    if order.status is not OrderStatus.PLACED:
        raise WrongStatusError(f"order {order.id} is {order.status.value}")
    order.status = status
    session.flush()
