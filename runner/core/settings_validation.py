"""The validation of settings: each value against its type, and an error that names it as the user wrote it. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import ValidationError, convert
from msgspec.structs import FieldInfo, fields

from runner.core.groups import Group
from runner.core.nearest import make_hint
from runner.core.placeholders import FURTHER, PARTS, PLACEHOLDER, WHOLE
from runner.core.settings import FIELDS, REST, TABLES, Settings, find_fields
from runner.core.settings_postgres import Postgres
from runner.core.settings_postgres_rules import find_conflict
from runner.core.settings_postgres_values import Refusal, find_bad_value, name_database
from runner.core.transient import ASSERTION, is_class_or_sqlstate
from runner.core.types_in_words import describe
from runner.errors import SettingsError

Source = Literal["flag", "environment", "--config", "pyproject.toml", "addopts", "default"]

Layer = Mapping[str, Any]

NESTED = {"groups", *TABLES}

DOUBLED = "a brace that is meant is doubled"

GROUP_FIELDS = {each.name: each for each in fields(Group)}


def validate(layer: Layer, source: Source) -> Settings:
    """The settings in one layer, or an error that names the setting as the user wrote it."""
    values = {name: read_field(FIELDS, [name], layer[name], source) for name in layer if name not in NESTED}
    values["postgres"] = read_postgres(layer.get("postgres", {}), source)
    groups = layer.get("groups", {})
    if not isinstance(groups, Mapping):
        raise refuse(["groups"], groups, "expected a table", source)
    values["groups"] = {name: read_group(name, table, source) for name, table in groups.items()}
    check_placeholders(["environment"], values.get("environment", {}), source)
    check_transient(values.get("transient", []), source)
    return Settings(**values)


def read_postgres(table: Any, source: Source) -> Postgres:
    """The table `postgres`."""
    if not isinstance(table, Mapping):
        raise refuse(["postgres"], table, "expected a table", source)
    known = TABLES["postgres"]
    postgres = Postgres(**{key: read_field(known, ["postgres", key], table[key], source) for key in table})
    if bad := find_bad_value(postgres):
        raise make_error(bad, source)
    return postgres


def check_whole(settings: Settings, sources: Mapping[str, Source]) -> None:
    """Refuse what is valid alone, but not with the other settings."""
    pairs = [
        (settings.isolation, settings.rights),
        *((each.isolation, each.rights) for each in settings.groups.values()),
    ]
    for isolation, rights in pairs:
        known = settings.rights if rights is None else rights
        if bad := find_conflict(settings.postgres, isolation or settings.isolation, known):
            raise make_error(bad, sources[".".join(bad.keys)])
    own: dict[tuple[str, ...], Mapping[str, str]] = {("environment",): settings.environment}
    own |= {("groups", name, "environment"): group.environment for name, group in settings.groups.items()}
    for keys, variables in own.items():
        check_placeholders([*keys], variables, sources[keys[0]], settings.postgres.databases)
    check_arguments(settings, sources)
    check_sandbox(settings, sources)


def check_sandbox(settings: Settings, sources: Mapping[str, Source]) -> None:
    """Refuse sandboxes that no test would run in: without a server there is none."""
    if settings.isolation == "sandbox" and not settings.has_database:
        cause = "a sandbox comes with a server, and the run has no database: `database = true`, with `strict = false`"
        raise refuse(["isolation"], settings.isolation, cause, sources["isolation"])


def check_arguments(settings: Settings, sources: Mapping[str, Source]) -> None:
    """Refuse arguments with a database that there is not; other braces in them are the user's own."""
    known = {FURTHER + name_database(each) for each in settings.postgres.databases}
    arguments: dict[tuple[str, ...], Sequence[str]] = {("pytest_args",): settings.pytest_args}
    arguments |= {("groups", name, "pytest_args"): group.pytest_args for name, group in settings.groups.items()}
    for keys, values in arguments.items():
        named = {name for each in values for name in PLACEHOLDER.findall(each) if name.startswith(FURTHER)}
        if unknown := named - known:
            cause = f"`{{{min(unknown)}}}` is none of `postgres.databases`"
            raise refuse([*keys], [*values], cause, sources[keys[0]])


def make_error(bad: Refusal, source: Source) -> SettingsError:
    """A refusal as the error that it is."""
    error = refuse([*bad.keys], bad.value, bad.cause, source)
    return SettingsError(error.what, error.cause, bad.hint or error.hint)


def read_group(name: str, table: Any, source: Source) -> Group:
    """One group; its name also names result files, and `default` is the pass with all the rest."""
    if not isinstance(table, Mapping):
        raise refuse(["groups", name], table, "expected a table", source)
    if name == REST or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        cause = f"`{name}` cannot name a group: letters, digits, `-` and `_`, but not `{REST}`"
        raise refuse(["groups", name], dict(table), cause, source)
    given = {key: read_field(GROUP_FIELDS, ["groups", name, key], table[key], source) for key in table}
    check_placeholders(["groups", name, "environment"], given.get("environment", {}), source)
    return Group(**{"marks": [name], **given})


def read_field(known: Mapping[str, FieldInfo], keys: list[str], value: Any, source: Source) -> Any:
    """One value, checked against the type of its field."""
    if keys[-1] not in known:
        hint = make_hint(keys[-1], known)
        raise SettingsError(f"unknown setting {show_name(keys, source)}", hint=hint)
    kind = known[keys[-1]].type
    try:
        return convert(value, kind)
    except ValidationError:
        raise refuse(keys, value, f"expected {describe(kind)}", source) from None


def check_transient(names: Sequence[str], source: Source) -> None:
    """Refuse what cannot match, and a failed assertion, which is never transient."""
    for name in names:
        if name in ASSERTION:
            cause = "a failed assertion is never transient; a test's own `flaky` mark may retry it"
            raise refuse(["transient"], [*names], cause, source)
        if not is_class_or_sqlstate(name):
            cause = f"`{name}` is neither the full name of a class, such as `http.client.HTTPException`, nor a SQLSTATE"
            raise refuse(["transient"], [*names], cause, source)


def check_placeholders(
    keys: list[str], variables: Mapping[str, str], source: Source, databases: Sequence[str] | None = None
) -> None:
    """Refuse placeholders that nobody fills; those of `postgres.databases` only where it is known."""
    known = PARTS | WHOLE.keys() | {FURTHER + name_database(each) for each in databases or ()}
    further = databases is None
    for name, template in variables.items():
        if not name or set("=\0") & set(name) or "\0" in template:
            raise refuse(keys, dict(variables), f"`{name}` cannot be a variable of the environment", source)
        try:
            unknown = {each for each in find_fields(template) - known if not (further and each.startswith(FURTHER))}
        except ValueError:
            raise refuse(keys, dict(variables), f"`{name}` has a brace alone; {DOUBLED}", source) from None
        if unknown:
            cause = f"`{name}` has the unknown placeholder `{{{min(unknown)}}}`; {DOUBLED}"
            raise refuse(keys, dict(variables), cause, source)


def refuse(keys: list[str], value: Any, cause: str, source: Source) -> SettingsError:
    """The error for a value that does not fit."""
    return SettingsError(
        f"setting {show_name(keys, source)} is not valid: {value!r}",
        cause,
        "`runner config` shows every setting and where its value comes from",
    )


def show_name(keys: list[str], source: Source) -> str:
    """A setting's name in the place where the user wrote it."""
    if source == "flag":
        return f"`--{keys[0].replace('_', '-')}`"
    if source == "environment":
        return f"`RUNNER_{keys[0].upper()}`"
    if source == "--config":
        return f"`{'.'.join(keys)}` in the file of `--config`"
    return f"`{'.'.join(('tool', 'runner', *keys))}`"
