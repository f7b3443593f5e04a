"""Which runs of a project live: by the lock on their events, or by their containers on the engine."""

import os
from collections.abc import Mapping
from pathlib import Path

from runner.cli.loading import load
from runner.core.run_names import choose_living
from runner.report.run_files import EventReader, is_held
from runner.report.run_folders import list_runs, locate_results

Containers = Mapping[str, Mapping[str, str]]
"""The ids of containers by run and role."""


def find_root(project: Path) -> Path:
    """The folder of a project's results."""
    loaded, sourced = load(project)
    return locate_results(loaded.folder, sourced.settings.results)


def ask_engine(run: str = "") -> Containers:
    """The containers of living runs, or of one; raises EngineError."""
    # The Docker SDK takes 0.1 s to import, which what is read from files need not wait for.
    from runner.engines.docker.connect import connect
    from runner.engines.docker.living import find_living

    client = connect(os.environ.get("DOCKER_HOST"))
    try:
        return find_living(client, run)
    finally:
        client.close()


def find_living_runs(root: Path, containers: Containers) -> list[str]:
    """The runs of a results folder that live, oldest first."""
    return [folder.name for folder in list_runs(root) if lives(folder, containers)]


def lives(folder: Path, containers: Containers) -> bool:
    """Whether a run lives: somebody writes its events or has containers for it, and it has not come to its end."""
    state = EventReader(folder).read()
    if is_held(folder):
        return state.exit_code is None
    return folder.name in containers and not state.is_over


def find_living_run(root: Path, name: str, containers: Containers) -> str:
    """The living run that a name means, also one whose results are in another folder; without a name the only one.

    Raises:
        SettingsError: there is none, or more than one.
    """
    here = find_living_runs(root, containers)
    if not name:
        return choose_living(name, here, here)
    runs = sorted({*containers, *(folder.name for folder in list_runs(root))})
    return choose_living(name, runs, sorted({*here, *containers}))
