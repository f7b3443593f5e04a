"""A suite container whose process 1 makes a sandbox for each worker (images/base/keeper.py)."""

from typing import Any

import docker

from runner.core.hardening import CAP_DROP, NO_APPARMOR, SANDBOX_CAPABILITIES, SANDBOX_VARIABLE, SECURITY_OPT

ROOT, SUITE_USER = "root", "suite"
"""Process 1 begins as the one; all else in the container is the other."""

SANDBOX_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 -- no two workers share them
"""What even a process outside of all sandboxes may write to, as those inside may."""


def make_sandbox_options(client: docker.DockerClient, port: int) -> dict[str, Any]:
    """Options of `docker.models.containers.create` that let process 1 make sandboxes with Postgres at a port."""
    known = client.info().get("SecurityOptions") or ()
    more = [NO_APPARMOR] if any("name=apparmor" in each for each in known) else []
    return {
        "user": ROOT,
        "cap_drop": CAP_DROP,
        "cap_add": SANDBOX_CAPABILITIES,
        "security_opt": [*SECURITY_OPT, *more],
        "environment": {SANDBOX_VARIABLE: str(port)},
    }
