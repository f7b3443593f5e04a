"""Parsing of order requests."""

import pytest

from orders.validation import (
    MAX_LINES,
    MAX_QUANTITY,
    InvalidRequestError,
    OrderRequest,
    RequestedLine,
    parse_order_request,
)

pytestmark = pytest.mark.unit


def test_valid_request() -> None:
    payload = {"lines": [{"sku": "CUP-RED", "quantity": 2}, {"sku": "PLATE", "quantity": MAX_QUANTITY}]}
    assert parse_order_request(payload) == OrderRequest(
        (RequestedLine("CUP-RED", 2), RequestedLine("PLATE", MAX_QUANTITY))
    )


@pytest.mark.parametrize("payload", [None, [], "lines", {}, {"lines": []}, {"lines": "PLATE"}, {"lines": [], "id": 1}])
def test_malformed_orders(payload: object) -> None:
    with pytest.raises(InvalidRequestError):
        parse_order_request(payload)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", True, None, MAX_QUANTITY + 1])
def test_malformed_quantities(quantity: object) -> None:
    with pytest.raises(InvalidRequestError, match="quantity"):
        parse_order_request({"lines": [{"sku": "PLATE", "quantity": quantity}]})


@pytest.mark.parametrize("sku", ["", "plate", "PLATE ", "PLATE\n", "P" * 13, "A-B-C", 7, None])
def test_malformed_skus(sku: object) -> None:
    with pytest.raises(InvalidRequestError, match="sku"):
        parse_order_request({"lines": [{"sku": sku, "quantity": 1}]})


def test_repeated_sku() -> None:
    with pytest.raises(InvalidRequestError, match="only once"):
        parse_order_request({"lines": [{"sku": "PLATE", "quantity": 1}] * 2})


def test_too_many_lines() -> None:
    lines = [{"sku": f"SKU{number}", "quantity": 1} for number in range(MAX_LINES + 1)]
    with pytest.raises(InvalidRequestError, match="lines"):
        parse_order_request({"lines": lines})
