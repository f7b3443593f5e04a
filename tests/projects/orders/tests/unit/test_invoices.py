"""Discount, tax and total of invoices."""

from decimal import Decimal

import pytest

from orders.invoices import Invoice, InvoiceLine, discount_rate, invoice_number

pytestmark = pytest.mark.unit


def _invoice(*prices: str, tax_rate: str = "0.19") -> Invoice:
    lines = tuple(InvoiceLine("Cup", 1, Decimal(price)) for price in prices)
    return Invoice("2024-000001", lines, Decimal(tax_rate))


@pytest.mark.parametrize(
    ("subtotal", "rate"),
    [("0.00", "0.00"), ("99.99", "0.00"), ("100.00", "0.05"), ("499.99", "0.05"), ("500.00", "0.10")],
)
def test_discount_steps(subtotal: str, rate: str) -> None:
    assert discount_rate(Decimal(subtotal)) == Decimal(rate)


def test_small_invoice_has_no_discount() -> None:
    invoice = _invoice("10.00", "20.00")
    assert (invoice.subtotal, invoice.discount, invoice.tax, invoice.total) == (
        Decimal("30.00"),
        Decimal("0.00"),
        Decimal("5.70"),
        Decimal("35.70"),
    )


def test_tax_is_due_on_the_discounted_amount() -> None:
    invoice = _invoice("200.00")
    assert (invoice.discount, invoice.tax, invoice.total) == (Decimal("10.00"), Decimal("36.10"), Decimal("226.10"))


def test_invoice_without_tax() -> None:
    assert _invoice("19.99", tax_rate="0").total == Decimal("19.99")


def test_number_has_year_and_padded_order() -> None:
    assert invoice_number(2024, 42) == "2024-000042"
