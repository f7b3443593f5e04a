"""Questions to a running container from outside its run: a short process beside its first one, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from docker.api.client import APIClient

from runner.core.slots import name_servers
from runner.engines.docker.connect import translate
from runner.engines.docker.dump import quote_dbname
from runner.errors import EngineError, PostgresError

LIMIT = 10
"""Seconds for an answer; a server may let a session wait for ever."""


@dataclass(frozen=True)
class Answer:
    """What a process said, and how it ended."""

    output: str
    complaints: str
    exit_code: int | None


def inquire(api: APIClient, container: str, argv: Sequence[str], user: str = "") -> Answer:
    """Let a process run for a short time.

    Args:
        api: the engine.
        container: where.
        argv: the program and its arguments.
        user: a name; empty for the container's own.

    Raises:
        EngineError: the engine could not, for one because the container has ended.
    """
    with translate("cannot ask a container of the run"):
        process = api.exec_create(container, ["timeout", str(LIMIT), *argv], user=user)["Id"]
        output, complaints = api.exec_start(process, demux=True)
        exit_code = api.exec_inspect(process)["ExitCode"]
    return Answer((output or b"").decode(errors="replace"), (complaints or b"").decode(errors="replace"), exit_code)


SOCKETS = 'cd /tmp && echo "${PGPORT:-5432}" .s.PGSQL.*[0-9]'
"""Says the first server's port, and the sockets of all."""


def list_servers(api: APIClient, container: str) -> dict[str, int]:
    """The ports of the servers in a container, by slot, where each slot has one; else that of the only one, by "".

    Raises:
        EngineError: as `inquire`; a container that ends meanwhile lets the engine answer in the process's place.
    """
    answer = inquire(api, container, ["sh", "-c", SOCKETS])
    if answer.exit_code:
        raise EngineError("cannot ask a container of the run", (answer.complaints or answer.output).strip())
    first, *sockets = answer.output.split() or ["5432"]
    ports = sorted(int(port) for each in sockets if (port := each.rpartition(".")[2]).isdigit())
    return name_servers(int(first), ports)


def ask_postgres(api: APIClient, container: str, database: str, statement: str, port: int = 0) -> str:
    """The one value that a statement has, asked as a superuser through the server's own Unix socket.

    Raises:
        PostgresError: psql or the server refused, or the time limit was reached.
        EngineError: as `inquire`.
    """
    argv = ["psql", "--host=/tmp", "--username=postgres", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]
    argv += [f"--port={port}"] if port else []
    answer = inquire(
        api, container, [*argv, f"--dbname={quote_dbname(database)}", f"--command={statement}"], "postgres"
    )
    if answer.exit_code or not answer.output.strip():
        late = f"no answer within {LIMIT} s" if answer.exit_code == 124 else "it said nothing"
        raise PostgresError("cannot ask Postgres what it does", answer.complaints.strip() or late)
    return answer.output.strip()
