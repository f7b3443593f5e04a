"""What the plugin costs, measured; figures are printed with `-rP`, and compared by `make bench`."""

import json
import os
import subprocess
import sys
import time

import pytest
from project_folder import LEAN, is_ours

pytestmark = [pytest.mark.unit, pytest.mark.performance]

TESTS = 500


def test_the_plugin_reports_every_one_of_many_trivial_tests(pytester):
    pytester.makepyfile(f"import pytest\n@pytest.mark.parametrize('n', range({TESTS}))\ndef test_n(n):\n    pass\n")
    reports = pytester.path / "reports.jsonl"
    reports.touch()
    wiring = {"server": None, "groups": {}, "transient": [], "reports": str(reports)}
    clean = {name: value for name, value in os.environ.items() if not is_ours(name)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", *LEAN.split()],
        cwd=pytester.path,
        env={**clean, "EPHEMERAL_RUNNER": json.dumps(wiring)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stdout
    assert reports.read_text().count('"test-finished"') == TESTS
    print(f"{TESTS} trivial tests with the plugin: {seconds:.2f} s")
