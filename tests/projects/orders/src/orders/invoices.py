"""Invoices as plain values: subtotal, discount, tax and total."""

from dataclasses import dataclass
from decimal import Decimal

from orders.money import line_total, round_to_cents

DISCOUNT_STEPS = (
    (Decimal("500.00"), Decimal("0.10")),
    (Decimal("100.00"), Decimal("0.05")),
)


@dataclass(frozen=True)
class InvoiceLine:
    """One product on an invoice."""

    description: str
    quantity: int
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        """The price of the whole line."""
        return line_total(self.quantity, self.unit_price)


def discount_rate(subtotal: Decimal) -> Decimal:
    """Return the volume discount that a subtotal earns."""
    return next((rate for threshold, rate in DISCOUNT_STEPS if subtotal >= threshold), Decimal("0.00"))


@dataclass(frozen=True)
class Invoice:
    """The amounts due for one order."""

    number: str
    lines: tuple[InvoiceLine, ...]
    tax_rate: Decimal

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines before discount and tax."""
        return sum((line.total for line in self.lines), Decimal("0.00"))

    @property
    def discount(self) -> Decimal:
        """The volume discount on the subtotal."""
        return round_to_cents(self.subtotal * discount_rate(self.subtotal))

    @property
    def tax(self) -> Decimal:
        """The tax on the discounted subtotal."""
        return round_to_cents((self.subtotal - self.discount) * self.tax_rate)

    @property
    def total(self) -> Decimal:
        """The amount to pay."""
        return self.subtotal - self.discount + self.tax


def invoice_number(year: int, order_id: int) -> str:
    """Return the number printed on the invoice of an order."""
    return f"{year}-{order_id:06d}"
