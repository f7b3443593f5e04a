"""A container in which an image is made: files go in, scripts run, and what they left becomes the image, in one layer.

A Dockerfile makes a layer for each line. Committing one takes so long on some storage drivers (2 s on fuse-overlayfs,
which looks through the whole file system) that the lines take longer than the work. What is removed before the commit
leaves no trace.
"""

import json
import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import docker
from docker.errors import APIError, DockerException
from docker.utils.socket import frames_iter
from requests.exceptions import RequestException

from runner.core.names import make_build_name
from runner.engines.docker.build import ESCAPES, KEPT_LINES, find_hint, in_thread
from runner.engines.docker.connect import explain, translate
from runner.engines.docker.image_names import make_passing_name, settle_name
from runner.engines.docker.lease import Lease, close_stream
from runner.engines.owner import make_owner
from runner.engines.protocol import Progress
from runner.errors import EngineError, ImageError

STEP = "== "
"""What a script's line begins with when it says what comes next."""

FULL = "no space left"

WAITING = ["sh", "-c", "cat > /dev/null"]
"""The first process: it ends when our connection to its standard input does, however we ended."""


@contextmanager
def translate_full(tag: str) -> Iterator[None]:
    """A full disk is an error of the image, at whatever step it shows."""
    try:
        yield
    except EngineError as error:
        if FULL not in error.cause:
            raise
        raise ImageError(f"cannot build the image `{tag}`", error.cause, find_hint(error.cause)) from error


def listen(chunks: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    """The same pieces, with a call of `progress` for each."""
    for chunk in chunks:
        progress("")
        yield chunk


class Workshop:
    """One such container; removed at the end of the block, whatever happens.

    Args:
        client: the engine.
        parent: the image to start from.
        tag: the image to make.
        options: of the engine's host configuration, such as `tmpfs`.

    Raises:
        EngineError: the engine could not make or start the container.
    """

    def __init__(self, client: docker.DockerClient, parent: str, tag: str, **options: Any) -> None:
        self._api, self._parent, self._tag = client.api, parent, tag
        # Labels would go into the image, and from there to every container of it.
        with translate_full(tag), translate(f"cannot start the build of the image `{tag}`"):
            self._id = client.api.create_container(
                parent,
                [],
                entrypoint=WAITING,
                user="0:0",
                working_dir="/",
                stdin_open=True,
                name=make_build_name(make_owner(), secrets.token_hex(4)),
                host_config=client.api.create_host_config(auto_remove=True, **options),
            )["Id"]
            self._lease = Lease(client.api, self._id)
            try:
                client.api.start(self._id)
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove the container."""
        self._lease.close()
        # The engine removes it too, since its first process ends.
        with suppress(DockerException, RequestException):
            self._api.remove_container(self._id, v=True, force=True)

    def put(self, archive: bytes, path: str = "/") -> None:
        """Unpack a tar file in a folder of the container, which exists."""
        with translate_full(self._tag), translate(f"cannot copy files into the build of the image `{self._tag}`"):
            self._api.put_archive(self._id, path, archive)

    def take(self, other: Self, path: str, progress: Progress) -> None:
        """Copy a file from another such container, to the same path.

        Args:
            other: the container that has it.
            path: absolute.
            progress: is called for each piece; may raise to give up.
        """
        what = f"cannot copy `{path}` in the build of the image `{self._tag}`"
        with translate_full(self._tag), translate(what):
            chunks, _ = self._api.get_archive(other._id, path)
            self._api.put_archive(self._id, path.rpartition("/")[0], listen(chunks, progress))

    def run(self, argv: Sequence[str], progress: Progress) -> None:
        """Run a command and pass on its output.

        Raises:
            ImageError: it failed; the error names the step by the last line that began with `== `.
        """
        step, lines = argv[-1], deque[str](maxlen=KEPT_LINES)
        for message in in_thread(self._stream(argv), progress):
            line = ESCAPES.sub("", message["line"]).rstrip()
            if line.startswith(STEP):
                step = line.removeprefix(STEP)
                lines.clear()
            elif line:
                lines.append(line)
            progress(line)
            if code := message.get("code"):
                said = "\n       ".join([*lines, f"exit code {code}"])
                hint = find_hint("\n".join(lines))
                raise ImageError(f"cannot build the image `{self._tag}`: the step `{step}` failed", said, hint)

    def _stream(self, argv: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The lines of a command's output; the last one with its exit code."""
        rest = b""
        try:
            # One stream of both: two have no order between them.
            process = self._api.exec_create(self._id, ["sh", "-c", 'exec "$@" 2>&1', "sh", *argv])["Id"]
            for chunk in self._follow(process):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from ({"line": line.decode(errors="replace")} for line in lines)
            code = self._api.exec_inspect(process)["ExitCode"]
            yield {"line": rest.decode(errors="replace"), "code": code}
        except (DockerException, RequestException, OSError) as error:
            cause = explain(error)
            raise ImageError(f"cannot build the image `{self._tag}`", cause, find_hint(cause, "")) from error

    def _follow(self, process: str) -> Iterator[bytes]:
        """What a process says, until it ends."""
        stream: Any = self._api.exec_start(process, socket=True)
        try:
            getattr(stream, "_sock", stream).settimeout(None)
            for _, chunk in frames_iter(stream, tty=False):  # type: ignore[no-untyped-call]
                yield chunk
        finally:
            close_stream(stream)

    def flatten(self, changes: Sequence[str], progress: Progress) -> None:
        """Make the image of all the container's files, without anything that its parent has set.

        Args:
            changes: lines of a Dockerfile that make no layer.
            progress: is called all the time; may raise to give up.
        """
        passing = make_passing_name(self._tag)
        repository, _, version = passing.rpartition(":")
        with translate_full(self._tag), translate(f"cannot build the image `{self._tag}`"):
            chunks = listen(self._api.export(self._id), progress)
            answer = self._api.import_image_from_data(chunks, repository, version, [*changes])
            last = json.loads(answer.strip().splitlines()[-1])
            if "error" in last:
                raise ImageError(f"cannot build the image `{self._tag}`", last["error"], find_hint(last["error"]))
            settle_name(self._api, passing, self._tag, replace=True)

    def commit(self, changes: Sequence[str], progress: Progress) -> None:
        """Make the image of what the container holds; it gets its name last.

        Args:
            changes: lines of a Dockerfile that make no layer. Where they say nothing it starts as its parent does.
            progress: is called all the time; may raise to give up.
        """
        passing = make_passing_name(self._tag)
        for _ in in_thread(self._commit(passing, changes), progress):
            pass
        with translate(f"cannot name the image `{self._tag}`"):
            settle_name(self._api, passing, self._tag)

    def _commit(self, passing: str, changes: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Commit; yields nothing."""
        repository, _, version = passing.rpartition(":")
        try:
            config = self._api.inspect_image(self._parent)["Config"]  # type: ignore[no-untyped-call]
            kept = [f"{name.upper()} {json.dumps(config.get(name) or [])}" for name in ("Entrypoint", "Cmd")]
            kept += [f"USER {config['User']}"] if config.get("User") else []
            kept += [f"WORKDIR {config['WorkingDir']}"] if config.get("WorkingDir") else []
            answer = self._api.post(
                f"{self._api.base_url}/v{self._api.api_version}/commit",
                params={"container": self._id, "repo": repository, "tag": version, "changes": [*kept, *changes]},
                json={},
                # Large layers take longer than any other call may.
                timeout=None,
            )
        except (APIError, DockerException, RequestException, OSError) as error:
            cause = explain(error)
            raise ImageError(f"cannot build the image `{self._tag}`", cause, find_hint(cause, "")) from error
        if not answer.ok:
            said = str(answer.json()["message"])
            raise ImageError(f"cannot build the image `{self._tag}`", said, find_hint(said))
        yield from ()
