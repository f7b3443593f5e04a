"""The processes of a run's suite container, asked from outside the run, and where their Python code is."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from docker.api.client import APIClient

from runner.core.places import FOLDERS
from runner.core.processes import Process, find_workers
from runner.engines.docker import processes_inside, stacks_inside
from runner.engines.docker.connect import translate
from runner.engines.docker.inquiry import inquire
from runner.engines.docker.sandbox import ROOT, SUITE_USER

PYTHON = ("/usr/bin/python3", "-E", "-s", "-S", "-c")
"""As the image's own programs start: nothing of the project is imported."""


def list_processes(api: APIClient, container: str) -> list[Process]:
    """The processes with their workers; none where the container has no answer.

    Raises:
        EngineError: the container has ended, for one.
    """
    code = Path(processes_inside.__file__).read_text(encoding="utf-8")
    answer = inquire(api, container, [*PYTHON, code], find_user(api, container))
    try:
        lines = json.loads(answer.output)
    except ValueError:
        return []
    return find_workers([Process(**{**line, "ports": tuple(line["ports"])}) for line in lines])


def find_user(api: APIClient, container: str) -> str:
    """Whose processes they are, where that is not the container's own user."""
    with translate("cannot ask a container of the run"):
        user = api.inspect_container(container)["Config"]["User"]
    return SUITE_USER if user == ROOT else ""


def read_stacks(api: APIClient, container: str, workers: Iterable[Process]) -> Mapping[str, str]:
    """The Python stacks of workers' own processes, by worker, as faulthandler writes them; of some there are none.

    Raises:
        EngineError: the container has ended, for one.
    """
    names = {str(each.pid): each.worker for each in workers}
    files = [part for pid, worker in names.items() for part in (pid, f"{FOLDERS}/{worker}/stacks.txt")]
    code = Path(stacks_inside.__file__).read_text(encoding="utf-8")
    answer = inquire(api, container, [*PYTHON, code, *files], find_user(api, container))
    try:
        stacks = json.loads(answer.output)
    except ValueError:
        return {}
    return {names[pid]: text for pid, text in stacks.items() if text}
