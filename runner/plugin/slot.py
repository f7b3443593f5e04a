"""The slot of this process: which one it is, when it is ready, and the variables that lead to it."""

import json
import os
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

VARIABLE = "EPHEMERAL_RUNNER"
READY = "EPHEMERAL_RUNNER_READY"
READY_FOLDER = "/run/runner/ready"
WORKER = "PYTEST_XDIST_WORKER"
PATIENCE = 120.0
"""Seconds to wait for the slot. The runner's own, shorter limit ends the run first; this one is the last resort."""


def activate(environ: MutableMapping[str, str] = os.environ) -> dict[str, Any]:
    """Wait for this process's slot and set the variables that lead to it.

    Subprocesses of tests inherit the variables and so reach the same slot.

    Returns:
        The runner's configuration; empty where there is no runner.
    """
    wiring: dict[str, Any] = json.loads(environ.get(VARIABLE, "{}"))
    server = find_server(wiring, environ)
    if server:
        wait_for(server["slot"], Path(environ.get(READY, READY_FOLDER)))
    if WORKER in environ:
        pin(wiring, environ)
    environ.update(make_variables(wiring.get("variables", {}), server))
    return wiring


def find_server(wiring: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The parts of this process's own address; empty where there is no database."""
    server = wiring.get("server")
    if not server:
        return {}
    # xdist sets the variable before it loads plugins in a worker.
    slot = wiring.get("slot") or environ.get(WORKER, "master")
    return {"slot": slot, **{name: value.format(slot=slot) for name, value in server.items()}}


def pin(wiring: MutableMapping[str, Any], environ: MutableMapping[str, str] = os.environ) -> None:
    """Let all descendants of this process share its slot: a pytest that a test starts may have workers of its own."""
    if server := find_server(wiring, environ):
        wiring["slot"] = server["slot"]
        environ[VARIABLE] = json.dumps(wiring)


def wait_for(slot: str, folder: Path) -> None:
    """Wait until the runner has made the slot."""
    deadline = time.monotonic() + PATIENCE
    while not (folder / slot).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the slot `{slot}` was not made within {PATIENCE:g} s")
        time.sleep(0.002)


def make_variables(templates: Mapping[str, str], server: Mapping[str, str]) -> dict[str, str]:
    """The variables that lead to the slot: the usual names, and the project's own from their templates."""
    if not server:
        return {}
    quoted = {name: quote(value, safe="") for name, value in server.items()}
    url = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format_map(quoted)
    return {
        "TEST_DATABASE_URL": url,
        "DATABASE_URL": url,
        "PGHOST": server["host"],
        "PGPORT": server["port"],
        "PGUSER": server["user"],
        "PGPASSWORD": server["password"],
        "PGDATABASE": server["dbname"],
        **{name: text.format_map(quoted) for name, text in templates.items()},
    }
