"""Known causes: a module, a library, a program or a plugin of pytest that is not in the image. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from runner.core.causes.symptoms import Diagnosis, Hit, Place, Rule, rule, say, shorten
from runner.core.detection.requirements import find_requirements
from runner.core.distributions import DISTRIBUTIONS, FIXTURES, OPTIONS
from runner.core.missing_libraries import find_package
from runner.core.snapshot import Snapshot, dig_table, normalize

RUNNER = "[tool.runner]"

FILE = re.compile(r"requirements[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.txt$")


def diagnose_module(hit: Hit) -> Diagnosis | None:
    """A module that cannot be imported: whose it is, and which setting brings it."""
    module = hit["module"].split(".")[0]
    snapshot = hit.facts.snapshot
    if own := find_own_module(snapshot, module):
        what = f"the project's own `{hit['module']}` ({own}) cannot be imported"
        root = "src" if own.startswith("src/") else "."
        todo = (
            "[tool.pytest.ini_options]",
            f'pythonpath = ["{root}"]  # or, where an install hides it: editable = false',
        )
        return Diagnosis("own-module", what, todo)
    return tell_package("module", f"the module `{hit['module']}` is missing", list_names(module), snapshot)


def list_names(module: str) -> list[str]:
    """The distributions that a module may be of, the likeliest first."""
    usual = DISTRIBUTIONS.get(module, module)
    return list(dict.fromkeys(map(normalize, (usual, module, f"python-{module}", f"py{module}", f"{module}-binary"))))


def find_own_module(snapshot: Snapshot, module: str) -> str:
    """The project's own file or folder of that name; empty where it has none."""
    for root in ("", "src/"):
        if f"{root}{module}.py" in snapshot.names:
            return f"{root}{module}.py"
        if any(name.startswith(f"{root}{module}/") and name.endswith(".py") for name in snapshot.names):
            return f"{root}{module}/"
    return ""


def tell_package(kind: str, what: str, names: Sequence[str], snapshot: Snapshot) -> Diagnosis:
    """The setting that brings a package: the extra, group or file that has it, else a requirement of its own."""
    for home, line in list_homes(snapshot, names):
        return Diagnosis(kind, f"{what}; {home} has it", (RUNNER, line), find_lines(snapshot, names))
    return Diagnosis(
        kind, f"{what}, and nothing in the project asks for it", (RUNNER, f'requirements = ["{names[0]}"]')
    )


def list_homes(snapshot: Snapshot, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where a package is asked for, in words, and the setting that takes it from there."""
    tables = snapshot.pyproject
    extras = dig_table(tables, "project", "optional-dependencies") or dig_table(tables, "tool", "poetry", "extras")
    poetry = {
        name: table.get("dependencies", {}) for name, table in dig_table(tables, "tool", "poetry", "group").items()
    }
    groups = {
        **dig_table(tables, "dependency-groups"),
        **poetry,
        **dig_table(tables, "tool", "pdm", "dev-dependencies"),
    }
    for tests in (True, False):
        for kind, setting, found in (("extra", "extras", extras), ("group", "dependency_groups", groups)):
            for name in holders(found, names):
                if tests == ("test" in name or "dev" in name):
                    yield f"the {kind} `{name}`", f'{setting} = ["{name}"]'
    for path, text in sorted(snapshot.texts.items()):
        if FILE.search(path) and not set(names).isdisjoint(map(normalize, text.splitlines())):
            yield f"`{path}`", f'requirements = ["-r {path}"]'
    if set(names) & set(map(normalize, (snapshot.texts.get("tox.ini", "")).split())):
        yield "`tox.ini`", f'requirements = ["{names[0]}"]'


def holders(groups: Mapping[str, object], names: Sequence[str]) -> Iterator[str]:
    """The groups that ask for any of the packages."""
    for name, items in groups.items():
        if isinstance(items, list | Mapping) and not set(names).isdisjoint(map(normalize, items)):
            yield name


def find_lines(snapshot: Snapshot, names: Sequence[str]) -> tuple[Place, ...]:
    """The line of pyproject.toml that asks for it."""
    for number, line in enumerate(snapshot.texts.get("pyproject.toml", "").splitlines(), 1):
        if {normalize(each.strip(" \"'[],")) for each in re.split(r"[,\[=]", line)} & set(names):
            return (Place("pyproject.toml", number, shorten(line)),)
    return ()


def diagnose_library(hit: Hit) -> Diagnosis:
    """A shared library or a program that the image has not."""
    package = find_package(hit.found[0])
    what = f"the {'shared library' if hit['library'] else 'program'} `{hit['library'] or hit['program']}` is missing"
    if package:
        return Diagnosis("library", what, (RUNNER, f'packages = ["{package}"]'))
    return Diagnosis("library", what, ("find its Debian package and name it in `packages`",))


def diagnose_program(hit: Hit) -> Diagnosis | None:
    """A program that a test starts; a file that is not there is another matter."""
    return diagnose_library(hit) if find_package(hit.found[0]) else None


def diagnose_fixture(hit: Hit) -> Diagnosis | None:
    """A fixture that no plugin brings."""
    plugin = FIXTURES.get(hit["name"])
    if plugin is None:
        return Diagnosis("fixture", f"the fixture `{hit['name']}` is not there: no conftest or plugin brings it")
    what = f"the fixture `{hit['name']}` is of the plugin `{plugin}`, which is missing"
    return tell_package("plugin", what, [plugin], hit.facts.snapshot)


def diagnose_options(hit: Hit) -> Diagnosis:
    """Options in `addopts` of plugins that are not installed."""
    words = hit["options"].split()
    plugins = [plugin for word in words for start, plugin in OPTIONS.items() if word.startswith(start)]
    what = f"pytest does not know `{' '.join(words)}`"
    if not plugins:
        return Diagnosis(
            "option", what, ("remove it from `addopts`, or name the plugin that has it in `requirements`",)
        )
    return tell_package("plugin", f"{what}: the plugin `{plugins[0]}` is missing", plugins[:1], hit.facts.snapshot)


def diagnose_async(hit: Hit) -> Diagnosis:
    """Tests that are coroutines: pytest-asyncio runs those without a mark only where it is told to, or is missing."""
    if "pytest-asyncio" in find_requirements(hit.facts.snapshot):
        what = "pytest-asyncio runs coroutines without its mark only in its mode `auto`, which the command line may set"
        return Diagnosis("option", what, (RUNNER, 'pytest_args = ["--asyncio-mode=auto"]'))
    todo = 'requirements = ["pytest-asyncio"]  # or the group that has it, in `dependency_groups`'
    return Diagnosis("plugin", "no plugin runs tests that are coroutines", (RUNNER, todo))


RULES: Sequence[Rule] = (
    rule(r"(?P<library>lib[\w.+-]+\.so[\w.]*): cannot open shared object file", diagnose_library),
    rule(r"cannot load library '(?P<library>[^']+)'", diagnose_library),
    rule(r"no library called \"(?P<library>[^\"]+)\" was found", diagnose_library),
    rule(r"no pq wrapper available", say("library", "psycopg finds no libpq", RUNNER, 'packages = ["libpq5"]')),
    rule(
        r"No module named 'pkg_resources'",
        say(
            "module",
            "the module `pkg_resources` is missing: setuptools has it before 81",
            RUNNER,
            'requirements = ["setuptools<81"]',
        ),
    ),
    rule(
        r"UserWarning: pkg_resources is deprecated as an API|DeprecationWarning: pkg_resources is deprecated as an API",
        say(
            "module",
            "`pkg_resources` warns from setuptools 67.5 on, and the suite takes warnings for errors",
            RUNNER,
            'requirements = ["setuptools<67.5"]',
        ),
    ),
    rule(r"No module named '(?P<module>[\w.]+)'", diagnose_module),
    rule(r"Error importing plugin \"(?P<module>[\w.]+)\"", diagnose_module),
    rule(
        r"No package metadata was found for (?P<name>[\w.-]+)",
        say("metadata", "`{name}` is not installed, only found by its path", RUNNER, "editable = true"),
    ),
    rule(r"FileNotFoundError: .*No such file or directory: ['\"](?P<program>[\w./-]+)['\"]", diagnose_program),
    rule(r"\b(?P<program>[\w-]+): (?:command )?not found", diagnose_program),
    rule(r"^(?:E\s+)?fixture '(?P<name>\w+)' not found", diagnose_fixture),
    rule(r"unrecognized arguments: (?P<options>--?\S[^\n]*)", diagnose_options),
    rule(r"async def functions are not natively supported", diagnose_async),
)
