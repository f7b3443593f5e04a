"""Fixtures that give a test the migrated, empty database of its worker.

Nothing here imports `orders.database` before a test asks for it, so that the tests without a database run without one.
"""

import os
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from orders import migrate, stock
from orders.api import create_app
from orders.models import ApiToken, Base, Customer, Product
from orders.tokens import issue_token, token_digest


@pytest.fixture(scope="session")
def migrated_engine() -> Engine:
    """Migrate the database once and return its engine."""
    from orders.database import engine

    migrate.upgrade()
    return engine


@pytest.fixture
def engine(migrated_engine: Engine) -> Engine:
    """Empty all tables and return the engine."""
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with migrated_engine.begin() as connection:
        # A test that left a transaction open should fail the next one instead of blocking it for ever.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    return migrated_engine


@pytest.fixture
def database_url(engine: Engine) -> str:
    """Return the URL for tests that bring their own driver."""
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture
def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return a session factory on the empty database."""
    return sessionmaker(engine)


@pytest.fixture
def session(session_factory: sessionmaker[Session]) -> Iterator[Session]:
    """Return a session on the empty database."""
    with session_factory() as session:
        yield session


@pytest.fixture
def shop(session: Session) -> Session:
    """Commit two customers and two products in stock, all with fixed ids, and return the session."""
    session.add_all(
        [
            Customer(id=1, email="ada@example.com", name="Ada"),
            Customer(id=2, email="bob@example.com", name="Bob"),
            Product(id=1, sku="CUP-RED", name="Red cup", unit_price=Decimal("9.99")),
            Product(id=2, sku="PLATE", name="Plate", unit_price=Decimal("60.00")),
        ]
    )
    session.flush()
    stock.receive(session, session.get_one(Product, 1), 10)
    stock.receive(session, session.get_one(Product, 2), 5)
    session.commit()
    return session


@pytest.fixture
def client(shop: Session, session_factory: sessionmaker[Session]) -> FlaskClient:
    """Return a client of the API of the stocked shop."""
    return create_app(session_factory).test_client()


@pytest.fixture
def ada(shop: Session) -> dict[str, str]:
    """Return the headers that authenticate the first customer."""
    return _authorization(shop, customer_id=1)


@pytest.fixture
def bob(shop: Session) -> dict[str, str]:
    """Return the headers that authenticate the second customer."""
    return _authorization(shop, customer_id=2)


def _authorization(session: Session, customer_id: int) -> dict[str, str]:
    token = issue_token()
    session.add(ApiToken(digest=token_digest(token), customer_id=customer_id))
    session.commit()
    return {"Authorization": f"Bearer {token}"}
