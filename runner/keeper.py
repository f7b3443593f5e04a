"""Keeps the state of failed tests, beside everything else; each test waits until its own is kept."""

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core.failure import OVERLAY, STATE, Failure, Told, parse_told
from runner.core.groups import Isolation
from runner.core.keeping import Keeping, explain_size
from runner.core.places import FOLDERS
from runner.core.redact import Redactor
from runner.core.statements import Wanted
from runner.engines.protocol import Server, ServerAddress, Suite
from runner.errors import PostgresError, RunnerError, find_reason
from runner.postgres.witness import Witness
from runner.report.failures import make_folder_name, write_failure

FILE = "failure.json"
"""Of a worker's folder, in the suite container (plugin/postmortem.py)."""

LARGEST = 64_000_000
"""Bytes of that file."""

ENOUGH = "enough"
"""The answer to a test for which there is no room."""


@dataclass(frozen=True)
class Place:
    """Where a failed test's rows are.

    Attributes:
        slot: its name.
        role: its role.
        database: its database.
        schemas: its schemas, where it is not the whole database.
        preamble: what a superuser prepares in the database.
    """

    slot: str = ""
    role: str = ""
    database: str = ""
    schemas: tuple[str, ...] = ()
    preamble: str = ""


@dataclass(frozen=True)
class Order:
    """A failed attempt whose state is to be kept.

    Attributes:
        data: of the event.
        pass_name: the pass that it belongs to.
        seed: of the random order.
        isolation: what a slot is.
        place: its slot, or nothing for a test without a database.
        server: dumps databases; None without one.
        address: a superuser's on that server.
    """

    data: Any
    pass_name: str
    seed: int | None
    isolation: Isolation
    place: Place
    server: Server | None = None
    address: ServerAddress | None = None


class Keeper:
    """A thread with a connection of its own."""

    def __init__(
        self,
        suite: Suite,
        results: Path,
        keeping: Keeping,
        environments: Sequence[Mapping[str, str]],
    ) -> None:
        """Start.

        Args:
            suite: has what the plugin tells, and gets the answers.
            results: the run's folder.
            keeping: the run's room.
            environments: whose secrets are not kept.
        """
        self._suite, self._results = suite, results
        self._keeping, self._environments = keeping, environments
        self._witness: Witness | None = None
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self._said: deque[tuple[str, dict[str, Any]]] = deque()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def keep(self, order: Order) -> None:
        """Keep a state, and answer the test."""
        self._orders.put(order)

    def take_said(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is to be told: names of events and their data. Listeners are not for this thread."""
        while self._said:
            yield self._said.popleft()

    def close(self, patience: float) -> None:
        """Finish what is asked for, in so many seconds at most."""
        self._orders.put(None)
        self._thread.join(patience)

    def _work(self) -> None:
        self._keep_ordered()
        if self._witness is not None:
            self._witness.close()

    def _keep_ordered(self) -> None:
        while (order := self._orders.get()) is not None:
            test, answer = order.data["test"], order.data["answer"]
            if not self._keeping.admits(test):
                self._suite.answer(answer, ENOUGH)
                continue
            try:
                self._keep(order)
            except RunnerError as error:
                self._refuse(test, answer, f"{error.what}: {error.cause}")
            except OSError as error:
                self._refuse(test, answer, f"cannot write it: {find_reason(error)}")
            except Exception as error:  # noqa: BLE001 -- in a thread nobody would hear of it, and the test would wait
                self._refuse(test, answer, repr(error))
            else:
                self._suite.answer(answer)

    def _refuse(self, test: str, answer: str, reason: str) -> None:
        self._said.append(("failure-lost", {"test": test, "reason": reason}))
        self._suite.answer(answer, reason)

    def _keep(self, order: Order) -> None:
        began, data = time.monotonic(), order.data
        told = parse_told(self._suite.read_file(f"{FOLDERS}/{data['slot']}/{FILE}", LARGEST))
        if told is None:
            raise RunnerError("the plugin's file cannot be read")
        made = Making(order, told, Redactor([*self._environments, told.environment]), self._keeping)
        if order.server is not None and order.address is not None:
            self._witness = self._witness or Witness(order.address)
            made.look(self._witness)
            made.dump(self._witness, order.server)
        size = write_failure(self._results, made.make_failure(), made.files)
        self._keeping.note(data["test"], size)
        told_now = {"test": data["test"], "attempt": data["attempt"], "folder": make_folder_name(data["test"])}
        self._said.append(("failure-kept", told_now | {"seconds": round(time.monotonic() - began, 3)}))


class Making:
    """The files of one kept state."""

    def __init__(self, order: Order, told: Told, redactor: Redactor, keeping: Keeping) -> None:
        self._order, self._told, self._redactor, self._keeping = order, told, redactor, keeping
        self._left = keeping.find_left(order.data["test"])
        self._unseen, self._problems = [*told.unseen], list[str]()
        self._databases: list[str] = []
        self._time = time.time()
        self.files: dict[str, bytes] = {}
        variables = redactor.redact_environment(told.environment)
        self._add("environment.json", json.dumps(variables, indent=2, ensure_ascii=False) + "\n")
        self._add("traceback.txt", redactor.redact(told.traceback))
        output = "".join(f"---- {title} ----\n{text.rstrip()}\n" for title, text in told.sections)
        self._add("output.txt", redactor.redact(output))

    def _add(self, name: str, text: str) -> None:
        self.files[name] = content = text.encode(errors="backslashreplace")
        self._left -= len(content)

    def look(self, witness: Witness) -> None:
        """The test's lines in the log, and what nobody could ask; what fails is a problem of its own."""
        place, told = self._order.place, self._told
        name = self._order.data["slot"] if self._order.isolation == "none" else ""
        try:
            statements = witness.read_statements(Wanted(place.role, name, told.began))
            self._add("statements.log", self._redactor.redact(statements + "\n" if statements else ""))
            self._unseen += witness.find_unseen(place.role, name, told.pids)
            if name:
                known = [place.database, *told.databases]
                found = witness.find_databases(place.role, known)
                self._unseen += [f"the database `{each}`, which tests made" for each in found]
        except PostgresError as error:
            self._problems.append(f"{error.what}: {error.cause}")

    def dump(self, witness: Witness, server: Server) -> None:
        """The slot's database and the test's own, each with what only open transactions saw."""
        place = self._order.place
        self._dump(witness, server, place.database, place.schemas, STATE, OVERLAY)
        for name in self._told.databases:
            if self._dump(witness, server, name, (), f"{name}.sql", f"{name}.{OVERLAY}"):
                self._databases.append(name)

    def _dump(
        self, witness: Witness, server: Server, database: str, schemas: tuple[str, ...], state: str, overlay: str
    ) -> bool:
        overlays = [each for each in self._told.overlays if each.database == database]
        try:
            measured = witness.measure(database, schemas)
            size = measured.size + sum(len(each.sql) for each in overlays)
            text = "" if size > self._left else server.dump(database, schemas, without=measured.locked)
            if reason := explain_size(max(size, len(text.encode())), self._left, self._keeping):
                self._problems.append(reason if database == self._order.place.database else f"{database}: {reason}")
                return False
        except PostgresError as error:
            self._problems.append(f"{error.what}: {error.cause}")
            return False
        lost = sorted({*measured.locked} - {table for each in overlays for table in each.tables})
        self._problems += [f"the table {name} is not kept: an open transaction has locked it" for name in lost]
        if lost and database != self._order.place.database:
            return False  # After the test nobody is in its own database any more: runner/desk.py dumps all of it.
        self._add(state, self._redactor.hide_values(text))
        if overlays:
            self._add(overlay, self._redactor.hide_values("".join(each.sql for each in overlays)))
        return True

    def make_failure(self) -> Failure:
        """The record."""
        order, place, data = self._order, self._order.place, self._order.data
        redact = self._redactor.redact
        return Failure(
            test=data["test"],
            attempt=data["attempt"],
            phase=data["phase"],
            worker=data["slot"],
            slot=place.slot,
            isolation=order.isolation,
            role=place.role,
            database=place.database,
            schemas=[*place.schemas],
            preamble=place.preamble,
            pass_=order.pass_name,
            groups=self._told.groups,
            seed=order.seed,
            began=self._told.began,
            time=self._time,
            python=self._told.python,
            databases=self._databases,
            unseen=[redact(each) for each in self._unseen],
            problems=[redact(each) for each in self._problems],
        )
