"""The slot of this process: which one it is, when it is ready, and the variables that lead to it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

from . import folders
from .channel import wait_for
from .sandboxes import has_sandboxes

VARIABLE = "EPHEMERAL_RUNNER"
WORKER = "PYTEST_XDIST_WORKER"


def activate(environ: MutableMapping[str, str] = os.environ) -> dict[str, Any]:
    """Wait for this process's slot and set the variables that lead to it.

    Subprocesses of tests inherit the variables and so reach the same slot.

    Returns:
        The runner's configuration; empty where there is no runner.
    """
    wiring: dict[str, Any] = json.loads(environ.get(VARIABLE, "{}"))
    if wiring.get("folders") and not wiring.get("slot"):
        folders.activate(wiring["folders"], find_worker(wiring, environ), wiring["own"], environ)
    server = find_server(wiring, environ)
    if server:
        wait_for(server["slot"])
    if WORKER in environ:
        pin(wiring, environ)
    environ.update(make_variables(wiring.get("variables", {}), server))
    return wiring


def find_server(wiring: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The parts of this process's own address; empty where there is no database."""
    server = wiring.get("server")
    if not server:
        return {}
    slot = find_worker(wiring, environ)
    parts = {"slot": slot, **{name: value.format(slot=slot) for name, value in server.items()}}
    if parts.pop("spread", "") and not has_sandboxes(environ):
        # A server for each slot: the first one is `master`'s.
        own = int(slot.removeprefix("gw")) + 1 if slot.startswith("gw") else 0
        parts["port"] = str(int(parts["port"]) + own)
    return parts


def find_worker(wiring: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> str:
    """The name of this process's slot: of its worker, or of the one that it descends from."""
    # xdist sets the variable before it loads plugins in a worker.
    return str(wiring.get("slot") or environ.get(WORKER, "master"))


def pin(wiring: MutableMapping[str, Any], environ: MutableMapping[str, str] = os.environ) -> None:
    """Let all descendants of this process share its slot: a pytest that a test starts may have workers of its own.

    What they report would be taken for tests of the run, so they get no channel.
    """
    if wiring:
        wiring["slot"] = find_worker(wiring, environ)
        environ[VARIABLE] = json.dumps({**wiring, "reports": None})


def fill_arguments(wiring: Mapping[str, Any], arguments: list[str]) -> None:
    """Put this process's own address into the arguments of pytest that ask for it; xdist's workers get them again."""
    open_ones = {text: text for text in wiring.get("arguments", ())}
    filled = make_variables(open_ones, find_server(wiring))
    arguments[:] = [filled.get(each, each) for each in arguments]


def make_variables(templates: Mapping[str, str], server: Mapping[str, str]) -> dict[str, str]:
    """The variables that lead to the slot, from their templates; quoted where they are addresses."""
    if not server:
        return {}
    quoted = {name: quote(value, safe="") for name, value in server.items()}
    return {name: text.format_map(quoted if "://" in text else server) for name, text in templates.items()}
