"""What the session asks of an engine. Docker's answer is `runner.engines.docker.engine`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.core.names import Owner

OUTPUT, REPORTS, END = 1, 2, 0

Receiver = Callable[[int, bytes], None]
"""Called in a thread of the engine with OUTPUT or REPORTS and data; with END and nothing when the container ended."""

Progress = Callable[[str], None]
"""Called with one line of output, or an empty one while nothing happens; may raise to give up."""


@dataclass(frozen=True)
class Leftover:
    """One object on the engine with our labels: a container, a network or a volume."""

    kind: str
    id: str
    name: str
    run: str
    project: str
    role: str
    created: str
    status: str
    owner: Owner | None


@dataclass(frozen=True)
class ServerAddress:
    """A place where the runner, and a person's psql, may reach the server from outside the containers."""

    host: str
    port: int
    user: str
    password: str


class Suite(Protocol):
    """The container in which pytest runs; it owns the network that the server joins."""

    id: str

    def wait_started(self) -> None:
        """Wait until the container has started, which goes on beside other steps."""

    def run(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process in the project's folder; the receiver hears of its end."""

    def signal(self, number: int) -> None:
        """Send a signal to the running process and its descendants."""

    def announce_slot(self, slot: str) -> None:
        """Tell the pytest plugin that a slot can be used."""

    def copy_results(self, names: Sequence[str], target: Path) -> None:
        """Copy the named result files into a folder of the host; they belong to the caller there."""


class Server(Protocol):
    """The disposable Postgres server."""

    def find_addresses(self) -> Sequence[ServerAddress]:
        """Where the server may be reached from outside the containers, the likeliest first."""


class Engine(Protocol):
    """Runs the containers of one run. Every method may raise EngineError."""

    def count_cpus(self) -> int:
        """The CPUs that containers may use."""

    def sweep(self) -> Sequence[Leftover]:
        """Remove objects of runs whose owner is dead; return what was removed."""

    def ensure_images(self, database: bool, progress: Progress) -> Sequence[str]:
        """Build the images that are missing and return their names; raises ImageError."""

    def start_suite(self, receiver: Receiver, publish: bool) -> Suite:
        """Start the suite container with the project's sources in it; `publish` maps Postgres's port."""

    def start_postgres(self, suite: Suite, password: str, receiver: Receiver) -> Server:
        """Start Postgres in the suite's network namespace."""

    def remove_run(self) -> Sequence[Leftover]:
        """Remove everything of the run; return what is left, as the engine says."""
