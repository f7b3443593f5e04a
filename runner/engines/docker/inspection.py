"""The processes of a run's suite container, asked from outside the run."""

import json
from pathlib import Path

from docker.api.client import APIClient

from runner.core.processes import Process, find_workers
from runner.engines.docker import processes_inside
from runner.engines.docker.inquiry import inquire

PYTHON = ("python3", "-E", "-s", "-S", "-c")
"""As the image's own programs start: nothing of the project is imported."""


def list_processes(api: APIClient, container: str) -> list[Process]:
    """The processes with their workers; none where the container has no answer.

    Raises:
        EngineError: the container has ended, for one.
    """
    answer = inquire(api, container, [*PYTHON, Path(processes_inside.__file__).read_text(encoding="utf-8")])
    try:
        lines = json.loads(answer.output)
    except ValueError:
        return []
    return find_workers([Process(**{**line, "ports": tuple(line["ports"])}) for line in lines])
