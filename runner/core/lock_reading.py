"""Reads the text of a `runner.lock`: whatever does not fit is named by its place in the file. Pure."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, get_args, get_origin

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import FieldInfo, fields

from runner.core.lock import NAME, VERSION, Lock, Package
from runner.core.nearest import make_hint
from runner.core.types_in_words import describe
from runner.errors import SettingsError

REPAIR = "`git checkout runner.lock` takes an edit back; `runner lock` makes the file anew where there is none"
MERGED = "take one side whole (`git checkout --theirs runner.lock`), then let `runner lock` bring it up to date"
SHOWN = 60
"""Letters of a value that an error quotes."""

CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")


def parse_lock(data: bytes) -> Lock:
    """The lock in a file.

    Raises:
        SettingsError: the file is not one that `runner lock` writes, or a newer runner wrote it.
    """
    tables = parse_tables(data)
    check_version(tables)
    try:
        lock = convert(tables, Lock)
    except ValidationError:
        # The long way, only to name the place.
        lock = read_table(Lock, tables, "")
    check_packages(lock.packages)
    check_twice("distribution", [each.name for each in lock.distributions])
    return lock


def parse_tables(data: bytes) -> dict[str, Any]:
    """The file as TOML."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        refuse("it is not UTF-8")
    if not text.strip():
        refuse("it is empty")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(CONFLICT):
            refuse(f"line {number} is a mark of a merge conflict: `{line[:7]}`", MERGED)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        cause = str(error)
        refuse(cause[:1].lower() + cause[1:])


def check_version(tables: Mapping[str, Any]) -> None:
    """Refuse a file of another shape before anything else in it is looked at."""
    version = tables.get("version")
    if type(version) is int and version > VERSION:
        cause = f"a newer runner made it: `version = {version}`, and this one reads {VERSION}"
        refuse(cause, f"update ephemeral-runner to {tables.get('runner', 'the version')} that made the file")
    if type(version) is not int or version != VERSION:
        refuse("`version` is missing" if version is None else f"`version` is {show(version)}, expected {VERSION}")


def read_table(kind: type[Struct], table: Any, place: str) -> Any:
    """A table, field by field.

    Args:
        kind: what it must be.
        table: what it is.
        place: its name in the file; empty for the whole.
    """
    if not isinstance(table, Mapping):
        refuse(f"`{place}` is {show(table)}, expected a table")
    known = {each.encode_name: each for each in fields(kind)}
    for key in table:
        if key not in known:
            refuse(f"unknown key `{join(place, key)}`", make_hint(key, known))
    values = {}
    for name, each in known.items():
        if name in table:
            values[each.name] = read_value(each, table[name], join(place, name))
        elif each.required:
            refuse(f"`{join(place, name)}` is missing")
    return kind(**values)


def read_value(field: FieldInfo, value: Any, place: str) -> Any:
    """One value of a table."""
    kind = field.type
    if isinstance(kind, type) and issubclass(kind, Struct):
        return read_table(kind, value, place)
    if get_origin(kind) is list and issubclass(get_args(kind)[0], Struct):
        if not isinstance(value, list):
            refuse(f"`{place}` is {show(value)}, expected tables, each with the head `[[{place}]]`")
        return [
            read_table(get_args(kind)[0], each, name_item(place, each, number)) for number, each in enumerate(value, 1)
        ]
    try:
        return convert(value, kind)
    except ValidationError:
        refuse(f"`{place}` is {show(value)}, expected {describe_kind(kind)}")


def show(value: Any) -> str:
    """A value as an error quotes it: its beginning."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def name_item(place: str, table: Any, number: int) -> str:
    """A table among many: by its name, or by its number where it has none."""
    name = table.get("name") if isinstance(table, Mapping) else None
    return f"{place} {name}" if name and isinstance(name, str) else f"{place} number {number}"


def describe_kind(kind: Any) -> str:
    """A type in words: its own description where it has one."""
    if get_origin(kind) is Annotated:
        described = [each.description for each in get_args(kind) if isinstance(each, Meta) and each.description]
        if described:
            return described[0]
    return describe(kind)


def join(place: str, key: str) -> str:
    """The name of a key of a table."""
    return f"{place}.{key}" if place else key


def check_packages(packages: list[Package]) -> None:
    """Refuse a package that stands twice for one image: nobody could tell which version is meant."""
    places = [(each.name, each.architecture, image) for each in packages for image in each.images]
    check_twice("package", [f"{name} ({architecture}, {image})" for name, architecture, image in places])


def check_twice(kind: str, names: list[str]) -> None:
    """Refuse a name that stands twice."""
    for name, count in Counter(names).items():
        if count > 1:
            refuse(f"`{kind} {name}` is there twice")


def refuse(cause: str, hint: str = REPAIR) -> NoReturn:
    """The error for a file that cannot be used."""
    raise SettingsError(f"cannot read `{NAME}`", cause, hint)
