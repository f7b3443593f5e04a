"""The architecture of the engine's machine, by the name that images and Debian use."""

import docker

from runner.engines.docker.connect import translate


def find_architecture(client: docker.DockerClient) -> str:
    """The engine's architecture, such as `amd64`; raises EngineError."""
    with translate("cannot ask the engine for its architecture"):
        return str(client.version()["Arch"])
