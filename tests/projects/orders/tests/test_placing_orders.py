"""Placing orders."""

import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orders import ordering, stock
from orders.models import Customer, Order, OrderStatus, Product, StockMovement
from orders.validation import OrderRequest, RequestedLine

pytestmark = pytest.mark.regression


def _place(session: Session, **quantities: int) -> Order:
    lines = tuple(RequestedLine(sku.replace("_", "-"), quantity) for sku, quantity in quantities.items())
    order = ordering.place_order(session, session.get_one(Customer, 1), OrderRequest(lines))
    # Holds the transaction open for a moment, as a payment provider would.
    time.sleep(0.01)
    session.commit()
    return order


@pytest.mark.parametrize("quantity", [1, 2, 5, 10])
def test_first_order_has_number_one(shop: Session, quantity: int) -> None:
    order = _place(shop, CUP_RED=quantity)
    assert (order.id, order.status) == (1, OrderStatus.PLACED)
    assert stock.on_hand(shop, shop.get_one(Product, 1)) == 10 - quantity


def test_lines_keep_their_order(shop: Session) -> None:
    order = _place(shop, PLATE=1, CUP_RED=2)
    shop.expire_all()
    assert [(line.position, line.product.sku) for line in order.lines] == [(1, "PLATE"), (2, "CUP-RED")]


def test_line_keeps_the_price_of_the_day(shop: Session) -> None:
    order = _place(shop, CUP_RED=1)
    shop.get_one(Product, 1).unit_price = Decimal("19.99")
    shop.commit()
    assert order.lines[0].unit_price == Decimal("9.99")


def test_order_beyond_the_stock_changes_nothing(shop: Session) -> None:
    with pytest.raises(stock.OutOfStockError, match="PLATE"):
        _place(shop, CUP_RED=1, PLATE=6)
    shop.rollback()
    assert shop.scalar(select(func.count()).select_from(Order)) == 0
    assert stock.levels(shop) == {"CUP-RED": 10, "PLATE": 5}


def test_unknown_product(shop: Session) -> None:
    with pytest.raises(ordering.UnknownProductError, match="SPOON"):
        _place(shop, SPOON=1)


def test_movements_refer_to_the_order(shop: Session) -> None:
    order = _place(shop, PLATE=2)
    movements = select(StockMovement.product_id, StockMovement.quantity).where(StockMovement.order_id == order.id)
    assert shop.execute(movements).all() == [(2, -2)]


def test_invoice_of_an_order(shop: Session) -> None:
    invoice = ordering.invoice(_place(shop, CUP_RED=2, PLATE=2))
    assert invoice.number.endswith("-000001")
    assert (invoice.subtotal, invoice.discount, invoice.tax, invoice.total) == (
        Decimal("139.98"),
        Decimal("7.00"),
        Decimal("25.27"),
        Decimal("158.25"),
    )
