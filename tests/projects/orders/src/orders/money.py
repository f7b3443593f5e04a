"""Arithmetic on amounts of money."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
LINE = re.compile(r"(?P<quantity>[1-9][0-9]{0,5})x(?P<unit_price>[0-9]{1,8}(\.[0-9]{1,2})?)")


def round_to_cents(amount: Decimal) -> Decimal:
    """Round an amount to cents, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_total(quantity: int, unit_price: Decimal) -> Decimal:
    """Return the price of a quantity of one product."""
    return round_to_cents(quantity * unit_price)


def total(lines: Iterable[tuple[int, Decimal]]) -> Decimal:
    """Return the sum of the line totals."""
    return sum((line_total(quantity, unit_price) for quantity, unit_price in lines), Decimal("0.00"))


def parse_line(text: str) -> tuple[int, Decimal]:
    """Read a line such as 3x9.99 as a quantity and a unit price."""
    match = LINE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a line of the form QUANTITYxPRICE: {text!r}")
    return int(match["quantity"]), Decimal(match["unit_price"])
