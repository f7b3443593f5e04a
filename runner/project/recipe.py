"""What a project puts into its suite image: its lock file, its metadata, packages, and the build's network settings."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.core.fingerprint import find_version_files, keep_build_tables
from runner.core.lock_kinds import LockKind
from runner.core.pythons import Interpreter
from runner.core.settings import Settings
from runner.errors import SettingsError, find_reason
from runner.project.broken_locks import refuse_unreadable
from runner.project.installation import Installation
from runner.project.layout import find_layout
from runner.project.load import Project
from runner.project.lock_files import list_files, make_lock_files, make_lock_text, make_wanted_text
from runner.project.locks import find_lock
from runner.project.packing import pack_sources
from runner.project.root_package import leave_out_root
from runner.project.sources import list_sources
from runner.project.text import read_text
from runner.project.writable import find_folders

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
INDEX_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_PYTHON_INSTALL_MIRROR",
)
BUILD_FILES = ("setup.py", "setup.cfg", "MANIFEST.in")
"""Files beside pyproject.toml that a build backend reads."""


@dataclass(frozen=True)
class SuiteRecipe:
    """The project's part of the suite image.

    Attributes:
        project: the project's name.
        packages: Debian packages of the suite.
        identity: what the fingerprint covers.
        build_files: certificates and index settings, which the build reads; the same for many projects.
        stage_files: what the build needs to know of this project.
        sources: the project's files as a tar file; the build makes the metadata from them.
        opened: folders of the container, as absolute paths, that the suite may write to.
        python: the suite's Python.
        build_packages: Debian packages that only the build needs.
        outside: what the project needs beside its own folder, as a tar file; empty for nothing.
        inside: the project's path among those; empty where it stands alone.
        lock: the kind of the lock.
        is_locked: whether there is one; else packages are resolved when the image is made.
    """

    project: str
    packages: Sequence[str]
    identity: Mapping[str, str]
    build_files: Mapping[str, bytes]
    stage_files: Mapping[str, bytes]
    sources: bytes
    opened: Sequence[str]
    python: Interpreter = field(default_factory=Interpreter)
    build_packages: Sequence[str] = ()
    outside: bytes = b""
    inside: str = ""
    lock: LockKind = "requirements"
    is_locked: bool = True


def make_recipe(project: Project, settings: Settings, environ: Mapping[str, str]) -> SuiteRecipe:
    """The recipe for a project.

    Raises:
        SettingsError: the lock or the CA bundle cannot be read, a setting does not fit the lock, or a path cannot be
            made writable.
    """
    lock = find_lock(project, settings)
    if lock.is_locked:
        refuse_unreadable(lock.path)
    sources = leave_out_root(project.folder, list_sources(project.folder))
    files = list_files(project, settings, lock)
    named = [os.path.relpath(path, project.folder) for path in files]
    sources += [name for name in named if name not in sources and not name.startswith("..")]  # Ignored by git.
    layout = find_layout(project, settings)
    locked = make_lock_text(files)
    installation = Installation(project, settings, layout, sources, make_wanted_text(project, settings, lock, locked))
    own, outside = pack_sources(layout, project.folder, sources, settings)
    lock_files = make_lock_files(project, settings, lock)
    build_files = {
        "ca.pem": read_ca_bundle(project.folder, settings, environ),
        "index.env": "".join(
            f"{name}={shlex.quote(environ[name])}\n" for name in INDEX_VARIABLES if name in environ
        ).encode(),
    }
    read = (*BUILD_FILES, *find_version_files(project.pyproject))
    identity = {
        "lock": locked,
        "lock environment": lock_files["lock.env"].decode(),
        **({"requirements": lock_files["requirements.in"].decode()} if settings.requirements else {}),
        "pyproject": json.dumps(keep_build_tables(project.pyproject), sort_keys=True, default=str),
        **{name: read_text(path) for name in read if (path := project.folder / name).is_file()},
        **installation.make_identity(),
    }
    return SuiteRecipe(
        project.name,
        installation.packages,
        identity,
        build_files,
        {**lock_files, **installation.files},
        own,
        find_folders(settings.writable),
        installation.python,
        installation.build_packages,
        outside,
        layout.inside,
        lock.kind,
        lock.is_locked,
    )


def read_ca_bundle(folder: Path, settings: Settings, environ: Mapping[str, str]) -> bytes:
    """The certificates for builds; empty where neither the setting nor a variable names any."""
    named = [("ca_bundle", str(folder / settings.ca_bundle))] if settings.ca_bundle else []
    named += [(name, environ[name]) for name in CA_VARIABLES if environ.get(name)]
    for name, path in named:
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise SettingsError(f"cannot read the CA bundle `{path}` (`{name}`)", find_reason(error)) from None
    return b""
