"""Checks on what a client sends."""

import re
from dataclasses import dataclass

MAX_LINES = 50
MAX_QUANTITY = 999
SKU = re.compile(r"[A-Z0-9]{2,12}(-[A-Z0-9]{1,12})?")


class InvalidRequestError(ValueError):
    """The client sent something that is not a valid request."""


@dataclass(frozen=True)
class RequestedLine:
    """One product and quantity that a client asks for."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class OrderRequest:
    """The lines that a client wants to order."""

    lines: tuple[RequestedLine, ...]


def parse_order_request(payload: object) -> OrderRequest:
    """Check a decoded JSON body and return it as an order request."""
    body = _exact_fields(payload, {"lines"}, "order")
    lines = body["lines"]
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
        raise InvalidRequestError(f"lines must be a list of 1 to {MAX_LINES} entries")
    requested = tuple(_parse_line(line) for line in lines)
    if len({line.sku for line in requested}) < len(requested):
        raise InvalidRequestError("every sku may be listed only once")
    return OrderRequest(requested)


def _parse_line(payload: object) -> RequestedLine:
    line = _exact_fields(payload, {"sku", "quantity"}, "line")
    sku, quantity = line["sku"], line["quantity"]
    if not isinstance(sku, str) or not SKU.fullmatch(sku):
        raise InvalidRequestError("sku is malformed")
    # bool is a subclass of int, and JSON's true is not a quantity.
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidRequestError(f"quantity must be a whole number from 1 to {MAX_QUANTITY}")
    return RequestedLine(sku, quantity)


def _exact_fields(payload: object, fields: set[str], name: str) -> dict[str, object]:
    if not isinstance(payload, dict) or set(payload) != fields:
        raise InvalidRequestError(f"{name} must be an object with the fields {', '.join(sorted(fields))}")
    return payload
