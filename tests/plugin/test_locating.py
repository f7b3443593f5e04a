"""Where the plugin says that a failure happened: the line of the project, whatever raised."""

import pytest

pytestmark = pytest.mark.unit

FAILURES = """# line 1
import json
import pytest
from parts.checks import check, hidden

@pytest.fixture
def broken():
    raise RuntimeError("in a fixture")  # line 8

@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError("in teardown")  # line 13

def test_itself():
    assert 1 == 2  # line 16

def test_in_a_part_of_the_project():
    check(1)

def test_in_a_library():
    json.loads("{")  # line 22

def test_in_a_part_that_hides_itself():
    hidden(1)  # line 25

def test_in_setup(broken): pass

def test_in_teardown(breaks_later): pass

def test_without_a_fixture(nobody_made_this): pass  # line 31

@pytest.mark.xfail(strict=True)  # line 33
def test_that_passes_against_its_mark(): pass

def test_that_passes(): pass
"""

CHECKS = """def check(value):
    assert value == 2  # line 2

def hidden(value):
    __tracebackhide__ = True
    assert value == 2
"""


def locate(ran, event="failure-located"):
    return {each["test"].rpartition("::")[2]: (each["file"], each["line"]) for each in ran.named(event)}


@pytest.fixture
def failures(suite):
    suite.provide(None)
    suite.write(FAILURES)
    (suite.folder / "parts").mkdir()
    (suite.folder / "parts" / "__init__.py").touch()
    (suite.folder / "parts" / "checks.py").write_text(CHECKS)
    return suite


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_failure_is_told_with_the_innermost_line_of_the_project(failures, workers):
    assert locate(failures.run("-n", workers)) == {
        "test_itself": ("test_suite.py", 16),
        "test_in_a_part_of_the_project": ("parts/checks.py", 2),
        "test_in_a_library": ("test_suite.py", 22),
        "test_in_a_part_that_hides_itself": ("test_suite.py", 25),
        "test_in_setup": ("test_suite.py", 8),
        "test_in_teardown": ("test_suite.py", 13),
        "test_without_a_fixture": ("test_suite.py", 31),
        "test_that_passes_against_its_mark": ("test_suite.py", 33),
    }


def test_a_failure_is_told_with_the_end_of_its_traceback(failures):
    told = {each["test"]: each["text"] for each in failures.run("-n", "0").named("failure-located")}
    assert told["test_suite.py::test_itself"].endswith("test_suite.py:16: AssertionError")


def test_each_attempt_is_told(suite):
    suite.provide(None)
    suite.write("import pytest\n@pytest.mark.flaky(reruns=1)\ndef test_a(): assert False\n")
    assert [each["attempt"] for each in suite.run("-n", "0").named("failure-located")] == [1, 2]


def test_a_library_that_is_installed_inside_the_project_is_none_of_its_code(suite):
    suite.provide(None)
    folder = suite.folder / ".venv" / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "library.py").write_text("def fail(): raise ValueError\n")
    suite.write(f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport library\ndef test_a(): library.fail()\n")
    assert locate(suite.run("-n", "0")) == {"test_a": ("test_suite.py", 4)}


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("import os\n\ndef test_a(:\n    pass\n", 3, "SyntaxError: invalid syntax"),
        ("import os\nimport missing_here\n", 2, "ModuleNotFoundError: No module named 'missing_here'"),
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_cannot_be_collected_is_told_once_with_the_line(suite, code, line, message, workers):
    suite.provide(None)
    suite.write(code)
    (told,) = suite.run("-n", workers).named("collection-failed")
    assert (told["test"], told["file"], told["line"]) == ("test_suite.py", "test_suite.py", line)
    assert told["message"].startswith(message)


def test_what_passes_or_is_skipped_is_not_told(suite):
    suite.provide(None)
    suite.write(
        "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip()\n@pytest.mark.xfail\ndef test_c(): assert 0\n"
    )
    assert suite.run("-n", "0").named("failure-located") == []


def test_a_project_whose_folder_is_a_link_into_its_repository(suite):
    link = suite.folder.parent / f"{suite.folder.name}-link"
    link.symlink_to(suite.folder)
    suite.provide(None, wiring={"project": str(link)})
    suite.write("def test_a():\n    assert 0\n")
    assert locate(suite.run("-n", "0")) == {"test_a": ("test_suite.py", 2)}
