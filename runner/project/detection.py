"""Reads of a project's folder what detection looks at."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from runner.core.ci_scripts import SCRIPTS
from runner.core.detection.requirements import REQUIREMENTS
from runner.core.detection.services import CI_FILES, COMPOSE_FILES
from runner.core.lock_kinds import LOCKS
from runner.core.snapshot import Snapshot, is_own
from runner.project.commit import find_idle_day
from runner.project.load import DISTRIBUTION, Project, find_nearest, load_project
from runner.project.locks import find_workspace_lock
from runner.project.sources import has_git, list_sources

KNOWN = frozenset(
    {
        "Pipfile",
        "setup.py",
        "pylock.toml",
        "alembic.ini",
        "manage.py",
        "yoyo.ini",
        "pytest.toml",
        ".pytest.toml",
        "pytest.ini",
        ".pytest.ini",
        "tox.ini",
    }
    | {
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "setup.cfg",
        ".python-version",
        ".gitignore",
        "GNUmakefile",
        "makefile",
        "Makefile",
        ".gitlab-ci.yml",
    }
)
"""Files that are read wherever they are."""

TELLING = re.compile(
    rb"environ|getenv|BaseSettings|\benv[.(]|\bconfig\(|[aA]sync_?[eE]ngine|psycopg|asyncpg|\bschema|\bpublic\.|SCHEMA"
    rb"|\bmark\.|add_marker|addinivalue|addoption|postgresql_(?:no)?proc|dbname"
    rb"|(?:postgres(?:ql|ext)?|pgsql|psql|postgis|asyncpg|psycopg[23]?)(?:\+\w+)?://"
    rb"|\b(?i:create|drop|alter)\s+(?i:database|role|user|extension|tablespace|system|subscription|event)\b|Extension\("
    rb"|pg_\w+_backend|create_engine|create_database|tpc_begin|twophase|PREPARE TRANSACTION|docker|testcontainers"
    rb"|[\"'](?:psql|pg_(?:dump|dumpall|restore|isready)|createdb|dropdb|createuser)\b|backends\.sqlite3|\b(?:STATIC|MEDIA)_ROOT\s*="
    rb"|dotenv|sqlalchemy\.testing|[Pp]ostgres|pg8000|aiopg|\bURL\.create\(|\b(?:DB|DATABASE|PG)_?(?:HOST|NAME)\b"
)
"""What a Python file must hold to be of interest."""

LARGEST, MOST = 4 << 20, 5000
"""Bytes of a file that is read, and how many Python files are looked at; a lock file may have megabytes."""

ENV_FILES = re.compile(r"(^|/)\.?env(?:\.\w+)*$|(^|/)\.env[\w.-]*$|^\.gitlab/[^/]+\.yml$")
"""Files of variables, those without secrets that a repository keeps; and the parts of GitLab's file."""


def read_snapshot(project: Project) -> Snapshot:
    """A project as detection sees it.

    Raises:
        SettingsError: git cannot list the files.
    """
    folder = project.folder
    listed = [PurePosixPath(name).as_posix() for name in list_sources(folder)]
    # What git ignores may still be what a person edits.
    names = {name for name in {*listed, *KNOWN, *LOCKS} if (folder / name).is_file()}
    names = leave_out_samples(names)
    modules = [name for name in sorted(names) if name.endswith(".py")][:MOST]
    texts = {name: read_text(folder / name) for name in sorted(names) if is_read(name)}
    texts |= {name: text for name in modules if (text := read_module(folder / name))}
    repository = find_repository(folder)
    texts |= read_outer_ci(folder, repository or folder)
    is_root = repository in {None, folder}
    root = find_workspace_lock(folder)
    workspace = os.path.relpath(root / "uv.lock", folder) if root else ""
    remotes = list_remotes(folder)
    idle_since = find_idle_day(folder, datetime.now(UTC).date())
    return Snapshot(
        project.pyproject, frozenset(names), texts, remotes, repository is not None, is_root, workspace, idle_since
    )


def leave_out_samples(names: set[str]) -> set[str]:
    """The files without those of whole projects that lie among the tests, examples or documentation."""
    found = [str(PurePosixPath(name).parent) for name in names if PurePosixPath(name).name == "pyproject.toml"]
    samples = tuple(f"{folder}/" for folder in found if not is_own(f"{folder}/pyproject.toml"))
    return {name for name in names if not name.startswith(samples)}


def is_read(name: str) -> bool:
    """Whether a file's text is read whatever it holds."""
    known = (CI_FILES, COMPOSE_FILES, ENV_FILES, SCRIPTS)
    is_known = PurePosixPath(name).name in KNOWN or any(each.search(name) for each in known)
    return is_known or name.endswith(".sql") or REQUIREMENTS.search(name) is not None


def read_text(path: Path) -> str:
    """The text of a file, its bytes that are no UTF-8 as surrogates; empty where it cannot be read or is too large."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except OSError:
        return ""
    return content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def read_module(path: Path) -> str:
    """The text of a Python file that may tell something; empty for others."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except OSError:
        return ""
    is_env = path.name in {"env.py", "manage.py"}
    return content.decode("utf-8", "replace").replace("\r\n", "\n") if is_env or TELLING.search(content) else ""


def read_outer_ci(folder: Path, repository: Path) -> dict[str, str]:
    """CI's files of the repository that name a project's folder below it, by their paths from there."""
    if repository == folder:
        return {}
    named = re.compile(rf"(?<![\w/-]){re.escape(folder.relative_to(repository).as_posix())}(?![\w-])")
    paths = [*sorted(repository.glob(".github/workflows/*.y*ml")), repository / ".gitlab-ci.yml"]
    texts = {os.path.relpath(path, folder): read_text(path) for path in paths}
    return {name: text for name, text in texts.items() if named.search(text)}


def find_repository(folder: Path) -> Path | None:
    """The folder of the repository that a folder belongs to; git's own file or folder tells."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def find_project(start: Path) -> Project:
    """The project that a folder belongs to, as every command finds it; a folder without one becomes one.

    Raises:
        SettingsError: there is no such folder, or its pyproject.toml cannot be read.
    """
    folder = start.resolve()
    if not folder.is_dir() or find_nearest(folder, DISTRIBUTION):
        return load_project(folder)
    return Project(folder, {})


def list_remotes(folder: Path) -> tuple[str, ...]:
    """Addresses of the repository's remotes; they may hold passwords, so nobody prints them."""
    if not has_git():
        return ()
    command = ["git", "config", "--get-regexp", r"^remote\..*\.url$"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout
    return tuple(line.partition(" ")[2] for line in listed.decode(errors="replace").splitlines())
