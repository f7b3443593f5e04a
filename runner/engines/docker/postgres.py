"""The disposable Postgres server: testcontainers' PostgresContainer with our lease and the suite's network."""

from collections.abc import Callable, Sequence
from typing import Any

import docker
from docker.models.containers import Container
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.utils import inside_container

from runner.core.hardening import DATA_IN_MEMORY, DATA_VARIABLE, POSTGRES_PORT
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.dump import dump
from runner.engines.docker.lease import Lease
from runner.engines.docker.tunnel import PORT, Tunnel
from runner.engines.protocol import Receiver, ServerAddress, Suite


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
        """
        # The lease does what testcontainers' privileged helper container does elsewhere.
        testcontainers_config.ryuk_disabled = True
        super().__init__(image, username="postgres", password=password, dbname="postgres", driver=None)
        self._docker = self._leased = LeasedDockerClient(client, receiver, suite)
        self._network_owner = suite.id
        self._tunnel: Tunnel | None = None
        # Ports belong to the network's owner; and `network` set to None keeps testcontainers from looking for one.
        self.ports = {}
        options: dict[str, Any] = {"network_mode": f"container:{suite.id}", "network": None}
        if memory:
            options["shm_size"] = f"{memory}m"
            self.with_env(DATA_VARIABLE, DATA_IN_MEMORY)
        options |= identity.make_options("postgres")
        self.with_name(options.pop("name")).with_kwargs(**options)

    def start(self) -> "DisposablePostgres":
        """Make and start the container; whether the server answers is for `runner.postgres.connect` to find out."""
        with translate("cannot start the Postgres container"):
            super().start()
        return self

    def _connect(self) -> None:
        """Replaces testcontainers' wait, which looks once a second."""

    def open_tunnel(self, announce: Callable[[str], None]) -> None:
        """Make a way to a server whose port is not mapped; `announce` hears which folder it takes on this machine."""
        self._tunnel = Tunnel(self._leased.client.api, self._find_id(), announce)

    def _find_id(self) -> str:
        return str(self.get_wrapped_container().id)

    def dump(self, database: str, schemas: Sequence[str] = (), data: bool = True) -> str:
        """The SQL that makes a database's objects, or those of some schemas, again."""
        return dump(self._leased.client.api, self._find_id(), database, schemas, data)

    def find_addresses(self) -> list[ServerAddress]:
        """Where the server may be reached from here, the likeliest first; through a tunnel there is one place only.

        A local engine maps the port on this machine, or on the host of the container that we run in. Which of the two
        cannot be told for certain (a file /.dockerenv also lies in images of virtual machines), so all are named, and
        the one that takes our password is right. testcontainers knows the host's name for remote engines.
        """
        user, password = self.username, self.password
        if self._tunnel is not None:
            return [ServerAddress(self._tunnel.folder, PORT, user, password)]
        with translate("cannot find the port of Postgres"):
            port = int(self._leased.port(self._network_owner, POSTGRES_PORT))
            places = [("127.0.0.1", port)] if self._leased.client.api.base_url.startswith("http+docker") else []
            if not places or inside_container():
                places += [(self._leased.host(), port), (self._leased.bridge_ip(self._network_owner), POSTGRES_PORT)]
            # `localhost` may mean ::1, where the port is not mapped.
            places = [("127.0.0.1" if host == "localhost" else host, number) for host, number in places]
        return [ServerAddress(host, number, user, password) for host, number in dict.fromkeys(places)]

    def close(self) -> None:
        """Give the container up."""
        if self._tunnel is not None:
            self._tunnel.close()
        if self._leased.lease is not None:
            self._leased.lease.close()
