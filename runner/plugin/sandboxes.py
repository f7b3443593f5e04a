"""Lets xdist start each worker in a sandbox of its own, which the container's keeper makes (images/base/keeper.py)."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "EPHEMERAL_RUNNER_SANDBOX"
"""Set in a container that has a keeper, and in its sandboxes."""

ENTER = ("/usr/bin/python3", "-I", "-S", "/usr/lib/ephemeral-runner/enter.py")


def has_sandboxes(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether workers have sandboxes here."""
    return bool(environ.get(VARIABLE))


class Sandboxes:
    """Registered in xdist's controller only, which has this hook."""

    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: Sequence[Any]) -> None:
        """Workers are about to start; the specification of a crashed one serves its successor, under a new id."""
        # pytest-rerunfailures' workers tell the controller of each failure, at a port of the loopback.
        port = getattr(getattr(config, "failures_db", None), "sock_port", "")
        for spec in specs:
            spec.__class__ = derive(type(spec), str(port))


def derive(kind: type, ports: str) -> type:
    """The class of a specification whose Python is one in the sandbox of that name; `ports` lead out of it."""

    def python(self: Any) -> str:
        return shlex.join([*ENTER, str(self.id), ports, sys.executable])

    return type("SandboxedSpec", (kind,), {"python": property(python)})


def make_room(config: pytest.Config) -> None:
    """Make the folder of the controller in which xdist lets a worker have its own: here it is not there yet."""
    if has_sandboxes() and (folder := getattr(config.option, "basetemp", None)):
        Path(folder).parent.mkdir(parents=True, exist_ok=True)
