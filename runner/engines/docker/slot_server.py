"""A server of a single slot, beside the first one in the same container."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from docker.api.client import APIClient

from runner.engines.docker.dump import dump
from runner.engines.docker.execution import Execution
from runner.engines.docker.psql import read_psql
from runner.engines.docker.tunnel import PORT, Tunnel
from runner.engines.protocol import Command, Receiver, Server, ServerAddress


class SlotServer:
    """See `runner.engines.protocol.Server`."""

    def __init__(
        self,
        api: APIClient,
        container: str,
        address: ServerAddress,
        announce: Callable[[str], None],
    ) -> None:
        """Describe it.

        Args:
            api: the engine.
            container: the servers'.
            address: a superuser's; an empty host where no network leads there.
            announce: hears which folder a tunnel takes on this machine.
        """
        self._api, self._container, self._address, self._announce = api, container, address, announce
        self._tunnel: Tunnel | None = None

    def find_addresses(self) -> Iterator[ServerAddress]:
        """The container's own address, and a tunnel: no port of this machine leads to a single slot's server."""
        address = self._address
        if address.host:
            yield address
        if self._tunnel is None:
            self._tunnel = Tunnel(self._api, self._container, self._announce, address.port)
        yield ServerAddress(self._tunnel.folder, PORT, address.user, address.password)

    def dump(self, database: str, schemas: Sequence[str] = (), data: bool = True, without: Sequence[str] = ()) -> str:
        """The SQL that makes a database's objects again."""
        return dump(self._api, self._container, database, schemas, data, without, self._address.port)

    def select(self, port: int) -> Server:
        """Another server in the same container."""
        address = self._address
        other = ServerAddress(address.host, port, address.user, address.password)
        return SlotServer(self._api, self._container, other, self._announce)

    def attach(self, command: Command, receiver: Receiver) -> Execution:
        """Start a process in the servers' container."""
        return Execution(self._api, self._container, command, receiver)

    def read_psql(self) -> Mapping[str, bytes]:
        """The server's own psql."""
        return read_psql(self._api, self._container)

    def close(self) -> None:
        """Cut the connections."""
        if self._tunnel is not None:
            self._tunnel.close()
