"""What the session asks of an engine. Docker's answer is `runner.engines.docker.engine`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """One object on the engine with our labels: a container, a network or a volume.

    `launcher`: the container of the runner that made it, where it ran in one; `launcher_is_gone`: that container does
    not run any more.
    """

    kind: str
    id: str
    name: str
    run: str
    project: str
    role: str
    created: str
    status: str
    owner: Owner | None
    launcher: str = ""
    launcher_is_gone: bool = False


@dataclass(frozen=True)
class ServerAddress:
    """A place where the runner, and a person's psql, may reach the server from outside the containers."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True)
class Size:
    """The size of a terminal, in characters."""

    columns: int
    rows: int


@dataclass(frozen=True)
class Access:
    """How a suite container that a person works in differs from one that only runs tests.

    Attributes:
        folder: the project's folder on this machine, to be mounted for writing; None copies the sources.
        is_root: whether root may install packages in it.
        files: contents by path relative to `places.FILES`; what stands below `bin/` can be executed.
        ports: free ports of 127.0.0.1 here, by ports of the container that they lead to.
    """

    folder: Path | None = None
    is_root: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    ports: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """A process to start beside a container's first one.

    Attributes:
        argv: the program and its arguments.
        environment: variables beside the container's own.
        size: of the terminal that it gets; None gives it pipes.
        user: a name or numbers; empty for the container's own.
        reads: whether its standard input is ours.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    size: Size | None = None
    user: str = ""
    reads: bool = True


class Process(Protocol):
    """A process whose streams are attached to this one."""

    exit_code: int | None
    """None while it runs."""

    def send(self, data: bytes) -> None:
        """Write to its standard input; one that has ended takes nothing, and that is no error."""

    def end_input(self) -> None:
        """End its standard input."""

    def resize(self, size: Size) -> None:
        """Tell its terminal the new size."""

    def close(self) -> None:
        """Cut the connection; the process may go on until its container ends."""


class Suite(Protocol):
    """The container in which pytest runs; it owns the network that the server joins."""

    id: str

    def wait_started(self) -> None:
        """Wait until the container has started, which goes on beside other steps."""

    def run(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process in the project's folder; the receiver hears of its end."""

    def signal(self, number: int) -> None:
        """Send a signal to the running process and its descendants."""

    def answer(self, name: str, text: str = "") -> None:
        """Answer what the pytest plugin asked for under a name; a text is a refusal.

        Args:
            name: letters, digits, `_`, `.` and `-` of ASCII; the container ignores any other.
            text: what the plugin reads.
        """

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Put files into the folder `places.FILES`, where the suite may read them; before a process starts, or later.

        Args:
            files: contents by path relative to FILES. A process may see half of a file before this returns.
        """

    def attach(self, command: Command, receiver: Receiver) -> Process:
        """Start a process in the project's folder; the receiver gets what it says, as OUTPUT and REPORTS.

        The latter is its standard error, which a process at a terminal has none of. END is not told.
        """

    def read_file(self, path: str, most: int) -> bytes:
        """The content of a file in the container.

        Args:
            path: not in a file system in memory.
            most: bytes that it may have.

        Raises:
            EngineError: there is no such file, or it is larger.
        """

    def copy_results(self, names: Sequence[str], target: Path) -> None:
        """Copy the named result files into a folder of the host; they belong to the caller there."""


class Server(Protocol):
    """The disposable Postgres server."""

    def find_addresses(self) -> Iterable[ServerAddress]:
        """Where the server may be reached from outside the containers, the likeliest first.

        To be asked for one by one, since the last may be made for it. A host that begins with `/` is the folder of a
        Unix socket.
        """

    def dump(self, database: str, schemas: Sequence[str] = (), data: bool = True, without: Sequence[str] = ()) -> str:
        """The SQL that makes a database's objects again, for a driver to run as one simple query.

        It sets the session's search_path and more, so that session is good for nothing else.

        Args:
            database: its name.
            schemas: only these, with their CREATE SCHEMA; all where none is named.
            data: whether the rows are in it.
            without: tables to leave out, as SQL names them, with their schemas: pg_dump would wait for their locks.

        Raises:
            PostgresError: pg_dump refused, in its own words.
        """

    def select(self, port: int) -> "Server":
        """Another server in the same container, by its port."""

    def attach(self, command: Command, receiver: Receiver) -> Process:
        """Start a process in the server's container, as `Suite.attach` does."""

    def read_psql(self) -> Mapping[str, bytes]:
        """The server's own psql with the libraries it needs, as `Suite.put_files` takes them: it is `bin/psql`."""


class Engine(Protocol):
    """Runs the containers of one run. Every method may raise EngineError."""

    @property
    def image(self) -> str:
        """The name of the suite image, which holds the fingerprint of all that is in it."""

    @property
    def postgres_image(self) -> str:
        """The name of the Postgres image, likewise."""

    @property
    def sources(self) -> bytes:
        """The project's files as a tar file, not compressed."""

    @property
    def architecture(self) -> str:
        """The architecture of its machine, such as `amd64`."""

    def use_suite(self, tag: str) -> None:
        """Run in a suite image of this name; raises ImageError where it cannot be had."""

    def count_cpus(self) -> int:
        """The CPUs that containers may use."""

    def sweep(self) -> Sequence[Leftover]:
        """Remove objects of runs whose owner is dead; return what was removed."""

    def ensure_images(self, database: bool, progress: Progress) -> Sequence[str]:
        """Build the images that are missing and return their names; raises ImageError."""

    def ensure_debugger(self, progress: Progress) -> bool:
        """Let the next suite container have debugpy in /opt/debugger; whether an image had to be built for that.

        Raises:
            ImageError: it cannot be built.
        """

    @property
    def has_lock(self) -> bool:
        """Whether the project has a `runner.lock`."""

    def check_lock(self, progress: Progress) -> str:
        """Compare the suite image with `runner.lock`; what was found, in one line.

        Raises:
            ImageError: it is another image, and this run insists on the locked one.
        """

    def start_services(self, file: Path, egress: bool, progress: Progress) -> Sequence[str]:
        """Start the services of a Compose file and wait until they are healthy; the next suite reaches them by name.

        Args:
            file: the Compose file.
            egress: whether the services reach anything outside.
            progress: takes what goes on; may raise to give up.

        Returns:
            The services' names.

        Raises:
            SettingsError: the file cannot be used.
            ImageError: an image cannot be had.
            NotReadyError: a service ended, or is not healthy in time.
        """

    def read_service_logs(self) -> bytes:
        """What the services have written so far, a line for each of theirs."""

    def attach_service(self, name: str, command: Command, receiver: Receiver) -> Process:
        """Start a process in the container of a service, as `Suite.attach` does; raises SettingsError without one."""

    def start_suite(
        self,
        receiver: Receiver,
        publish: bool,
        egress: bool = True,
        access: Access | None = None,
        sandboxes: bool = False,
    ) -> Suite:
        """Start the suite container with the project's sources in it.

        Args:
            receiver: gets what it says.
            publish: map Postgres's port.
            egress: whether the suite has a network besides its own loopback; without one no port is mapped, and
                `Server.find_addresses` names the folder of a Unix socket on this machine.
            access: what a person who works in it gets.
            sandboxes: whether each of xdist's workers gets one, with Postgres at the port of the settings.

        Raises:
            SettingsError: the engine cannot mount the folder.
        """

    def start_postgres(self, suite: Suite, password: str, receiver: Receiver) -> Server:
        """Start Postgres in the suite's network namespace."""

    def remove_containers(self) -> Sequence[Leftover]:
        """Remove the run's containers, so that another suite and server can start; return what is left.

        From the call on, the receivers hear no more of the removed ones, not even their end.
        """

    def remove_run(self) -> Sequence[Leftover]:
        """Remove everything of the run, for good; return what is left, as the engine says."""
