"""Which modules can be imported without a database."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit


def _import_without_database(module: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "SQLALCHEMY_URL"}
    command = [sys.executable, "-c", f"import {module}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("module", ["orders.api", "orders.cli"])
def test_module_needs_no_database(module: str) -> None:
    assert _import_without_database(module).returncode == 0


def test_engine_needs_its_url_at_import() -> None:
    result = _import_without_database("orders.database")
    assert result.returncode == 1
    assert "KeyError: 'SQLALCHEMY_URL'" in result.stderr
