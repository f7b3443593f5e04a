"""How a worker reaches its slot: the part of the environment that the pytest plugin completes. Pure."""

import json
from collections.abc import Mapping

from runner.core.groups import Group
from runner.core.settings import Isolation, Settings, find_fields

SUITE_DATABASE = "suite"
"""The one database of all slots in schema mode, and the one role and database without isolation."""

PLUGIN_VARIABLE = "EPHEMERAL_RUNNER"
"""Holds what the plugin needs to know, as JSON."""

REPORTS_VARIABLE = "EPHEMERAL_RUNNER_REPORTS"
"""Tells the first pytest process that its reports are read."""

PLUGIN_MODULE = "ephemeral_runner_plugin"
"""The plugin's name inside the suite image."""


def make_server(isolation: Isolation, secret: str) -> dict[str, str]:
    """The parts of a slot's address as the tests use it.

    The slot's name stands as `{slot}`; only the worker itself knows its own. The server is in the suite's own
    network namespace, hence 127.0.0.1.
    """
    user = SUITE_DATABASE if isolation == "none" else "{slot}"
    dbname = "{slot}" if isolation == "database" else SUITE_DATABASE
    password = make_password(secret, "{slot}", isolation)
    return {"host": "127.0.0.1", "port": "5432", "user": user, "password": password, "dbname": dbname}


def make_password(secret: str, slot: str, isolation: Isolation) -> str:
    """The password of a slot's role: another one for each, so that no worker gets into another's slot by mistake."""
    return secret if isolation == "none" else f"{secret}-{slot}"


def make_environment(
    settings: Settings, server: Mapping[str, str] | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables of one call of pytest.

    Those with a part of the address are left to the plugin, which knows its worker's slot; the others stand from the
    start, because Python and pytest read some before any plugin.

    Args:
        settings: the run's settings.
        server: from `make_server`, or None for a pass without a database.
        environ: the caller's environment, of which `pass_environment` names what goes in.
    """
    constant = {name: text.format() for name, text in settings.environment.items() if not find_fields(text)}
    templates = {name: text for name, text in settings.environment.items() if find_fields(text)}
    wiring = {"marks": make_marks(settings.groups), "variables": templates, "server": server}
    passed = {name: environ[name] for name in settings.pass_environment if name in environ}
    plugins = [PLUGIN_MODULE, *filter(None, [constant.get("PYTEST_PLUGINS")])]
    return {
        **passed,
        **constant,
        "PYTEST_PLUGINS": ",".join(plugins),
        PLUGIN_VARIABLE: json.dumps(wiring),
        REPORTS_VARIABLE: "yes",
    }


def make_marks(groups: Mapping[str, Group]) -> dict[str, str]:
    """Every mark of every group with its description, for pytest."""
    return {mark: group.description or f"group {name}" for name, group in groups.items() for mark in group.marks}
