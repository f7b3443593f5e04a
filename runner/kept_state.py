"""The files of one kept state: what the plugin told, what the log has, and the databases; no secret is in them."""

import json
import time
from dataclasses import dataclass
from typing import Any

from runner.core.failure import OVERLAY, STATE, Failure, Told
from runner.core.groups import Isolation
from runner.core.keeping import Keeping, explain_size
from runner.core.redact import Redactor
from runner.core.statements import Wanted
from runner.engines.protocol import Server, ServerAddress
from runner.errors import PostgresError
from runner.postgres.witness import Witness


@dataclass(frozen=True)
class Place:
    """Where a failed test's rows are.

    Attributes:
        slot: its name.
        role: its role.
        database: its database.
        schemas: its schemas, where it is not the whole database.
        preamble: what a superuser prepares in the database.
        is_shared: whether other slots have the same role.
    """

    slot: str = ""
    role: str = ""
    database: str = ""
    schemas: tuple[str, ...] = ()
    preamble: str = ""
    is_shared: bool = False


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
        problem: why there is none, though the test had one.
    """

    data: Any
    pass_name: str
    seed: int | None
    isolation: Isolation
    place: Place
    server: Server | None = None
    address: ServerAddress | None = None
    problem: str = ""


class Making:
    """The files of one kept state."""

    def __init__(self, order: Order, told: Told, redactor: Redactor, keeping: Keeping) -> None:
        self._order, self._told, self._redactor, self._keeping = order, told, redactor, keeping
        self._left = keeping.find_left(order.data["test"])
        self._unseen, self._problems = [*told.unseen], [*filter(None, [order.problem])]
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

    def miss(self, error: PostgresError) -> None:
        """Note why there is nothing of the server: a test may have ended it."""
        self._problems.append(f"{error.what}: {error.cause}")

    def look(self, witness: Witness) -> None:
        """The test's lines in the log, and what nobody could ask; what fails is a problem of its own."""
        place, told = self._order.place, self._told
        has_database = self._order.isolation == "database"
        name = self._order.data["slot"] if place.is_shared and not has_database else ""
        database = place.database if place.is_shared and has_database else ""
        try:
            statements = witness.read_statements(Wanted(place.role, name, told.began, database))
            self._add("statements.log", self._redactor.redact(statements + "\n" if statements else ""))
            self._unseen += witness.find_unseen(place.role, name, told.pids, database)
            if name:
                known = [place.database, *told.databases]
                found = witness.find_databases(place.role, known)
                self._unseen += [f"the database `{each}`, which tests made" for each in found]
        except PostgresError as error:
            self.miss(error)

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
            self.miss(error)
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
