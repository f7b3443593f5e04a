"""Asks a run of another process how it is: its events, its server, its processes."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.cli.living import lives
from runner.core.backends import Backend, find_owners
from runner.core.processes import Process, map_ports
from runner.errors import EngineError, PostgresError
from runner.report.run_files import EventReader, is_held
from runner.report.status import Status

if TYPE_CHECKING:
    from docker.api.client import APIClient


class Observer:
    """Looks at one run as often as it is asked to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = EventReader(folder)

    def look(self) -> Status:
        """How the run is now.

        Raises:
            EngineError: the run seems to live, and the engine does not answer.
        """
        if self._has_ended():
            return self._make(is_living=False)
        try:
            return self._look_inside()
        except EngineError:
            # A run that ends meanwhile takes its containers with it.
            if not self._has_ended():
                raise
            return self._make(is_living=False)

    def _has_ended(self) -> bool:
        """Whether its events say so; between the teardown and the exit code a living runner has some words to say."""
        state = self._reader.read()
        return state.exit_code is not None or (state.is_over and not is_held(self._folder))

    def _make(self, *, is_living: bool, **seen: Any) -> Status:
        return Status(self._folder, is_living=is_living, state=self._reader.read(), now=time.time(), **seen)

    def _look_inside(self) -> Status:
        from runner.engines.docker.connect import connect
        from runner.engines.docker.living import find_living

        client = connect(os.environ.get("DOCKER_HOST"))
        try:
            containers = find_living(client, self._folder.name)
            if not lives(self._folder, containers):
                return self._make(is_living=False)
            found, problems = containers.get(self._folder.name, {}), list[str]()
            processes = list_processes(client.api, found, problems)
            backends = list_backends(client.api, found, problems)
            owned = find_owners(backends, map_ports(processes), self._reader.read().workers)
            seen = self._make(is_living=True, backends=owned, processes=processes, problems=problems)
            seen = replace(seen, stacks=read_stacks(client.api, found, seen))
        finally:
            client.close()
        return self._make(is_living=False) if self._has_ended() else seen


def list_processes(api: "APIClient", containers: Mapping[str, str], problems: list[str]) -> list[Process]:
    """The processes of the suite container, if it is there; why they cannot be seen is added to the problems."""
    from runner.engines.docker import inspection

    try:
        return inspection.list_processes(api, containers["suite"]) if "suite" in containers else []
    except EngineError as error:
        # A stage of the run may end meanwhile, and take its containers with it.
        problems.append(f"{error.what}: {error.cause}")
        return []


def read_stacks(api: "APIClient", containers: Mapping[str, str], seen: Status) -> Mapping[str, str]:
    """Where the Python code of those workers is whose tests hang."""
    from runner.engines.docker import inspection

    hanging = {worker for finding, _ in seen.find_reasons() for worker in finding.workers}
    wanted = [each for each in seen.processes if each.is_worker and each.worker in hanging]
    try:
        return inspection.read_stacks(api, containers["suite"], wanted) if wanted else {}
    except EngineError:
        return {}


def list_backends(api: "APIClient", containers: Mapping[str, str], problems: list[str]) -> list[Backend]:
    """The backends of the server, if there is one; why they cannot be seen is added to the problems."""
    from runner.engines.docker.inquiry import ask_postgres, list_servers
    from runner.postgres.activity import read_activity

    if "postgres" not in containers:
        return []
    try:
        found = list[Backend]()
        for slot, port in list_servers(api, containers["postgres"]).items():
            ask = partial(ask_postgres, api, containers["postgres"], port=port)
            found += [replace(each, worker=slot) for each in read_activity(ask)]
        return found
    except (EngineError, PostgresError) as error:
        problems.append(f"{error.what}: {error.cause}")
        return []
