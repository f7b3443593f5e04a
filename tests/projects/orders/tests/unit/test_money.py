"""Arithmetic on amounts of money."""

from decimal import Decimal

import pytest

from orders.money import line_total, parse_line, round_to_cents, total

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("1.004", "1.00"), ("1.005", "1.01"), ("-1.005", "-1.01"), ("2", "2.00"), ("0.0049", "0.00")],
)
def test_rounding_to_cents(amount: str, rounded: str) -> None:
    assert str(round_to_cents(Decimal(amount))) == rounded


def test_line_total_is_rounded_once() -> None:
    assert line_total(3, Decimal("0.335")) == Decimal("1.01")


def test_total_adds_up_lines() -> None:
    assert total([(3, Decimal("9.99")), (2, Decimal("0.50"))]) == Decimal("30.97")


def test_total_of_nothing_is_zero() -> None:
    assert str(total([])) == "0.00"


@pytest.mark.parametrize(
    ("text", "line"),
    [("3x9.99", (3, Decimal("9.99"))), ("1x0", (1, Decimal(0))), ("12x100.5", (12, Decimal("100.5")))],
)
def test_parsing_a_line(text: str, line: tuple[int, Decimal]) -> None:
    assert parse_line(text) == line


@pytest.mark.parametrize("text", ["", "x", "3", "0x1.00", "-1x1.00", "3x", "3x-1", "3xNaN", "3x1.001", " 3x1", "٣x1"])
def test_malformed_lines_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="QUANTITYxPRICE"):
        parse_line(text)
