"""The folder of one run's results: `.runner/runs/<run id>/`, and `.runner/latest` that points at the newest."""

from contextlib import suppress
from pathlib import Path

from runner.errors import SettingsError, find_reason


def make_results_folder(project: Path, name: str, run: str) -> Path:
    """Make the folder of a run, and keep all results out of git; a file of the user's is never overwritten.

    Args:
        project: the project's folder.
        name: the setting `results`, relative to the project.
        run: the run's id.

    Raises:
        SettingsError: the folder cannot be written, or holds the project itself.
    """
    root = (project / name).resolve()
    if project.is_relative_to(root):
        raise SettingsError(
            f"cannot keep results in `{root}`",
            "the project lies in it",
            "name a folder of their own: `RUNNER_RESULTS=.runner`",
        )
    folder = root / "runs" / run
    try:
        folder.mkdir(parents=True)
        with suppress(FileExistsError), (root / ".gitignore").open("x") as ignore:
            ignore.write("*\n")
    except OSError as error:
        raise SettingsError(
            f"cannot write results to `{root}`",
            find_reason(error),
            "name a folder that can be written: `RUNNER_RESULTS=/tmp/results`",
        ) from None
    return folder


def point_latest(results: Path) -> None:
    """Let `latest` point at a run; replaced in one step, since two runs may end at the same time.

    A convenience: where the file system has no links, or a folder is in the way, there is none.
    """
    root, run = results.parents[1], results.name
    link = root / f".latest-{run}"
    with suppress(OSError):
        link.symlink_to(Path("runs") / run)
        link.replace(root / "latest")
    link.unlink(missing_ok=True)
