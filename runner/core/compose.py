"""The environment of a run as a Compose file: same images, same variables, same hardening, without a runner. Pure.

The server owns the network here and the suite joins it, the other way round than in a run: `docker compose run` starts
what a service depends on before the service. The pytest plugin makes the slots (`runner.plugin.standalone`).
"""

import posixpath
from collections.abc import Mapping
from typing import Any

from runner.core.groups import Isolation
from runner.core.hardening import (
    CAP_DROP,
    DATA_IN_MEMORY,
    DATA_VARIABLE,
    PORT_VARIABLE,
    SECURITY_OPT,
    SETTINGS_VARIABLE,
    SHARED_MEMORY,
)
from runner.core.names import MASTER, make_slug
from runner.core.placeholders import expand
from runner.core.places import FOLDERS, PROJECT
from runner.core.postgres_conf import make_conf
from runner.core.settings import Settings
from runner.core.settings_postgres import SUITE_DATABASE
from runner.core.slots import FIXED, PLUGIN_MODULE, VARIABLES
from runner.core.yaml_text import make_yaml

HEADER = """\
# The environment of `runner run` for Compose. Made by `runner compose`, which also writes `.env` beside this file with
# the images' names and a password; `runner compose --check` says whether this file is what the settings make.
#
#   docker compose -f {path} run --rm suite                    pytest
#   docker compose -f {path} run --rm suite pytest -n 4 tests  four workers, a slot for each
#   docker compose -f {path} down --volumes                    nothing is left
#
# The project is mounted read-only, as it is in a run; RUNNER_SOURCES=rw opens it, for an editor's dev container.
"""

ASK = "run `runner compose` first"
PASSWORD = "${RUNNER_PASSWORD}"  # noqa: S105 -- where it is, not what it is
HEALTH_INTERVAL = 0.5
"""Seconds between two questions whether the server is ready."""

RIGHTS: Mapping[Isolation, str] = {
    "schema": "NOCREATEDB",
    "database": "CREATEDB",
    "server": "CREATEDB",
    "sandbox": "CREATEDB",
    "none": "CREATEDB CREATEROLE",
}
"""What the suite's role may do, so that the plugin finds the slots of the setting `isolation`."""

PREPARE = """\
(until psql --quiet --no-psqlrc --host=/tmp --username=postgres --set=ON_ERROR_STOP=1 \
--command="CREATE ROLE {role} LOGIN {rights} PASSWORD '$$RUNNER_PASSWORD'" \
--command="CREATE DATABASE {role} OWNER {role}"; do sleep 0.05; done) 2>/dev/null &
exec sh /usr/lib/ephemeral-runner/start.sh
"""
"""Starts the server and makes the one role and database that the runner would make."""


def make_compose_file(project: str, settings: Settings, path: str, services: Mapping[str, str] | None = None) -> str:
    """The text of the file.

    Args:
        project: the project's name.
        settings: its settings.
        path: of the file, relative to the project's folder, with `/`.
        services: how the suite waits for each of the project's own services: a condition of `depends_on`, by name.
    """
    root = posixpath.relpath(".", posixpath.dirname(path) or ".")
    server = make_server(settings)
    model: dict[str, Any] = {"name": f"{make_slug(project)}-environment"}
    if settings.services:
        model["include"] = [posixpath.join(root, settings.services)]
    waits = {"postgres": "service_healthy", **(services or {})}
    suite = make_suite(settings, root) | {"depends_on": {name: {"condition": how} for name, how in waits.items()}}
    model["services"] = {"suite": suite, "postgres": server}
    return HEADER.format(path=path) + "\n" + "\n".join(make_yaml(model)) + "\n"


def make_suite(settings: Settings, root: str) -> dict[str, Any]:
    """The service in which pytest runs."""
    mounts = [f"{root}:{PROJECT}:${{RUNNER_SOURCES:-ro}}"]
    opened = [each for each in settings.writable if not each.startswith("/")]
    # Process 1 of our images ends at the end of standard input, which is the lease's business.
    return {
        "image": f"${{RUNNER_SUITE_IMAGE:?{ASK}}}",
        "entrypoint": [],
        "command": ["pytest"],
        "network_mode": "service:postgres",
        "environment": make_variables(settings),
        "volumes": mounts + [f"{posixpath.join(root, each)}:{PROJECT}/{each}:rw" for each in opened],
        **({"tmpfs": folders} if (folders := [each for each in settings.writable if each.startswith("/")]) else {}),
        "shm_size": SHARED_MEMORY,
        "stop_signal": "SIGINT",
        **make_limits(),
    }


def make_server(settings: Settings) -> dict[str, Any]:
    """The service of Postgres; as in a run its data are in memory, and its port leads to this machine only."""
    memory = settings.postgres_memory
    place = {DATA_VARIABLE: DATA_IN_MEMORY} if memory else {}
    port = settings.postgres.port
    url = f"postgresql://{SUITE_DATABASE}:{PASSWORD}@127.0.0.1:{port}/{SUITE_DATABASE}"
    conf = make_conf(settings.postgres).replace("$", "$$")
    environment = {"POSTGRES_PASSWORD": f"{PASSWORD}-postgres", "RUNNER_PASSWORD": PASSWORD}
    environment |= {PORT_VARIABLE: str(port), SETTINGS_VARIABLE: conf}
    script = PREPARE.format(role=SUITE_DATABASE, rights=RIGHTS[settings.isolation])
    return {
        "image": f"${{RUNNER_POSTGRES_IMAGE:?{ASK}}}",
        "entrypoint": ["sh", "-c"],
        "command": [script],
        "environment": environment | place,
        "ports": [f"127.0.0.1::{port}"],
        **({"shm_size": f"{memory}m"} if memory else {}),
        "healthcheck": {
            "test": ["CMD", "psql", "--no-psqlrc", "--command=", url],
            "interval": f"{HEALTH_INTERVAL:g}s",
            "retries": int(settings.startup_timeout / HEALTH_INTERVAL) + 1,
        },
        "stop_signal": "SIGQUIT",
        **make_limits(),
    }


def make_limits() -> dict[str, Any]:
    """What every container of a run is denied."""
    return {"cap_drop": CAP_DROP, "security_opt": SECURITY_OPT, "stop_grace_period": "2s"}


def make_variables(settings: Settings) -> dict[str, str | None]:
    """The variables of a run, for one slot; the plugin changes them in workers. None passes the caller's value on."""
    parts = {"user": SUITE_DATABASE, "dbname": SUITE_DATABASE, "password": PASSWORD, "slot": MASTER}
    parts |= {"host": settings.postgres.host, "port": str(settings.postgres.port)}
    own = {name: text.replace("$", "$$") for name, text in settings.environment.items()}
    seen = {name: text for name, text in {**VARIABLES, **own}.items() if name not in settings.unset_environment}
    filled = {name: expand(text).format_map(parts) for name, text in seen.items()}
    plugins = [PLUGIN_MODULE, *filter(None, [filled.get("PYTEST_PLUGINS")])]
    # The image's plugin is the one, where the project has another; what pytest keeps of a run may always be written.
    own_options = filter(None, [filled.get("PYTEST_ADDOPTS")])
    options = ["-p no:ephemeral-runner", f"-o cache_dir={FOLDERS}/pytest-cache", *own_options]
    switch = {"EPHEMERAL_RUNNER_SLOTS": "off"} if settings.isolation == "none" else {}
    passed: dict[str, str | None] = dict.fromkeys(settings.pass_environment)
    filled = {**FIXED, **filled}
    return {**passed, **filled, "PYTEST_PLUGINS": ",".join(plugins), "PYTEST_ADDOPTS": " ".join(options), **switch}


def find_conditions(model: Mapping[str, Any]) -> dict[str, str]:
    """How the suite waits for each service of a project's own Compose model."""
    health = {True: "service_healthy", False: "service_started"}
    return {name: health[bool(each.get("healthcheck"))] for name, each in model["services"].items()}


def make_dot_env(images: Mapping[str, str], password: str) -> str:
    """The file `.env` beside it: what differs between checkouts and people.

    Args:
        images: names of the images, by variable.
        password: letters and digits.
    """
    values = {**images, "RUNNER_PASSWORD": password}
    return "# Made by `runner compose`.\n" + "".join(f"{name}={value}\n" for name, value in values.items())
