"""What a suite's own `addopts` decide, and where they are found."""

import shlex

import pytest

from runner.core.habits import read_habits, split_addopts
from runner.core.settings_layers import merge_settings
from runner.project.load import load_project
from runner.project.pytest_files import load_habits

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("addopts", "habits"),
    [
        ("", {}),
        ("-ra -q --strict-markers --maxfail=3 -p no:cacheprovider --reuse-db", {}),
        ("-n auto --dist=loadgroup", {"workers": "auto", "dist": "loadgroup"}),
        ("-n4", {"workers": 4}),
        ("--reuse-db -m 'not independent'", {"mark": "not independent"}),
        ("--numprocesses logical", {"workers": "auto"}),
        ("-n 2 --dist no", {"workers": 0}),
        ("-p no:xdist", {"workers": 0}),
        ("--reruns 3 --reruns-delay=0.5", {"reruns": 3, "reruns_delay": 0.5}),
        ("--reruns 3 -p no:rerunfailures", {"reruns": 0, "reruns_delay": None}),
        ("--dist each", {}),
        ("--reruns", {}),
        ("-n many", {}),
        ("-k 'not -n 3'", {}),
    ],
)
def test_options_whose_settings_are_ours_are_found_and_no_others(addopts, habits):
    wanted = {name: value for name, value in habits.items() if value is not None}
    assert read_habits(shlex.split(addopts)) == wanted


@pytest.mark.parametrize(
    ("value", "words"), [(["-n", "2"], ["-n", "2"]), ("-n 2\n  -x", ["-n", "2", "-x"]), ("'", []), (None, []), (3, [])]
)
def test_addopts_are_a_text_or_a_list(value, words):
    assert split_addopts(value) == words


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({"pytest.ini": "[pytest]\naddopts = -n 3\n"}, 3),
        ({"pytest.ini": "[pytest]\naddopts =\n    -ra\n    -n 3\n", "tox.ini": "[pytest]\naddopts = -n 5\n"}, 3),
        ({"pytest.ini": "", "setup.cfg": "[tool:pytest]\naddopts = -n 5\n"}, None),
        ({"tox.ini": "[testenv]\ndeps = x\n", "setup.cfg": "[tool:pytest]\naddopts = -n 5 %(x)s\n"}, 5),
        ({"pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["-n", "6"]\n'}, 6),
        ({"pyproject.toml": '[tool.pytest]\naddopts = ["-n", "6"]\n', "tox.ini": "[pytest]\naddopts=-n 1\n"}, 6),
        ({"pytest.toml": '[pytest]\naddopts = ["-n", "7"]\n'}, 7),
        ({"pytest.toml": "[pytest\n"}, None),
        ({"setup.cfg": "[broken\n"}, None),
        ({"setup.py": ""}, None),
    ],
)
def test_they_stand_in_the_first_file_that_pytest_takes(tmp_path, files, workers):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "setup.py").touch()
    project = load_project(tmp_path)
    assert load_habits(project.folder, project.pyproject).get("workers") == workers


def test_they_come_before_our_defaults_and_after_whatever_the_project_sets():
    habits = {"workers": 4, "dist": "loadgroup"}
    sourced = merge_settings({"workers": 2}, {}, {}, habits=habits)
    assert (sourced.settings.workers, sourced.sources["workers"]) == (2, "pyproject.toml")
    assert (sourced.settings.dist, sourced.sources["dist"]) == ("loadgroup", "addopts")
