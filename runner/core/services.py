"""What becomes of a project's Compose model before Compose starts it: one run's own, leased and hardened. Pure.

The model is what `docker compose config --format json` prints: paths are absolute, variables are filled in, short forms
are long. So nothing here knows the language of Compose files, only a few keys of its result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.core.hardening import CAP_DROP, SECURITY_OPT, STEP_DOWN
from runner.core.names import PREFIX
from runner.errors import SettingsError

Model = Mapping[str, Any]

PROJECT_PREFIX = "runner-"
"""With a run's id, Compose's name for what it makes."""

PROCESS_ONE = f"{PREFIX}.process-one"
"""Label of a service whose image must be process 1 of its own container: it has no lease, only watchdog and sweep.

No key `x-...`: Compose 2.26 leaves those out of its model.
"""

DROPPED = frozenset({"build", "container_name", "ports", "privileged", "pull_policy", "security_opt"})
"""What would make two runs collide, was done before, or is decided here."""

ADDRESSES = frozenset({"ipv4_address", "ipv6_address", "link_local_ips", "mac_address"})
HOSTS = ("network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup")
"""Keys whose value `host` would put a service on the engine's machine instead of into the run."""

NO_HOST = {"com.docker.network.bridge.inhibit_ipv4": "true"}
"""Leaves the bridge without an address, for an internal network still reaches the host at the bridge's."""


@dataclass(frozen=True)
class Bounds:
    """What one run puts around services.

    Attributes:
        project: Compose's name for them; all objects have it in theirs.
        labels: of every object.
        keeper: the container whose process 1 they live under.
        egress: whether they and the suite reach anything outside.
        images: names of the images that services build, by service.
    """

    project: str
    labels: Mapping[str, str]
    keeper: str
    egress: bool
    images: Mapping[str, str]


def bound(model: Model, bounds: Bounds) -> dict[str, Any]:
    """The model of one run.

    Raises:
        SettingsError: a service wants what no run gives.
    """
    check(model)
    rest = {key: value for key, value in model.items() if key in {"configs", "secrets"}}
    services = {name: bound_service(name, each, bounds) for name, each in model["services"].items()}
    networks = {name: bound_network(name, each or {}, bounds) for name, each in model.get("networks", {}).items()}
    volumes = {name: bound_object(name, each or {}, bounds) for name, each in model.get("volumes", {}).items()}
    return {"name": bounds.project, **rest, "services": services, "networks": networks, "volumes": volumes}


def check(model: Model) -> None:
    """Refuse what would leave the run, or what the run could not remove."""
    for name, each in model["services"].items():
        for key in HOSTS:
            if each.get(key) == "host":
                raise refuse(f"service `{name}`", f"{key}: host", "it would be part of the engine's machine")
        if each.get("privileged"):
            raise refuse(f"service `{name}`", "privileged: true", "name the capabilities it needs under `cap_add`")
    for kind in ("networks", "volumes"):
        for name, each in model.get(kind, {}).items():
            if (each or {}).get("external"):
                raise refuse(f"`{kind}.{name}`", "external: true", "runs share nothing, and remove what they use")


def refuse(subject: str, found: str, reason: str) -> SettingsError:
    """The error for what a run does not give."""
    return SettingsError(f"{subject} of the services file cannot be part of a run", f"`{found}`: {reason}")


def bound_service(name: str, service: Model, bounds: Bounds) -> dict[str, Any]:
    """One service without what is fixed to the machine, with our labels, rights and lease."""
    kept = {key: value for key, value in service.items() if key not in DROPPED}
    kept |= {
        "labels": {**service.get("labels", {}), **bounds.labels},
        "cap_drop": CAP_DROP,
        "cap_add": service.get("cap_add") or ([] if service.get("cap_drop") else STEP_DOWN),
        "security_opt": SECURITY_OPT,
        "restart": "no",
        # Whatever the engine's default is, this one can be read.
        "logging": {"driver": "local"},
    }
    if service.get("labels", {}).get(PROCESS_ONE) != "true":
        kept["pid"] = f"container:{bounds.keeper}"
    if name in bounds.images:
        kept["image"] = bounds.images[name]
    if "networks" in service:
        alias = service.get("container_name")
        kept["networks"] = {key: join(each or {}, alias) for key, each in service["networks"].items()}
    return kept


def join(network: Model, alias: str | None) -> dict[str, Any]:
    """How a service joins a network: without a fixed address, under the name that a fixed container name gave it."""
    kept = {key: value for key, value in network.items() if key not in ADDRESSES}
    return {**kept, "aliases": [*kept.get("aliases", []), alias]} if alias else kept


def bound_object(name: str, each: Model, bounds: Bounds) -> dict[str, Any]:
    """One volume or network under a name of the run's, with our labels."""
    kept = {key: each[key] for key in ("driver", "driver_opts", "internal", "attachable") if key in each}
    labels = {**each.get("labels", {}), **bounds.labels}
    return {**kept, "name": f"{bounds.project}_{name}", "labels": labels}


def bound_network(name: str, network: Model, bounds: Bounds) -> dict[str, Any]:
    """One network, with the engine's choice of addresses, and without a way out where there must be none."""
    kept = bound_object(name, network, bounds)
    if not bounds.egress:
        kept |= {"internal": True, "driver_opts": {**kept.get("driver_opts", {}), **NO_HOST}}
    return kept


def find_builds(model: Model) -> dict[str, Model]:
    """How the services that have an image of their own build it, by service."""
    return {name: each["build"] for name, each in model["services"].items() if each.get("build")}


def find_images(model: Model) -> dict[str, str]:
    """The images of the other services, by service."""
    return {name: each["image"] for name, each in model["services"].items() if not each.get("build")}
