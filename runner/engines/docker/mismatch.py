"""Finds how a suite image differs from the locked one: packages, configuration, files."""

import docker

from runner.core.differences import compare
from runner.core.lock import Lock
from runner.core.lock_changes import describe_image
from runner.engines.docker.contents import find_digest, read_config
from runner.engines.docker.materials import read_materials
from runner.engines.docker.tampering import find_tampered
from runner.engines.docker.waiting import wait_for
from runner.engines.protocol import Progress
from runner.project.kept import load_listing
from runner.project.locking import LockState

UNNAMED = "files that no package owns: with the results folder of the machine that made the lock they have names"


def find_mismatch(
    client: docker.DockerClient, image: str, state: LockState, lock: Lock, progress: Progress
) -> list[str]:
    """How a suite image differs from the locked one, in words; nothing where it is the same. Takes seconds.

    Args:
        client: the engine.
        image: id of the image.
        state: of the lock.
        lock: the lock.
        progress: may raise to give up.
    """
    digest = wait_for(lambda: find_digest(client, image, state.cache), progress)
    if digest == lock.suite.content:
        return []
    found = describe_image(lock, read_materials(client, image), read_config(client, image))
    found += wait_for(lambda: find_files(client, image, digest, state, lock), progress)
    return found or [f"the content digest is {digest}, the locked one {lock.suite.content}", UNNAMED]


def find_files(client: docker.DockerClient, image: str, digest: str, state: LockState, lock: Lock) -> list[str]:
    """Files that differ, where the listing of the locked image is kept; else those that no package installed so."""
    folder = state.cache.with_suffix("")
    locked, present = load_listing(folder, lock.suite.content), load_listing(folder, digest)
    if locked and present:
        return [each.as_text() for each in compare(locked, present) if each.subject.startswith("/")]
    return [f"{path}: not what its package installed" for path in find_tampered(client, image)]
