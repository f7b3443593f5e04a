"""The disposable Postgres server: testcontainers' PostgresContainer with our lease and the suite's network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import docker
from docker.models.containers import Container
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient

from runner.core.hardening import (
    AGAIN_VARIABLE,
    DATA_IN_MEMORY,
    DATA_ON_DISK,
    DATA_VARIABLE,
    LOG,
    LOG_VARIABLE,
    PORT_VARIABLE,
    SETTINGS_VARIABLE,
    STATEMENTS_VARIABLE,
    TRUST_VARIABLE,
)
from runner.core.postgres_conf import make_conf
from runner.core.settings_postgres import Postgres
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.dump import dump
from runner.engines.docker.execution import Execution
from runner.engines.docker.lease import Lease
from runner.engines.docker.place import is_in_container, order_places
from runner.engines.docker.psql import read_psql
from runner.engines.docker.shared_folders import Mounts
from runner.engines.docker.slot_server import SlotServer
from runner.engines.docker.tunnel import PORT, Tunnel
from runner.engines.protocol import Command, Receiver, Server, ServerAddress, Suite


class LeasedDockerClient(DockerClient):
    """testcontainers' client on our connection; it takes the lease before a container starts."""

    def __init__(self, client: docker.DockerClient, receiver: Receiver, suite: Suite) -> None:
        self.client = client
        self.receiver = receiver
        self.suite = suite
        self.lease: Lease | None = None

    def start(self, container: Container) -> None:
        """Attach, then start: no output is lost, and the container is never without a lease."""
        self.suite.wait_started()
        self.lease = Lease(self.client.api, str(container.id))
        self.lease.receive(self.receiver)
        super().start(container)


class DisposablePostgres(PostgresContainer):
    """One server for one run, in the network namespace of the suite container."""

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        identity: RunIdentity,
        suite: Suite,
        password: str,
        memory: int,
        receiver: Receiver,
        statements: str = "",
        postgres: Postgres | None = None,
        folders: Mounts | None = None,
    ) -> None:
        """Describe the container; `start` makes it.

        Args:
            client: the engine.
            image: the Postgres image.
            identity: whose container it is.
            suite: the container whose network it joins and which publishes the port.
            password: of the superuser `postgres`.
            memory: room for the data in memory, in MiB; 0 keeps the data on disk.
            receiver: gets the server's log.
            statements: which statements a file in the container has, as `log_statement`; empty for no such file.
            postgres: what the suite expects of it.
            folders: those that it shares with the suite.
        """
        # The lease does what testcontainers' privileged helper container does elsewhere.
        testcontainers_config.ryuk_disabled = True
        super().__init__(image, username="postgres", password=password, dbname="postgres", driver=None)
        self._docker = self._leased = LeasedDockerClient(client, receiver, suite)
        self._network_owner = suite.id
        self._tunnel: Tunnel | None = None
        self._others: list[SlotServer] = []
        self._announce: Callable[[str], None] = lambda _: None
        self._has_port = True
        wanted = postgres or Postgres()
        self._port = wanted.port
        self.with_env(PORT_VARIABLE, str(wanted.port)).with_env(SETTINGS_VARIABLE, make_conf(wanted))
        # Ports belong to the network's owner; and `network` set to None keeps testcontainers from looking for one.
        self.ports = {}
        options: dict[str, Any] = {"network_mode": f"container:{suite.id}", "network": None}
        if memory:
            options["shm_size"] = f"{memory}m"
            self.with_env(DATA_VARIABLE, DATA_IN_MEMORY)
        if wanted.authentication == "trust":
            self.with_env(TRUST_VARIABLE, "yes")
        self.with_env(AGAIN_VARIABLE, "yes")
        if statements:
            self.with_env(STATEMENTS_VARIABLE, statements)
            self.with_env(LOG_VARIABLE, f"{DATA_IN_MEMORY if memory else DATA_ON_DISK}/{LOG}")
        for volume, place in (folders or {}).items():
            self.with_volume_mapping(volume, place["bind"], place["mode"])
        options |= identity.make_options("postgres")
        self.with_name(options.pop("name")).with_kwargs(**options)

    def start(self) -> "DisposablePostgres":
        """Make and start the container; whether the server answers is for `runner.postgres.connect` to find out."""
        with translate("cannot start the Postgres container"):
            super().start()
        return self

    def _connect(self) -> None:
        """Replaces testcontainers' wait, which looks once a second."""

    def allow_tunnel(self, announce: Callable[[str], None], has_port: bool) -> None:
        """Let `find_addresses` make a tunnel where no port leads to the server.

        Args:
            announce: hears which folder the tunnel takes on this machine.
            has_port: whether the server's port is mapped; else the tunnel is the only way.
        """
        self._announce, self._has_port = announce, has_port

    def _find_id(self) -> str:
        return str(self.get_wrapped_container().id)

    def dump(self, database: str, schemas: Sequence[str] = (), data: bool = True, without: Sequence[str] = ()) -> str:
        """The SQL that makes a database's objects, or those of some schemas, again."""
        return dump(self._leased.client.api, self._find_id(), database, schemas, data, without)

    def attach(self, command: Command, receiver: Receiver) -> Execution:
        """Start a process in the server's container; see `runner.engines.protocol`."""
        return Execution(self._leased.client.api, self._find_id(), command, receiver)

    def read_psql(self) -> Mapping[str, bytes]:
        """The server's own psql; see `runner.engines.protocol`."""
        return read_psql(self._leased.client.api, self._find_id())

    def select(self, port: int) -> Server:
        """Another server in the same container; see `runner.engines.protocol`."""
        api, host = self._leased.client.api, self._find_network()["IPAddress"] if self._has_port else ""
        address = ServerAddress(host, port, self.username, self.password)
        server = SlotServer(api, self._find_id(), address, self._announce)
        self._others.append(server)
        return server

    def find_addresses(self) -> Iterator[ServerAddress]:
        """Where the server may be reached from here, the likeliest first; the last way always works.

        Which place is right cannot be told for certain, so several are named, and the one that takes our password is
        right. The last is a tunnel through the engine, which is made when it is asked for: connections through it take
        longer, and where a port leads to the server it costs nothing.
        """
        user, password = self.username, self.password
        for host, port in self._find_places() if self._has_port else []:
            yield ServerAddress(host, port, user, password)
        if self._tunnel is None:
            self._tunnel = Tunnel(self._leased.client.api, self._find_id(), self._announce, self._port)
        yield ServerAddress(self._tunnel.folder, PORT, user, password)

    def _find_network(self) -> dict[str, Any]:
        with translate("cannot find the port of Postgres"):
            found: dict[str, Any] = self._leased.client.api.inspect_container(self._network_owner)["NetworkSettings"]
        return found

    def _find_places(self) -> list[tuple[str, int]]:
        api, network = self._leased.client.api, self._find_network()
        bindings = network["Ports"].get(f"{self._port}/tcp") or []
        mapped = int(bindings[0]["HostPort"]) if bindings else 0
        in_container = is_in_container(network["Gateway"])
        inside = (network["IPAddress"], self._port)
        return order_places(api.base_url, in_container, ("127.0.0.1" if mapped else "", mapped), inside)

    def close(self) -> None:
        """Give the container up."""
        for server in self._others:
            server.close()
        if self._tunnel is not None:
            self._tunnel.close()
        if self._leased.lease is not None:
            self._leased.lease.close()
