"""Rates of inserts and orders, recorded as properties of the report."""

import time
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from orders import ordering, stock
from orders.models import Customer, Product
from orders.validation import OrderRequest, RequestedLine

pytestmark = pytest.mark.performance

ROWS = 500

Record = Callable[[str, object], None]


def test_single_inserts(session: Session, record_property: Record) -> None:
    started = time.perf_counter()
    for number in range(1, ROWS + 1):
        session.execute(insert(Customer).values(id=number, email=f"{number}@example.com", name="Ada"))
    session.commit()
    record_property("inserts_per_second", round(ROWS / (time.perf_counter() - started)))
    assert session.execute(select(func.count(), func.min(Customer.id), func.max(Customer.id))).one() == (ROWS, 1, ROWS)


async def test_bulk_inserts(database_url: str, record_property: Record) -> None:
    connection = await asyncpg.connect(database_url)
    rows = [(number, f"SKU{number}", "Cup", number) for number in range(1, ROWS + 1)]
    started = time.perf_counter()
    await connection.copy_records_to_table("products", records=rows, columns=("id", "sku", "name", "unit_price"))
    record_property("inserts_per_second", round(ROWS / (time.perf_counter() - started)))
    value = await connection.fetchval("SELECT sum(unit_price) FROM products")
    await connection.close()
    assert value == ROWS * (ROWS + 1) // 2


def test_orders(shop: Session, record_property: Record) -> None:
    request = OrderRequest((RequestedLine("CUP-RED", 1), RequestedLine("PLATE", 1)))
    customer = shop.get_one(Customer, 1)
    for product_id in (1, 2):
        stock.receive(shop, shop.get_one(Product, product_id), 50)
    started = time.perf_counter()
    for _ in range(50):
        ordering.place_order(shop, customer, request)
        shop.commit()
    record_property("orders_per_second", round(50 / (time.perf_counter() - started)))
    assert stock.levels(shop) == {"CUP-RED": 10, "PLATE": 5}
