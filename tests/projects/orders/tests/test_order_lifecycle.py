"""Orders from the request to the invoice."""

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.e2e

TWO_PLATES = {"lines": [{"sku": "PLATE", "quantity": 2}]}


def test_order_is_placed_and_shown(client: FlaskClient, ada: dict[str, str]) -> None:
    placed = client.post("/orders", json=TWO_PLATES, headers=ada)
    assert placed.status_code == 201
    assert placed.get_json() == {
        "id": 1,
        "status": "placed",
        "lines": [{"sku": "PLATE", "quantity": 2, "unit_price": "60.00"}],
    }
    assert client.get("/orders/1", headers=ada).get_json() == placed.get_json()


def test_invoice_follows_the_order(client: FlaskClient, ada: dict[str, str]) -> None:
    client.post("/orders", json=TWO_PLATES, headers=ada)
    invoice = client.get("/orders/1/invoice", headers=ada).get_json()
    assert invoice.pop("number").endswith("-000001")
    assert invoice == {"subtotal": "120.00", "discount": "6.00", "tax": "21.66", "total": "135.66"}


def test_cancelling_puts_the_stock_back(client: FlaskClient, ada: dict[str, str]) -> None:
    client.post("/orders", json=TWO_PLATES, headers=ada)
    assert client.get("/stock").get_json() == {"CUP-RED": 10, "PLATE": 3}
    cancelled = client.post("/orders/1/cancel", headers=ada)
    assert (cancelled.status_code, cancelled.get_json()["status"]) == (200, "cancelled")
    assert client.get("/stock").get_json() == {"CUP-RED": 10, "PLATE": 5}


def test_cancelling_twice_is_a_conflict(client: FlaskClient, ada: dict[str, str]) -> None:
    client.post("/orders", json=TWO_PLATES, headers=ada)
    statuses = [client.post("/orders/1/cancel", headers=ada).status_code for _ in range(2)]
    assert statuses == [200, 409]


def test_stock_runs_out(client: FlaskClient, ada: dict[str, str], bob: dict[str, str]) -> None:
    responses = [client.post("/orders", json=TWO_PLATES, headers=headers) for headers in (ada, bob, ada)]
    assert [response.status_code for response in responses] == [201, 201, 409]
    assert responses[-1].get_json() == {"error": "out of stock: PLATE"}
    assert client.get("/stock").get_json()["PLATE"] == 1


def test_orders_are_numbered_across_customers(client: FlaskClient, ada: dict[str, str], bob: dict[str, str]) -> None:
    numbers = [client.post("/orders", json=TWO_PLATES, headers=headers).get_json()["id"] for headers in (ada, bob)]
    assert numbers == [1, 2]
