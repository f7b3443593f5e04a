"""A container as the engine's API describes it. Source: Docker's documentation, "Engine API", version 1.41."""

from __future__ import annotations

from typing import Any

from .engine_containers import INSIDE, Container


def describe(container: Container, port: int) -> dict[str, Any]:
    """What inspecting a container says, as far as suites read it.

    Args:
        container: which one.
        port: where it is reached.
    """
    is_running = container.status == "running"
    network = {"IPAddress": "127.0.0.1", "Gateway": "127.0.0.1"}
    ports = {INSIDE: [{"HostIp": "127.0.0.1", "HostPort": str(port)}]} if is_running else {}
    return {
        "Id": container.id,
        "Name": f"/{container.name}",
        "Created": container.made,
        "Image": f"sha256:{container.asked.get('Image')}",
        "State": {
            "Status": container.status,
            "Running": is_running,
            "ExitCode": 0,
            "StartedAt": container.made,
            "Health": {"Status": "healthy" if is_running else "starting"},
        },
        # With a terminal, logs are plain text.
        "Config": {**container.asked, "Labels": container.asked.get("Labels") or {}, "Tty": True},
        "HostConfig": {**container.host, "NetworkMode": "bridge"},
        "NetworkSettings": {"Ports": ports, **network, "Networks": {"bridge": network}},
        "Mounts": [],
    }


def list_shape(container: Container, port: int) -> dict[str, Any]:
    """What a list of containers says of one."""
    whole = describe(container, port)
    return {
        "Id": container.id,
        "Names": [whole["Name"]],
        "Image": container.asked.get("Image"),
        "ImageID": whole["Image"],
        "Labels": whole["Config"]["Labels"],
        "HostConfig": {"NetworkMode": "bridge"},
        "NetworkSettings": {"Networks": whole["NetworkSettings"]["Networks"]},
        "State": container.status,
        "Status": "Up" if container.status == "running" else "Exited (0)",
        "Ports": [{"PrivatePort": 5432, "PublicPort": port, "Type": "tcp", "IP": "127.0.0.1"}],
    }
