"""Questions to containers of a living run: what is made of the answers."""

import pytest

from runner.engines.docker.inquiry import list_servers
from runner.errors import EngineError

pytestmark = pytest.mark.unit


class Api:
    """An engine in whose container a process says something, and ends."""

    def __init__(self, output, exit_code=0):
        self.output, self.exit_code = output, exit_code

    def exec_create(self, container, argv, user):
        assert (container, argv[0], user) == ("postgres", "timeout", "")
        return {"Id": "process"}

    def exec_start(self, process, demux):
        assert (process, demux) == ("process", True)
        return self.output, None

    def exec_inspect(self, process):
        return {"Id": process, "ExitCode": self.exit_code}


@pytest.mark.parametrize(
    ("output", "servers"),
    [
        (b"5432 .s.PGSQL.5432\n", {"": 5432}),
        (b"5432 .s.PGSQL.*[0-9]\n", {"": 5432}),
        (b"5440 .s.PGSQL.5440 .s.PGSQL.5441 .s.PGSQL.5442\n", {"master": 5440, "gw0": 5441, "gw1": 5442}),
    ],
)
def test_servers_are_told_by_their_sockets(output, servers):
    assert list_servers(Api(output), "postgres") == servers


def test_a_container_that_ends_while_it_is_asked_is_an_error_of_the_engine():
    said = b"OCI runtime exec failed: exec failed: container not running: unknown\r\n"
    with pytest.raises(EngineError) as caught:
        list_servers(Api(said, 126), "postgres")
    assert caught.value.cause.startswith("OCI runtime exec failed")
