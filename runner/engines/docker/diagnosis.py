"""What `runner doctor` finds out: one finding for each thing that a run needs."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker

from runner.core.settings import Settings
from runner.core.settings_layers import merge_settings
from runner.engines.docker.connect import connect, find_address
from runner.engines.docker.rootfs import find_obstacle
from runner.errors import RunnerError
from runner.project.load import load_project
from runner.project.recipe import find_lock, read_ca_bundle

OLDEST_API = (1, 40)
"""Engine 19.03; older ones lack what the SDK sends."""

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
        diagnose_disk(client),
        diagnose_base(client, settings.base_image),
        diagnose_certificates(root, settings, environ),
        about_project,
    ]


def diagnose_api(version: str) -> Finding:
    """The engine's API version."""
    ok = tuple(int(part) for part in version.split(".")) >= OLDEST_API
    wanted = ".".join(map(str, OLDEST_API))
    return Finding("API", ok, f"version {version}", "" if ok else f"update the engine: {wanted} is needed")


def diagnose_disk(client: docker.DockerClient) -> Finding:
    """Room on the engine's disk, where it is a disk of this machine."""
    root = Path(client.info()["DockerRootDir"])
    try:
        free = shutil.disk_usage(root).free
    except OSError:
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
    return project.folder, settings, Finding("project", True, f"{project.name}, locked by {lock.name}")
