"""The engine that suites find which start a Postgres in a container: asked by Docker's own client."""

import os
import socket
from types import SimpleNamespace

import docker
import pytest

from runner.core.groups import DEFAULT_GROUPS
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import make_environment, make_server
from runner.plugin import engine, engine_api
from runner.plugin.connecting import ServerError
from runner.plugin.engine_commands import run_command

pytestmark = pytest.mark.unit

PORTS = {"5432/tcp": None}


class Database:
    """Keeps what it is asked for."""

    def __init__(self, port):
        self.port = port
        self.asked = []

    def give(self, variables):
        self.asked.append(dict(variables))
        if variables.get("POSTGRES_DB") == "refused":
            raise ServerError("no room")

    def run(self, database, statements):
        self.asked.append((database, *statements))
        if "mistake" in statements:
            raise ServerError("syntax error")
        return "1\n"

    def cut(self):
        self.asked.append("cut")


@pytest.fixture
def server():
    """A port that answers everybody with a letter."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def database(server, monkeypatch):
    made = Database(server.getsockname()[1])
    monkeypatch.setattr(engine_api, "Database", lambda _: made)
    return made


@pytest.fixture
def client(database):
    made = docker.DockerClient(base_url=f"unix://{engine_api.serve({})}")
    yield made
    made.close()


def run(client, image="postgres:16", **options):
    container = client.containers.run(image, detach=True, ports=options.pop("ports", PORTS), **options)
    container.reload()
    return container


def test_a_container_of_postgres_is_the_server_of_the_slot(client, database):
    container = run(client, environment={"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "x=y"}, name="db")
    assert database.asked == [{"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "x=y"}]
    assert (container.name, container.status) == ("db", "running")
    assert container.ports["5432/tcp"][0]["HostPort"] == str(database.port)
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert container.logs().count(b"ready to accept connections") == 2
    assert client.version()["ApiVersion"]
    assert client.images.pull("postgis/postgis", tag="16-3.5").tags == ["postgis/postgis:16-3.5"]


def test_containers_are_found_by_name_and_by_label_until_they_are_removed(client):
    one, other = run(client, name="one", labels={"of": "a"}), run(client, name="other", labels=["of"], remove=True)
    assert [each.name for each in client.containers.list(filters={"name": "one"})] == ["one"]
    assert [each.name for each in client.containers.list(filters={"label": "of=a"})] == ["one"]
    assert len(client.containers.list(filters={"label": "of"})) == 2
    with pytest.raises(docker.errors.APIError, match="already in use"):
        run(client, name="one")
    other.kill()
    one.stop()
    assert client.containers.list() == []
    assert [each.name for each in client.containers.list(all=True)] == ["one"]
    one.remove()
    with pytest.raises(docker.errors.NotFound):
        client.containers.get("one")


def test_a_port_that_the_suite_chose_leads_to_the_server_until_the_container_stops(client, server, database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
        with pytest.raises(docker.errors.APIError, match="already allocated"):
            run(client, ports={"5432/tcp": ("127.0.0.1", free)})
    container = run(client, ports={"5432/tcp": ("127.0.0.1", free)})
    assert container.ports["5432/tcp"][0]["HostPort"] == str(free)
    with socket.create_connection(("127.0.0.1", free), timeout=5) as near:
        far, _ = server.accept()
        with far:
            near.sendall(b"a")
            assert far.recv(1) == b"a"
            far.sendall(b"b")
            assert near.recv(1) == b"b"
            container.restart()
            assert database.asked[-1] == "cut"
            container.stop()
            assert near.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", free), timeout=5)


def test_a_port_whose_server_is_gone_ends_its_connections(client, server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    run(client, ports={"5432/tcp": ("127.0.0.1", free)})
    server.close()
    with socket.create_connection(("127.0.0.1", free), timeout=5) as near:
        assert near.recv(1) == b""


def test_what_is_no_postgres_is_refused_with_what_to_do(client, database):
    with pytest.raises(docker.errors.ImageNotFound, match=r"no such image: redis: tests have no engine; .*`services`"):
        run(client, "redis:7")
    with pytest.raises(docker.errors.APIError, match="tests have no engine, but for Postgres: no GET /volumes"):
        client.volumes.list()
    with pytest.raises(docker.errors.APIError, match="the run's Postgres: no room"):
        run(client, environment={"POSTGRES_DB": "refused"})
    assert client.networks.create("own").id


def test_commands_inside_are_answered(client, database):
    container = run(client, environment={"POSTGRES_USER": "app"})
    assert container.exec_run("pg_isready -U app").exit_code == 0
    assert container.exec_run("psql -U app -c 'SELECT 1'") == (0, b"1\n")
    assert database.asked[-1] == ("app", "SELECT 1")
    assert container.exec_run(["ls", "/"]).exit_code == 126
    assert container.exec_run("psql -c mistake", tty=True) == (2, b"psql: error: syntax error\n")


def test_files_for_the_images_folder_of_scripts_are_run_once(client, database, tmp_path):
    (tmp_path / "b.sql").write_text("SELECT 2")
    (tmp_path / "notes.txt").write_text("none")
    alone = tmp_path / "a"
    alone.write_text("SELECT 1")
    folder = "/docker-entrypoint-initdb.d"
    mount = docker.types.Mount(folder, str(tmp_path), type="bind")
    binds = {str(alone): {"bind": f"{folder}/a.sql", "mode": "ro"}, str(tmp_path): {"bind": "/srv", "mode": "ro"}}
    container = run(client, environment={"POSTGRES_DB": "app"}, volumes=binds, mounts=[mount])
    assert database.asked[1:] == [("app", "SELECT 1"), ("app", "SELECT 2")]
    container.stop()
    container.start()
    assert len(database.asked) == 3


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (["sh", "-c", "PGPASSWORD='x' psql --username a --dbname b -c 'SELECT 1;'"], ("b", "SELECT 1;")),
        (["psql", "-Ua", "-db", "--command=SELECT 1", "-c", "SELECT 2"], ("b", "SELECT 1", "SELECT 2")),
        (["psql", "-U", "app", "-d", "shop", "-tAc", "SELECT 1"], ("shop", "SELECT 1")),
        (["psql", "-qc", "SELECT ''", "shop", "app"], ("shop", "SELECT ''")),
        ("psql -l", ("own", "SELECT datname FROM pg_database ORDER BY datname")),
    ],
)
def test_the_options_of_psql_that_matter_are_read(command, asked):
    database = Database(0)
    assert run_command(command, database, "own") == (0, "1\n")
    assert database.asked == [asked]


def test_commands_of_a_line_run_one_after_the_other_until_one_fails():
    database = Database(0)
    assert run_command("bash -lc 'psql --dbname=c -c x && psql -c y; pwd; psql -c z'", database, "own") == (
        126,
        "1\n1\nno container here, and so no `pwd`: the server is the run's own\n",
    )
    assert database.asked == [("c", "x"), ("own", "y")]


@pytest.mark.parametrize(
    "command", ["pg_dump shop", "psql -f more.sql", "psql", "sh -c 'psql -c x | wc'", "sh -c 'psql < more.sql'"]
)
def test_what_only_a_container_could_do_is_refused(command):
    code, said = run_command(command, Database(0), "own")
    assert code == 126
    assert said.startswith("no container here")


def test_options_that_psql_has_not_are_an_error():
    assert run_command("psql --nosuch", Database(0), "own")[0] == 1


def test_an_error_of_the_servers_is_one_of_psqls():
    database = SimpleNamespace(run=lambda *_: 1 / 0)
    assert run_command("psql -c x", database, "own") == (1, "ERROR:  division by zero\n")


WIRING = {"engine": True, "server": {"host": "127.0.0.1", "port": "5432"}}


def test_an_engine_is_there_only_where_the_runner_says_so_and_the_suite_has_a_client(monkeypatch, database):
    monkeypatch.setattr(engine, "SOCKETS", ())
    monkeypatch.setattr(docker.utils.utils, "DEFAULT_UNIX_SOCKET", "http+unix:///nowhere")
    environ = {}
    assert not engine.activate({"server": WIRING["server"]}, environ)
    assert not engine.activate(WIRING, {"DOCKER_HOST": "tcp://elsewhere"})
    assert engine.activate(WIRING, environ)
    assert environ["DOCKER_HOST"].startswith("unix://")
    # It does not ask the environment.
    assert docker.APIClient().ping()
    first = environ["DOCKER_HOST"]
    assert engine.activate(WIRING, environ)
    assert environ["DOCKER_HOST"] == first
    assert engine.activate(WIRING, environ | {"PYTEST_XDIST_WORKER": "gw0"})
    assert f"http+{first}" != docker.utils.utils.DEFAULT_UNIX_SOCKET
    assert environ["TESTCONTAINERS_RYUK_DISABLED"] == "true"
    monkeypatch.setattr(engine, "CLIENTS", ("nobody-has-this",))
    assert not engine.activate(WIRING, {})
    monkeypatch.setattr(engine, "SOCKETS", (SimpleNamespace(exists=lambda: True),))
    assert not engine.activate(WIRING, {})


@pytest.mark.parametrize(
    ("isolation", "authentication", "wanted"),
    [
        ("server", "trust", True),
        ("sandbox", "trust", True),
        ("server", "password", False),
        ("schema", "password", False),
    ],
)
def test_the_runner_wants_it_where_a_worker_has_a_server_that_lets_everybody_in(isolation, authentication, wanted):
    settings = Settings(groups=dict(DEFAULT_GROUPS), postgres=Postgres(authentication=authentication))
    server = make_server(settings.postgres, isolation, "secret")
    made = make_environment(Plan(settings, Selection(), ()), Pass("all", "", Needs(2)), server, {})
    assert f'"engine": {str(wanted).lower()}' in made["EPHEMERAL_RUNNER"]


def test_testcontainers_comes_by_with_it(monkeypatch, database):
    postgres = pytest.importorskip("testcontainers.community.postgres")
    core = pytest.importorskip("testcontainers.core.config")
    monkeypatch.setattr(engine, "SOCKETS", ())
    # It has read the environment when it was imported.
    monkeypatch.setattr(core.testcontainers_config, "ryuk_disabled", True)
    monkeypatch.setattr(core.testcontainers_config, "tc_host_override", "127.0.0.1")
    monkeypatch.setattr(docker.utils.utils, "DEFAULT_UNIX_SOCKET", "http+unix:///nowhere")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert engine.activate(WIRING, os.environ)
    try:
        with postgres.PostgresContainer("postgres:16", username="a", password="b", dbname="c") as container:
            assert container.get_connection_url(driver=None) == f"postgresql://a:b@127.0.0.1:{database.port}/c"
    finally:
        for name in ("DOCKER_HOST", engine.VARIABLE, *engine.TESTCONTAINERS):
            os.environ.pop(name, None)
