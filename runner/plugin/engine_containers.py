"""The containers of Postgres that a suite believes to have: records, all of which lead to the server of the slot."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .engine_database import Database, find_names
from .engine_ports import Port

IMAGE = re.compile(r"(?:^|/)(?:postgres(?:ql)?|postgis|pgvector|timescaledb(?:-ha)?|pgrouting)(?:[:@-]|$)")
"""Images with a Postgres, as far as names tell."""

INSIDE = "5432/tcp"
INIT = "/docker-entrypoint-initdb.d"
"""Whose files the image runs at its first start. Source: its documentation, "Initialization scripts"."""

LOG = "PostgreSQL init process complete; ready for start up.\n" + 2 * "database system is ready to accept connections\n"
"""What suites wait for: the image's server says it once before its end of initdb, and once after that."""


class RefusedError(Exception):
    """What was asked for is not to be had here; the text says why.

    Attributes:
        status: of HTTP, as the engine would answer.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Container:
    """A container that nobody started.

    Attributes:
        id: 64 hexadecimal digits, as the engine has them.
        name: without the slash.
        asked: the body of the request that made it.
        port: what it publishes, where the suite named one.
        status: as the engine says it.
    """

    id: str
    name: str
    asked: Mapping[str, Any]
    port: Port | None = None
    status: str = "created"
    made: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))

    @property
    def variables(self) -> dict[str, str]:
        """The environment."""
        return dict(each.split("=", 1) for each in self.asked.get("Env") or () if "=" in each)

    @property
    def database(self) -> str:
        """The database that the image makes."""
        return find_names(self.variables)[1]

    @property
    def host(self) -> Mapping[str, Any]:
        """What was asked of the engine's machine."""
        found: Mapping[str, Any] = self.asked.get("HostConfig") or {}
        return found

    def list_scripts(self) -> list[Path]:
        """Files of SQL for the image's folder of them, in the order of their names there."""
        places = [each.split(":")[:2] for each in self.host.get("Binds") or ()]
        places += [[each.get("Source", ""), each.get("Target", "")] for each in self.host.get("Mounts") or ()]
        found: dict[str, Path] = {}
        for source, target in places:
            if target.rstrip("/") == INIT:
                found |= {each.name: each for each in Path(source).glob("*.sql")}
            elif target.startswith(f"{INIT}/") and target.endswith(".sql"):
                found[target.rpartition("/")[2]] = Path(source)
        return [path for _, path in sorted(found.items())]

    def find_wanted_port(self) -> int:
        """The port that the suite wants it at; 0 where any will do."""
        bindings = self.host.get("PortBindings") or {}
        wanted = [each for bound in bindings.values() for each in bound or ()]
        return next((int(each["HostPort"]) for each in wanted if each.get("HostPort")), 0)


class Containers:
    """All of them, by id and by name."""

    def __init__(self, database: Database) -> None:
        """None yet.

        Args:
            database: the server.
        """
        self._database = database
        self._all: dict[str, Container] = {}

    def check_image(self, name: str) -> None:
        """Raises RefusedError where an image is none of Postgres's."""
        if not IMAGE.search(name):
            raise RefusedError(
                404, f"no such image: {name}: tests have no engine; declare it in a Compose file (`services`)"
            )

    def create(self, name: str, asked: Mapping[str, Any]) -> Container:
        """Make a record; raises RefusedError."""
        self.check_image(str(asked.get("Image")))
        if name and any(each.name == name for each in self._all.values()):
            raise RefusedError(409, f'Conflict. The container name "/{name}" is already in use')
        made = Container(secrets.token_hex(32), name or f"postgres-{secrets.token_hex(4)}", asked)
        self._all[made.id] = made
        return made

    def find(self, key: str) -> Container:
        """A container by the start of its id, or by its name; raises RefusedError."""
        for each in self._all.values():
            if each.id.startswith(key) or each.name == key.lstrip("/"):
                return each
        raise RefusedError(404, f"No such container: {key}")

    def select(
        self, name: str = "", labels: Mapping[str, str | None] | None = None, every: bool = False
    ) -> list[Container]:
        """The containers whose name has a text in it and which have labels; those that run, or every one."""
        wanted = (labels or {}).items()
        return [
            each
            for each in self._all.values()
            if name.lstrip("^/").rstrip("$") in each.name
            and all(
                key in (own := each.asked.get("Labels") or {}) and value in (None, own[key]) for key, value in wanted
            )
            and (every or each.status == "running")
        ]

    def start(self, container: Container) -> None:
        """Give it its role, its database and its port; raises RefusedError, and what `Database.give` raises."""
        if container.status == "running":
            return
        # One that starts again has its data.
        if container.status == "created":
            self._database.give(container.variables)
            for script in container.list_scripts():
                self._database.run(container.database, [script.read_text(encoding="utf-8")])
        wanted = container.find_wanted_port()
        if wanted not in {0, self._database.port}:
            try:
                container.port = Port(wanted, ("127.0.0.1", self._database.port))
            except OSError as error:
                raise RefusedError(500, f"port {wanted} is already allocated: {error.strerror}") from None
        container.status = "running"

    def stop(self, container: Container) -> None:
        """End its port; what it has in its database stays until another one wants it."""
        if container.port:
            container.port.close()
            container.port = None
        container.status = "exited"
        if container.host.get("AutoRemove"):
            self.remove(container)

    def restart(self, container: Container) -> None:
        """End all sessions; its data stays."""
        self._database.cut()
        container.status = "running"

    def remove(self, container: Container) -> None:
        """Forget it."""
        self._all.pop(container.id, None)

    def find_port(self, container: Container) -> int:
        """Where it is reached."""
        return container.find_wanted_port() or self._database.port
