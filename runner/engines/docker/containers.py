"""What the containers of a run have in common: labels, limits and rights."""

from datetime import datetime
from typing import Any

from docker.types import LogConfig

from runner.core.hardening import CAP_DROP, SECURITY_OPT
from runner.core.names import Owner, make_labels, make_slug

NO_LOG = LogConfig(type=LogConfig.types.NONE)
"""Output goes to the attached streams; a second copy on the engine's disk would serve nobody."""


class RunIdentity:
    """Whose containers they are."""

    def __init__(self, run: str, project: str, owner: Owner, launcher: str = "") -> None:
        self.run = run
        self.project = project
        self.owner = owner
        self.launcher = launcher

    def make_options(self, role: str) -> dict[str, Any]:
        """Options of `docker.models.containers.create` for one container of the run."""
        now = datetime.now().astimezone()
        return {
            "name": f"runner-{make_slug(self.project)[:40]}-{self.run}-{role}",
            "labels": make_labels(self.run, self.project, role, self.owner, now, self.launcher),
            "auto_remove": True,
            # With `detach` false the SDK also sets StdinOnce, which the lease needs.
            "stdin_open": True,
            "detach": False,
            "log_config": NO_LOG,
            "cap_drop": CAP_DROP,
            "security_opt": SECURITY_OPT,
        }
