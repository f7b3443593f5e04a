"""The run that a person means by a name."""

import pytest

from runner.core.run_names import choose_run
from runner.errors import SettingsError
from runner.report.run_folders import find_run, list_runs

pytestmark = pytest.mark.unit

OLD, MIDDLE, NEW = "20261123-090000-3f9a2c", "20261124-134743-da683c", "20261124-150000-3f0000"
RUNS = [OLD, MIDDLE, NEW]


@pytest.fixture
def root(tmp_path):
    for run in RUNS:
        (tmp_path / "runs" / run).mkdir(parents=True)
    (tmp_path / "latest").symlink_to("runs")
    (tmp_path / "runs/notes.txt").touch()
    return tmp_path


@pytest.mark.smoke
def test_runs_are_listed_oldest_first_and_files_beside_them_are_none(root):
    assert list_runs(root) == [root / "runs" / run for run in RUNS]


@pytest.mark.parametrize(
    ("name", "run"),
    [("latest", NEW), ("", NEW), (OLD, OLD), ("20261123", OLD), ("da683c", MIDDLE), ("20261124-15", NEW), ("c", None)],
)
def test_a_name_is_an_id_or_a_unique_beginning_or_end(root, name, run):
    if run:
        assert find_run(root, name) == root / "runs" / run
    else:
        with pytest.raises(SettingsError, match="more than one run"):
            find_run(root, name)


def test_an_id_wins_over_a_longer_one_that_begins_alike():
    assert choose_run("a", ["a", "ab"]) == "a"


def test_an_ambiguous_name_names_the_runs_newest_first(root):
    with pytest.raises(SettingsError) as caught:
        find_run(root, "20261124")
    assert caught.value.as_text() == (
        f"error: more than one run is meant by `20261124`\ncause: {NEW}, {MIDDLE}\nhint:  write more of the id"
    )


@pytest.mark.parametrize("name", ["20250101-000000-aaaaaa", "..", "../runs", "/", "notes.txt", "*"])
def test_a_run_that_is_gone_is_told_with_those_that_are_there(root, name):
    with pytest.raises(SettingsError) as caught:
        find_run(root, name)
    assert caught.value.what == f"no results of a run `{name}`"
    assert caught.value.hint == f"there are {NEW}, {MIDDLE}, {OLD}"


@pytest.mark.parametrize("name", ["latest", "", "x"])
def test_without_results_the_hint_says_how_to_get_some(tmp_path, name):
    with pytest.raises(SettingsError) as caught:
        find_run(tmp_path / "none", name)
    assert caught.value.as_text() == "error: no run has left results here\nhint:  `runner run` makes one"


def test_results_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(SettingsError) as caught:
        list_runs(tmp_path)
    assert caught.value.as_text() == f"error: cannot read the results in `{tmp_path}/runs`\ncause: not a directory"
