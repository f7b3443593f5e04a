"""`setup` runs once into a template; slots are copies, in both modes; unchanged inputs run nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Make, run

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("orders")]

EVERYTHING = """
CREATE EXTENSION citext;
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE customers (id serial PRIMARY KEY, email citext NOT NULL UNIQUE);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer integer NOT NULL REFERENCES customers,
    state state NOT NULL DEFAULT 'open', note text DEFAULT E'it''s ; a \\\\ "note"');
CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'open';
CREATE FUNCTION count_orders() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM orders';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'touched'; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO customers (email) VALUES ('ada@example.com'), ('bob@example.com');
INSERT INTO orders (customer) VALUES (1);
"""

TESTS = """
import psycopg, pytest

@pytest.fixture(params=["slot", "fresh"])
def connection(request, db_url):
    url = db_url if request.param == "slot" else request.getfixturevalue("fresh_database")
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()

@pytest.mark.parametrize("time", range(3))
def test_everything_is_there_and_works(connection, time):
    one = lambda query: connection.execute(query).fetchone()[0]
    assert one("SELECT count(*) FROM customers WHERE email = 'ADA@example.com'") == 1
    assert one("SELECT note FROM open_orders") == "it's ; a " + chr(92) + ' "note"'
    assert one("SELECT count_orders()") == 1
    assert one("INSERT INTO customers (email) VALUES ('eve@example.com') RETURNING id") >= 3
    assert one("UPDATE orders SET state = 'closed' RETURNING note") == "touched"
    connection.execute("ALTER TABLE orders ADD COLUMN price numeric")
    connection.execute("DROP TABLE orders CASCADE")
"""


def read_events(stdout: str, name: str) -> list[dict[str, Any]]:
    lines = (Path(json.loads(stdout)["results"]) / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_slots_and_fresh_databases_are_copies_with_everything_in_it(make_project: Make, isolation: str) -> None:
    settings = f'setup = ["schema.sql"]\nsetup_inputs = ["schema.sql"]\nisolation = "{isolation}"'
    project = make_project({"schema.sql": EVERYTHING, "test_a.py": TESTS}, settings)
    for commands in (1, 0):
        ended = run(project, "run", "-n", "2", "--json", CI="")
        assert ended.exit_code == 0, ended.stderr
        assert json.loads(ended.stdout)["tests"] == {"passed": 6}
        (event,) = read_events(ended.stdout, "setup-finished")
        assert event["commands"] == commands
    assert read_events(run(project, "run", "--json", CI="true").stdout, "setup-finished")[0]["commands"] == 1
    (project / "schema.sql").write_text(EVERYTHING + "CREATE TABLE more ();\n")
    assert read_events(run(project, "run", "--json", CI="").stdout, "setup-finished")[0]["commands"] == 1


def test_the_orders_project_migrates_once(orders: Path) -> None:
    first = run(orders, "run", "-g", "smoke", "--json", CI="")
    second = run(orders, "run", "-g", "smoke", "--json", CI="")
    assert [read_events(each.stdout, "setup-finished")[0]["commands"] for each in (first, second)] == [1, 0]
    assert json.loads(second.stdout)["tests"] == {"passed": 12}


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ("CREATE SCHEMA audit", "the schema `audit`"),
        ("SELECT lo_create(0)", "large objects"),
        (
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET search_path = runner_template AS 'SELECT ''a'''",
            "the function `f`, whose text names its schema",
        ),
    ],
)
def test_what_schema_mode_cannot_copy_is_named_with_the_mode_that_can(
    make_project: Make, statements: str, named: str
) -> None:
    project = make_project({"schema.sql": statements, "test_a.py": "def test_a(): pass\n"}, 'setup = ["schema.sql"]')
    refused = run(project, "run")
    assert refused.exit_code == 94
    assert f"error: `setup` made what a slot that is a schema cannot have: {named}" in refused.error
    assert refused.error.endswith('hint:  set `isolation = "database"`')
    assert run(project, "run", "--isolation", "database").exit_code == 0


def test_a_setup_that_fails_says_which_command(make_project: Make) -> None:
    project = make_project({"test_a.py": "def test_a(): pass\n"}, "setup = [\"sh -c 'echo broken migration; exit 3'\"]")
    ended = run(project, "run")
    assert ended.exit_code == 94
    assert "broken migration" in ended.stdout
    assert ended.error.startswith(
        "error: `sh -c 'echo broken migration; exit 3'` (`setup`) ended with the exit code 3\n"
    )


def test_sql_that_postgres_refuses_is_quoted(make_project: Make) -> None:
    project = make_project(
        {"bad.sql": "CREATE TABEL a ();", "test_a.py": "def test_a(): pass\n"}, 'setup = ["bad.sql"]'
    )
    ended = run(project, "run")
    assert ended.exit_code == 94
    assert ended.error.startswith('error: `bad.sql` (`setup`) was refused\ncause: syntax error at or near "TABEL"')


def test_an_input_that_is_not_there_is_an_error(make_project: Make) -> None:
    settings = 'setup = ["true"]\nsetup_inputs = ["migrations"]'
    ended = run(make_project({"test_a.py": "def test_a(): pass\n"}, settings), "run")
    assert ended.exit_code == 90
    assert ended.error.startswith("error: `setup_inputs`: no file matches `migrations`")


def test_many_quick_tests_with_a_database_each_fit_into_memory(make_project: Make) -> None:
    # Each has 7.5 MB; all of them at the same time would take half as much again as there is (`postgres_memory`).
    test = "import pytest\n@pytest.mark.parametrize('i', range(100))\ndef test_a(i, fresh_database): pass\n"
    project = make_project({"schema.sql": EVERYTHING, "test_a.py": test, "test_b.py": test}, 'setup = ["schema.sql"]')
    ended = run(project, "run", "-n", "4", "--json")
    assert json.loads(ended.stdout)["tests"] == {"passed": 200}, ended.stderr[-3000:]
