"""Slots that are servers: each is a copy of the first server's data, with what `setup` made in it.

All slots have the same role and the same database. The first server is the slot `master`; the others are started beside
it, by images/postgres/servers.sh, which the first server itself runs (docs/decisions/0019-servers-and-sandboxes.md).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import psycopg

from runner.core.names import MASTER, is_database_of
from runner.core.server_end import WHOLE_LOG
from runner.core.slots import TEMPLATE, find_port
from runner.engines.protocol import Server, ServerAddress
from runner.errors import NotReadyError, PostgresError
from runner.postgres.ages import find_older_databases
from runner.postgres.base import NAME as BASE
from runner.postgres.connect import OURS, Connection, connect, end_where, execute, translate, wait_for_server
from runner.postgres.slots import OPEN_SESSIONS

SCRIPT = "bash /usr/lib/ephemeral-runner/servers.sh"
PATIENCE = 30.0
"""Seconds for a server to answer. One that was just started does at once."""

HASTE = 5.0
"""Seconds for the server of a slot that has answered before: all other tests wait meanwhile."""


OLDER_SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> %s AND backend_start < to_timestamp(%s)
"""


class Servers:
    """Makes servers; has the methods of `runner.postgres.slots.Slots`."""

    has_own_role = True
    """On each server."""

    def __init__(self, address: ServerAddress, server: Server, parts: dict[str, str]) -> None:
        """Copy the first server's data: what is in it from now on, no other slot has.

        No session of ours stays open: tests may end all others, count them, or copy a database.

        Args:
            address: a superuser's on the first server.
            server: the first server.
            parts: of the first slot's address, as tests have it.

        Raises:
            PostgresError: the data cannot be copied.
        """
        self._address, self._first = address, server
        self._role, self._database, self._port = parts["user"], parts["dbname"], int(parts["port"])
        self._reached: dict[str, tuple[Server, ServerAddress]] = {MASTER: (server, address)}
        self.made: list[str] = []
        with translate("cannot prepare the database for the slots"), self._connect(MASTER) as inside:
            execute(inside, "DROP DATABASE IF EXISTS {0}", BASE)  # What its clones began as is none of the suite's.
            self._databases = [name for (name,) in inside.execute("SELECT datname FROM pg_database").fetchall()]
            inside.execute("CHECKPOINT")
            run_script(inside, "keep")

    def ensure(self, *slots: str) -> None:
        """Start the servers that are not there yet, at once.

        Raises:
            PostgresError: one did not start; its log says why.
        """
        missing = [slot for slot in slots if slot not in self.made]
        words = [word for slot in missing if slot != MASTER for word in self._name(slot)]
        if words:
            what = f"cannot start servers for {', '.join(missing)}"
            with translate(what, WHOLE_LOG), self._connect(MASTER) as inside:
                run_script(inside, "start", *words)
        self.made += missing

    def _name(self, slot: str) -> tuple[str, str]:
        """A slot's name and port, as the script wants them."""
        return slot, str(find_port(self._port, slot))

    def find_place(self, slot: str) -> tuple[str, tuple[str, ...]]:
        """The database of a slot, which is all that is kept of a failure."""
        del slot
        return self._database, ()

    def find_role(self, slot: str) -> str:
        """The role of a slot."""
        del slot
        return self._role

    def reach(self, slot: str) -> tuple[Server, ServerAddress]:
        """The server of a slot, and where a superuser reaches it from here; raises PostgresError."""
        if slot not in self._reached:
            server = self._first.select(find_port(self._port, slot))
            try:
                self._reached[slot] = self._wait_for(server, server.find_addresses(), HASTE)
            except NotReadyError as error:
                raise PostgresError(f"cannot reach the server of the slot `{slot}`", error.cause) from None
        return self._reached[slot]

    def answers(self, slot: str) -> bool:
        """Whether the server of a slot is there: a test may have ended it."""
        with suppress(PostgresError, psycopg.Error):
            self._connect(slot).close()
            return True
        return False

    def end_transactions(self, slot: str) -> None:
        """End the sessions that a failed attempt left in a transaction, or with a lock of its own."""
        with translate(f"cannot end what is open in the slot `{slot}`"), self._connect(slot) as inside:
            wanted = {"role": self._role, "databases": []}
            end_where(inside, f"{OPEN_SESSIONS} AND pid <> pg_backend_pid()", wanted)

    def _connect(self, slot: str) -> Connection:
        return connect(self.reach(slot)[1], "postgres")

    def find_older(self, slot: str, began: float) -> list[str]:
        """The databases and sessions that a server has since before a moment, in seconds since 1970.

        Asked when the fixtures of all scopes are torn down: nobody would make again what is still there. It is
        the work of a hook at the start of pytest's session, or the application's, such as a pool of connections.
        """
        with translate(f"cannot look into the slot `{slot}`"), self._connect(slot) as inside:
            older = find_older_databases(inside, began) - {*self._databases, TEMPLATE, BASE}
            [(sessions,)] = inside.execute(OLDER_SESSIONS, [OURS, began]).fetchall()
        names = sorted(name for name in older if not is_database_of(name, slot))
        return names + ([f"open sessions: {sessions}"] if sessions else [])

    def restore(self, slot: str, older: Sequence[str] = ()) -> None:
        """Throw the server's data away, and start it as it was.

        Args:
            slot: whose server.
            older: from `find_older`; where there is any, the server stays as it is, for later tests need that.

        Raises:
            PostgresError: it does not start.
        """
        if older:
            return
        with translate(f"cannot restore the slot `{slot}`"), self._connect(MASTER) as inside:
            if slot != MASTER:
                run_script(inside, "restart", *self._name(slot))
                return
            with suppress(psycopg.OperationalError):
                run_script(inside, "again")  # It ends the server that runs it.
        self._wait_for(self._first, [self._address])

    @staticmethod
    def _wait_for(
        server: Server, addresses: Iterable[ServerAddress], patience: float = PATIENCE
    ) -> tuple[Server, ServerAddress]:
        connection, address = wait_for_server(addresses, patience, lambda: None)
        connection.close()
        return server, address


def run_script(inside: Connection, *words: str) -> None:
    """Let the first server run the script; what it says is in the server's log."""
    execute(inside, "COPY (SELECT WHERE false) TO PROGRAM {text}", text=" ".join([SCRIPT, *words]))
