"""The folder of a run's results."""

import pytest

from runner.errors import SettingsError
from runner.report.results import Snapshots, keep_dump, make_results_folder, point_latest

pytestmark = pytest.mark.unit


@pytest.mark.smoke
def test_results_are_kept_out_of_git(tmp_path):
    folder = make_results_folder(tmp_path, ".runner", "run-1")
    assert folder == tmp_path / ".runner/runs/run-1"
    assert folder.is_dir()
    assert (tmp_path / ".runner/.gitignore").read_text() == "*\n"


def test_a_second_run_adds_its_own_folder(tmp_path):
    make_results_folder(tmp_path, "out", "run-1")
    make_results_folder(tmp_path, "out", "run-2")
    assert sorted(path.name for path in (tmp_path / "out/runs").iterdir()) == ["run-1", "run-2"]


@pytest.mark.parametrize(
    ("root", "cause"),
    [("file", "not a directory"), ("file/below", "not a directory"), ("x" * 300, "file name too long")],
)
def test_a_place_that_cannot_be_written_is_refused_with_another_to_try(tmp_path, root, cause):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError) as caught:
        make_results_folder(tmp_path, root, "run-1")
    assert caught.value.as_text() == (
        f"error: cannot write results to `{tmp_path / root}`\ncause: {cause}\n"
        "hint:  name a folder that can be written: `RUNNER_RESULTS=/tmp/results`"
    )


def test_the_results_of_another_run_are_not_written_over(tmp_path):
    make_results_folder(tmp_path, "out", "run-1")
    with pytest.raises(SettingsError, match="cannot write results"):
        make_results_folder(tmp_path, "out", "run-1")


def test_latest_points_at_the_newest_run_in_a_way_that_survives_a_move(tmp_path):
    root = tmp_path / "root"
    for run in ("run-1", "run-2"):
        point_latest(make_results_folder(tmp_path, "root", run))
    moved = root.rename(tmp_path / "moved")
    assert (moved / "latest").resolve() == (moved / "runs/run-2").resolve()
    assert sorted(path.name for path in moved.iterdir()) == [".gitignore", "latest", "runs"]


def test_a_folder_named_latest_does_not_end_a_run(tmp_path):
    results = make_results_folder(tmp_path, "out", "run-1")
    (tmp_path / "out/latest").mkdir()
    point_latest(results)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".gitignore", "latest", "runs"]
    assert not (tmp_path / "out/latest").is_symlink()


def test_a_gitignore_of_the_users_own_is_never_overwritten(tmp_path):
    ignore = tmp_path / "out/.gitignore"
    ignore.parent.mkdir()
    ignore.write_text("*.log\n")
    for run in ("run-1", "run-2"):
        assert make_results_folder(tmp_path, "out", run).is_dir()
    assert ignore.read_text() == "*.log\n"


def test_a_gitignore_that_is_a_link_is_not_written_through(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.gitignore").symlink_to(tmp_path / "elsewhere")
    assert make_results_folder(tmp_path, "out", "run-1").is_dir()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["", ".", "./", "..", "../..", "sub/..", "../project", "/", "../link"])
def test_results_in_the_project_itself_or_above_it_are_refused(tmp_path, name):
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("project")
    with pytest.raises(SettingsError) as caught:
        make_results_folder(project, name, "run-1")
    assert caught.value.exit_code == 90
    assert caught.value.as_text() == (
        f"error: cannot keep results in `{(project / name).resolve()}`\ncause: the project lies in it\n"
        "hint:  name a folder of their own: `RUNNER_RESULTS=.runner`"
    )
    assert [path.name for path in project.iterdir()] == ["sub"]


@pytest.mark.parametrize("name", ["sub", "sub/deeper", "../beside", "../project-2"])
def test_results_in_a_folder_below_or_beside_the_project_are_fine(tmp_path, name):
    project = tmp_path / "project"
    project.mkdir()
    assert make_results_folder(project, name, "run-1") == (project / name).resolve() / "runs/run-1"


def test_a_dump_is_kept_in_a_folder_of_its_test(tmp_path):
    keep_dump(tmp_path, "tests/a.py::test_a[ü/x]", "attempt-1", lambda: "SELECT 'ü';\n")
    keep_dump(tmp_path, "tests/a.py::test_a[ü/x]", "attempt-2", lambda: "")
    [folder] = (tmp_path / "failures").iterdir()
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == {
        "attempt-1.sql": "SELECT 'ü';\n",
        "attempt-2.sql": "",
    }


@pytest.mark.security
@pytest.mark.parametrize(
    ("one", "other"),
    [("a.py::test[1/2]", "a.py::test[1-2]"), ("x" * 500 + "a", "x" * 500 + "b"), ("../../a", "a"), ("", " ")],
)
def test_dumps_of_two_tests_never_share_a_folder_and_never_leave_it(tmp_path, one, other):
    results = tmp_path / "results"
    for test in (one, other):
        keep_dump(results, test, "rows", lambda test=test: test)
    assert sorted(path.read_text() for path in results.glob("failures/*/rows.sql")) == sorted([one, other])
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_dump_that_cannot_be_kept_is_no_error_of_the_run(tmp_path):
    (tmp_path / "failures").touch()
    keep_dump(tmp_path, "t", "rows", lambda: "x")
    assert (tmp_path / "failures").read_text() == ""


def test_a_snapshot_that_was_kept_is_read_and_no_other(tmp_path):
    snapshots = Snapshots(tmp_path / "root")
    assert snapshots.read("0123") is None
    snapshots.keep("0123", "größe\r\n")
    assert snapshots.read("0123") == "größe\r\n"
    assert snapshots.read("4567") is None
    snapshots.keep("0123", "new")
    assert snapshots.read("0123") == "new"
    assert [path.name for path in (tmp_path / "root/snapshots").iterdir()] == ["0123.sql"]


def test_a_snapshot_that_is_no_text_is_none(tmp_path):
    snapshots = Snapshots(tmp_path)
    snapshots.keep("0123", "x")
    (tmp_path / "snapshots/0123.sql").write_bytes(b"\xff")
    assert snapshots.read("0123") is None


def test_a_snapshot_that_cannot_be_kept_is_no_error_of_the_run(tmp_path):
    (tmp_path / "snapshots").touch()
    snapshots = Snapshots(tmp_path)
    snapshots.keep("0123", "x")
    assert snapshots.read("0123") is None
