"""The settings of a project: their names, types and defaults, merged from layers and validated as a whole. Pure.

Order, strongest first: flag, environment variable `RUNNER_*`, `[tool.runner]` in pyproject.toml, default.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runner.core.groups import DEFAULT_GROUPS, Group, Workers
from runner.core.nearest import make_hint
from runner.errors import SettingsError

Isolation = Literal["schema", "database", "none"]
Source = Literal["flag", "environment", "pyproject.toml", "default"]
Layer = Mapping[str, Any]

SLOT_FIELDS = frozenset({"user", "password", "host", "port", "dbname", "slot"})
"""Placeholders in `environment`: the parts of a worker's own address."""

REST = "default"
"""Name of the pass for the tests of no special group."""

DEFAULT_BASE_IMAGE = "debian@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f"
"""debian:trixie-slim. The digest stands in several independent public repositories (2026)."""


class Settings(BaseModel):
    """Every setting of `[tool.runner]`; the description of each is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    isolation: Isolation = Field(
        "schema",
        description="what each worker gets: a role with a `schema` or a `database` of its own;"
        " `none`: one database for all, whose role may create more",
    )
    workers: Workers = Field(
        "auto", description="xdist workers; `auto` is the number of CPUs of the engine, 0 runs without xdist"
    )
    dist: Literal["load", "loadscope", "loadfile", "loadgroup", "worksteal"] = Field(
        "loadscope", description="how xdist distributes tests over workers"
    )
    timeout: float = Field(3600, gt=0, description="time limit of the tests of one run, in seconds")
    startup_timeout: float = Field(60, gt=0, description="time limit for Postgres to answer, in seconds")
    lock: str = Field("", description="lock file; empty finds uv.lock, then requirements*.txt with hashes")
    extras: list[str] = Field([], description="extras of the project that uv.lock's export includes")
    dependency_groups: list[str] = Field(
        [], description="dependency groups that uv.lock's export includes, beside uv's default groups"
    )
    packages: list[str] = Field([], description="Debian packages that the suite image needs")
    base_image: str = Field(
        DEFAULT_BASE_IMAGE,
        description="image of Debian 13 that all images start from; empty, or no registry: built from packages",
    )
    ca_bundle: str = Field(
        "", description="certificates for image builds; empty finds SSL_CERT_FILE, REQUESTS_CA_BUNDLE, PIP_CERT"
    )
    postgres_memory: int = Field(
        1024,
        ge=0,
        description="memory for Postgres's data, in MiB; 0, or more than half of the engine's: data on disk",
    )
    environment: dict[str, str] = Field(
        {}, description="variables for the tests; {user} {password} {host} {port} {dbname} {slot} are the worker's"
    )
    pass_environment: list[str] = Field(
        ["CI", "GITHUB_ACTIONS"], description="variables of the caller that the tests see too"
    )
    pytest_args: list[str] = Field([], description="arguments for every call of pytest")
    results: str = Field(".runner", description="folder for results")
    groups: dict[str, Group] = Field({}, description="groups of tests, added to and replacing the default ones")

    @field_validator("groups")
    @classmethod
    def check_group_names(cls, groups: dict[str, Group]) -> dict[str, Group]:
        """Refuse names that cannot name a file, and the one that means all the rest."""
        for name in groups:
            if name == REST or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                raise ValueError(f"`{name}` cannot name a group: letters, digits, `-` and `_`, but not `{REST}`")
        return groups

    @field_validator("environment")
    @classmethod
    def check_placeholders(cls, variables: dict[str, str]) -> dict[str, str]:
        """Refuse placeholders that nobody fills; a brace that is meant is written twice."""
        for name, template in variables.items():
            if unknown := find_fields(template) - SLOT_FIELDS:
                raise ValueError(
                    f"`{name}` has the unknown placeholder `{{{min(unknown)}}}`; a brace that is meant is doubled"
                )
        return variables


def find_fields(template: str) -> set[str]:
    """The placeholders in a template."""
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


@dataclass(frozen=True)
class Sourced:
    """Settings, and for each name where its value came from."""

    settings: Settings
    sources: Mapping[str, Source]


def merge_settings(file: Layer, environ: Mapping[str, str], flags: Layer) -> Sourced:
    """Settings from `[tool.runner]`, the environment and the command line.

    Raises:
        SettingsError: a key is unknown or a value does not fit.
    """
    file = {key.replace("-", "_"): value for key, value in file.items()}
    layers: tuple[tuple[Source, Layer], ...] = (
        ("pyproject.toml", file),
        ("environment", read_environment(environ)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    )
    merged: dict[str, Any] = {}
    sources: dict[str, Source] = dict.fromkeys(Settings.model_fields, "default")
    for source, layer in layers:
        validate(layer, source)
        merged |= layer
        sources |= dict.fromkeys(layer, source)
    merged["groups"] = merge_groups(merged.get("groups", {}))
    return Sourced(validate(merged, "pyproject.toml"), sources)


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that `RUNNER_*` variables hold; a value is read as TOML where it is TOML, else as text."""
    named = {f"RUNNER_{name.upper()}": name for name in Settings.model_fields}
    return {named[key]: read_value(named[key], text) for key, text in environ.items() if key in named}


def read_value(name: str, text: str) -> Any:
    """One value of the environment: `4`, `[1, 2]` and `database` need no quotes; a list may be `a,b`."""
    annotation = Settings.model_fields[name].annotation
    if annotation is str:
        return text
    if annotation == list[str] and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def merge_groups(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The default groups with the project's changes; a new group's mark is its own name unless it says otherwise."""
    merged: dict[str, Any] = {name: group.model_dump() for name, group in DEFAULT_GROUPS.items()}
    for name, changes in declared.items():
        merged[name] = {**merged.get(name, {"marks": [name]}), **changes}
    return merged


def validate(layer: Layer, source: Source) -> Settings:
    """The settings in one layer, or an error that names the setting as the user wrote it."""
    groups = layer.get("groups")
    if isinstance(groups, Mapping) and all(isinstance(group, Mapping) for group in groups.values()):
        layer = {**layer, "groups": {name: {"marks": [name], **group} for name, group in groups.items()}}
    try:
        return Settings.model_validate(layer)
    except ValidationError as error:
        raise make_error(error, source) from None


def make_error(error: ValidationError, source: Source) -> SettingsError:
    """The first problem that pydantic found, in our words."""
    first = error.errors()[0]
    keys = [str(key) for key in first["loc"] if key != "function-after"]
    if first["type"] == "extra_forbidden":
        known = Group.model_fields if keys[0] == "groups" else Settings.model_fields
        return SettingsError(f"unknown setting `{show_name(keys, source)}`", hint=make_hint(keys[-1], known))
    depth = 3 if keys[0] == "groups" else 1
    problems = [each for each in error.errors() if each["loc"][:depth] == first["loc"][:depth]]
    # A union reports one problem for each of its members, and adds the member's name to the location.
    cause = " or ".join(dict.fromkeys(lower_first(each["msg"]) for each in problems))
    return SettingsError(
        f"setting `{show_name(keys[:depth], source)}` is not valid: {first['input']!r}",
        cause=cause,
        hint="`runner config` shows every setting and where its value comes from",
    )


def lower_first(text: str) -> str:
    """`text` with a small first letter, as the error convention has it."""
    return text[:1].lower() + text[1:]


def show_name(keys: list[str], source: Source) -> str:
    """A setting's name in the place where the user wrote it."""
    if source == "flag":
        return "--" + keys[0].replace("_", "-")
    if source == "environment":
        return "RUNNER_" + keys[0].upper()
    return ".".join(("tool", "runner", *keys))


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
