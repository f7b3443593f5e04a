"""What the engine knows of a run's services: why one is not ready, and their logs."""

from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError

from runner.core import names
from runner.core.nearest import make_hint
from runner.engines.docker.connect import translate
from runner.errors import EngineError, NotReadyError, RunnerError, SettingsError

ROLE = "service"
SERVICE = "com.docker.compose.service"
"""Compose's own label."""

KEPT_LINES = 15
"""Lines of a log that an error shows."""


@dataclass(frozen=True)
class ServiceState:
    """One container of a service."""

    service: str
    id: str
    status: str
    exit_code: int
    health: str
    last_check: str


def list_states(client: docker.DockerClient, run: str) -> list[ServiceState]:
    """The containers of a run's services, by the services' names."""
    wanted = {"label": [f"{names.RUN}={run}", f"{names.ROLE}={ROLE}"]}
    with translate("cannot look at the services"):
        found = [client.api.inspect_container(each["Id"]) for each in client.api.containers(all=True, filters=wanted)]
    return sorted((read_state(each) for each in found), key=lambda each: each.service)


def find_service(client: docker.DockerClient, run: str, name: str) -> str:
    """The id of a service's container; raises SettingsError where the run has no such service."""
    states = {each.service: each.id for each in list_states(client, run)}
    if name not in states:
        known = ["postgres", *states]
        raise SettingsError(f"unknown service `{name}`", hint=make_hint(name, known))
    return states[name]


def read_state(inspected: dict[str, Any]) -> ServiceState:
    """A state from what the engine says."""
    state = inspected["State"]
    health = state.get("Health") or {}
    checks = health.get("Log") or [{"Output": ""}]
    service = inspected["Config"]["Labels"].get(SERVICE, inspected["Name"])
    last_check = checks[-1]["Output"].strip()
    return ServiceState(
        service, inspected["Id"], state["Status"], state["ExitCode"], health.get("Status", "none"), last_check
    )


def find_fault(client: docker.DockerClient, run: str, timeout: float) -> NotReadyError | None:
    """The error that names the first service of a run that is not ready, if there is one.

    Args:
        client: the engine.
        run: whose services they are.
        timeout: seconds that they had.
    """
    states = list_states(client, run)
    for each in states:
        if each.status in {"exited", "dead"} and each.exit_code:
            what = f"the service `{each.service}` ended with the exit code {each.exit_code}"
            hint = "services have few rights: `cap_add` in the services file replaces the capabilities they keep"
            return NotReadyError(what, tell_log(client, each), hint)
    for each in states:
        if each.health in {"unhealthy", "starting"}:
            state = "is unhealthy" if each.health == "unhealthy" else f"is not healthy after {timeout:g} s"
            cause = f"its last health check said: {each.last_check or 'nothing'}\n       {tell_log(client, each)}"
            hint = "its `healthcheck` decides; `startup_timeout` is the limit"
            return NotReadyError(f"the service `{each.service}` {state}", cause, hint)
    return None


def explain(client: docker.DockerClient, run: str, said: str) -> RunnerError:
    """The error where Compose failed though no service is at fault.

    Args:
        client: the engine.
        run: whose services they are.
        said: Compose's own last words.
    """
    for each in list_states(client, run):
        if each.status == "exited":
            hint = "make a service that lasts depend on it: `condition: service_completed_successfully`"
            return NotReadyError(f"the service `{each.service}` has ended, without an error", said, hint)
    return EngineError("Compose cannot start the services", said)


def tell_log(client: docker.DockerClient, state: ServiceState) -> str:
    """The last lines of a service's log, for an error."""
    lines = read_log(client, state, KEPT_LINES).decode(errors="replace").splitlines()
    return "\n       ".join(["last lines of its log:", *lines]) if lines else "its log is empty"


def read_log(client: docker.DockerClient, state: ServiceState, tail: int = 0) -> bytes:
    """The output of a service, with times, or its last lines; empty where the engine has none."""
    try:
        return bytes(client.api.logs(state.id, tail=tail or "all", timestamps=not tail))
    except APIError:
        return b""


def read_logs(client: docker.DockerClient, run: str) -> bytes:
    """All output of a run's services, with times, each line behind its service's name."""
    return b"".join(
        b"%s | %s\n" % (state.service.encode(), line)
        for state in list_states(client, run)
        for line in read_log(client, state).splitlines()
    )
