"""The settings of a project: their names, types, defaults and descriptions. Pure."""

from string import Formatter
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import fields

from runner.core.groups import Dist, Group, Isolation, Right, Workers
from runner.core.quarantine import Quarantined
from runner.core.settings_postgres import POSTGRES_FIELDS, Postgres
from runner.core.transient import DEFAULT_TRANSIENT

REST = "default"
"""Name of the pass for the tests of no special group."""

DEFAULT_BASE_IMAGE = "debian@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f"
"""debian:trixie-slim. The digest stands in several independent public repositories (2026)."""


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of `[tool.runner]`; the description of each is its documentation."""

    isolation: Annotated[
        Isolation,
        Meta(
            description="what each worker gets: a role with a `schema` or a `database` of its own; a `server`;"
            " a `sandbox`, which is a server, an address and files; `none`: one database for all"
        ),
    ] = "schema"
    rights: Annotated[
        list[Right],
        Meta(description="what the tests' role may do beside its own: `superuser`, `createdb`, `createrole`"),
    ] = []
    database: Annotated[
        bool, Meta(description="whether a run has a Postgres at all; groups may have their own `database`")
    ] = True
    workers: Annotated[
        Workers,
        Meta(description="xdist workers; `auto` is the number of CPUs of the engine, 0 runs without xdist"),
    ] = "auto"
    dist: Annotated[Dist, Meta(description="how xdist distributes tests over workers; `load` keeps their order")] = (
        "loadscope"
    )
    mark: Annotated[
        str, Meta(description="pytest's mark expression for runs that choose neither groups nor marks themselves")
    ] = ""
    timeout: Annotated[float, Meta(gt=0, description="time limit of the tests of one run, in seconds")] = 3600
    startup_timeout: Annotated[float, Meta(gt=0, description="time limit for Postgres to answer, in seconds")] = 60
    reruns: Annotated[
        int,
        Meta(ge=0, description="how often a test is tried again after a transient failure; each time in a clean slot"),
    ] = 2
    reruns_delay: Annotated[float, Meta(ge=0, description="seconds between two attempts")] = 1
    transient: Annotated[
        list[str],
        Meta(description="what counts as transient: classes of exceptions by full name, and SQLSTATEs"),
    ] = field(default_factory=lambda: [*DEFAULT_TRANSIENT])
    retry_budget: Annotated[
        float,
        Meta(ge=0, le=1, description="share of the tests that may need a retry; 0: none, else at least one test"),
    ] = 0.01
    quarantine: Annotated[
        list[Quarantined],
        Meta(description='tests that run but do not decide: `{test = "id or pattern", until = 2026-12-31}`'),
    ] = []
    setup: Annotated[
        list[str],
        Meta(description="commands, or SQL files, that migrate the template of all slots, once a run"),
    ] = []
    setup_inputs: Annotated[
        list[str],
        Meta(description="patterns of the files that decide what `setup` makes; while they stay, its result is kept"),
    ] = []
    snapshots: Annotated[
        Literal["auto", "always", "never"],
        Meta(description="whether a kept result of `setup` is used; `auto`: not where `CI` is set"),
    ] = "auto"
    services: Annotated[
        str,
        Meta(description="Compose file of services that a run starts beside Postgres; tests reach them by their names"),
    ] = ""
    writable: Annotated[
        list[str],
        Meta(
            description="paths of the project, or folders such as /tmp, that tests may write to though all share them"
        ),
    ] = []
    lock: Annotated[
        str,
        Meta(description="lock of any kind, or a file to resolve; empty finds the lock, else resolves the metadata"),
    ] = ""
    extras: Annotated[list[str], Meta(description="extras of the project that are installed")] = []
    dependency_groups: Annotated[
        list[str],
        Meta(description="dependency groups that are installed beside those that the lock's tool takes by default"),
    ] = []
    requirements: Annotated[
        list[str],
        Meta(description="requirements beside the project's own, one a line, or `-r FILE`"),
    ] = []
    exclude_newer: Annotated[
        str,
        Meta(
            pattern=r"^(\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?)?$",
            description="cut-off date where packages are resolved without a lock, such as `2026-11-30`",
        ),
    ] = ""
    python: Annotated[
        str,
        Meta(
            description="Python of the suite, such as `3.11`; empty takes .python-version, then requires-python,"
            " then Debian 13's own"
        ),
    ] = ""
    editable: Annotated[
        bool | Literal["auto"],
        Meta(description="whether the project is installed so that its files are imported as they are in its folder"),
    ] = "auto"
    build_packages: Annotated[
        list[str],
        Meta(description="Debian packages that only building needs, beside compilers that are found to be needed"),
    ] = []
    build_constraints: Annotated[
        list[str],
        Meta(description="versions of what builds need, such as `setuptools<81`, or `-r FILE`"),
    ] = []
    git: Annotated[
        bool,
        Meta(description="whether the tests see the repository's `.git`, with its history; every commit builds anew"),
    ] = False
    include: Annotated[
        list[str],
        Meta(description="files and folders outside the project, such as `../shared`, that it needs beside its own"),
    ] = []
    locked: Annotated[
        bool | Literal["auto"],
        Meta(description="refuse any image but the one in runner.lock; `auto`: where `CI` is set and there is a lock"),
    ] = "auto"
    strict: Annotated[
        bool | Literal["auto"],
        Meta(description="fail when no test used the database that was prepared; `auto`: where `CI` is set"),
    ] = "auto"
    packages: Annotated[list[str], Meta(description="Debian packages that the suite image needs")] = []
    base_image: Annotated[
        str,
        Meta(description="image of Debian 13 that all images start from; empty, or no registry: built from packages"),
    ] = DEFAULT_BASE_IMAGE
    mirrors: Annotated[
        list[str],
        Meta(
            description="Debian mirrors for image builds, instead of Debian's own: addresses, or lines of apt's sources"
        ),
    ] = []
    ca_bundle: Annotated[
        str,
        Meta(description="certificates for image builds; empty finds SSL_CERT_FILE, REQUESTS_CA_BUNDLE, PIP_CERT"),
    ] = ""
    postgres: Annotated[Postgres, Meta(description="what the suite expects of its database; each key is below")] = (
        Postgres()
    )
    postgres_memory: Annotated[
        int,
        Meta(
            ge=0,
            description="memory for Postgres's data, in MiB; 0, or more than half of the engine's: data on disk",
        ),
    ] = 1024
    kept_failures: Annotated[
        int,
        Meta(
            ge=0, description="how many failed tests of a run keep their state: database, statements, output; 0: none"
        ),
    ] = 10
    kept_megabytes: Annotated[
        int,
        Meta(
            ge=0,
            description="room for the kept states of a run, in MB; a database for which it is too small is left out",
        ),
    ] = 100
    kept_statements: Annotated[
        Literal["changes", "all", "none"],
        Meta(description="which statements of a failed test are kept; those that failed always are"),
    ] = "changes"
    environment: Annotated[
        dict[str, str],
        Meta(
            description="variables for the tests; {url} {dsn} {user} {password} {host} {port} {dbname} {slot}"
            " are the worker's"
        ),
    ] = {}
    unset_environment: Annotated[
        list[str],
        Meta(
            description="variables for the address that the tests do not see, such as `PGPORT`; drivers test defaults"
        ),
    ] = []
    pass_environment: Annotated[list[str], Meta(description="variables of the caller that the tests see too")] = field(
        default_factory=lambda: ["CI", "GITHUB_ACTIONS"]
    )
    pytest_args: Annotated[
        list[str], Meta(description="arguments for every call of pytest, with placeholders as in `environment`")
    ] = []
    results: Annotated[str, Meta(description="folder for results")] = ".runner"
    groups: Annotated[
        dict[str, Group], Meta(description="groups of tests, added to and replacing the default ones")
    ] = {}

    @property
    def has_database(self) -> bool:
        """Whether any test of a run may ask for a database."""
        return self.database or any(each.database for each in self.groups.values())


FIELDS = {each.name: each for each in fields(Settings)}

TABLES = {"postgres": POSTGRES_FIELDS}
"""Settings that are tables of settings: a stronger layer replaces single keys of them."""


def list_names() -> list[str]:
    """The name of every setting; those of a table with the table's name before a point."""
    return [
        each for name in FIELDS for each in ([f"{name}.{key}" for key in TABLES[name]] if name in TABLES else [name])
    ]


def find_fields(template: str) -> set[str]:
    """The placeholders in a template."""
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


def make_workers(value: Workers, cpus: int) -> int:
    """The number of xdist workers for a setting; `auto` is the number of CPUs."""
    return cpus if value == "auto" else value


def parse_number(text: str | None) -> int | float | str | None:
    """The value of a flag as its setting wants it; what is no number is left for the validation to refuse."""
    if text is None:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
