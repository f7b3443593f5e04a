"""What `runner doctor` finds out: one finding for each thing that a run needs."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import docker

from runner.core.settings import Settings
from runner.core.settings_layers import merge_settings
from runner.engines.docker.connect import connect, find_address
from runner.engines.docker.place import is_in_container, is_remote
from runner.engines.docker.requirements import OLDEST_API, OLDEST_ENGINE
from runner.engines.docker.rootfs import find_obstacle
from runner.errors import RunnerError
from runner.project.load import load_project
from runner.project.locks import find_lock
from runner.project.recipe import read_ca_bundle

NEEDED_DISK = 5 * 1024**3
"""Bytes that the images of one project and a build take, with room to spare."""

REGISTRY_PATIENCE = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what.
        ok: whether a run can do with it.
        found: what there is.
        advice: what to do, where there is something to do.
    """

    subject: str
    ok: bool
    found: str
    advice: str = ""


def diagnose(folder: Path, environ: Mapping[str, str]) -> list[Finding]:
    """All findings, the engine first; without an engine the rest of its questions are left out."""
    host = environ.get("DOCKER_HOST")
    try:
        client = connect(host, timeout=REGISTRY_PATIENCE)
    except RunnerError as error:
        return [Finding("engine", False, f"{error.what}: {error.cause}", error.hint)]
    version = client.version()
    root, settings, about_project = diagnose_project(folder, environ)
    return [
        Finding("engine", True, f"{version['Version']} at {find_address(host)}"),
        diagnose_api(str(version["ApiVersion"])),
        diagnose_place(client),
        diagnose_disk(client),
        diagnose_base(client, settings.base_image),
        diagnose_certificates(root, settings, environ),
        about_project,
    ]


def diagnose_api(version: str) -> Finding:
    """The engine's API version; one that is too old was refused when we connected."""
    return Finding(
        "API", True, f"version {version}; from {'.'.join(map(str, OLDEST_API))} ({OLDEST_ENGINE}) on it will do"
    )


def diagnose_place(client: docker.DockerClient) -> Finding:
    """Where the runner itself runs, and how it reaches the engine and Postgres."""
    if is_remote(client.api.base_url):
        return Finding("runner", True, "the engine is on another machine; Postgres is reached through it")
    in_container = is_in_container(find_gateway(client))
    here = "in a container" if in_container else "on the engine's machine"
    way = "at its container's address" if in_container else "at a port of 127.0.0.1"
    return Finding("runner", True, f"{here}; Postgres is reached {way}, else through the engine")


def find_gateway(client: docker.DockerClient) -> str:
    """The engine's address in its default network, the first one where it does not say; empty without a network."""
    ranges = client.api.inspect_network("bridge")["IPAM"]["Config"] or [{}]
    subnet = ranges[0].get("Subnet", "")
    return str(ranges[0].get("Gateway") or (next(ip_network(subnet).hosts()) if subnet else ""))


def diagnose_disk(client: docker.DockerClient) -> Finding:
    """Room on the engine's disk, where it is a disk of this machine."""
    root = Path(client.info()["DockerRootDir"])
    try:
        free = -1 if is_remote(client.api.base_url) else shutil.disk_usage(root).free
    except OSError:
        free = -1
    if free < 0:
        return Finding("disk", True, f"{root} is not on this machine")
    ok = free >= NEEDED_DISK
    advice = "" if ok else f"{NEEDED_DISK // 1024**3} GiB are needed: `docker system df` shows what takes room"
    return Finding("disk", ok, f"{free / 1024**3:.1f} GiB free in {root}", advice)


def diagnose_base(client: docker.DockerClient, reference: str) -> Finding:
    """Where the base image can come from: the registry, or Debian's packages."""
    if reference:
        try:
            client.api.inspect_distribution(reference)  # type: ignore[no-untyped-call]
        except (docker.errors.DockerException, OSError):
            pass
        else:
            return Finding("base image", True, f"the registry has {reference}")
    reason = find_obstacle(client)
    if not reason:
        return Finding("base image", True, "no registry; made from Debian's packages by the engine's own apt")
    return Finding(
        "base image",
        False,
        f"the registry does not have `{reference}`, and {reason}",
        "set `base_image` to an image of Debian 13 that the engine can pull",
    )


def diagnose_certificates(folder: Path, settings: Settings, environ: Mapping[str, str]) -> Finding:
    """The certificates that image builds get."""
    try:
        content = read_ca_bundle(folder, settings, environ)
    except RunnerError as error:
        return Finding("CA bundle", False, f"{error.what}: {error.cause}", "correct `ca_bundle` or the variable")
    count = content.count(b"BEGIN CERTIFICATE")
    return Finding(
        "CA bundle", True, f"{count} certificates go into builds" if count else "none is set; the usual ones"
    )


def diagnose_project(folder: Path, environ: Mapping[str, str]) -> tuple[Path, Settings, Finding]:
    """The project's folder, settings and lock file."""
    try:
        project = load_project(folder)
        settings = merge_settings(project.settings, environ, {}).settings
        lock = find_lock(project, settings)
    except RunnerError as error:
        return folder, Settings(), Finding("project", False, f"{error.what}: {error.cause}".rstrip(": "), error.hint)
    source = f"{'locked by' if lock.is_locked else 'without a lock, resolved from'} {lock.path.name}"
    return project.folder, settings, Finding("project", True, f"{project.name}, {source}")
