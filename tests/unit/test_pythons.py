"""Which Python a project gets."""

import pytest

from runner.core.pythons import OWN, Interpreter, choose_python
from runner.errors import SettingsError

pytestmark = pytest.mark.unit


def version(setting="", version_file="", requires=""):
    return choose_python(setting, version_file, requires).version


def test_a_project_that_asks_for_none_gets_the_base_s():
    assert choose_python("", "", "") == Interpreter(OWN, "")
    assert Interpreter().origin == "base"


def test_the_setting_comes_before_the_version_file_and_that_before_the_metadata():
    assert version("3.9", "3.11", ">=3.13") == "3.9"
    assert version("", "3.11", ">=3.13") == "3.11"
    assert version("", "", "<3.13") == "3.11"
    assert choose_python("", "3.11", "") == Interpreter("3.11", "3.11", "`.python-version`")


@pytest.mark.parametrize(
    ("asked", "found"),
    [("3.11", "3.11"), ("3.11.7", "3.11"), ("cpython@3.14", "3.14"), ("python3.9", "3.9"), ("3", OWN),
     ("3.12", "3.12"), ("3.14.0rc1", "3.14"), ("cpython-3.13.2-linux", OWN), ("<3.12,>=3.9", "3.11")],
)  # fmt: skip
def test_a_version_is_understood_as_tools_write_it(asked, found):
    assert version(asked) == found


def test_a_version_file_may_have_comments_and_more_than_one_version():
    assert version(version_file="# ours\nsystem\n\n3.11.4 # for CI\n3.9\n") == "3.11"
    assert version(version_file="system\n", requires="<3.10") == "3.9"


@pytest.mark.parametrize(
    ("requires", "found"),
    [(">=3.9", OWN), (">=3.9,<3.13", "3.11"), ("~=3.11", OWN), ("~=3.11.0", "3.11"), (">=3.14", "3.15"),
     ("==3.12.*", "3.12"), ("<3.11,>=3.10", "3.10"), ("^3.9", OWN), ("~3.11", "3.11"), ("3.9.*", "3.9"), ("*", OWN),
     (">= 3.8, < 3.12", "3.11"), (">=3.8 <3.12", "3.11"), ("3.11", "3.11"), (">=3.11.5,<3.13", "3.12"),
     (">=3.10,!=3.13.*,<3.14", "3.11"), (">=3.8,<4.0", OWN),
     ("^2.7 || ~3.11", "3.11"), ("nonsense", OWN), ("3.11.7", "3.11"), ("==3.11.7", "3.11"), ("==3.12.1", "3.12")],
)  # fmt: skip
def test_the_base_s_python_is_taken_where_allowed_else_the_highest_of_debian_else_one_to_fetch(requires, found):
    assert version(requires=requires) == found


def test_where_it_comes_from():
    assert [(each.origin, each.release) for each in map(Interpreter, ("3.13", "3.11", "3.14", "3.12"))] == [
        ("base", ""), ("debian", "bookworm"), ("debian", "sid"), ("download", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [("3.8",), ("2.7",), ("3.99",), ("", "3.8.1"), ("", "", "<3.9"), ("", "", ">4"), ("", "", "==3.8.1")],
)
def test_what_cannot_be_had_is_refused_with_what_can(arguments):
    with pytest.raises(SettingsError) as caught:
        choose_python(*arguments, *[""] * (3 - len(arguments)))
    assert caught.value.what.startswith("there is no Python for what ")
    assert caught.value.cause == "Debian has 3.9 3.11 3.13 3.14 3.15; uv can fetch 3.10 3.12"


@pytest.mark.parametrize("asked", ["pypy3.10", "latest", "three"])
def test_what_is_no_version_is_refused(asked):
    with pytest.raises(SettingsError, match="cannot understand which Python the setting `python` asks for"):
        version(asked)
