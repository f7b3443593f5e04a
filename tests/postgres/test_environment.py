"""This repository's own suite inside the environment: its slot works through every name of its address."""

import os

import psycopg
import pytest

pytestmark = pytest.mark.smoke

INSIDE = "EPHEMERAL_RUNNER" in os.environ


@pytest.mark.skipif(not INSIDE, reason="looks at the environment from inside: `make test-smoke`")
@pytest.mark.parametrize("variable", ["TEST_DATABASE_URL", "DATABASE_URL", "the PG* variables"])
def test_each_worker_is_the_owner_of_its_slot(variable):
    # The address itself cannot be a parameter: test ids must be the same in every worker.
    address = os.environ.get(variable, "")
    slot = os.environ.get("PYTEST_XDIST_WORKER", "master")
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT current_user, current_schema(), current_database()").fetchone()
        assert row == (slot, slot, os.environ["PGDATABASE"])
        connection.execute("CREATE TEMPORARY TABLE rows (id integer PRIMARY KEY)")
