"""How a worker reaches its slot: the part of the environment that the pytest plugin completes. Pure."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from runner.core.groups import OWN_SERVER, Group, Isolation
from runner.core.names import MASTER
from runner.core.passes import Pass
from runner.core.placeholders import URL, expand, has_placeholder, quote_parts
from runner.core.places import FILES, FOLDERS, PROJECT, REPORTS
from runner.core.plan import Plan, list_own_arguments
from runner.core.settings import find_fields
from runner.core.settings_postgres import SUITE_DATABASE, Postgres
from runner.core.settings_postgres_rules import has_slot
from runner.core.settings_postgres_values import name_database

TEMPLATE = "runner_template"
"""The role, the database, and in schema mode the schema, in which `setup` runs."""

VARIABLES = {
    "TEST_DATABASE_URL": URL,
    "DATABASE_URL": URL,
    "PGHOST": "{host}",
    "PGPORT": "{port}",
    "PGUSER": "{user}",
    "PGPASSWORD": "{password}",
    "PGDATABASE": "{dbname}",
}
"""What every suite sees, as templates for the address of a slot."""

SPREAD = "spread"
"""Among the parts of an address: each slot has a server at a port of its own; a sandbox has its own at the first."""

NAMED = {"PGAPPNAME": "{slot}"}
"""Where workers share a role: Postgres's log tells their statements apart by it."""

FIXED = {"PYTHONHASHSEED": "0"}
"""Suites that collect in the order of a set collect the same in every worker, or xdist would refuse to run them."""

PLUGIN_VARIABLE = "EPHEMERAL_RUNNER"
"""Holds what the plugin needs to know, as JSON."""

PLUGIN_MODULE = "ephemeral_runner_plugin"
"""The plugin's name inside the suite image."""


ORDER, FAILED = "order.json", "failed.json"

LONGEST_SCOPES, LONGEST_NAME = 300, 200
"""Of 128 KiB that Linux allows for one variable, at most half."""


def make_server(postgres: Postgres, isolation: Isolation, secret: str) -> dict[str, str]:
    """The parts of a slot's address as the tests use it, and a `dbname_NAME` for each further database.

    The slot's name stands as `{slot}`; only the worker itself knows its own. The server is in the suite's own
    network namespace, hence 127.0.0.1 or `localhost`.
    """
    is_alone = isolation in OWN_SERVER
    user = postgres.user or (SUITE_DATABASE if is_alone or isolation == "none" else "{slot}")
    dbname = postgres.database or ("{slot}" if isolation == "database" else SUITE_DATABASE)
    # Where workers have roles of their own, another one for each: no worker gets into another's slot by mistake.
    password = escape(postgres.password or secret) + ("-{slot}" if has_slot(user) and not postgres.password else "")
    further = {f"dbname_{name_database(each)}": name_in_slot(each, isolation) for each in postgres.databases}
    parts = {"host": postgres.host, "port": str(postgres.port), "user": user, "password": password, "dbname": dbname}
    if not is_alone:
        return {**parts, **further}
    # All servers are copies of one, so a name with the slot in it is the first slot's everywhere.
    same = {part: escape(text.format(slot=MASTER)) for part, text in {**parts, **further}.items()}
    return {**same, SPREAD: "yes"}


def find_port(first: int, slot: str) -> int:
    """The port of a slot's own server: the slot `master` has the first one."""
    return first + 1 + int(slot.removeprefix("gw")) if slot.startswith("gw") else first


def name_servers(first: int, ports: Sequence[int]) -> dict[str, int]:
    """The ports of servers by their slots; one that is alone is that of all slots, by an empty name."""
    if len(ports) < 2:
        return {"": first}
    return {MASTER if port == first else f"gw{port - first - 1}": port for port in ports if port >= first}


def name_in_slot(database: str, isolation: Isolation) -> str:
    """The name of a further database, as a template; where slots share a server it differs between them."""
    return f"{{slot}}_{database}" if isolation == "database" and not has_slot(database) else database


def escape(text: str) -> str:
    """A text as a template that gives it back."""
    return text.replace("{", "{{").replace("}", "}}")


def make_environment(
    plan: Plan, each: Pass, server: Mapping[str, str] | None, environ: Mapping[str, str], call: int = 1
) -> dict[str, str]:
    """The variables of one call of pytest.

    Those with a part of the address are left to the plugin, which knows its worker's slot; the others stand from the
    start, because Python and pytest read some before any plugin.

    Args:
        plan: the run's.
        each: the pass.
        server: from `make_server`, or None for a pass without a database.
        environ: the caller's environment, of which `pass_environment` names what goes in.
        call: how many passes the containers have had, so that what this one asks for has names of its own.
    """
    settings = plan.settings
    own = {**settings.environment, **dict(each.needs.environment)}
    shared = NAMED if server and SPREAD not in server and not has_slot(server["user"]) else {}
    constant = {name: text.format() for name, text in own.items() if not find_fields(text)}
    wiring = {
        "marks": make_marks(settings.groups),
        "groups": {name: group.marks for name, group in settings.groups.items()},
        # What the project sets to a constant stays as it is.
        "variables": {
            name: expand(text)
            for name, text in {**VARIABLES, **make_list(server), **shared, **own}.items()
            if name not in constant and name not in settings.unset_environment
        },
        "arguments": [*filter(has_placeholder, list_own_arguments(plan, each, server))],
        "own": sorted(own),
        "server": server,
        "engine": server is not None and SPREAD in server and settings.postgres.authentication == "trust",
        "call": call,
        "restores": each.needs.isolation != "none",
        "transient": settings.transient,
        "reports": REPORTS,
        "folders": FOLDERS,
        "project": PROJECT,
        "writable": settings.writable,
        "seed": plan.seed,
        # `load` keeps the declared order, for suites whose tests count on what ran before them.
        "durations": {} if each.needs.dist == "load" else make_scope_durations(plan.durations),
        "order": f"{FILES}/{ORDER}" if plan.order else None,
        "keeps": settings.kept_failures > 0,
        "failed": f"{FILES}/{FAILED}" if plan.failing else None,
    }
    passed = {name: environ[name] for name in settings.pass_environment if name in environ}
    plugins = [PLUGIN_MODULE, *filter(None, [constant.get("PYTEST_PLUGINS")])]
    return {
        **FIXED,
        **passed,
        **constant,
        "PYTEST_PLUGINS": ",".join(plugins),
        PLUGIN_VARIABLE: json.dumps(wiring),
    }


def make_list(server: Mapping[str, str] | None) -> dict[str, str]:
    """The variable with the addresses of all databases of a slot, where it has several; a comma stands between them."""
    names = [part for part in server or () if part.startswith("dbname")]
    urls = [URL.replace("{dbname}", f"{{{name}}}") for name in names]
    return {"TEST_DATABASE_URLS": ",".join(urls)} if len(urls) > 1 else {}


def make_setup_environment(plan: Plan, server: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the `setup` commands: as tests have them, for the template."""
    settings = plan.settings
    own = {} if SPREAD in server else {"user": TEMPLATE, "dbname": TEMPLATE}
    slot = MASTER if SPREAD in server else TEMPLATE
    parts = {**fill_server(server, slot), **own, "slot": slot}
    passed = {name: environ[name] for name in settings.pass_environment if name in environ}
    return {**passed, **fill_templates({**VARIABLES, **settings.environment}, parts)}


def fill_templates(templates: Mapping[str, str], parts: Mapping[str, str]) -> dict[str, str]:
    """The variables that lead to one slot; quoted where they are addresses, as the plugin does it."""
    expanded = {name: expand(text) for name, text in templates.items()}
    return {name: text.format_map(quote_parts(text, parts)) for name, text in expanded.items()}


def fill_server(server: Mapping[str, str], slot: str) -> dict[str, str]:
    """The parts of one slot's address, from those of `make_server`; outside of any sandbox."""
    parts = {name: text.format(slot=slot) for name, text in server.items()}
    if parts.pop(SPREAD, ""):
        parts["port"] = str(find_port(int(parts["port"]), slot))
    return parts


def make_scope_durations(durations: Mapping[str, float]) -> dict[str, float]:
    """Seconds of the longest scopes, as xdist's loadscope has them, from those of tests.

    Only so many as fit into a variable of the environment; where the short ones run makes no difference.
    """
    scopes: defaultdict[str, float] = defaultdict(float)
    for test, seconds in durations.items():
        scopes[test.partition("[")[0].rpartition("::")[0]] += seconds
    named = [(scope, round(seconds, 3)) for scope, seconds in scopes.items() if len(scope) < LONGEST_NAME]
    return dict(sorted(named, key=lambda each: -each[1])[:LONGEST_SCOPES])


def make_marks(groups: Mapping[str, Group]) -> dict[str, str]:
    """Every mark of every group with its description, for pytest."""
    return {mark: group.description or f"group {name}" for name, group in groups.items() for mark in group.marks}
