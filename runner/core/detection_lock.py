"""The lock file and the Python version of a project. Pure."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from runner.core.snapshot import Detected, Finding, Snapshot, dig, dig_table, normalize

PYTHON = "3.13.5"
"""The Python of the suite image, Debian 13's."""

OTHER_LOCKS = {
    "poetry.lock": "poetry export{groups} -o requirements.txt",
    "pdm.lock": "pdm export -o requirements.txt",
    "Pipfile.lock": "pipenv requirements --hash --dev > requirements.txt",
    "pylock.toml": "uv lock",
    "pixi.lock": "uv lock",
    "conda-lock.yml": "uv lock",
}
"""Lock files that cannot be used yet, and the command that makes one that can."""

COMPILE = "uv pip compile --universal --generate-hashes"
REQUIREMENTS = re.compile(r"^(?:requirements/[^/]+|requirements[^/]*)\.txt$")


def detect_lock(snapshot: Snapshot) -> Detected:
    """The lock file that a run takes, or the command that makes one."""
    if "uv.lock" in snapshot.names:
        return Detected((Finding("lock", "uv.lock", "uv.lock"),))
    hashed = [path for path in find_requirement_files(snapshot) if "--hash=" in snapshot.texts.get(path, "")]
    if not hashed:
        return advise_lock(snapshot)
    best = max(hashed, key=lambda path: (pins_pytest(snapshot.texts[path]), -hashed.index(path)))
    # A run without the setting takes the first in the project's own folder.
    taken = next((path for path in hashed if "/" not in path), "")
    settings = {} if best == taken else {"lock": best}
    return Detected((Finding("lock", "requirements with hashes", best),), settings)


def find_requirement_files(snapshot: Snapshot) -> list[str]:
    """The requirements files, in the order in which a run looks for one."""
    return sorted(name for name in snapshot.names if REQUIREMENTS.match(name))


def pins_pytest(text: str) -> bool:
    """Whether a requirements file holds what tests need."""
    return any(normalize(line) == "pytest" for line in text.splitlines())


def advise_lock(snapshot: Snapshot) -> Detected:
    """What to do where no lock file can be used."""
    for name, template in OTHER_LOCKS.items():
        if name in snapshot.names:
            command = template.format(groups=name_groups(snapshot))
            finding = Finding("lock", "not supported yet", name)
            return Detected((finding,), {}, (f"`{name}` cannot be used yet; make a lock file that can: `{command}`",))
    sources = [name for name in ("requirements.in", *find_requirement_files(snapshot)) if name in snapshot.names]
    if sources and sources[0] != "requirements.in":
        command = f"{COMPILE} {sources[0]} -o requirements-lock.txt"
        finding = Finding("lock", "requirements without hashes", sources[0])
        return Detected((finding,), {}, (f"`{sources[0]}` has no hashes; make a lock file that has: `{command}`",))
    command = f"{COMPILE} requirements.in -o requirements.txt" if sources else "uv lock"
    if not sources and "project" not in snapshot.pyproject:
        command = f"{COMPILE} requirements.in -o requirements.txt"
    return Detected(
        (Finding("lock", "none with hashes"),), {}, (f"there is no lock file with hashes; make one: `{command}`",)
    )


def name_groups(snapshot: Snapshot) -> str:
    """The argument that makes Poetry export its groups too."""
    groups = [name for name in dig_table(snapshot.pyproject, "tool", "poetry", "group") if name.isidentifier()]
    return f" --with {','.join(groups)}" if groups else ""


def detect_python(snapshot: Snapshot) -> Detected:
    """The Python that the project asks for; the image has one version only."""
    asked = dig(snapshot.pyproject, "project", "requires-python")
    where = "pyproject.toml"
    if not isinstance(asked, str):
        asked, where = snapshot.texts.get(".python-version", "").strip().partition("\n")[0], ".python-version"
    if not asked:
        return Detected()
    notes = () if allows(asked) else (f"{where} asks for Python `{asked}`, but the suite image has {PYTHON}",)
    return Detected((Finding("Python", asked, where),), {}, notes)


def allows(asked: str) -> bool:
    """Whether a specifier or a plain version, such as `3.13.2` or `cpython@3.13`, lets the image's Python in."""
    try:
        return SpecifierSet(asked).contains(PYTHON)
    except InvalidSpecifier:
        version = re.search(r"\d+(?:\.\d+)?", asked)
        return version is None or version[0] in {"3", PYTHON.rpartition(".")[0]}
