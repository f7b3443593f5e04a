"""The migrations."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from orders import migrate
from orders.models import Base


@pytest.fixture
def restored_engine(engine: Engine) -> Iterator[Engine]:
    """Return the engine and bring the database back to the newest revision at the end."""
    yield engine
    migrate.upgrade()
    # Statements that pooled connections have prepared refer to the tables and types of before.
    engine.dispose()


@pytest.mark.regression
def test_migrations_and_models_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.regression
def test_upgrade_of_an_upgraded_database_changes_nothing(engine: Engine) -> None:
    tables = set(inspect(engine).get_table_names())
    migrate.upgrade()
    assert set(inspect(engine).get_table_names()) == tables == {*Base.metadata.tables, "alembic_version"}


@pytest.mark.slow
def test_downgrade_drops_everything(restored_engine: Engine) -> None:
    migrate.downgrade("base")
    assert inspect(restored_engine).get_table_names() == ["alembic_version"]
    with restored_engine.connect() as connection:
        assert connection.execute(text("SELECT to_regtype('order_status')")).scalar_one() is None


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_every_revision_can_be_left_both_ways(restored_engine: Engine, revision: str) -> None:
    migrate.downgrade(revision)
    with restored_engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == revision
    migrate.upgrade()
    assert set(Base.metadata.tables) < set(inspect(restored_engine).get_table_names())
