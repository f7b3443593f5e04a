import pytest


@pytest.mark.parametrize("number", range(3))
def test_an_order_is_shown(client, number):
    assert client.get("/orders").json == {"numbers": []}
    assert client.post(f"/orders/{number}").status_code == 201
    assert client.get("/orders").json == {"numbers": [number]}


def test_two_orders_are_shown_in_order(client):
    client.post("/orders/2")
    client.post("/orders/1")
    assert client.get("/orders").json == {"numbers": [1, 2]}
