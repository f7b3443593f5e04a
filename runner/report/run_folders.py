"""The folders that runs have left below the results' root, and the one that a person means."""

from pathlib import Path

from runner.core.run_names import choose_run
from runner.errors import SettingsError, find_reason


def locate_results(folder: Path, results: str) -> Path:
    """Where all results of a project are: its folder, and the setting `results`."""
    return (folder / results).resolve()


def list_runs(root: Path) -> list[Path]:
    """The folders of all runs, oldest first; none where there are no results.

    Args:
        root: the setting `results` as a path, such as `<project>/.runner`.

    Raises:
        SettingsError: the folder cannot be read.
    """
    folder = root / "runs"
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"cannot read the results in `{folder}`", find_reason(error)) from None


def find_run(root: Path, name: str) -> Path:
    """The folder of the run that a name means; see `runner.core.run_names.choose_run`.

    Args:
        root: as for `list_runs`.
        name: an id, a unique beginning or end of one, or `latest`, as an empty name also says.

    Raises:
        SettingsError: there is none, or more than one.
    """
    runs = {path.name: path for path in list_runs(root)}
    return runs[choose_run(name, [*runs])]
