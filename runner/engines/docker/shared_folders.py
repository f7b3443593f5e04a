"""Folders that server and suite share (`postgres.folders`): a volume in memory for each, with our labels."""

from collections.abc import Sequence

import docker

from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity

IN_MEMORY = {"type": "tmpfs", "device": "tmpfs", "o": "mode=1777"}
"""For the engine's own driver: server and suite have different users, and each may write."""

Mounts = dict[str, dict[str, str]]
"""Where each volume is, as `docker.models.containers.create` takes it."""


def make_folders(client: docker.DockerClient, identity: RunIdentity, folders: Sequence[str]) -> Mounts:
    """Make the volumes; they are removed with everything else of the run.

    Args:
        client: the engine.
        identity: whose they are.
        folders: where they are, in either container.

    Raises:
        EngineError: the engine could not.
    """
    mounts: Mounts = {}
    for number, folder in enumerate(folders):
        own = identity.make_options(f"folder-{number}")
        with translate(f"cannot make the shared folder `{folder}` (`postgres.folders`)"):
            volume = client.api.create_volume(own["name"], "local", IN_MEMORY, own["labels"])
        mounts[volume["Name"]] = {"bind": folder, "mode": "rw"}
    return mounts
