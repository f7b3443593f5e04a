"""Known causes: tests that start containers or servers of their own. Pure."""

from collections.abc import Sequence

from runner.core.causes.address import TOML_POSTGRES
from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule, say

TOML_RUNNER = "[tool.runner]"

TOOLS = ("testcontainers", "pytest-databases", "pytest-docker", "pytest-postgresql")


def diagnose_own_server(hit: Hit) -> Diagnosis:
    """A suite that wants to start containers or servers by itself."""
    packages = "\n".join(hit.facts.snapshot.texts.values())
    tool = next((each for each in TOOLS if each in packages), "")
    who = f"`{tool}`" if tool else "the suite"
    what = f"{who} wants to start a server of its own: {hit.found[0].strip()}"
    if "Docker" in hit.found[0] or "server API version" in hit.found[0]:
        # It has a client, which the plugin's engine answers.
        todo = (TOML_RUNNER, 'isolation = "server"  # stands in for containers of Postgres')
        return Diagnosis("own-server", what, (*todo, TOML_POSTGRES, 'authentication = "trust"'))
    return Diagnosis(
        "own-server",
        what,
        (
            "let its fixture give the database that is there where `TEST_DATABASE_URL` is set;",
            "pytest-postgresql: `factories.postgresql_noproc()` with PGHOST, PGPORT, PGUSER, PGPASSWORD",
        ),
    )


RULES: Sequence[Rule] = (
    rule(
        r"Not supported URL scheme http\+docker",
        say(
            "versions",
            "the package `docker` before 7.1 does not go with `requests` from 2.32 on",
            TOML_RUNNER,
            'requirements = ["requests<2.32"]',
        ),
    ),
    rule(
        r"no such image: (?P<image>\S+): tests have no engine",
        say(
            "service",
            "a test wants to start a container of `{image}`, and there is no engine: only Postgres's are stood in for",
            "declare it in a Compose file, and let the test take its address where a variable names one:",
            TOML_RUNNER,
            'services = "compose.test.yaml"  # tests reach a service by its name',
        ),
    ),
)
"""What the plugin's engine refuses (`plugin/engine_containers.py`)."""

WITHOUT_ENGINE: Sequence[Rule] = (
    rule(
        r"DockerException|Error while fetching server API version"
        r"|(?:docker|dockerd|podman)['\"]?: (?:command )?not found"
        r"|No such file or directory: ['\"](?:docker|docker-compose|pg_ctl|initdb)['\"]|ExecutableMissingException",
        diagnose_own_server,
    ),
)
"""What tools say where there is no engine, or no program of Postgres's."""
