"""The layers of settings: read from where the user wrote them, merged, and validated one by one and as a whole. Pure.

Order, strongest first: flag, environment variable `RUNNER_*`, the file of `--config`, `[tool.runner]` in
pyproject.toml, the suite's own `addopts`, default.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from msgspec import to_builtins

from runner.core.groups import DEFAULT_GROUPS
from runner.core.settings import FIELDS, TABLES, Settings, list_names
from runner.core.settings_validation import Layer, Source, check_whole, validate


@dataclass(frozen=True)
class Sourced:
    """Settings, and for each name where its value came from."""

    settings: Settings
    sources: Mapping[str, Source]


def merge_settings(
    file: Layer,
    environ: Mapping[str, str],
    flags: Layer,
    beside: Layer | None = None,
    habits: Layer | None = None,
) -> Sourced:
    """Settings from `[tool.runner]`, the environment and the command line.

    Args:
        file: the table.
        environ: the caller's environment.
        flags: of the command line; None for what was not given.
        beside: what stands in the file of `--config`.
        habits: what the suite's own `addopts` decide.

    Raises:
        SettingsError: a key is unknown or a value does not fit.
    """
    layers: tuple[tuple[Source, Layer], ...] = (
        ("addopts", habits or {}),
        ("pyproject.toml", name_as_fields(file)),
        ("--config", name_as_fields(beside or {})),
        ("environment", read_environment(environ)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    )
    merged: dict[str, Any] = {}
    sources: dict[str, Source] = dict.fromkeys(list_names(), "default")
    for source, layer in layers:
        validate(layer, source)
        groups = join_groups(merged.get("groups", {}), layer.get("groups", {}))
        tables = {name: {**merged.get(name, {}), **layer.get(name, {})} for name in TABLES}
        merged |= {**layer, **tables, "groups": groups}
        sources |= dict.fromkeys(list_given(layer), source)
    merged["groups"] = merge_groups(merged["groups"])
    settings = validate(merged, "pyproject.toml")
    check_whole(settings, sources)
    return Sourced(settings, sources)


def list_given(layer: Layer) -> list[str]:
    """The names of the settings in a layer, as `list_names` has them."""
    return [each for name in layer for each in ([f"{name}.{key}" for key in layer[name]] if name in TABLES else [name])]


def name_as_fields(layer: Layer) -> dict[str, Any]:
    """A layer of TOML, where names may have hyphens."""
    return {key.replace("-", "_"): value for key, value in layer.items()}


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that `RUNNER_*` variables hold; a value is read as TOML where it is TOML, else as text."""
    named = {f"RUNNER_{name.upper()}": name for name in FIELDS}
    return {named[key]: read_value(named[key], text) for key, text in environ.items() if key in named}


def read_value(name: str, text: str) -> Any:
    """One value of the environment: `4`, `[1, 2]` and `database` need no quotes; a list may be `a,b`."""
    kind = get_args(FIELDS[name].type)[0]
    if kind is str:
        return text
    if kind == list[str] and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def join_groups(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of two layers; of a group that both have, the values of both."""
    return {**weaker, **{name: {**weaker.get(name, {}), **table} for name, table in stronger.items()}}


def merge_groups(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The default groups with the project's changes; a new group's mark is its own name unless it says otherwise."""
    merged: dict[str, Any] = to_builtins(dict(DEFAULT_GROUPS))
    for name, changes in declared.items():
        merged[name] = {**merged.get(name, {"marks": [name]}), **changes}
    return merged
