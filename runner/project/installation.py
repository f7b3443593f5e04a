"""How a project is installed in its image: with which Python, from which files, what is compiled, which version."""

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from runner.core.git_versions import make_script, make_stream, reads_git
from runner.core.lock_wheels import find_compiled
from runner.core.native import (
    LIBRARIES,
    LOCKED,
    Way,
    choose_way,
    find_locked,
    is_native,
    list_compiled,
    list_compiler,
    list_project_packages,
    uses_git,
)
from runner.core.python_requirements import FILES, find_requires
from runner.core.pythons import Interpreter, choose_python
from runner.core.settings import Settings
from runner.core.snapshot import dig
from runner.errors import SettingsError, find_reason
from runner.project.layout import Layout
from runner.project.load import Project
from runner.project.repository import ask_git, read_history
from runner.project.text import read_text

SETUP_FILES = ("setup.py", "setup.cfg")

BESIDE = frozenset({".github", "docs", "examples", "test", "tests"})
"""Folders of a project that are not installed, as a rule; a package of the name `tests` is read from the sources."""


@dataclass(frozen=True)
class Installation:
    """One project's installation.

    Attributes:
        project: the project.
        settings: its settings.
        layout: where it lies.
        names: paths of its files.
        locked: the text of its lock file.
    """

    project: Project
    settings: Settings
    layout: Layout
    names: Sequence[str]
    locked: str

    @cached_property
    def python(self) -> Interpreter:
        """The Python; raises SettingsError for one that cannot be had."""
        folders = dict.fromkeys([self.project.folder, self.layout.root])
        version_file = next((text for folder in folders if (text := read_optional(folder / ".python-version"))), "")
        texts = {name: read_optional(self.project.folder / name) for name in FILES}
        return choose_python(self.settings.python, version_file, *find_requires(self.project.pyproject, texts))

    @cached_property
    def _setup(self) -> Mapping[str, str]:
        return {name: read_optional(self.project.folder / name) for name in SETUP_FILES}

    @cached_property
    def is_installable(self) -> bool:
        """Whether there is something to install: a build system that is not told to leave it, or a setup.py."""
        tables = self.project.pyproject
        left = dig(tables, "tool", "uv", "package") is False or dig(tables, "tool", "poetry", "package-mode") is False
        asked = "build-system" in tables or dig(tables, "tool", "uv", "package") is True
        return not left and (asked or "setup.py" in self.names)

    @cached_property
    def _is_native(self) -> bool:
        return self.is_installable and is_native(self.project.pyproject, self.names, self._setup["setup.py"])

    @cached_property
    def _reads_git(self) -> bool:
        return self.is_installable and reads_git(self.project.pyproject, "\n".join(self._setup.values()))

    @cached_property
    def _way(self) -> Way:
        return choose_way(self.settings.editable, self.project.pyproject)

    @cached_property
    def _compiled(self) -> list[str]:
        return find_compiled(self.locked, self.python.version)

    @cached_property
    def _built(self) -> list[str]:
        """Packages of the lock whose build is known to need more than a compiler."""
        # Where no wheel fits, what is called binary is built from the same sources.
        sources = [name.removesuffix("-binary") for name in self._compiled]
        return unite(find_locked(self.locked), [name for name in sources if name in LOCKED])

    @property
    def packages(self) -> list[str]:
        """Debian packages that tests need."""
        needed = [package for name in self._built for package in LOCKED[name][1]]
        needed += [package for name in find_locked(self.locked, LIBRARIES) for package in LIBRARIES[name]]
        return unite(self.settings.packages, needed, ["git"] if self.settings.git else [])

    @property
    def build_packages(self) -> list[str]:
        """Debian packages that the build needs beside those, if any."""
        locked, python = self._built, self.python.version
        native = list_project_packages(self.project.pyproject, self.names, python) if self._is_native else []
        # Whoever names packages for builds has something to compile.
        compiler = list_compiler(python) if locked or self._compiled or self.settings.build_packages else []
        # Those of other languages need what nobody can tell from here; most are in one of these.
        compiler += ["g++"] if self._compiled else []
        needed = [package for name in locked for package in LOCKED[name][0]]
        git = ["git"] if self._reads_git or uses_git(self.locked) else []
        found = unite(self.settings.build_packages, native, compiler, needed, git)
        return [name for name in found if name not in self.packages]

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Files that images/suite/install.sh and its like read."""
        values = {
            "PYTHON": self.python.version,
            "PYTHON_ORIGIN": self.python.origin,
            "INSTALL_PROJECT": "yes" if self.is_installable else "no",
            "EDITABLE": self._way,
            "INSIDE": self.layout.inside,
        }
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
        files = {"project.env": "".join(lines), "build-constraints.txt": self._make_constraints()}
        if self._reads_git and not self.settings.git:
            history = read_history(self.project.folder)
            files |= {
                "history": make_stream(history),
                "history.sh": make_script(history, self._way == "no", self.layout.inside),
            }
        return {name: text.encode() for name, text in files.items()}

    def make_identity(self) -> dict[str, str]:
        """What the fingerprint of the environment covers beside the lock and the metadata."""
        identity = {f"build {name}": content.decode() for name, content in self.files.items()}
        if self.is_installable and self._way == "no":
            identity["sources"] = self._hash(
                [name for name in self.names if PurePosixPath(name).parts[0] not in BESIDE]
            )
        elif self._is_native:
            identity["compiled sources"] = self._hash(list_compiled(self.names))
        for path in self.layout.outside:
            if (metadata := self.layout.root / path / "pyproject.toml").is_file():
                identity[f"beside {path}"] = read_text(metadata)
        if self._reads_git and self.settings.git:
            identity["commit"] = ask_git(self.project.folder, "rev-parse", "HEAD")
        return identity

    def _make_constraints(self) -> str:
        """The lines of `build_constraints`, each file that one names in its place."""
        lines: list[str] = []
        for line in self.settings.build_constraints:
            option, _, name = line.partition(" ")
            is_file = option in {"-r", "-c", "--requirement", "--constraint"}
            lines.append(read_text(self.project.folder / name.strip()) if is_file else line)
        return "".join(f"{line}\n" for line in lines)

    def _hash(self, names: Sequence[str]) -> str:
        """One checksum of files, with their names."""
        digest = hashlib.sha256()
        for name in names:
            path = self.project.folder / name
            try:
                content = path.read_bytes() if path.is_file() else b""
            except OSError as error:
                raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None
            digest.update(json.dumps([PurePosixPath(name).as_posix(), len(content)]).encode() + content)
        return digest.hexdigest()


def read_optional(path: Path) -> str:
    """The text of a file; empty where there is none."""
    return read_text(path) if path.is_file() else ""


def unite(*lists: Sequence[str]) -> list[str]:
    """All of them in order, each once."""
    return list(dict.fromkeys(each for found in lists for each in found))
