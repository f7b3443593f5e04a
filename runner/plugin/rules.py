"""Names broken isolation rules in the failing test itself: shared files, ports of other workers, others' rows."""

import errno
import functools
import os
import re
import socket
import traceback
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from .channel import Channel
from .slot import WORKER, find_server, find_worker
from .transient import find_name, find_sqlstate

RULES = {"files": "no shared files", "ports": "no port conflicts", "rows": "no shared rows"}
CROSSES = "crosses_slots"
"""The mark of tests that mean to be refused by another slot."""

SHARED = ("/tmp", "/var/tmp")  # noqa: S108 -- named to keep tests out of them
REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS}
INTERNET = {socket.AF_INET, socket.AF_INET6}
ABSTRACT = "ephemeral-runner"
"""Begins the names of sockets by which workers know each other."""

FOUND = "_ephemeral_runner_rule"
"""Attribute of an exception: what was found out while the reason was still there."""

OTHER_SLOT = re.compile(
    r"(?:permission denied for|permission denied to set|must be owner of) "
    r'(?:(?P<kind>schema|database|role) "?(?P<name>gw\d+|master)"?(?![\w.])|[a-z ]+ (?P<schema>gw\d+|master)\.)'
)

Breach = dict[str, str]
"""A broken rule: `rule`, `object`, `text` (one line), and of ports `holder`, a worker's name or empty."""


class Rules:
    """Registered in every process that runs tests."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel | None) -> None:
        """Prepare to look.

        Args:
            wiring: the runner's configuration; `project` is the folder that all tests share.
            channel: where broken rules are told.
        """
        self._channel = channel
        self._worker = find_worker(wiring)
        self._server = find_server(wiring)
        project, folders = wiring.get("project", ""), wiring.get("folders")
        self._shared = [*filter(None, [project]), *SHARED]
        self._allowed = [Path(project, each) for each in wiring.get("writable", ())]
        self._allowed += [Path(folders, self._worker)] if folders else []
        self._ports = PortWatch(self._worker)

    def pytest_sessionstart(self) -> None:
        """Tests will run in this process."""
        self._ports.start()

    def pytest_unconfigure(self) -> None:
        """No more tests will."""
        self._ports.stop()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report of a test that broke a rule say so."""
        error = call.excinfo.value if call.excinfo else None
        found = None if error is None else self._find(error, item)
        if error is not None and found and found["text"] not in getattr(error, "__notes__", ()):
            with suppress(AttributeError):  # A frozen dataclass takes no notes.
                error.add_note(found["text"])
        report = yield
        if found and report.failed:
            show(report, found)
            if self._channel is not None:
                self._channel.tell("rule-broken", test=item.nodeid, worker=self._worker, **found)
        return report

    def _find(self, error: BaseException, item: pytest.Item) -> Breach | None:
        crosses = item.get_closest_marker(CROSSES) is not None
        for each in walk(error):
            found = vars(each).get(FOUND) or self._find_file(each) or (None if crosses else self._find_slot(each))
            if found:
                return dict(found)
        return None

    def _find_file(self, error: BaseException) -> Breach | None:
        if not isinstance(error, OSError) or error.errno not in REFUSALS or is_execution(error):
            return None
        # Of two names the second is the one that would be made.
        for name in (error.filename2, error.filename):
            if isinstance(name, str | bytes) and (path := self._find_written(os.fsdecode(name), error.errno)):
                advice = (
                    "which all workers share; use the fixture `tmp_path`, or open the path in the setting `writable`"
                )
                return make_breach("files", path, f"this test wrote `{path}`, {advice}")
        return None

    def _find_written(self, name: str, number: int) -> str:
        """The whole path where writing to a shared place was refused, or empty."""
        with suppress(OSError):  # The current folder may be gone.
            path = Path(os.path.abspath(name))  # noqa: PTH100 -- Path.resolve would follow links
            shared = is_below(path, self._shared) and not is_below(path, self._allowed)
            return str(path) if shared and (number == errno.EROFS or is_only_readable(path)) else ""
        return ""

    def _find_slot(self, error: BaseException) -> Breach | None:
        # psycopg's errors on the way to the server have no SQLSTATE.
        on_the_way = find_name(type(error)) in {"psycopg.OperationalError", "psycopg2.OperationalError"}
        if not self._server or not (on_the_way or find_sqlstate(error) == "42501"):
            return None
        named = OTHER_SLOT.search(str(error))
        other = (named["name"] or named["schema"]) if named else self._worker
        if named is None or other == self._worker:
            return None
        what = f"this test reached into the {named['kind'] or 'schema'} `{other}`, the slot of another worker"
        return make_breach("rows", other, f"{what}; the address in its environment leads to its own, `{self._worker}`")


class PortWatch:
    """Finds out who holds a port while `bind` is refused; afterwards the holder may be gone."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._patch = pytest.MonkeyPatch()
        self._name: socket.socket | None = None

    def start(self) -> None:
        """Wrap `bind`, and let other workers find this process's name.

        The name is that of an abstract socket: workers get theirs after they started, so `/proc/*/environ` lacks it.
        """
        with suppress(OSError):
            self._name = socket.socket(socket.AF_UNIX)
            self._name.bind(f"\0{ABSTRACT}/{self._worker}/{os.getpid()}")
        self._patch.setattr(socket.socket, "bind", self._wrap(socket.socket.bind))

    def stop(self) -> None:
        """Leave everything as it was."""
        self._patch.undo()
        if self._name is not None:
            self._name.close()

    def _wrap(self, original: Any) -> Any:
        @functools.wraps(original)
        def bind(this: socket.socket, address: Any, /) -> None:
            __tracebackhide__ = True
            try:
                original(this, address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE and this.family in INTERNET and FOUND not in vars(error):
                    self._remember(error, this, address[1])
                raise

        return bind

    def _remember(self, error: OSError, refused: socket.socket, port: int) -> None:
        protocol = "udp" if refused.type == socket.SOCK_DGRAM else "tcp"
        holder, process = find_holder(protocol, port)
        who = "this very worker" if holder == self._worker else f"worker {holder}"
        if not holder:
            who = f"another process ({process})" if process else "a process that cannot be seen from here"
        found = make_breach("ports", str(port), f"port {port} is held by {who}; use the fixture `free_port`")
        vars(error)[FOUND] = {**found, "holder": holder}
        error.add_note(found["text"])


def make_breach(rule: str, what: str, text: str) -> Breach:
    """A broken rule in one line."""
    line = " ".join(f"isolation rule broken: {RULES[rule]}: {text}".split())
    return {"rule": rule, "object": what, "text": line}


def show(report: pytest.TestReport, found: Breach) -> None:
    """Let a report name the broken rule: in a section, and first in the one line of the summary."""
    report.sections.append((f"broken rule: {RULES[found['rule']]}", found["text"]))
    if crash := getattr(report.longrepr, "reprcrash", None):
        crash.message = f"{found['text']}\n{crash.message}"


def walk(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it: causes, what was being handled, members of groups, drivers' own errors.

    asyncio raises `from None` when it cannot bind, so what is suppressed counts too.
    """
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            members = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
            led = (each.__cause__, each.__context__, vars(each).get("orig"), *members)
            waiting += [one for one in led if isinstance(one, BaseException)]


def is_execution(error: OSError) -> bool:
    """Whether a program could not be started, which is no write."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == "subprocess"


def is_below(path: Path, folders: Iterable[Path | str]) -> bool:
    """Whether a path is one of the folders or inside one."""
    return any(path.is_relative_to(folder) for folder in folders)


def is_only_readable(path: Path) -> bool:
    """Whether a refusal can only have been of a write: what cannot even be read says nothing."""
    fixed = not os.access(path.parent, os.W_OK)
    if not os.path.lexists(path):
        return fixed and os.access(path.parent, os.X_OK)
    reading = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return os.access(path, reading) and (fixed or not os.access(path, os.W_OK))


def find_holder(protocol: str, port: int) -> tuple[str, str]:
    """The worker that holds a port, and the process in words; each may be empty. Linux only."""
    workers = dict(list_workers())
    pids = list(list_processes(set(list_sockets(protocol, port))))
    for pid in pids:
        if worker := next((workers[each] for each in list_ancestors(pid) if each in workers), "") or read_worker(pid):
            return worker, describe(pid)
    return "", describe(pids[0]) if pids else ""


def list_workers() -> Iterator[tuple[int, str]]:
    """The process id and the name of each worker; see `PortWatch.start`."""
    for line in read("net/unix").splitlines():
        if found := re.search(rf" @{ABSTRACT}/([^/]+)/(\d+)$", line):
            yield int(found[2]), found[1]


def list_sockets(protocol: str, port: int) -> Iterator[str]:
    """The sockets that have a port of this host, as links in `/proc/*/fd` show them."""
    for table in (protocol, f"{protocol}6"):
        for line in read(f"net/{table}").splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                yield f"socket:[{fields[9]}]"


def list_processes(links: Collection[str]) -> Iterator[int]:
    """The processes that have one of these open, of those that this user may look into."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(read_link(each) in links for each in (folder / "fd").iterdir()):
                yield int(folder.name)


def read_link(path: Path) -> str:
    """Where a link leads, or empty: descriptors come and go."""
    try:
        return os.readlink(path)  # noqa: PTH115 -- these lead to no path
    except OSError:
        return ""


def list_ancestors(pid: int) -> Iterator[int]:
    """A process, its parent and so on."""
    while pid:
        yield pid
        # The second field is the name, which may hold spaces and brackets; the fourth is the parent.
        fields = read(f"{pid}/stat").rpartition(")")[2].split()
        pid = int(fields[1]) if fields else 0


def read_worker(pid: int) -> str:
    """The worker in the variables that a process started with: its parents may be gone."""
    started = read(f"{pid}/environ").split("\0")
    return next((each.removeprefix(f"{WORKER}=") for each in started if each.startswith(f"{WORKER}=")), "")


def describe(pid: int) -> str:
    """A process for people."""
    return f"pid {pid}, {read(f'{pid}/comm').strip()}"


def read(name: str) -> str:
    """A file of /proc, or empty: processes come and go, and a host may lack a protocol."""
    try:
        return Path("/proc", name).read_text(errors="replace")
    except OSError:
        return ""
