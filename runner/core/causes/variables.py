"""Known causes: a variable of the environment that the code wants and nobody sets, and Django without its settings."""

import json
import re
from collections.abc import Sequence

from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule
from runner.core.detection.ci_variables import list_variables
from runner.core.detection.database import find_variables, make_template
from runner.core.detection.django import find_settings, has_plugin
from runner.core.detection.env_files import read_variables
from runner.core.detection.flask import find_flask_app
from runner.core.slots import VARIABLES
from runner.core.snapshot import Snapshot

RUNNER, TOML_ENVIRONMENT = "[tool.runner]", "[tool.runner.environment]"

ENV_FILE = re.compile(r"(^|/)\.?env(?:[.\w-]*)$|(^|/)[\w-]*\.env(?:[.\w-]*)$")
FIELD = re.compile(r"^[ \t]*(?P<name>[A-Za-z_][\w.]*)\n[ \t]*[Ff]ield required\b", re.MULTILINE)
"""A field of pydantic's that has no value, as its error shows it."""


def diagnose_variable(hit: Hit) -> Diagnosis | None:
    """One variable, by its name; what is no variable that the code reads is the key of some other table."""
    name, snapshot = hit["name"], hit.facts.snapshot
    if name in VARIABLES and not hit.facts.settings.database:
        what = f"the tests want `{name}`, and the run has no database"
        return Diagnosis("no-database", what, (RUNNER, "database = true"))
    is_read = not hit.found[0].startswith("KeyError") or name in find_variables(snapshot)
    return tell([name], snapshot) if is_read and name not in hit.facts.settings.environment else None


def diagnose_fields(hit: Hit) -> Diagnosis | None:
    """The fields of a class of settings that have no value; those of any other model are no variables."""
    snapshot = hit.facts.snapshot
    known = find_variables(snapshot)
    named = [each["name"].upper().replace(".", "__") for each in FIELD.finditer(hit.symptom.errors)]
    names = [next((one for one in known if one.upper().endswith(each)), "") for each in named]
    if "settings" in hit["model"].lower():
        names = [found or each for found, each in zip(names, named, strict=True)]
    return tell(list(dict.fromkeys(names)), snapshot) if names and all(names) else None


def diagnose_secret(hit: Hit) -> Diagnosis | None:
    """Django's key, which the settings take from some variable."""
    names = [each for each in find_variables(hit.facts.snapshot) if "SECRET_KEY" in each]
    return tell(names[:1], hit.facts.snapshot) if names else None


def tell(names: Sequence[str], snapshot: Snapshot) -> Diagnosis:
    """The lines that set variables, with values that the project's own files have."""
    found = [(name, *find_value(name, snapshot)) for name in names]
    lines = [
        f"{name} = {json.dumps(value)}" + (f"  # as {where} has it" if where else "") for name, value, where in found
    ]
    words = ", ".join(f"`{name}`" for name in names)
    return Diagnosis(
        "variable", f"the code wants {words} in its environment, and nobody sets it", (TOML_ENVIRONMENT, *lines)
    )


def find_value(name: str, snapshot: Snapshot) -> tuple[str, str]:
    """A value for a variable, and the file that has it: what CI gives, a file of variables, else anything."""
    if template := make_template(name, snapshot, ""):
        return template, ""
    for each, value, where in list_variables(snapshot):
        if each == name and "$" not in value:
            return value, where
    for path in sorted(each for each in snapshot.texts if ENV_FILE.search(each)):
        if value := dict(read_variables(snapshot.texts[path])).get(name, ""):
            return value, path
    return "test", ""


def diagnose_settings(hit: Hit) -> Diagnosis:
    """Django that was not told where its settings are."""
    snapshot = hit.facts.snapshot
    module = (find_settings(snapshot) or ("PROJECT.settings", ""))[0]
    has_it = has_plugin(snapshot) and "pytest-django" not in hit.facts.settings.requirements
    plugin = () if has_it else (RUNNER, 'requirements = ["pytest-django"]')
    todo = (*plugin, TOML_ENVIRONMENT, f'DJANGO_SETTINGS_MODULE = "{module}"')
    return Diagnosis("settings", "Django is not told where its settings are", todo)


def diagnose_flask(hit: Hit) -> Diagnosis:
    """Flask's commands without an application."""
    name = (find_flask_app(hit.facts.snapshot) or ("PACKAGE.MODULE", ""))[0]
    todo = (TOML_ENVIRONMENT, f'FLASK_APP = "{name}"')
    return Diagnosis("variable", "Flask is not told which application its commands are for", todo)


def diagnose_import(hit: Hit) -> Diagnosis | None:
    """A query at import, which Django's own test runner lets pass: it goes to the database that is no test's."""
    if not hit.symptom.test or "::" in hit.symptom.test:
        return None
    what = "a module of the tests asks the database when it is imported, which pytest-django refuses"
    todo = ("ask in `setUpTestData` or `setUp`: at import no test's database is there, but the application's own",)
    return Diagnosis("import", what, todo)


RULES: Sequence[Rule] = (
    rule(r"Set the (?P<name>\w+) environment variable", diagnose_variable),
    rule(r"(?P<name>\w+) not found\. Declare it as envvar or define a default value", diagnose_variable),
    rule(r"Environment variable \"(?P<name>\w+)\" (?:not set|invalid: \['Missing)", diagnose_variable),
    rule(r"Config '(?P<name>\w+)' is missing, and has no default", diagnose_variable),
    rule(r"KeyError: ['\"](?P<name>[A-Z][A-Z0-9_]{2,})['\"]", diagnose_variable),
    rule(r"validation errors? for (?P<model>\w+)\n[ \t]*[\w.]+\n[ \t]*[Ff]ield required\b", diagnose_fields),
    rule(r"The SECRET_KEY setting must not be empty", diagnose_secret),
    rule(r"Could not locate a Flask application|Failed to find Flask application", diagnose_flask),
    rule(r"settings are not configured\. You must either define the environment variable", diagnose_settings),
    rule(r"Database access not allowed, use the \"django_db\" mark", diagnose_import),
)
