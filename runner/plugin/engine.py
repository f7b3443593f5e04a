"""An engine for suites that start a Postgres in a container: their client finds one that has one server, the slot's.

No container is started. Suites come here by the package `docker`, alone or below testcontainers and pytest-databases.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from .slot import find_server, find_worker

VARIABLE = "EPHEMERAL_RUNNER_ENGINE"
"""The slot that an engine of ours is for, and its socket."""

CLIENTS = ("docker", "aiodocker")
"""Packages that speak to an engine at DOCKER_HOST."""

SOCKETS = (Path("/var/run/docker.sock"), Path("/run/docker.sock"))
"""Where a real engine would be."""

TESTCONTAINERS = {
    "TESTCONTAINERS_RYUK_DISABLED": "true",
    "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
    "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
    "TC_HOST": "127.0.0.1",
}
"""Its helper that removes containers has nothing to do here; and which machine ports are published on.

Source: testcontainers' `core/config.py`.
"""


def activate(wiring: Mapping[str, Any], environ: MutableMapping[str, str] = os.environ) -> bool:
    """Start the engine where the suite has a client and no engine, and set the variables that lead there.

    Only where the runner says so: the worker has the server alone, and any password gets in, whatever the role.

    Args:
        wiring: the runner's configuration.
        environ: the environment to change.

    Returns:
        Whether there is one now.
    """
    slot, _, given = environ.get(VARIABLE, "").partition(" ")
    if not wiring.get("engine") or (not given and is_reachable(environ)) or not any(map(is_installed, CLIENTS)):
        return False
    own = find_worker(wiring, environ)
    # What a test starts has the engine of its slot; a worker inherits the variables of the process that leads.
    place = given if slot == own else start(find_server(wiring, environ))
    environ.update({"DOCKER_HOST": f"unix://{place}", VARIABLE: f"{own} {place}"})
    set_default(place)
    for name, value in TESTCONTAINERS.items():
        environ.setdefault(name, value)
    return True


def start(server: Mapping[str, str]) -> str:
    """Start an engine for a server; returns its socket."""
    from .engine_api import serve

    return str(serve(server))


def set_default(place: str) -> None:
    """Lead clients there that do not ask the environment, such as `docker.APIClient()`: nobody may make their socket.

    Source: the package's `utils/utils.py`, `parse_host`.
    """
    with suppress(ImportError):
        utils = import_module("docker.utils.utils")
        vars(utils)["DEFAULT_UNIX_SOCKET"] = f"http+unix://{place}"


def is_reachable(environ: Mapping[str, str]) -> bool:
    """Whether the suite has an engine without us."""
    return bool(environ.get("DOCKER_HOST")) or any(each.exists() for each in SOCKETS)


def is_installed(package: str) -> bool:
    """Whether the suite has a package; a folder of this name is none."""
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
