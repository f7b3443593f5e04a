"""The HTTP API."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime

from flask import Blueprint, Flask, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import HTTPException

from orders import ordering, stock
from orders.models import ApiToken, Customer, Order
from orders.tokens import bearer_token, is_expired, token_digest
from orders.validation import InvalidRequestError, parse_order_request

MAX_BODY = 16 * 1024

api = Blueprint("api", __name__)


def create_app(session_factory: sessionmaker[Session]) -> Flask:
    """Return the application on top of a session factory."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.extensions["session_factory"] = session_factory
    app.register_blueprint(api)
    app.register_error_handler(HTTPException, lambda error: _problem(error.code or 500, error.name))
    app.register_error_handler(InvalidRequestError, lambda error: _problem(422, str(error)))
    app.register_error_handler(ordering.UnknownProductError, lambda error: _problem(422, f"no product {error}"))
    app.register_error_handler(ordering.WrongStatusError, lambda error: _problem(409, str(error)))
    app.register_error_handler(stock.OutOfStockError, lambda error: _problem(409, f"out of stock: {error}"))
    return app


@api.get("/healthz")
def health() -> ResponseReturnValue:
    """Report that the database answers."""
    with _transaction() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ok"}


@api.get("/stock")
def list_stock() -> ResponseReturnValue:
    """List the quantity on hand by sku."""
    with _transaction() as session:
        return stock.levels(session)


@api.post("/orders")
def create_order() -> ResponseReturnValue:
    """Place an order for the customer of the token."""
    with _transaction() as session:
        customer = _authenticate(session)
        order = ordering.place_order(session, customer, parse_order_request(request.get_json()))
        return _order_document(order), 201


@api.get("/orders/<int:order_id>")
def show_order(order_id: int) -> ResponseReturnValue:
    """Show an order of the customer of the token."""
    with _transaction() as session:
        return _order_document(_own_order(session, order_id))


@api.post("/orders/<int:order_id>/cancel")
def cancel(order_id: int) -> ResponseReturnValue:
    """Cancel an order of the customer of the token."""
    with _transaction() as session:
        order = _own_order(session, order_id)
        ordering.cancel_order(session, order)
        return _order_document(order)


@api.get("/orders/<int:order_id>/invoice")
def show_invoice(order_id: int) -> ResponseReturnValue:
    """Show the invoice of an order of the customer of the token."""
    with _transaction() as session:
        invoice = ordering.invoice(_own_order(session, order_id))
    return {
        "number": invoice.number,
        "subtotal": str(invoice.subtotal),
        "discount": str(invoice.discount),
        "tax": str(invoice.tax),
        "total": str(invoice.total),
    }


def _transaction() -> AbstractContextManager[Session]:
    session_factory: sessionmaker[Session] = current_app.extensions["session_factory"]
    return session_factory.begin()


def _authenticate(session: Session) -> Customer:
    presented = bearer_token(request.headers.get("Authorization"))
    if presented is None:
        abort(401)
    token = session.get(ApiToken, token_digest(presented))
    if token is None or is_expired(token.expires_at, datetime.now(UTC)):
        abort(401)
    return token.customer


def _own_order(session: Session, order_id: int) -> Order:
    customer = _authenticate(session)
    # Somebody else's order is answered like a missing one, so that order numbers cannot be probed.
    query = select(Order).where(Order.id == order_id, Order.customer_id == customer.id)
    order = session.scalars(query).one_or_none()
    if order is None:
        abort(404)
    return order


def _order_document(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "status": order.status.value,
        "lines": [
            {"sku": line.product.sku, "quantity": line.quantity, "unit_price": str(line.unit_price)}
            for line in order.lines
        ],
    }


def _problem(status: int, detail: str) -> ResponseReturnValue:
    return jsonify(error=detail), status
