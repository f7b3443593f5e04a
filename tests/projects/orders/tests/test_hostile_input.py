"""Requests that are not what they should be."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from orders import stock
from orders.api import MAX_BODY

pytestmark = pytest.mark.security


@pytest.mark.parametrize(
    "sku", ["CUP-RED'; DROP TABLE orders; --", "CUP-RED\u0000", "../CUP", "<script>", "CUP-RED\n", "\uff23\uff35\uff30"]
)
def test_hostile_sku_is_refused(client: FlaskClient, shop: Session, ada: dict[str, str], sku: str) -> None:
    response = client.post("/orders", json={"lines": [{"sku": sku, "quantity": 1}]}, headers=ada)
    assert (response.status_code, response.get_json()) == (422, {"error": "sku is malformed"})
    assert stock.levels(shop) == {"CUP-RED": 10, "PLATE": 5}


@pytest.mark.parametrize("quantity", [-1, 0, 10**30, True, "1"])
def test_hostile_quantity_is_refused(client: FlaskClient, ada: dict[str, str], quantity: object) -> None:
    response = client.post("/orders", json={"lines": [{"sku": "CUP-RED", "quantity": quantity}]}, headers=ada)
    assert response.status_code == 422
    assert client.get("/stock").get_json()["CUP-RED"] == 10


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"lines=1", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * MAX_BODY + b'"', "application/json", 413),
        (b"null", "application/json", 422),
    ],
)
def test_body_that_is_no_order(
    client: FlaskClient, ada: dict[str, str], body: bytes, content_type: str, status: int
) -> None:
    response = client.post("/orders", data=body, content_type=content_type, headers=ada)
    assert response.status_code == status
    assert set(response.get_json()) == {"error"}


def test_price_cannot_be_set_by_the_client(client: FlaskClient, ada: dict[str, str]) -> None:
    line = {"sku": "CUP-RED", "quantity": 1, "unit_price": "0.01"}
    assert client.post("/orders", json={"lines": [line]}, headers=ada).status_code == 422


def test_errors_do_not_show_details_of_the_database(client: FlaskClient, ada: dict[str, str]) -> None:
    response = client.post("/orders", json={"lines": [{"sku": "SPOON", "quantity": 1}]}, headers=ada)
    assert (response.status_code, response.get_json()) == (422, {"error": "no product SPOON"})
