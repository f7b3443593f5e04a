"""Measures `runner run` against the alternatives, paired in one run on one machine.

Prints the median of each, and ratios of medians. Rounds are interleaved, so that a noisy moment hits all alike.

    python bench/compare.py [--rounds 5] [--tests 5000]
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker

from runner.core.fingerprint import parse_toml
from runner.core.groups import DEFAULT_GROUPS
from runner.core.plan import Selection, make_plan
from runner.core.settings import Settings
from runner.core.settings_layers import merge_settings
from runner.core.slots import PLUGIN_VARIABLE, make_environment
from runner.engines.docker.connect import connect
from runner.engines.docker.images import make_images
from runner.project.load import Project
from runner.project.recipe import make_recipe

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "tests" / "projects" / "small"

DATABASE_TEST = """
import os
import psycopg
import pytest


@pytest.mark.parametrize("number", range(10))
def test_row(number, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TEMPORARY TABLE numbers (number integer PRIMARY KEY)")
        connection.execute("INSERT INTO numbers VALUES (%s)", (number,))
        assert connection.execute("SELECT number FROM numbers").fetchone() == (number,)
"""

FROM_ENVIRONMENT = """
import os
import pytest


@pytest.fixture(scope="session")
def database_url():
    return os.environ["TEST_DATABASE_URL"]
"""

FROM_TESTCONTAINERS = """
import os
import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config

testcontainers_config.ryuk_disabled = True


@pytest.fixture(scope="session")
def database_url():
    server = PostgresContainer(os.environ["BENCH_IMAGE"], username="postgres", dbname="postgres", driver=None)
    server.with_kwargs(entrypoint=["sh", "-c", os.environ["BENCH_START"]], network=None)
    with server:
        port = server.get_exposed_port(5432)
        yield f"postgresql://postgres:{server.password}@127.0.0.1:{port}/postgres"
"""

BARE = [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "-n", "2", "-p", "no:cacheprovider"]
"""Without the plugins of this environment that a project of its own would not have; see `call`."""

BAKED = "exec sh /usr/lib/ephemeral-runner/start.sh"
INITDB = (
    "initdb --pgdata=/tmp/data --username=postgres --auth=trust >/dev/null"
    " && echo 'host all all all trust' >> /tmp/data/pg_hba.conf"
    " && exec postgres -D /tmp/data -c listen_addresses='*' -c unix_socket_directories=/tmp"
)
"""What the official image does when its container starts for the first time, without its extra restart."""

COMPOSE = """
services:
  db:
    image: {postgres}
    stdin_open: true
    environment: {{POSTGRES_PASSWORD: test}}
    healthcheck:
      test: ["CMD", "psql", "--host=/tmp", "--username=postgres", "--command=SELECT 1"]
      interval: 1s
      retries: 30
  suite:
    image: {suite}
    entrypoint: ["pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    environment: {{TEST_DATABASE_URL: "postgresql://postgres:test@db:5432/postgres"}}
    volumes: ["{project}:/project:ro"]
    depends_on: {{db: {{condition: service_healthy}}}}
"""


def make_project(folder: Path, conftest: str) -> Path:
    """40 trivial database tests in four modules."""
    shutil.copytree(SMALL, folder)
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(conftest)
    for name in "abcd":
        (folder / "tests" / f"test_{name}.py").write_text(DATABASE_TEST)
    return folder


def call(command: list[str], folder: Path, **environment: str) -> None:
    """Run a command, which must succeed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RUNNER_", "PYTEST_"))}
    clean["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")


def read_cpu_clock() -> float:
    """CPU seconds of all ended child processes: on a shared machine far less noisy than the clock on the wall."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(
    ways: dict[str, Callable[[], None]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of every way in every round; one unmeasured round first warms all up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = clock()
            way()
            if number:
                seconds[name].append(clock() - began)
    return seconds


def show(seconds: dict[str, list[float]], first: str) -> None:
    """Print medians with the spread, and the first way's ratio to each other."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        label = f"{first.split(maxsplit=1)[0]}/{name.split(maxsplit=1)[0]}"
        ratio = "" if name == first else f"   {label} = {medians[first] / medians[name]:.2f}"
        print(f"  {name:<52} {medians[name]:6.2f} s  ({min(values):.2f}-{max(values):.2f}){ratio}")


def find_compose() -> list[str]:
    """The command of Compose v2, or nothing."""
    found = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    return ["docker", "compose"] if found else []


def start_server(client: docker.DockerClient, image: str) -> tuple[docker.models.containers.Container, str]:
    """A Postgres that already runs, with its address."""
    server = client.containers.run(
        image,
        detach=True,
        auto_remove=True,
        entrypoint=["sh", "/usr/lib/ephemeral-runner/start.sh"],
        environment={"POSTGRES_PASSWORD": "test"},
        ports={"5432/tcp": ("127.0.0.1", None)},
    )
    time.sleep(3)
    server.reload()
    port = server.ports["5432/tcp"][0]["HostPort"]
    return server, f"postgresql://postgres:test@127.0.0.1:{port}/postgres"


def compare_environments(rounds: int, folder: Path) -> None:
    """The same 40 tests in every way, with two workers."""
    client = connect(os.environ.get("DOCKER_HOST"))
    ours = make_project(folder / "ours", FROM_ENVIRONMENT)
    theirs = make_project(folder / "theirs", FROM_TESTCONTAINERS)
    runner = [sys.executable, "-m", "runner", "run", "-n", "2"]
    pytest = [*BARE, "--dist", "loadscope"]
    call(runner, ours)
    project = Project(ours, parse_toml((ours / "pyproject.toml").read_bytes()))
    settings = merge_settings({}, {}, {}).settings
    images = make_images(make_recipe(project, settings, os.environ), settings)
    server, url = start_server(client, images.postgres.tag)
    ways: dict[str, Callable[[], None]] = {
        "(a) runner run, warm": lambda: call(runner, ours),
        "(b) bare pytest, Postgres already runs": lambda: call(pytest, ours, TEST_DATABASE_URL=url),
        "(c) testcontainers inside the suite, initdb at start": lambda: call(
            pytest, theirs, BENCH_IMAGE=images.postgres.tag, BENCH_START=INITDB
        ),
        "(c') the same with our baked data directory": lambda: call(
            pytest, theirs, BENCH_IMAGE=images.postgres.tag, BENCH_START=BAKED
        ),
    }
    if compose := find_compose():
        text = COMPOSE.format(postgres=images.postgres.tag, suite=images.suite.tag, project=ours)
        (folder / "compose.yaml").write_text(text)

        def run_compose() -> None:
            call([*compose, "run", "--rm", "suite"], folder)
            call([*compose, "down"], folder)

        ways["(d) docker compose run and down"] = run_compose
    else:
        print("  (d) docker compose: Compose v2 is not on this machine")
    try:
        show(measure(ways, rounds), "(a) runner run, warm")
    finally:
        server.remove(force=True)


def compare_plugin(rounds: int, tests: int, folder: Path) -> None:
    """Trivial tests with and without the plugin's marks and reports."""
    folder.mkdir()
    for number in range(10):
        body = f"import pytest\n\n@pytest.mark.parametrize('n', range({tests // 10}))\ndef test_n(n):\n    pass\n"
        (folder / f"test_{number}.py").write_text(body)
    pytest = BARE
    with_plugin = [*pytest, "-p", "runner.plugin"]
    settings = Settings(groups=dict(DEFAULT_GROUPS), reruns=0)
    plan = make_plan(settings, Selection(), cpus=2)
    wiring = json.loads(make_environment(plan, plan.passes[0], None, {})[PLUGIN_VARIABLE])
    wiring |= {"reports": os.devnull, "folders": str(folder / "workers"), "project": str(folder)}
    ways: dict[str, Callable[[], None]] = {
        "(p) with the plugin": lambda: call(with_plugin, folder, EPHEMERAL_RUNNER=json.dumps(wiring)),
        "(x) bare xdist": lambda: call(pytest, folder),
    }
    show(measure(ways, rounds, read_cpu_clock), "(p) with the plugin")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tests", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        print(f"40 trivial database tests, -n 2, median of {options.rounds} (lowest-highest)")
        compare_environments(options.rounds, Path(name))
        print(f"{options.tests} trivial tests, -n 2, CPU seconds, median of {options.rounds} (lowest-highest)")
        compare_plugin(options.rounds, options.tests, Path(name) / "plugin")


if __name__ == "__main__":
    main()
