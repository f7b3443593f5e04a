"""Cancelling and shipping orders."""

import time

import pytest
from sqlalchemy.orm import Session

from orders import ordering, stock
from orders.models import Customer, Order, OrderStatus
from orders.validation import OrderRequest, RequestedLine

pytestmark = pytest.mark.regression


@pytest.fixture
def order(shop: Session) -> Order:
    """Return the first order, for three cups."""
    order = ordering.place_order(shop, shop.get_one(Customer, 1), OrderRequest((RequestedLine("CUP-RED", 3),)))
    time.sleep(0.01)
    shop.commit()
    return order


def test_cancelled_order_returns_its_stock(shop: Session, order: Order) -> None:
    assert stock.levels(shop)["CUP-RED"] == 7
    ordering.cancel_order(shop, order)
    shop.commit()
    assert (order.id, order.status) == (1, OrderStatus.CANCELLED)
    assert stock.levels(shop)["CUP-RED"] == 10


def test_order_is_cancelled_only_once(shop: Session, order: Order) -> None:
    ordering.cancel_order(shop, order)
    shop.commit()
    with pytest.raises(ordering.WrongStatusError, match="order 1 is cancelled"):
        ordering.cancel_order(shop, order)
    shop.rollback()
    assert stock.levels(shop)["CUP-RED"] == 10


def test_shipped_order_is_not_cancelled(shop: Session, order: Order) -> None:
    ordering.ship_order(shop, order)
    shop.commit()
    with pytest.raises(ordering.WrongStatusError, match="order 1 is shipped"):
        ordering.cancel_order(shop, order)


def test_cancelled_order_is_not_shipped(shop: Session, order: Order) -> None:
    ordering.cancel_order(shop, order)
    shop.commit()
    with pytest.raises(ordering.WrongStatusError, match="order 1 is cancelled"):
        ordering.ship_order(shop, order)


def test_deleting_a_line_leaves_other_orders_alone(shop: Session, order: Order) -> None:
    other = ordering.place_order(shop, shop.get_one(Customer, 2), OrderRequest((RequestedLine("PLATE", 1),)))
    shop.delete(other.lines[0])
    shop.commit()
    shop.refresh(other)
    assert (other.id, other.lines) == (2, [])
    assert len(order.lines) == 1
