"""What a container of Postgres's image has inside, on a real server."""

import pytest

from runner.plugin.engine_database import Database

pytestmark = pytest.mark.engine


@pytest.fixture
def database(superuser, make_slots):
    # The slots are what removes roles and databases afterwards.
    address = superuser.address
    parts = {"host": address.host, "port": str(address.port), "user": address.user, "password": address.password}
    return Database(parts)


def test_the_role_and_the_database_of_a_container_are_made_and_the_next_ones_is_empty(superuser, database):
    wanted = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "it's", "POSTGRES_DB": "orders"}
    database.give(wanted)
    with superuser.connect_as("app", "it's", "orders") as inside:
        inside.execute("CREATE TABLE parcels ()")
    assert database.run("orders", ["SELECT 1", "SELECT relname, relkind FROM pg_class WHERE relname = 'parcels'"]) == (
        "1\nparcels|r\n"
    )
    database.give({**wanted, "POSTGRES_PASSWORD": "other"})
    assert database.run("orders", ["SELECT FROM pg_class WHERE relname = 'parcels'"]) == ""
    superuser.connect_as("app", "other", "orders").close()


def test_the_images_own_defaults_are_the_superuser_as_it_is(superuser, database):
    database.give({"POSTGRES_PASSWORD": "ignored"})
    superuser.connect_as(superuser.address.user, superuser.address.password, "postgres").close()
