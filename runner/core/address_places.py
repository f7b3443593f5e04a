"""Where addresses stand in a project's files: in settings, in shared code, in tests, in modules that connect. Pure."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from runner.core.addresses import SCHEME, Address, find_address, is_fixed
from runner.core.detection.database import ADDRESS, find_part, find_variables
from runner.core.detection.django import has_plugin
from runner.core.hard_coded import find_hard_coded
from runner.core.pytest_files import TABLES
from runner.core.snapshot import Snapshot, dig, is_own, is_test

KINDS = ("settings", "variant", "shared", "test", "module")
"""Of modules: settings, one of several settings, what tests share, tests, what connects; the first with any counts."""

CONFIGURES = re.compile(r"(?:.*_)?(?:conf|config|settings)")
CONNECTS = re.compile(r"(?:.*_)?(?:connection|database|db|engine|session)")
"""What modules, and folders of modules, are called that say where the database is, and that connect to it."""

INI_FILES = re.compile(r"(^|/)(setup\.cfg|test[\w-]*\.cfg|pytest\.ini|tox\.ini)$")
INI_LINE = re.compile(rf"^\s*(?!\s|D:|R:D:)[\w.\" :-]+?\s*[=:]\s*[\"']?(?={SCHEME}://)")
"""`D:` marks a default of pytest-env, which the environment goes before."""

DJANGO_SETTINGS = re.compile(r"(?:DJANGO_SETTINGS_MODULE\s*=\s*|--ds[= ])([\w.]+)")

NOT_READ = re.compile(r"testenv|tox|alembic|gh")
"""Sections that are for other programs than pytest and the suite."""

Found = tuple[Address, str]
"""An address, and the file and line where it stands."""


def find_addresses(snapshot: Snapshot) -> list[Found]:
    """Addresses of settings; those of other modules only where no variable leads to the database."""
    found: dict[str, list[Found]] = {kind: [] for kind in KINDS}
    dialled: list[Found] = []
    found["settings"] += find_in_ini(snapshot)
    for path, text in snapshot.python_files():
        kind = find_kind(path)
        for each in find_hard_coded(text) if kind else ():
            found["test" if each.in_test else kind].append((each.address, f"{path}:{each.line}"))
            if each.is_dialled and is_test(path):
                dialled.append((each.address, f"{path}:{each.line}"))
    whole = [[each for each in found[kind] if each[0].has_names] for kind in KINDS]
    named = [each for each in (*whole[0], *whole[1]) if is_named(each[1], snapshot)]
    parts = [each for kind in ("settings", "variant", "module") for each in found[kind] if not each[0].has_names]
    further = [dialled] if has_variables(snapshot) else whole[1:]
    return next(filter(None, [named, whole[0], *further, parts]), [])


def find_kind(path: str) -> str:
    """What a module is, as far as it may have an address that tests dial; empty for any other."""
    name, folder = PurePosixPath(path).stem, PurePosixPath(path).parent.name
    if name == "conftest" or (not name.startswith("test_") and CONFIGURES.fullmatch(name)):
        return "settings"
    if folder == "settings":
        return "variant"
    if is_test(path):
        return "shared"
    return "module" if is_own(path) and any(map(CONNECTS.fullmatch, (name, folder))) else ""


def is_django(snapshot: Snapshot) -> bool:
    """Whether pytest-django makes a database for each worker."""
    return has_plugin(snapshot)


def is_named(where: str, snapshot: Snapshot) -> bool:
    """Whether pytest is told to take the settings of a module for Django."""
    if not is_django(snapshot):
        return False
    named = [dig(snapshot.pyproject, *keys, "DJANGO_SETTINGS_MODULE") for keys in TABLES]
    texts = [text for path, text in snapshot.texts.items() if INI_FILES.search(path)]
    found = [match[1] for text in texts for match in DJANGO_SETTINGS.finditer(text)]
    paths = (each.replace(".", "/") + ".py" for each in [*found, *named] if isinstance(each, str))
    return where.rpartition(":")[0].endswith(tuple(paths))


def has_variables(snapshot: Snapshot) -> bool:
    """Whether the code asks the environment for its database."""
    return any(ADDRESS.fullmatch(name) or find_part(name) for name in find_variables(snapshot))


def find_in_ini(snapshot: Snapshot) -> Iterator[Found]:
    """Addresses in the settings of test tools: of SQLAlchemy's plugin, and of pytest-env, which sets variables anew."""
    lines = [
        (line, f"{path}:{number}")
        for path in sorted(each for each in snapshot.texts if INI_FILES.search(each))
        for number, line in list_lines(snapshot.texts[path])
    ]
    for keys in (("tool", "pytest", "ini_options", "env"), ("tool", "pytest_env")):
        found = dig(snapshot.pyproject, *keys)
        pairs = [f"{name}={value}" for name, value in found.items()] if isinstance(found, Mapping) else found
        lines += (
            [(each, "pyproject.toml") for each in pairs if isinstance(each, str)] if isinstance(pairs, list) else []
        )
    for line, where in lines:
        if INI_LINE.match(line) and (address := find_address(line)) and is_fixed(address.dbname):
            yield address, where


def list_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that the suite reads, with their numbers."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        section = line.strip("[] ") if line.startswith("[") else section
        if not NOT_READ.match(section):
            yield number, line
