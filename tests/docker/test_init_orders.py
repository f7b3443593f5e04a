"""The sample project `orders`, its settings removed and written again by `runner init`, through the real engine."""

import json
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, run

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("orders")]


def test_what_init_writes_is_enough_for_a_green_run(orders: Path) -> None:
    pyproject = orders / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().partition("[tool.runner]")[0])
    (orders / "alembic.ini").write_text("[alembic]\nscript_location = src/orders/migrations\n")
    written = run(orders, "init", "--yes", "--ci", "none")
    assert written.exit_code == 0, written.stderr
    assert (
        'setup = ["alembic upgrade head"]\nsetup_inputs = ["alembic.ini", "src/orders/migrations"]'
        in pyproject.read_text()
    )
    # Without its variable, which `init` found in the code, the project cannot connect to anything.
    ended = run(orders, "run", "-g", "smoke", "-g", "e2e", "-n", "2", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": 22}
    assert ended.last_line == NOTHING_LEFT
