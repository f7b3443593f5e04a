"""Projects that are plugins of pytest's: what loads them once more, and what does not."""

import pytest

from runner.core.detection.own_plugin import detect_own_plugin
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

PYPROJECT = {"project": {"entry-points": {"pytest11": {"shop": "shop.plugin"}}}}
SETUP = "[options.entry_points]\npytest11 =\n  shop = shop.plugin\n"


def find(code, pyproject=PYPROJECT, **texts):
    known = {"tests/conftest.py": code, **texts}
    return detect_own_plugin(Snapshot(pyproject, frozenset(known), known)).settings.get("pytest_args")


@pytest.mark.parametrize(
    "code",
    [
        "from shop.plugin import *  # noqa\n",
        'pytest_plugins = ["pytester", "shop.plugin"]',
        'pytest_plugins = "shop.plugin"',
    ],
)
def test_a_conftest_that_loads_the_project_itself_leaves_the_installed_one_out(code):
    assert find(code) == ["-pno:shop"]
    assert find(code, {"tool": {"poetry": {"plugins": {"pytest11": {"shop": "shop.plugin"}}}}}) == ["-pno:shop"]
    assert find(code, {}, **{"setup.cfg": SETUP}) == ["-pno:shop"]
    assert find(code, {}) is None


@pytest.mark.parametrize(
    "code", ['pytest_plugins = "pytester"', "from shop.plugin import take", '"""from shop.plugin import *"""']
)
def test_what_loads_something_else_is_left_alone(code):
    assert find(code) is None
