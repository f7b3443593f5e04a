"""The Python that is taken where a lock has no wheels for the usual one."""

import pytest

from runner.core.detection.interpreter import detect_interpreter
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit


def make(name, *pythons):
    tags = [f"cp3{each}-cp3{each}-manylinux_2_17_x86_64.manylinux2014_x86_64" for each in pythons]
    files = [f"{name}-2023.10.3.tar.gz", *(f"{name}-2023.10.3-{each}.whl" for each in tags)]
    lines = "".join(f'    {{file = "{each}", hash = "sha256:0"}},\n' for each in files)
    return f'[[package]]\nname = "{name}"\nfiles = [\n{lines}]\n'


def find(lock, requires=">=3.9,<4", **texts):
    poetry = {"tool": {"poetry": {"dependencies": {"python": requires}}}}
    texts = {"poetry.lock": lock, **texts}
    detected = detect_interpreter(Snapshot(poetry, frozenset(texts), texts))
    return detected.settings.get("python", ""), [each.found for each in detected.findings]


LOCK = make("regex", 9, 10, 11, 12)


def test_an_old_lock_gets_the_newest_python_that_it_was_made_for():
    assert find(LOCK) == ("3.11", ["3.11, since the lock has no wheel of `regex` for 3.13"])


def test_a_python_that_the_project_does_not_allow_is_not_taken():
    assert find(LOCK, ">=3.12")[0] == ""
    assert find(LOCK, ">=3.9,<3.11 || >=3.13")[0] == "3.9"


def test_a_lock_that_has_fewer_for_every_other_stays():
    new = "".join(make(each, 13) for each in "abc")
    assert find(LOCK + new)[0] == ""
    assert find(new)[0] == ""


def test_what_ci_or_a_person_named_stays():
    workflow = "jobs:\n  t:\n    strategy:\n      matrix:\n        python-version: ['3.13']\n    steps: []\n"
    assert find(LOCK, **{".github/workflows/a.yml": workflow})[0] == ""
    assert find(LOCK, **{".python-version": "3.13\n"})[0] == ""
