"""Where the runner is, as seen from the engine: which addresses of a container may lead to it from here."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

MARKERS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into containers; images of virtual machines may hold one too."""

LOCAL = ("localhost", "localnpipe", "::1")
"""Hosts in the SDK's base address that are this machine; a socket is `http+docker://localhost` there."""


def is_remote(base_url: str) -> bool:
    """Whether the engine is reached over a network, so that its loopback is not ours.

    A socket, or a port of our loopback, may be forwarded to another machine; that cannot be seen from here.

    Args:
        base_url: the engine's address as the SDK has it.
    """
    host = urlsplit(base_url).hostname or ""
    return host not in LOCAL and not host.startswith("127.")


def is_in_container(gateway: str) -> bool:
    """Whether this process is in a container with a network of its own.

    Args:
        gateway: the engine's own address in its default network; who has it is beside the engine.
    """
    return any(Path(marker).exists() for marker in MARKERS) and not has_address(gateway)


def has_address(address: str) -> bool:
    """Whether an IPv4 address is one of this process's own network."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    # No address at all means every address to the operating system.
    return bool(address)


def order_places(
    base_url: str, in_container: bool, mapped: tuple[str, int], inside: tuple[str, int]
) -> list[tuple[str, int]]:
    """The places where a container's port may be found, the likeliest first; empty where only the engine leads to it.

    Args:
        base_url: the engine's address as the SDK has it.
        in_container: whether we are in a container, likely one of the same engine.
        mapped: where the engine maps the port, on the loopback of whoever runs it.
        inside: the container's own address and port in the engine's network.
    """
    if is_remote(base_url):
        # Its loopback is out of reach, and what bears the container's address over here is somebody else.
        return []
    places = [inside, mapped] if in_container else [mapped]
    return [place for place in places if place[0]]
