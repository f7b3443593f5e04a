"""What every command begins with: the project, its settings, and the engine."""

import os
import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.names import make_run_id
from runner.core.settings_layers import Sourced, merge_settings
from runner.project.load import Project, load_project, read_settings
from runner.project.pytest_files import load_habits

if TYPE_CHECKING:
    from runner.core.settings import Settings
    from runner.engines.docker.engine import DockerEngine


CONFIG = "RUNNER_CONFIG"
"""The variable that names a file of settings, as `--config` does."""


def load(folder: Path, config: Path | None = None, **flags: Any) -> tuple[Project, Sourced]:
    """The project of a folder and its settings; flags that are None were not given.

    Args:
        folder: the project's, or one in it.
        config: a file with settings beside the project's own.
        flags: settings of the command line.

    Raises:
        SettingsError: there is no project, a file cannot be read, or a setting is not valid.
    """
    project = load_project(folder)
    named = config or (Path(os.environ[CONFIG]) if os.environ.get(CONFIG) else None)
    beside = read_settings(named) if named else {}
    habits = load_habits(project.folder, project.pyproject)
    return project, merge_settings(project.settings, os.environ, flags, beside, habits)


def make_run() -> str:
    """A new run id."""
    return make_run_id(datetime.now(), secrets.token_hex(3))


def open_engine(project: Project, settings: "Settings", run: str, sources: bytes | None = None) -> "DockerEngine":
    """The engine for one run of a project; `sources` are other files than those that are in its folder now.

    The Docker SDK takes 0.1 s to import, which `runner --help` need not wait for.
    """
    from runner.engines.docker.architecture import find_architecture
    from runner.engines.docker.connect import connect
    from runner.engines.docker.containers import RunIdentity
    from runner.engines.docker.engine import DockerEngine
    from runner.engines.owner import find_launcher, make_owner
    from runner.project.init_sql import read_init_sql
    from runner.project.locking import check_lock_state, load_lock_state
    from runner.project.recipe import make_recipe

    # What a run reads only when the server is up, is told before images are made.
    read_init_sql(project.folder, settings.postgres.init_sql)
    recipe = make_recipe(project, settings, os.environ)
    if sources is not None:
        recipe = replace(recipe, sources=sources)
    client = connect(os.environ.get("DOCKER_HOST"))
    lock = load_lock_state(project, settings, recipe, os.environ, lambda: find_architecture(client))
    identity = RunIdentity(run, project.name, make_owner(), find_launcher())
    return DockerEngine(client, identity, recipe, lock.settings, check_lock_state(lock, project.folder))
