"""The settings of a project: their names, types and defaults, merged from layers and validated as a whole. Pure.

Order, strongest first: flag, environment variable `RUNNER_*`, `[tool.runner]` in pyproject.toml, default.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins
from msgspec.structs import FieldInfo, fields

from runner.core.groups import DEFAULT_GROUPS, Dist, Group, Isolation, Workers
from runner.core.nearest import make_hint
from runner.core.quarantine import Quarantined
from runner.core.transient import ASSERTION, DEFAULT_TRANSIENT, is_class_or_sqlstate
from runner.core.types_in_words import describe
from runner.errors import SettingsError

Source = Literal["flag", "environment", "pyproject.toml", "default"]
Layer = Mapping[str, Any]

SLOT_FIELDS = frozenset({"user", "password", "host", "port", "dbname", "slot"})
"""Placeholders in `environment`: the parts of a worker's own address."""

REST = "default"
"""Name of the pass for the tests of no special group."""

DEFAULT_BASE_IMAGE = "debian@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f"
"""debian:trixie-slim. The digest stands in several independent public repositories (2026)."""


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of `[tool.runner]`; the description of each is its documentation."""

    isolation: Annotated[
        Isolation,
        Meta(
            description="what each worker gets: a role with a `schema` or a `database` of its own;"
            " `none`: one database for all, whose role may create more"
        ),
    ] = "schema"
    workers: Annotated[
        Workers,
        Meta(description="xdist workers; `auto` is the number of CPUs of the engine, 0 runs without xdist"),
    ] = "auto"
    dist: Annotated[Dist, Meta(description="how xdist distributes tests over workers")] = "loadscope"
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
    writable: Annotated[
        list[str],
        Meta(
            description="paths of the project, or folders such as /tmp, that tests may write to though all share them"
        ),
    ] = []
    lock: Annotated[str, Meta(description="lock file; empty finds uv.lock, then requirements*.txt with hashes")] = ""
    extras: Annotated[list[str], Meta(description="extras of the project that uv.lock's export includes")] = []
    dependency_groups: Annotated[
        list[str],
        Meta(description="dependency groups that uv.lock's export includes, beside uv's default groups"),
    ] = []
    packages: Annotated[list[str], Meta(description="Debian packages that the suite image needs")] = []
    base_image: Annotated[
        str,
        Meta(description="image of Debian 13 that all images start from; empty, or no registry: built from packages"),
    ] = DEFAULT_BASE_IMAGE
    ca_bundle: Annotated[
        str,
        Meta(description="certificates for image builds; empty finds SSL_CERT_FILE, REQUESTS_CA_BUNDLE, PIP_CERT"),
    ] = ""
    postgres_memory: Annotated[
        int,
        Meta(
            ge=0,
            description="memory for Postgres's data, in MiB; 0, or more than half of the engine's: data on disk",
        ),
    ] = 1024
    environment: Annotated[
        dict[str, str],
        Meta(description="variables for the tests; {user} {password} {host} {port} {dbname} {slot} are the worker's"),
    ] = {}
    pass_environment: Annotated[list[str], Meta(description="variables of the caller that the tests see too")] = field(
        default_factory=lambda: ["CI", "GITHUB_ACTIONS"]
    )
    pytest_args: Annotated[list[str], Meta(description="arguments for every call of pytest")] = []
    results: Annotated[str, Meta(description="folder for results")] = ".runner"
    groups: Annotated[
        dict[str, Group], Meta(description="groups of tests, added to and replacing the default ones")
    ] = {}


FIELDS = {each.name: each for each in fields(Settings)}
GROUP_FIELDS = {each.name: each for each in fields(Group)}


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
    sources: dict[str, Source] = dict.fromkeys(FIELDS, "default")
    for source, layer in layers:
        validate(layer, source)
        merged |= layer
        sources |= dict.fromkeys(layer, source)
    merged["groups"] = merge_groups(merged.get("groups", {}))
    return Sourced(validate(merged, "pyproject.toml"), sources)


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


def merge_groups(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The default groups with the project's changes; a new group's mark is its own name unless it says otherwise."""
    merged: dict[str, Any] = to_builtins(dict(DEFAULT_GROUPS))
    for name, changes in declared.items():
        merged[name] = {**merged.get(name, {"marks": [name]}), **changes}
    return merged


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
            unknown = find_fields(template) - SLOT_FIELDS
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
