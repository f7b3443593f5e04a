"""Other processes reach the same database through the environment they inherit."""

import os
import shutil
import subprocess
import sys
import sysconfig

import psycopg
import pytest
from sqlalchemy.orm import Session

pytestmark = pytest.mark.e2e


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def _console_script() -> str:
    # A virtual environment that was not activated is not on the search path.
    script = shutil.which("orders", path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]))
    assert script is not None
    return script


@pytest.mark.smoke
def test_console_script_knows_its_version() -> None:
    assert _run(_console_script(), "--version") == "orders 1.4.2\n"


def test_console_script_lists_the_stock(shop: Session) -> None:
    assert _run(_console_script(), "stock") == "CUP-RED\t10\nPLATE\t5\n"


def test_console_script_finds_nothing_to_migrate(shop: Session) -> None:
    _run(_console_script(), "migrate")
    assert _run(_console_script(), "stock") == "CUP-RED\t10\nPLATE\t5\n"


def test_rows_of_a_child_process_are_visible(database_url: str) -> None:
    program = (
        "import psycopg\n"
        "with psycopg.connect() as connection:\n"
        "    connection.execute(\"INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada')\")\n"
        "    print(connection.execute('SELECT current_user').fetchone()[0])\n"
    )
    assert _run(sys.executable, "-c", program).strip() == os.environ["PGUSER"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id, name FROM customers").fetchall() == [(1, "Ada")]


def test_application_of_a_child_process_serves_the_same_shop(shop: Session) -> None:
    program = "from orders.wsgi import app\nprint(app.test_client().get('/stock').get_json())\n"
    assert _run(sys.executable, "-c", program) == "{'CUP-RED': 10, 'PLATE': 5}\n"
