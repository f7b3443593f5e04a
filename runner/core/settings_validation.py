"""The validation of settings: each value against its type, and an error that names it as the user wrote it. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import ValidationError, convert
from msgspec.structs import FieldInfo, fields

from runner.core.groups import Group
from runner.core.nearest import make_hint
from runner.core.placeholders import PARTS, WHOLE
from runner.core.settings import FIELDS, REST, Settings, find_fields
from runner.core.transient import ASSERTION, is_class_or_sqlstate
from runner.core.types_in_words import describe
from runner.errors import SettingsError

Source = Literal["flag", "environment", "--config", "pyproject.toml", "addopts", "default"]

Layer = Mapping[str, Any]

GROUP_FIELDS = {each.name: each for each in fields(Group)}


def validate(layer: Layer, source: Source) -> Settings:
    """The settings in one layer, or an error that names the setting as the user wrote it."""
    values = {name: read_field(FIELDS, [name], layer[name], source) for name in layer if name != "groups"}
    groups = layer.get("groups", {})
    if not isinstance(groups, Mapping):
        raise refuse(["groups"], groups, "expected a table", source)
    values["groups"] = {name: read_group(name, table, source) for name, table in groups.items()}
    check_placeholders(["environment"], values.get("environment", {}), source)
    check_transient(values.get("transient", []), source)
    return Settings(**values)


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
        raise SettingsError(f"unknown setting `{show_name(keys, source)}`", hint=hint)
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


def check_placeholders(keys: list[str], variables: Mapping[str, str], source: Source) -> None:
    """Refuse placeholders that nobody fills."""
    for name, template in variables.items():
        if not name or set("=\0") & set(name) or "\0" in template:
            raise refuse(keys, dict(variables), f"`{name}` cannot be a variable of the environment", source)
        try:
            unknown = find_fields(template) - PARTS - WHOLE.keys()
        except ValueError:
            unknown = {"{"}
        if unknown:
            cause = f"`{name}` has the unknown placeholder `{{{min(unknown)}}}`; a brace that is meant is doubled"
            raise refuse(keys, dict(variables), cause, source)


def refuse(keys: list[str], value: Any, cause: str, source: Source) -> SettingsError:
    """The error for a value that does not fit."""
    return SettingsError(
        f"setting `{show_name(keys, source)}` is not valid: {value!r}",
        cause,
        "`runner config` shows every setting and where its value comes from",
    )


def show_name(keys: list[str], source: Source) -> str:
    """A setting's name in the place where the user wrote it."""
    if source == "flag":
        return "--" + keys[0].replace("_", "-")
    if source == "environment":
        return "RUNNER_" + keys[0].upper()
    return ".".join(keys if source == "--config" else ("tool", "runner", *keys))
