"""The folder of one run's results: `.runner/runs/<run id>/`, and `.runner/latest` that points at the newest."""

from contextlib import suppress
from pathlib import Path

from runner.errors import SettingsError


def make_results_folder(root: Path, run: str) -> Path:
    """Make the folder of a run, and keep the whole of `root` out of git.

    Raises:
        SettingsError: the folder cannot be written.
    """
    folder = root / "runs" / run
    try:
        folder.mkdir(parents=True)
        (root / ".gitignore").write_text("*\n")
    except OSError as error:
        raise SettingsError(
            f"cannot write results to `{root}`",
            (error.strerror or str(error)).lower(),
            "name a folder that can be written: `RUNNER_RESULTS=/tmp/results`",
        ) from None
    return folder


def point_latest(root: Path, run: str) -> None:
    """Let `latest` point at a run; replaced in one step, since two runs may end at the same time.

    A convenience: where the file system has no links, or a folder is in the way, there is none.
    """
    link = root / f".latest-{run}"
    with suppress(OSError):
        link.symlink_to(Path("runs") / run)
        link.replace(root / "latest")
    link.unlink(missing_ok=True)
