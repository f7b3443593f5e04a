"""The folder of one run's results: `.runner/runs/<run id>/`, and `.runner/latest` that points at the newest."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from runner.errors import RunnerError, SettingsError, find_reason
from runner.report.failures import make_folder_name


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
        keep_out_of_git(root)
    except OSError as error:
        raise SettingsError(
            f"cannot write results to `{root}`",
            find_reason(error),
            "name a folder that can be written: `RUNNER_RESULTS=/tmp/results`",
        ) from None
    return folder


def keep_out_of_git(root: Path) -> None:
    """Let git ignore a folder of ours; a file of the user's is never overwritten. Raises OSError."""
    with suppress(FileExistsError), (root / ".gitignore").open("x") as ignore:
        ignore.write("*\n")


def keep_dump(results: Path, test: str, name: str, dump: Callable[[], str]) -> None:
    """Keep what a failed test left in its database, as `failures/<test>/<name>.sql`; two tests never share a folder.

    Where there is no dump, the file says why: that is no reason to end a run. A dump that is there stays: it was made
    when the test failed, and its teardown may have removed rows since.
    """
    folder = results / make_folder_name(test)
    if (folder / f"{name}.sql").exists():
        return
    try:
        text = dump()
    except RunnerError as error:
        text = f"-- {error.what}: {error.cause}\n"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


class Snapshots:
    """Results of `setup`, kept between runs as `snapshots/<key>.sql`; one that cannot be read or written is none."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "snapshots"

    def read(self, key: str) -> str | None:
        """The text of a snapshot, if it is there."""
        with suppress(OSError, UnicodeDecodeError):
            # As bytes: reading text would turn a carriage return in the data into a line feed.
            return (self._folder / f"{key}.sql").read_bytes().decode()
        return None

    def keep(self, key: str, text: str) -> None:
        """Keep a snapshot; it appears in one step, since two runs may make the same."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as made:
                made.write(text)
            Path(made.name).replace(self._folder / f"{key}.sql")


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
