"""Programs of Postgres's that the code calls come with a package."""

import pytest

from runner.core.detection.detectors import detect
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit


def find(code):
    texts = {"shop/dump.py": f"import subprocess\n{code}\n"}
    detected = detect(Snapshot({}, frozenset(texts), texts))
    return detected.settings.get("packages", []), [each.where for each in detected.findings if "psql" in each.found]


@pytest.mark.parametrize(
    "code",
    [
        'subprocess.run(["psql", "-c", "SELECT 1"])',
        'run("psql", name)',
        "subprocess.run(f'psql -h {host} -c x', shell=True)",
        'subprocess.run(\n    ["psql"]\n)',
    ],
)
def test_a_program_that_is_called(code):
    packages, places = find(code)
    assert packages == ["postgresql-client"]
    assert places[0].startswith("shop/dump.py:")


@pytest.mark.parametrize(
    "code", ["get('psql://a@b/c')", "'psql'", "log('psql: failed')", "# run psql", "name = 'pg_dump'"]
)
def test_a_word_that_is_no_command(code):
    assert find(code)[0] == []


def test_code_that_runs_no_programs():
    texts = {"shop/names.py": "KINDS = ['psql', 'mysql']\n"}
    assert "packages" not in detect(Snapshot({}, frozenset(texts), texts)).settings
