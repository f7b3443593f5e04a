"""What is on the engine that we made: listed, removed and counted by our labels, never from memory."""

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import docker
from docker.errors import APIError, NotFound

from runner.core import names
from runner.engines.owner import find_boot, is_alive
from runner.engines.protocol import Leftover

GRACE = 10.0
"""Seconds that removal may take before what is still there counts as left behind."""


RUNNING = ("running", "paused")


def list_objects(client: docker.DockerClient, run: str = "") -> list[Leftover]:
    """All containers, networks and volumes of one run; or of all runs, with the containers of builds."""
    label = f"{names.RUN}={run}" if run else names.RUN
    filters = {"label": label}
    api = client.api
    found = [
        make_leftover("container", each["Id"], each["Names"][0].lstrip("/"), each["Labels"], each["State"])
        for each in api.containers(all=True, filters=filters)
    ]
    if not run:
        found += list_builds(client)
    used = {each.run for each in found if each.status in RUNNING}
    found += [
        make_leftover("network", each["Id"], each["Name"], each["Labels"], find_use(each, used))
        for each in api.networks(filters=filters)
    ]
    volumes = api.volumes(filters=filters)["Volumes"] or []
    found += [
        make_leftover("volume", each["Name"], each["Name"], each["Labels"], find_use(each, used)) for each in volumes
    ]
    launchers = {each.launcher for each in found if each.launcher}
    gone = launchers - find_running(client) if launchers else set()
    return [replace(each, launcher_is_gone=each.launcher in gone) for each in found]


def list_builds(client: docker.DockerClient) -> list[Leftover]:
    """Containers in which images are made: what is in their labels would be in the images too."""
    found = client.api.containers(all=True, filters={"name": f"^/{names.BUILD}_"})
    return [make_build_leftover(each["Id"], each["Names"][0].lstrip("/"), each) for each in found]


def make_build_leftover(identity: str, name: str, described: dict[str, Any]) -> Leftover:
    """One of them."""
    created = datetime.fromtimestamp(described["Created"]).astimezone().isoformat(timespec="seconds")
    owner = names.parse_build_owner(name)
    return Leftover("container", identity, name, "", "", "build", created, described["State"], owner)


def find_running(client: docker.DockerClient) -> set[str]:
    """The names of all running containers, and their host names where nobody chose another."""
    found = client.api.containers(filters={"status": "running"})
    return {each["Names"][0].lstrip("/") for each in found} | {each["Id"][:12] for each in found}


def find_use(described: dict[str, Any], used: Collection[str]) -> str:
    """The status of a network or a volume, which has none of its own: whether its run has a container that runs."""
    return "in use" if described["Labels"].get(names.RUN) in used else ""


def make_leftover(kind: str, identity: str, name: str, labels: dict[str, str], status: str = "") -> Leftover:
    """An object from what the engine says of it."""
    return Leftover(
        kind,
        identity,
        name,
        labels.get(names.RUN, ""),
        labels.get(names.PROJECT, ""),
        labels.get(names.ROLE, ""),
        labels.get(names.CREATED, ""),
        status,
        names.parse_owner(labels.get(names.OWNER, "")),
        labels.get(names.LAUNCHER, ""),
    )


def has_living_owner(each: Leftover) -> bool:
    """Whether the process that made the object lives.

    One in a container does not outlive it. One on another machine, or before the last boot of this one, cannot be
    looked at: its containers count as living while they run, for their lease would have ended them, and with them
    networks and volumes of their run. What does not run for an hour has nobody to start it.
    """
    if each.launcher_is_gone:
        return False
    if each.owner is not None and each.owner.boot == find_boot():
        return is_alive(each.owner)
    return each.status in {*RUNNING, "in use"} or is_young(each.created)


def is_young(created: str) -> bool:
    """Whether the label's time is less than an hour ago; one that is no time counts as young."""
    try:
        return datetime.now().astimezone() - datetime.fromisoformat(created) < timedelta(hours=1)
    except (ValueError, TypeError):
        return True


def remove(client: docker.DockerClient, objects: Iterable[Leftover]) -> None:
    """Remove objects: containers first and all at once, since networks and volumes are free only without them."""
    objects = list(objects)
    threads = [threading.Thread(target=remove_one, args=(client, each)) for each in objects if each.kind == "container"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in objects:
        if each.kind != "container":
            remove_one(client, each)


def remove_one(client: docker.DockerClient, each: Leftover) -> None:
    """Remove one object; that it is gone or on its way out is fine, anything else shows in the count that follows."""
    try:
        match each.kind:
            case "container":
                client.api.remove_container(each.id, force=True, v=True)
            case "network":
                client.api.remove_network(each.id)
            case "volume":
                client.api.remove_volume(each.id, force=True)
    except (NotFound, APIError):
        return


def remove_run(client: docker.DockerClient, run: str) -> list[Leftover]:
    """Remove everything of one run and return what is left, as the engine says."""
    deadline = time.monotonic() + GRACE
    while left := list_objects(client, run):
        remove(client, left)
        if not (left := list_objects(client, run)) or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return left


def sweep(client: docker.DockerClient) -> list[Leftover]:
    """Remove everything of ours that has no living owner, such as an engine's crash may leave; return what it was."""
    dead = [each for each in list_objects(client) if not has_living_owner(each)]
    remove(client, dead)
    return dead
