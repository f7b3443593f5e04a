"""Compose v2 as a process: it alone knows the language of Compose files, waits for health checks, and builds.

Every call is a process group of its own, which ends with the run: by `progress` that gives up, or, where the runner
was killed, by the watchdog.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.engines.protocol import Progress
from runner.errors import EngineError, SettingsError, find_reason

PATIENCE = 2.0
"""Seconds that Compose has to end when it is asked to."""

KEPT_LINES = 20
NEEDED = (2, 20)
"""The oldest Compose that has `up --wait-timeout` and the model that `core.services` reads."""


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    exit_code: int
    output: str
    said: str

    @property
    def last_words(self) -> str:
        """The last lines of what it said."""
        return "\n       ".join(self.said.strip().splitlines()[-KEPT_LINES:])


class Compose:
    """Calls of Compose for one services file, under one name."""

    def __init__(self, file: Path, project: str, variables: Mapping[str, str], announce: Callable[[int], None]) -> None:
        """Describe the calls.

        Args:
            file: the project's services file; its folder is what relative paths start from.
            project: Compose's name for everything it makes.
            variables: beside this process's own.
            announce: hears of each process, which must not outlive the runner.
        """
        self._file = file
        self._project = project
        self._environ = {**os.environ, **variables}
        self._announce = announce

    def read(self, progress: Progress) -> dict[str, Any]:
        """The normalised model of the file.

        Raises:
            SettingsError: there is no such file, or Compose refuses it.
            EngineError: there is no Compose v2.
        """
        if not self._file.is_file():
            cause = f"no such file in `{self._file.parent}`"
            raise SettingsError(f"cannot find the services file `{self._file.name}`", cause, "correct `services`")
        ended = self.call(["config", "--format", "json"], progress)
        if ended.exit_code:
            self._check_version(progress)
            raise SettingsError(f"Compose refuses the services file `{self._file}`", ended.last_words)
        model: dict[str, Any] = json.loads(ended.output)
        if not model.get("services"):
            raise SettingsError(f"the services file `{self._file}` has no services")
        return model

    def _check_version(self, progress: Progress) -> None:
        ended = self._run(["docker", "compose", "version", "--short"], "", progress)
        found = tuple(int(part) for part in ended.output.strip().lstrip("v").split(".")[:2] if part.isdigit())
        if ended.exit_code or found < NEEDED:
            raise make_missing(ended.last_words or f"`docker compose version` says {ended.output.strip()}")

    def call(self, args: Sequence[str], progress: Progress, model: Mapping[str, Any] | None = None) -> Ended:
        """Call Compose with the file, or with a model in its place."""
        file = str(self._file) if model is None else "-"
        folder = str(self._file.parent)
        options = ["--project-name", self._project, "--project-directory", folder, "--file", file]
        text = "" if model is None else json.dumps(model)
        return self._run(["docker", "compose", *options, *args], text, progress)

    def _run(self, command: Sequence[str], text: str, progress: Progress) -> Ended:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
            given.write(text.encode())
            given.seek(0)
            try:
                process = subprocess.Popen(
                    command, stdin=given, stdout=output, stderr=said, env=self._environ, start_new_session=True
                )
            except OSError as error:
                raise make_missing(f"cannot start `docker`: {find_reason(error)}") from None
            self._announce(process.pid)
            try:
                wait(process, progress)
            finally:
                end(process)
            output.seek(0)
            said.seek(0)
            return Ended(process.returncode, output.read().decode(), said.read().decode(errors="replace"))


def make_missing(cause: str) -> EngineError:
    """The error where there is no Compose, or one that is too old."""
    hint = "install the plugin (Debian's package `docker-compose`), or use the runner's image, which has it"
    return EngineError(f"the setting `services` needs Compose {NEEDED[0]}.{NEEDED[1]} or newer", cause, hint)


def wait(process: "subprocess.Popen[bytes]", progress: Progress) -> None:
    """Wait for the end; `progress` may raise to give up."""
    while process.poll() is None:
        progress("")
        time.sleep(0.02)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process group that still runs: in order if it does so soon, so that no request is under way."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
