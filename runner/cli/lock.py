"""`runner lock`: writes down what the images are made of, or checks that this is still true."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.main import app
from runner.cli.options import ConfigOption, JsonOption, ProjectOption, VerboseOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.core.lock import Lock
    from runner.core.settings import Settings
    from runner.project.load import Project

EXAMPLES = """\b
Examples:
  runner lock                       build what is missing, then write runner.lock
  runner lock --check               quick: fails when runner.lock is stale; builds nothing
  runner lock --upgrade-system      with the newest Debian packages
  runner lock --dry-run             only say what would change
"""


@app.command("lock", epilog=EXAMPLES)
def lock(
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    check: Annotated[bool, typer.Option("--check", help="Fail when the lock is stale; build nothing.")] = False,
    upgrade_system: Annotated[
        bool, typer.Option("--upgrade-system", help="Take the newest Debian packages, not the locked ones.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write runner.lock: what the images are made of, exactly. Packages that it names stay at their versions."""
    from runner.cli.loading import load
    from runner.errors import SettingsError

    loaded, sourced = load(project, config)
    if not check:
        made, changes = make(loaded, sourced.settings, upgrade_system, dry_run, verbose)
        show(made, changes, dry_run, as_json)
    elif upgrade_system:
        raise SettingsError("`--check` and `--upgrade-system` exclude each other")
    else:
        check_lock(loaded, sourced.settings, as_json)


def check_lock(project: "Project", settings: "Settings", as_json: bool) -> None:
    """Fail when the lock is stale, as far as it can be told without a build."""
    from runner.core.lock import NAME
    from runner.core.lock_inputs import find_stale
    from runner.project.lockfile import make_inputs, read_lock
    from runner.project.locking import make_missing, make_stale
    from runner.project.recipe import make_recipe

    lock = read_lock(project.folder)
    if lock is None:
        raise make_missing(project.folder)
    identity = make_recipe(project, settings, os.environ).identity
    stale = find_stale(lock, make_inputs(project, settings, identity), ask_architecture())
    if stale:
        raise make_stale(stale)
    print(json.dumps({"exit_code": 0, "stale": []}) if as_json else f"{NAME} is up to date")


def ask_architecture() -> str | None:
    """The engine's architecture; None, and a word about it, where no engine answers: `--check` needs none."""
    from runner.engines.docker.architecture import find_architecture
    from runner.engines.docker.connect import connect
    from runner.errors import EngineError

    try:
        return find_architecture(connect(os.environ.get("DOCKER_HOST"), timeout=5))
    except EngineError:
        print("no engine answers: the architecture is not checked", file=sys.stderr)
        return None


def make(
    project: "Project", settings: "Settings", upgrade: bool, dry_run: bool, verbose: bool
) -> "tuple[Lock, Sequence[str]]":
    """Make the lock and write it; it, and what changed in words."""
    from runner.cli.images import open_client, show_step
    from runner.core.lock_changes import describe_changes
    from runner.core.lock_writing import make_text
    from runner.engines.docker.architecture import find_architecture
    from runner.engines.docker.relock import Relock
    from runner.project.lockfile import write_lock
    from runner.project.locking import load_lock_state
    from runner.project.recipe import make_recipe

    recipe = make_recipe(project, settings, os.environ)
    client = open_client()
    state = load_lock_state(project, settings, recipe, os.environ, lambda: find_architecture(client))
    make_cache_folder(project.folder, state.cache.parent.resolve())
    with Relock(client, recipe, state, upgrade) as relock:
        with show_step("image", verbose) as (progress, step):
            built = relock.build(progress)
            # After an upgrade they have other names only while this lasts.
            step["note"] = ("built " + ", ".join(built) if not upgrade else "built anew") if built else "already there"
        with show_step("lock", verbose) as (progress, step):
            lock = relock.take(progress)
            if not dry_run:
                relock.name_images(lock)
                write_lock(project.folder, make_text(lock))
            step["note"] = lock.suite.content
    return lock, describe_changes(state.lock, lock)


def make_cache_folder(project: Path, root: Path) -> None:
    """Make the results folder, where digests are kept, before minutes of building."""
    from runner.errors import SettingsError, find_reason
    from runner.report.results import keep_out_of_git

    what, hint = f"cannot keep results in `{root}`", "name a folder of their own: `RUNNER_RESULTS=.runner`"
    if project.is_relative_to(root):
        raise SettingsError(what, "the project lies in it", hint)
    try:
        root.mkdir(parents=True, exist_ok=True)
        keep_out_of_git(root)
    except OSError as error:
        raise SettingsError(what, find_reason(error), hint) from None


def show(lock: "Lock", changes: "Sequence[str]", dry_run: bool, as_json: bool) -> None:
    """Print what changed."""
    from runner.core.lock import NAME

    if as_json:
        document = {"exit_code": 0, "written": not dry_run, "content": lock.suite.content, "changes": [*changes]}
        print(json.dumps(document))
    elif not changes:
        print(f"{NAME} is up to date")
    else:
        print(f"{NAME}{' would change' if dry_run else ''}:")
        for each in changes:
            print(f"  {each}")
