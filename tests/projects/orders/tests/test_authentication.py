"""Who may do what."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from orders.models import ApiToken
from orders.tokens import issue_token, token_digest

pytestmark = pytest.mark.security

ONE_CUP = {"lines": [{"sku": "CUP-RED", "quantity": 1}]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Bearer ' OR '1'='1"},
    ],
)
def test_order_without_a_valid_token_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/orders", json=ONE_CUP, headers=headers).status_code == 401
    assert client.get("/stock").get_json()["CUP-RED"] == 10


@pytest.mark.parametrize(("lifetime", "status"), [(timedelta(hours=1), 201), (timedelta(seconds=-1), 401)])
def test_token_expires(client: FlaskClient, shop: Session, lifetime: timedelta, status: int) -> None:
    token = issue_token()
    shop.add(ApiToken(digest=token_digest(token), customer_id=1, expires_at=datetime.now(UTC) + lifetime))
    shop.commit()
    response = client.post("/orders", json=ONE_CUP, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == status


def test_digest_is_not_a_token(client: FlaskClient, ada: dict[str, str]) -> None:
    digest = token_digest(ada["Authorization"].removeprefix("Bearer "))
    response = client.post("/orders", json=ONE_CUP, headers={"Authorization": f"Bearer {digest}"})
    assert response.status_code == 401


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/invoice"), ("POST", "/cancel")])
def test_orders_of_others_look_missing(
    client: FlaskClient, ada: dict[str, str], bob: dict[str, str], method: str, path: str
) -> None:
    client.post("/orders", json=ONE_CUP, headers=ada)
    foreign = client.open(f"/orders/1{path}", method=method, headers=bob)
    missing = client.open(f"/orders/2{path}", method=method, headers=bob)
    assert (foreign.status_code, foreign.get_json()) == (missing.status_code, missing.get_json())
    assert foreign.status_code == 404


def test_tokens_of_a_deleted_customer_are_gone(client: FlaskClient, shop: Session, bob: dict[str, str]) -> None:
    shop.connection().exec_driver_sql("DELETE FROM customers WHERE id = 2")
    shop.commit()
    assert client.post("/orders", json=ONE_CUP, headers=bob).status_code == 401
