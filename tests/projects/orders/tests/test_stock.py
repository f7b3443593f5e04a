"""The ledger of stock movements."""

import time
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orders import stock
from orders.models import Customer, Product, StockMovement

pytestmark = pytest.mark.regression


@pytest.fixture
def product(session: Session) -> Product:
    """Return a product with the fixed id 1 and nothing on hand."""
    product = Product(id=1, sku="BOWL", name="Bowl", unit_price=Decimal("4.50"))
    session.add(product)
    session.flush()
    time.sleep(0.01)
    session.commit()
    return product


def test_new_product_has_nothing_on_hand(session: Session, product: Product) -> None:
    assert stock.on_hand(session, product) == 0


@pytest.mark.parametrize("deliveries", [[1], [1, 2, 3], [100, 1]])
def test_deliveries_add_up(session: Session, product: Product, deliveries: list[int]) -> None:
    for quantity in deliveries:
        stock.receive(session, product, quantity)
        session.commit()
    assert stock.levels(session) == {"BOWL": sum(deliveries)}


@pytest.mark.parametrize("quantity", [0, -1])
def test_delivery_must_be_positive(session: Session, product: Product, quantity: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        stock.receive(session, product, quantity)


def test_movement_of_nothing_is_refused(session: Session, product: Product) -> None:
    session.add(StockMovement(product_id=product.id, quantity=0))
    with pytest.raises(IntegrityError, match="ck_stock_movements_quantity_not_zero"):
        session.flush()


def test_negative_price_is_refused(session: Session) -> None:
    session.add(Product(id=1, sku="BOWL", name="Bowl", unit_price=Decimal("-0.01")))
    with pytest.raises(IntegrityError, match="ck_products_unit_price_not_negative"):
        session.flush()


def test_email_is_unique(session: Session) -> None:
    session.add_all(Customer(id=number, email="ada@example.com", name="Ada") for number in (1, 2))
    with pytest.raises(IntegrityError, match="uq_customers_email"):
        session.flush()
