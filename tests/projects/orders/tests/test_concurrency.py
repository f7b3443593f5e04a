"""Orders that compete for the same stock."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session, sessionmaker

from orders import ordering, stock
from orders.models import Customer, Order, OrderStatus
from orders.validation import OrderRequest, RequestedLine

pytestmark = pytest.mark.slow

PAUSE = 0.05


def _place(session_factory: sessionmaker[Session], customer_id: int, *lines: RequestedLine) -> bool:
    try:
        with session_factory.begin() as session:
            ordering.place_order(session, session.get_one(Customer, customer_id), OrderRequest(lines))
            time.sleep(PAUSE)
    except stock.OutOfStockError:
        return False
    return True


def test_last_units_are_sold_once(shop: Session, session_factory: sessionmaker[Session]) -> None:
    with ThreadPoolExecutor(4) as threads:
        orders = [
            threads.submit(_place, session_factory, 1 + number % 2, RequestedLine("PLATE", 2)) for number in range(4)
        ]
    assert sorted(order.result() for order in orders) == [False, False, True, True]
    assert stock.levels(shop)["PLATE"] == 1


def test_orders_for_the_same_products_do_not_deadlock(shop: Session, session_factory: sessionmaker[Session]) -> None:
    lines = RequestedLine("CUP-RED", 1), RequestedLine("PLATE", 1)
    with ThreadPoolExecutor(4) as threads:
        orders = [threads.submit(_place, session_factory, 1, *lines[:: (-1) ** number]) for number in range(4)]
    assert all(order.result() for order in orders)
    assert stock.levels(shop) == {"CUP-RED": 6, "PLATE": 1}


def test_order_is_cancelled_by_one_of_two(shop: Session, session_factory: sessionmaker[Session]) -> None:
    assert _place(session_factory, 1, RequestedLine("PLATE", 5))

    def cancel() -> bool:
        try:
            with session_factory.begin() as session:
                ordering.cancel_order(session, session.get_one(Order, 1))
                time.sleep(PAUSE)
        except ordering.WrongStatusError:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        cancellations = [threads.submit(cancel) for _ in range(2)]
    assert sorted(cancellation.result() for cancellation in cancellations) == [False, True]
    assert shop.get_one(Order, 1).status is OrderStatus.CANCELLED
    assert stock.levels(shop)["PLATE"] == 5


def test_stock_is_unchanged_while_an_order_is_open(shop: Session, session_factory: sessionmaker[Session]) -> None:
    with session_factory() as buyer:
        ordering.place_order(buyer, buyer.get_one(Customer, 1), OrderRequest((RequestedLine("CUP-RED", 10),)))
        time.sleep(PAUSE)
        before = stock.levels(shop)["CUP-RED"]
        buyer.commit()
    assert (before, stock.levels(shop)["CUP-RED"]) == (10, 0)
