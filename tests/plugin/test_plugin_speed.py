"""What the plugin costs, measured; figures are printed with `-rP`, and compared by `make bench`."""

import os
import subprocess
import sys
import time

import pytest
from project_folder import is_ours

pytestmark = [pytest.mark.unit, pytest.mark.performance]

TESTS = 500


def test_the_plugin_reports_every_one_of_many_trivial_tests(pytester):
    pytester.makepyfile(f"import pytest\n@pytest.mark.parametrize('n', range({TESTS}))\ndef test_n(n):\n    pass\n")
    environment = "EPHEMERAL_RUNNER='{\"server\": null}' EPHEMERAL_RUNNER_REPORTS=yes"
    pytest_command = f"{sys.executable} -m pytest -q -n 2 -p no:cacheprovider"
    began = time.perf_counter()
    done = subprocess.run(
        ["sh", "-c", f"{environment} {pytest_command} 3>reports.jsonl"],
        cwd=pytester.path,
        env={name: value for name, value in os.environ.items() if not is_ours(name)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stdout
    reports = (pytester.path / "reports.jsonl").read_text()
    assert reports.count('"test-finished"') == TESTS
    print(f"{TESTS} trivial tests with the plugin: {seconds:.2f} s")
