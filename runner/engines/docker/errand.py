"""Runs a script of ours in a container that lives only as long as somebody listens to it, and leaves nothing else."""

import queue
import re
import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import docker
from docker.api.client import APIClient
from docker.errors import DockerException

from runner.core.names import make_build_name
from runner.engines.docker.build import find_hint
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import NO_LOG
from runner.engines.docker.files import pack_files
from runner.engines.docker.lease import Lease
from runner.engines.owner import make_owner
from runner.engines.protocol import END, OUTPUT, Progress
from runner.errors import ImageError

FOLDER = "/build"
"""Where the files of an errand are in its container."""

SCRIPT = '(sh "$0" "$@"; echo "== ended $?" >&2) </dev/null & exec cat >/dev/null'
"""The first process waits for the end of its input, which comes when the owner dies; then all others end too."""

ENDED = re.compile(r"== ended (\d+)")
KEPT_LINES = 40
"""Last lines of output that an error shows."""

WAITING = 64
"""Pieces of output that are held for a reader that is slower than the container."""


class Errand:
    """One container and what it says.

    Attributes:
        code: the script's exit code once it has ended; None when the container ended before it.
        lines: the last lines of standard error.
    """

    def __init__(self, api: APIClient, container: str) -> None:
        self.code: int | None = None
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._api, self._container = api, container
        self._pieces: queue.Queue[tuple[int, bytes]] = queue.Queue(WAITING)
        self._lease = Lease(api, container)
        self._is_open = True
        self._lease.receive(self._take)

    def _take(self, stream: int, data: bytes) -> None:
        while self._is_open:
            with suppress(queue.Full):
                self._pieces.put((stream, data), timeout=1)
                return

    def listen(self, progress: Progress) -> Iterator[bytes]:
        """Standard output as it comes, until the script has ended; `progress` gets the lines of standard error."""
        rest = b""
        while True:
            try:
                stream, data = self._pieces.get(timeout=0.1)
            except queue.Empty:
                progress("")
                continue
            if stream == OUTPUT:
                yield data
                continue
            *complete, rest = (rest + data).split(b"\n")
            for line in complete:
                self._hear(line.decode(errors="replace").rstrip(), progress)
            if self.code is not None or stream == END:
                return

    def _hear(self, line: str, progress: Progress) -> None:
        if found := ENDED.fullmatch(line):
            self.code = int(found[1])
        elif line:
            self.lines.append(line)
            progress(line)

    def explain(self, what: str) -> ImageError:
        """The error of a script that failed, with its last words."""
        return ImageError(what, "\n       ".join(self.lines), find_hint("\n".join(self.lines)))

    def close(self) -> None:
        """Give the container up: its first process ends, and the engine removes it."""
        self._is_open = False
        self._lease.close()
        with suppress(DockerException):
            self._api.remove_container(self._container, force=True, v=True)


@contextmanager
def open_errand(
    client: docker.DockerClient, image: str, argv: Sequence[str], files: Mapping[str, bytes], **options: Any
) -> Iterator[Errand]:
    """Start a script of ours; the container is removed at the end, whatever happens.

    Args:
        client: the engine.
        image: what the container is made from; it has a shell and `cat`.
        argv: path of the script, and its arguments.
        files: by path below FOLDER.
        options: of the engine's host configuration, such as `mounts`.

    Raises:
        EngineError: the engine cannot make or start the container.
    """
    api = client.api
    with translate(f"cannot start a container of `{image}`"):
        host = api.create_host_config(auto_remove=True, log_config=NO_LOG, **options)
        command = ["/bin/sh", "-c", SCRIPT, *argv]
        name = make_build_name(make_owner(), secrets.token_hex(4))
        container = api.create_container(image, [], entrypoint=command, stdin_open=True, host_config=host, name=name)[
            "Id"
        ]
    try:
        with translate(f"cannot start a container of `{image}`"):
            inside = {f"{FOLDER.lstrip('/')}/{name}": content for name, content in files.items()}
            api.put_archive(container, "/", pack_files(inside))
            errand = Errand(api, container)
            api.start(container)
    except BaseException:
        with suppress(DockerException):
            api.remove_container(container, force=True, v=True)
        raise
    try:
        yield errand
    finally:
        errand.close()
