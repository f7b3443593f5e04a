"""Slots on a real server: what each may do, and what Postgres refuses."""

import psycopg
import pytest

from runner.errors import NotReadyError, PostgresError
from runner.postgres.connect import wait_for_server

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("server")]

PASSWORD = "of-all-slots"
DENIED = psycopg.errors.InsufficientPrivilege


def ask(connection, query: str):
    return connection.execute(query).fetchone()[0]


def test_in_schema_mode_the_slot_s_schema_is_the_default_without_any_option(superuser, make_slots):
    make_slots("schema", "gw0")
    with superuser.connect_as("gw0", f"{PASSWORD}-gw0", "suite") as slot:
        assert ask(slot, "SELECT current_schema()") == "gw0"
        slot.execute("CREATE TABLE mine (id integer PRIMARY KEY)")
        assert ask(slot, "SELECT schemaname FROM pg_tables WHERE tablename = 'mine'") == "gw0"


@pytest.mark.security
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM gw1.theirs",
        "INSERT INTO gw1.theirs VALUES (2)",
        "DROP TABLE gw1.theirs",
        "CREATE TABLE gw1.mine (id integer)",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA another",
        "SET ROLE gw1",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE ROLE more",
        "CREATE DATABASE more",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_in_schema_mode_what_crosses_slots_is_refused(superuser, make_slots, statement):
    make_slots("schema", "gw0", "gw1")
    with superuser.connect_as("gw1", f"{PASSWORD}-gw1", "suite") as other:
        other.execute("CREATE TABLE theirs (id integer)")
    with superuser.connect_as("gw0", f"{PASSWORD}-gw0", "suite") as slot, pytest.raises(DENIED):
        slot.execute(statement)


@pytest.mark.security
@pytest.mark.parametrize("database", ["gw1", "postgres", "template1"])
def test_in_database_mode_a_slot_cannot_connect_to_another_one(superuser, make_slots, database):
    make_slots("database", "gw0", "gw1")
    with superuser.connect_as("gw0", f"{PASSWORD}-gw0", "gw0") as slot:
        slot.execute("CREATE SCHEMA another")
        slot.execute("CREATE TABLE public.mine (id integer)")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        superuser.connect_as("gw0", f"{PASSWORD}-gw0", database)


@pytest.mark.security
@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_the_password_of_one_slot_does_not_open_another(superuser, make_slots, isolation):
    make_slots(isolation, "gw0", "gw1")
    database = "suite" if isolation == "schema" else "gw1"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        superuser.connect_as("gw1", f"{PASSWORD}-gw0", database)


@pytest.mark.security
def test_a_wrong_password_is_refused(superuser, make_slots):
    make_slots("schema", "gw0")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        superuser.connect_as("gw0", "wrong", "suite")


def test_without_isolation_all_slots_are_one_database_whose_role_may_create_more(superuser, make_slots):
    make_slots("none", "master", "gw0", "gw1")
    with superuser.connect_as("suite", PASSWORD, "suite") as shared:
        shared.execute("CREATE DATABASE test_gw0")
        assert ask(shared, "SELECT current_schema()") == "public"


def test_a_slot_is_made_once_however_often_it_is_asked_for(superuser, make_slots):
    slots = make_slots("schema", "gw0", "gw0")
    slots.ensure("gw0")
    assert slots.made == ["gw0"]


@pytest.mark.security
def test_a_refusal_is_explained_without_the_password(superuser, make_slots):
    slots = make_slots("schema")
    superuser.connection.execute("CREATE ROLE gw7")
    with pytest.raises(PostgresError) as caught:
        slots.ensure("gw7")
    assert caught.value.as_text() == 'error: cannot make the slot `gw7`\ncause: role "gw7" already exists'


def test_a_server_that_does_not_answer_in_time_is_named_with_the_setting():
    from runner.engines.protocol import ServerAddress

    nowhere = ServerAddress("127.0.0.1", 1, "postgres", "secret")
    with pytest.raises(NotReadyError) as caught:
        wait_for_server([nowhere], 0.1, lambda: None)
    text = caught.value.as_text()
    assert text.startswith("error: Postgres is not ready after 0.1 s (`startup_timeout`)\ncause: ")
    assert "refused" in text
    assert text.endswith("hint:  raise the limit: `RUNNER_STARTUP_TIMEOUT=120`")
    assert "secret" not in text


def test_durability_is_off_and_the_data_is_in_memory(superuser):
    connection = superuser.connection
    assert ask(connection, "SHOW fsync") == "off"
    assert ask(connection, "SHOW synchronous_commit") == "off"
    assert ask(connection, "SHOW data_directory") == "/dev/shm/data"
