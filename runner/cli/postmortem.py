"""`runner shell --failed`: which failure of which run, and the project as it was then."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import typer
from msgspec.structs import replace as replace_setting

from runner.cli.loading import load
from runner.cli.standing import Stand, check_terminal, stand
from runner.core.names import make_slug
from runner.core.postmortem import choose_failure, refuse_choice
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.postmortem import Case, PostMortem
from runner.project.load import load_project
from runner.report.bundle import open_bundle
from runner.report.failures import FOLDER, Kept, read_failures
from runner.report.rerun import AGAIN, Rerun, load_rerun, unpack_sources
from runner.report.run_folders import find_run, list_runs, locate_results
from runner.shelling import Wish
from runner.terminal import Terminal


@dataclass(frozen=True)
class Origin:
    """Where a failure comes from.

    Attributes:
        results: the folder of its run.
        root: the results' root of the project around, where kept results of `setup` and programs are; None without one.
        folder: the project's folder, where the failure is of this very project; else None.
    """

    results: Path
    root: Path | None = None
    folder: Path | None = None


def revive(
    project: Path, run: str, source: Path | None, test: str, wish: Wish, terminal: Terminal, copy: bool, verbose: bool
) -> Mapping[str, Any]:
    """Open a shell in the state in which a test failed.

    Args:
        project: the folder that was named.
        run: the run that was named.
        source: a bundle.
        test: a test's id, or a part of it.
        wish: what else is wanted of the shell.
        terminal: the caller's.
        copy: whether the project's files are those of the run, not those of now.
        verbose: show whole image builds.

    Raises:
        SettingsError: no failure is meant, or what is kept of it cannot be used.
    """
    check_terminal(wish, terminal, is_failed=True)
    with tempfile.TemporaryDirectory(prefix="ephemeral-runner-") as name:
        folder = Path(name)
        origin = unpack(source, folder) if source else find_origin(project, run)
        record, sources = load_rerun(origin.results)
        kept = choose(origin.results, test, terminal)
        then = folder / "project" / make_slug(record.project)
        then.mkdir(parents=True)
        unpack_sources(sources, then)
        at = Stand(
            load_project(then), make_settings(record, kept, origin), find_group(record, kept), sources, (folder,)
        )
        wish = replace(wish, project=record.project, mount=None if copy else origin.folder)
        make_shell = partial(PostMortem, case=Case(kept, record.run, record.suite, record.architecture))
        return stand(at, wish, terminal, verbose, make_shell)


def unpack(source: Path, folder: Path) -> Origin:
    """The run in a bundle, or in a folder: CI may keep results as they are."""
    return Origin(source) if source.is_dir() else Origin(open_bundle(source, folder / "bundle"))


def find_origin(project: Path, run: str) -> Origin:
    """The run that was named, or the newest one that has kept a failure."""
    loaded, sourced = load(project)
    root = locate_results(loaded.folder, sourced.settings.results)
    if run:
        return Origin(find_run(root, run), root, loaded.folder)
    runs = list_runs(root)
    if not runs:
        raise SettingsError("no run has left results here", hint="`runner run` makes one")
    *earlier, newest = runs
    if not read_failures(newest):
        check_damage(newest)
        with_failures = next((each.name for each in reversed(earlier) if read_failures(each)), "")
        hint = f"the newest that did: `--run {with_failures}`" if with_failures else "`runner run` makes one"
        raise SettingsError("the last run has kept no failure", hint=hint)
    return Origin(newest, root, loaded.folder)


def check_damage(results: Path) -> None:
    """Look whether what was kept, of which nothing can be read, is there at all; raises SettingsError."""
    if [*(results / FOLDER).glob("*")]:
        cause = "its `failure.json` is missing, damaged, or of another version of the runner"
        raise SettingsError(f"cannot read what the run `{results.name}` has kept", cause, AGAIN)


def choose(results: Path, test: str, terminal: Terminal) -> Kept:
    """The failure that is meant; a person is asked where there are several."""
    kept = read_failures(results)
    if not kept:
        check_damage(results)
        raise SettingsError("the run has kept no failure", hint="the setting `kept_failures` says how many may be kept")
    failures = {str(number): each.failure for number, each in enumerate(kept)}
    found = choose_failure(failures, test)
    if len(found) == 1:
        return kept[int(found[0])]
    tests = [failures[each].test for each in found]
    if not terminal.is_interactive:
        raise refuse_choice(tests)
    return kept[int(found[ask(tests)])]


def ask(tests: Sequence[str]) -> int:
    """Let a person choose; the number of the test, from 0."""
    for number, each in enumerate(tests, 1):
        print(f"{number:4} {each}", file=sys.stderr)
    while True:
        chosen = int(typer.prompt(f"Which one (1-{len(tests)})", type=int, default=1, err=True))
        if 0 < chosen <= len(tests):
            return chosen - 1


def make_settings(record: Rerun, kept: Kept, origin: Origin) -> Settings:
    """The run's settings; what an earlier run left is where it is now."""
    settings = replace_setting(record.settings, isolation=kept.failure.isolation)
    if settings.ca_bundle and not Path(settings.ca_bundle).is_file():
        settings = replace_setting(settings, ca_bundle="")
    return replace_setting(settings, results=str(origin.root)) if origin.root else settings


def find_group(record: Rerun, kept: Kept) -> str:
    """The group whose pass the test was in; empty for the pass of no special group."""
    return next((name for name in kept.failure.pass_.split("+") if name in record.settings.groups), "")
