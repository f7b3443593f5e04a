"""Reads what a run has kept, and its project's files, for the causes of its failures."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from runner.core.attempt_log import AttemptLog, find_failed
from runner.core.causes.known import KNOWN
from runner.core.causes.suite import COLLECTED, WAITED
from runner.core.causes.symptoms import Facts, Symptom
from runner.core.detection.lock import advise_day
from runner.core.error_lines import find_errors, find_named
from runner.core.events import Event
from runner.core.explanation import Explanation, explain
from runner.core.failure_log import FailureLog
from runner.core.run_report import RunReport
from runner.core.settings import Settings
from runner.core.snapshot import Snapshot
from runner.core.violations import START
from runner.errors import SettingsError
from runner.project.detection import read_snapshot
from runner.project.load import Project
from runner.report.failures import read_text
from runner.report.run_files import EVENTS, HANG, LOGS, parse
from runner.report.run_reports import read_report

TEXTS = frozenset({".py", ".toml", ".ini", ".cfg", ".env", ".yml", ".yaml", ".txt", ".in", ".json", ".test", ""})
"""Endings of files that may name an address or a package."""

LARGEST, MOST = 256 << 10, 4000
"""Bytes of a file that is read, and how many files."""

LOG_END = 1 << 20
"""Bytes of a log that are read, from its end."""

SPOKEN = re.compile(r"^(?:INTERNALERROR>|ERROR:|E  |__main__\.py: error:|\S*pytest\S*: error:|UsageError)")
"""How pytest begins lines that are of no test: of its own end, a conftest, its options."""

CRASHED = re.compile(r"^Traceback \(most recent call last\):\n  File \"\S*/bin/pytest\"", re.MULTILINE)
"""How Python tells that pytest itself ended, which it does before it has anything to say."""

OURS = frozenset({"postgres", "runner_template", ""})
"""Users of the runner itself, whose first attempts to connect may come too early."""


def explain_run(folder: Path, project: Project, settings: Settings) -> Explanation:
    """The known causes in a run.

    Args:
        folder: the run's results.
        project: whose run it was, as it is now.
        settings: its settings.
    """
    report = read_known_report(folder)
    facts = Facts(read_project(project), settings)
    if report is not None:
        facts = replace(facts, isolation=report.isolation, workers=report.workers)
    explanation = explain([*read_symptoms(folder, report)], KNOWN, facts)
    hints = () if settings.exclude_newer else advise_day(facts.snapshot)
    return replace(explanation, hint="".join(hints)) if explanation.unknown else explanation


def read_known_report(folder: Path) -> RunReport | None:
    """The summary of a run; None where it left none."""
    with suppress(SettingsError):
        return read_report(folder)
    return None


def read_symptoms(folder: Path, report: RunReport | None) -> Iterator[Symptom]:
    """Everything that failed in a run, the tests first."""
    log, failures = read_events(folder)
    for each in failures.uncollected:
        yield Symptom(each.test, find_errors(each.message, each.text), each.message, each.text, each.file, each.line)
    for attempt in log.last:
        if attempt.test in find_failed([attempt]):
            place = failures.find(attempt.test, attempt.number)
            yield Symptom(
                attempt.test,
                find_errors(attempt.message, place.text or attempt.text),
                attempt.message,
                place.text,
                place.file,
                place.line,
                attempt.groups,
                read_output(folder, failures.kept.get(attempt.test, "")),
            )
    yield from read_suite_log(folder)
    yield from read_server_log(folder)
    if report is not None and report.error is not None:
        text = "\n".join([report.error.what, report.error.cause, *read_hang(folder)])
        yield Symptom("", text, report.error.what, text)
        yield from read_setup(folder, report.error.what)


def read_events(folder: Path) -> tuple[AttemptLog, FailureLog]:
    """The attempts and failures of a run, from its events."""
    log, failures = AttemptLog(), FailureLog()
    with suppress(OSError), (folder / EVENTS).open("rb") as file:
        for line in file:
            event = parse(line)
            # One without the fields it should have tells nothing.
            with suppress(KeyError, TypeError):
                add(log, failures, event)
    return log, failures


def add(log: AttemptLog, failures: FailureLog, event: Event | None) -> None:
    """Take one event into account."""
    if event is not None:
        log.add(event)
        failures.add(event)


def read_output(folder: Path, kept: str) -> str:
    """The lines of a kept test's captured output that name errors."""
    return "\n".join(find_named(read_text(folder / kept / "output.txt"))) if kept else ""


def read_suite_log(folder: Path) -> Iterator[Symptom]:
    """What pytest says outside of tests: of different collections, of options, of a conftest, of its own end."""
    text = read_end(folder / LOGS["suite"])
    before, found, after = text.partition(COLLECTED)
    if found:
        # xdist's own words end the difference, which is a unified diff.
        difference = re.split(r"\n(?:To see why|=====)", after, maxsplit=1)[0]
        yield Symptom("", COLLECTED, COLLECTED, difference)
    spoken = [line.removeprefix("INTERNALERROR>").strip() for line in before.splitlines() if SPOKEN.match(line)]
    if spoken and ("while loading conftest" in text or "INTERNALERROR>" in text or "rror: " in spoken[0]):
        lines = "\n".join(line.removeprefix("E ").strip() for line in spoken)
        yield Symptom("", lines, spoken[-1], text[-LOG_END:])
    if crashed := CRASHED.search(text):
        errors = find_named(text[crashed.start() :])
        yield Symptom("", "\n".join(errors), errors[-1] if errors else "pytest ended by itself", text[-LOG_END:])


def read_setup(folder: Path, what: str) -> Iterator[Symptom]:
    """The errors of a command of `setup` that failed: nothing but its output comes before the end."""
    if "(`setup`) ended with" in what:
        text = read_end(folder / LOGS["suite"])
        # Click's own words begin in the same way, without a class.
        lines = [*find_named(text), *(line for line in text.splitlines() if line.startswith("Error: "))]
        yield Symptom("", "\n".join(lines), lines[-1] if lines else what, text[-LOG_END:])


def read_server_log(folder: Path) -> Iterator[Symptom]:
    """Connections that the server refused: the tests may not have told."""
    for line in dict.fromkeys(read_end(folder / LOGS["postgres"]).splitlines()):
        begun = START.fullmatch(line)
        if begun and begun["kind"] == "FATAL" and begun["user"] not in OURS:
            database = begun["place"].partition(" ")[0]
            yield Symptom("", f'FATAL: {begun["text"]} (in the database "{database}")', begun["text"])


def read_hang(folder: Path) -> list[str]:
    """What the tests waited for when the time limit was reached, a sentence for each; none where nobody saw it."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return [f"{WAITED}{each}" for each in json.loads((folder / HANG).read_bytes())["sentences"]]
    return []


def read_end(path: Path) -> str:
    """The end of a log, empty where there is none."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_END))
        return file.read().decode(errors="replace")
    return ""


def read_project(project: Project) -> Snapshot:
    """A project with the texts that may name an address or a package."""
    snapshot = read_snapshot(project)
    names = [
        name for name in sorted(snapshot.names) if Path(name).suffix in TEXTS or Path(name).name.startswith(".env")
    ]
    texts = {name: read_small(project.folder / name) for name in names[:MOST] if name not in snapshot.texts}
    return replace(snapshot, texts={**snapshot.texts, **{name: text for name, text in texts.items() if text}})


def read_small(path: Path) -> str:
    """The text of a small file; empty for others."""
    with suppress(OSError):
        if path.stat().st_size <= LARGEST:
            return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    return ""
