"""Compose v2 for tests: the machine's own, or that of Debian's package."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import docker
from debian_programs import provide

PACKAGE = "docker-compose"
PLACE = "usr/libexec/docker/cli-plugins/docker-compose"


def make_docker_config(engine: docker.DockerClient) -> str:
    """A value of DOCKER_CONFIG with which `docker compose` works."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))
    plugin = provide(engine, PACKAGE, PLACE)
    # The folder that the command looks into has to have this name.
    folder = plugin.with_name("cli-plugins")
    folder.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (folder / plugin.name).hardlink_to(plugin)
    return str(folder.parent)
