"""Compares the suite image with `runner.lock` by its content digest."""

import docker

from runner.core.lock import NAME, Lock
from runner.core.words import shorten
from runner.engines.docker.connect import translate
from runner.engines.protocol import Progress
from runner.errors import ImageError
from runner.project.kept import read_digests
from runner.project.locking import LockState, as_cause

FEW = 3
"""Differences that a warning names."""


def check_image(
    client: docker.DockerClient, image: str, state: LockState, lock: Lock, is_new: bool, progress: Progress
) -> str:
    """Compare a suite image with the lock; what was found, in one line.

    A run that does not insist on the lock pays for a comparison once, after it built the image: from then on the
    digest is known by the image's id. An image that came in another way is compared by `--locked` only.

    Args:
        client: the engine.
        image: its name.
        state: of the lock.
        lock: the lock.
        is_new: whether this run built the image.
        progress: may raise to give up.

    Raises:
        ImageError: the lock is binding, and the image is another.
    """
    if state.stale:
        return f"warning: {NAME} is stale: {'; '.join(shorten(state.stale, FEW))}; `runner lock` brings it up to date"
    with translate(f"cannot look up the image `{image}`"):
        identity = client.api.inspect_image(image)["Id"]  # type: ignore[no-untyped-call]
    known = read_digests(state.cache).get(identity)
    if known == lock.suite.content:
        return f"the image in {NAME}"
    if not state.is_binding and not is_new:
        return warn_shortly(known)
    # Where the image is the known one, nobody waits for this import.
    from runner.engines.docker.mismatch import find_mismatch

    differences = find_mismatch(client, identity, state, lock, progress)
    if not differences:
        return f"the image in {NAME}"
    if not state.is_binding:
        return f"warning: not the image in {NAME}: {'; '.join(shorten(differences, FEW))}"
    raise ImageError(
        f"the image `{image}` is not the one in `{NAME}`",
        as_cause(differences),
        f"`docker image rm {image}` lets the next run build it anew; `runner lock` takes it as it is",
    )


def warn_shortly(known: str | None) -> str:
    """What a run says that does not look any closer."""
    if known is None:
        return "not compared: the image was not built here; `--locked` compares it"
    return f"warning: not the image in {NAME}; `--locked` says what differs"
