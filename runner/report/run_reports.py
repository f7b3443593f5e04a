"""The file `run.json` of a run's results: written when a run ends, and read again."""

from pathlib import Path

from runner.core.run_report import NAME, RunReport, parse, write
from runner.errors import SettingsError, find_reason
from runner.report.run_files import is_held
from runner.report.run_folders import find_run, list_runs


def keep_report(results: Path, report: RunReport) -> str:
    """Write a report; it appears in one step.

    Returns:
        What a person should know of: why it is not there, which is no reason to fail a run. Empty where it is.
    """
    part = results / f".{NAME}.part"
    try:
        part.write_bytes(write(report))
        part.replace(results / NAME)
    except OSError as error:
        return f"no {NAME}: cannot write `{results / NAME}`: {find_reason(error)}"
    return ""


def read_report(folder: Path) -> RunReport:
    """The report of a run.

    Raises:
        SettingsError: there is none, or it cannot be read.
    """
    path = folder / NAME
    try:
        return parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None
    if is_held(folder):
        hint = "`runner status` shows what it does; `runner last` takes the id of an earlier run"
        raise SettingsError(f"the run `{folder.name}` is still running", hint=hint)
    cause = f"no {NAME} in `{folder}`: it was killed, or was no `runner run`, or an older version ran it"
    raise SettingsError(
        f"the run `{folder.name}` has left no summary", cause, "`runner last` takes the id of another run"
    )


def find_reported(root: Path, name: str) -> Path:
    """The run that a name means; without one the newest that has a report, or still runs.

    Folders without either are of audits, and of runs that were killed.

    Raises:
        SettingsError: there is none.
    """
    newest = reversed(list_runs(root)) if not name else ()
    found = next((each for each in newest if (each / NAME).exists() or is_held(each)), None)
    return found or find_run(root, name)
