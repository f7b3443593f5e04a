"""Builds one image through the engine's classic builder interface, with its output as it comes."""

import io
import queue
import re
import tarfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from runner.core.missing_libraries import advise
from runner.core.pythons import OWN, RELEASES, sort_down
from runner.engines.docker.connect import explain, translate
from runner.engines.docker.image_names import find_image
from runner.engines.protocol import Progress
from runner.errors import ImageError

KEPT_LINES = 40
"""Lines of a failing step's output that the error shows."""

STEP = re.compile(r"^Step \d+/\d+ : ")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class ImageSpec:
    """An image to have: its name, and what it is built from.

    Attributes:
        tag: name and fingerprint; an image of this name is never built again.
        files: the build context as path to content.
        arguments: build arguments.
        tar: more of the context, as a tar stream of which every member goes below `stage/project/`.
    """

    tag: str
    files: Mapping[str, bytes]
    arguments: Mapping[str, str] = field(default_factory=dict)
    tar: bytes = b""


def exists(client: docker.DockerClient, tag: str) -> bool:
    """Whether the engine has the image."""
    with translate(f"cannot look up the image `{tag}`"):
        return bool(find_image(client.api, tag))


def build(client: docker.DockerClient, spec: ImageSpec, progress: Progress) -> None:
    """Build the image.

    Raises:
        ImageError: a step failed; the error carries the last lines of its output.
    """
    step, lines = "", deque[str](maxlen=KEPT_LINES)
    for message in in_thread(stream(client, spec), progress):
        for line in str(message.get("stream", "")).splitlines():
            if STEP.match(line):
                step = STEP.sub("", line)
                lines.clear()
            elif line.strip() and not line.lstrip().startswith("--->"):
                lines.append(ESCAPES.sub("", line.rstrip()))
            progress(line)
        if "error" in message:
            output = "\n       ".join([*lines, str(message["error"]).strip()])
            raise ImageError(
                f"cannot build the image `{spec.tag}`: the step `{step}` failed", output, find_hint(output)
            )


def find_hint(output: str, otherwise: str = "the output above is the step's own; `-v` shows the whole build") -> str:
    """What to do about the well-known reasons for a failing step."""
    for pattern, hint in HINTS:
        if re.search(pattern, output, re.IGNORECASE | re.MULTILINE):
            return hint
    return advise(output) or otherwise


HINTS = (
    (
        r"^Python 3\.\d+ cannot be had",
        f"set `python` to one that Debian has: {', '.join(sort_down([OWN, *RELEASES]))}",
    ),
    (
        r"No module named '?pkg_resources",
        'a build needs an older setuptools: `build_constraints = ["setuptools<81"]`',
    ),
    (r"no space left", "the engine's disk is full: `docker system df` shows by what"),
    (r"lockfile .*(needs to be updated|outdated)", "the lock file is stale: run `uv lock` and commit it"),
    (
        r"changed significantly since poetry.lock|^the lock has not ",
        "poetry.lock is stale: run `poetry lock` and commit it",
    ),
    (
        r"could not find a tag|No names found, cannot describe",
        "the version is read from git's tags, and this clone has none: `git fetch --tags --unshallow`",
    ),
    (r"hash mismatch", "the lock file does not fit what the index has: lock again, and look into why it changed"),
    (
        r"in `--require-hashes` mode",
        "pin every requirement with its hash: `uv pip compile --generate-hashes --no-emit-index-url`",
    ),
    (
        r"is required, but|which is not installed|requires .*, but",
        "the lock file is stale: lock again, so that it fits pyproject.toml",
    ),
    (r"(?<!ca-)certificate|UnknownIssuer", "set `ca_bundle` to the certificates of your network's proxy"),
    (
        r"unable to locate package|has no installation candidate",
        "Debian 13 has no such package: correct `packages` or `build_packages`",
    ),
    (
        r"failed to fetch|does not have a release file|repository .* is no longer signed",
        "the mirror cannot be read: correct `mirrors`, or look at the network",
    ),
    (
        r"not found in the (package )?registry|no matching distribution|no solution found|there are no versions of",
        "a dependency or its pinned version does not exist for this Python; correct the lock file, or set `python`",
    ),
    (r"dns error|Temporary failure|could not resolve|network is unreachable", "the build has no network"),
)


def stream(client: docker.DockerClient, spec: ImageSpec) -> Iterator[dict[str, Any]]:
    """The engine's messages during the build."""
    try:
        yield from client.api.build(
            fileobj=make_context(spec),
            custom_context=True,
            tag=spec.tag,
            buildargs=dict(spec.arguments),
            rm=True,
            forcerm=True,
            decode=True,
        )
    except (APIError, DockerException, RequestException, OSError) as error:
        cause = explain(error)
        raise ImageError(f"cannot build the image `{spec.tag}`", cause, find_hint(cause, "")) from error


def make_context(spec: ImageSpec) -> io.BytesIO:
    """The build context as a tar file: our files without times, and the project's below `stage/project/`."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        if spec.tar:
            with tarfile.open(fileobj=io.BytesIO(spec.tar)) as project:
                for member in project:
                    content = project.extractfile(member) if member.isreg() else None
                    member.name = f"stage/project/{member.name}"
                    archive.addfile(member, content)
        for name, data in spec.files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    target.seek(0)
    return target


def in_thread(messages: Iterator[dict[str, Any]], progress: Progress) -> Iterator[dict[str, Any]]:
    """Read messages in a thread, so that silence cannot hold up a `progress` that wants to give up."""
    waiting: queue.Queue[dict[str, Any] | BaseException | None] = queue.Queue()

    def read() -> None:
        try:
            for message in messages:
                waiting.put(message)
            waiting.put(None)
        except BaseException as error:  # noqa: BLE001 -- the reader raises it; else it would wait for ever
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            message = waiting.get(timeout=0.1)
        except queue.Empty:
            progress("")
            continue
        if isinstance(message, BaseException):
            raise message
        if message is None:
            return
        yield message
