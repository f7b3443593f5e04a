"""A run without settings tells what it went by: what was detected, what was assumed, and the lines to add."""

from collections.abc import Iterator

from runner.core.detection.detectors import detect
from runner.core.settings import Settings
from runner.core.snapshot import Detected
from runner.errors import RunnerError
from runner.project.detection import read_snapshot
from runner.project.edits_toml import add_settings
from runner.project.load import Project
from runner.report.proposal import show
from runner.report.run_story import make_line

SHOWN_FINDINGS, SHOWN_LINES, SHOWN_NOTES = 10, 12, 3
"""Lines of each kind: all of them fit on one screen."""


def introduce(project: Project, workers: int) -> list[str]:
    """The lines; none where the project cannot be looked at, which the run itself tells better.

    Args:
        project: one without settings.
        workers: how many the run had.
    """
    try:
        detected = detect(read_snapshot(project))
        added = add_settings("", detected.settings, project.folder / "pyproject.toml").strip().splitlines()
    except (RunnerError, OSError):
        return []
    return [
        make_line("settings", "there are none for this project; what the run went by:"),
        *tell_detected(detected),
        make_line("assumed", tell_assumed(detected, workers)),
        *tell_added(added),
        *(
            make_line("note" if not number else "", show(note))
            for number, note in enumerate(detected.notes[:SHOWN_NOTES])
        ),
    ]


def tell_detected(detected: Detected) -> Iterator[str]:
    """What was seen, and in which file."""
    for number, each in enumerate(detected.findings[:SHOWN_FINDINGS]):
        where = f"  ({each.where})" if each.where not in {"", each.found} else ""
        yield make_line("detected" if not number else "", show(f"{each.subject}: {each.found}{where}"))
    if (more := len(detected.findings) - SHOWN_FINDINGS) > 0:
        yield make_line("", f"and {more} more: `runner init --dry-run`")


def tell_assumed(detected: Detected, workers: int) -> str:
    """What nobody said, and the defaults that stood for it."""
    default = Settings()
    return (
        f"a {default.isolation} for each of {workers or 'no'} worker{'s' if workers != 1 else ''},"
        f" {'no `setup`' if 'setup' in detected.settings else 'no migrations'}, no services, no system packages"
    )


def tell_added(added: list[str]) -> Iterator[str]:
    """The lines to add."""
    lines = [line for line in added if line.strip()]
    if len(lines) < 2:
        yield make_line("to add", "nothing: the defaults fit; `runner init` adds marks, make targets and a CI file")
        return
    for number, line in enumerate(lines[:SHOWN_LINES]):
        yield make_line("to add" if not number else "", show(line))
    more = f"; {len(lines) - SHOWN_LINES} more lines" if len(lines) > SHOWN_LINES else ""
    yield make_line("", f"`runner init` writes them into pyproject.toml{more}")
