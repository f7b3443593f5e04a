"""The folder of a run's results."""

import pytest

from runner.errors import SettingsError
from runner.report.results import make_results_folder, point_latest

pytestmark = pytest.mark.unit


@pytest.mark.smoke
def test_results_are_kept_out_of_git(tmp_path):
    folder = make_results_folder(tmp_path / ".runner", "run-1")
    assert folder == tmp_path / ".runner/runs/run-1"
    assert folder.is_dir()
    assert (tmp_path / ".runner/.gitignore").read_text() == "*\n"


def test_a_second_run_adds_its_own_folder(tmp_path):
    make_results_folder(tmp_path, "run-1")
    make_results_folder(tmp_path, "run-2")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["run-1", "run-2"]


@pytest.mark.parametrize(
    ("root", "cause"),
    [("file", "not a directory"), ("file/below", "not a directory"), ("x" * 300, "file name too long")],
)
def test_a_place_that_cannot_be_written_is_refused_with_another_to_try(tmp_path, root, cause):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError) as caught:
        make_results_folder(tmp_path / root, "run-1")
    assert caught.value.as_text() == (
        f"error: cannot write results to `{tmp_path / root}`\ncause: {cause}\n"
        "hint:  name a folder that can be written: `RUNNER_RESULTS=/tmp/results`"
    )


def test_the_results_of_another_run_are_not_written_over(tmp_path):
    make_results_folder(tmp_path, "run-1")
    with pytest.raises(SettingsError, match="cannot write results"):
        make_results_folder(tmp_path, "run-1")


def test_latest_points_at_the_newest_run_in_a_way_that_survives_a_move(tmp_path):
    root = tmp_path / "root"
    for run in ("run-1", "run-2"):
        make_results_folder(root, run)
        point_latest(root, run)
    moved = root.rename(tmp_path / "moved")
    assert (moved / "latest").resolve() == (moved / "runs/run-2").resolve()
    assert sorted(path.name for path in moved.iterdir()) == [".gitignore", "latest", "runs"]


def test_a_folder_named_latest_does_not_end_a_run(tmp_path):
    make_results_folder(tmp_path, "run-1")
    (tmp_path / "latest").mkdir()
    point_latest(tmp_path, "run-1")
    assert (tmp_path / "latest").exists()
