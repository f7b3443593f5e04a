"""The tool that makes a project's schema. Pure."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from shlex import quote

from runner.core.detection.django import find_manage, has_plugin
from runner.core.detection.flask import find_flask_app
from runner.core.detection.preparation import find_prepared
from runner.core.detection.requirements import find_requirements
from runner.core.ini_text import read_sections
from runner.core.snapshot import Detected, Finding, Snapshot, dig, is_own

FOREIGN = {
    "sqitch.plan": "Sqitch",
    "flyway.conf": "Flyway",
    "flyway.toml": "Flyway",
    "liquibase.properties": "Liquibase",
    "dbmate.yml": "dbmate",
    "atlas.hcl": "Atlas",
}
"""Tools that no Python package brings."""

ANNOTATED = re.compile(r"^--\s*(?:migrate:|\+goose|\+migrate|rambler)", re.IGNORECASE | re.MULTILINE)


def detect_migrations(snapshot: Snapshot) -> Detected:
    """The `setup` of the first tool that is seen."""
    return next((found for each in TOOLS if (found := each(snapshot)) is not None), Detected())


def find_alembic(snapshot: Snapshot) -> Detected | None:
    """Alembic: its own alembic.ini, or `[tool.alembic]`; the folder of its scripts decides what it makes."""
    ini = next(iter(snapshot.find("alembic.ini")), "")
    flask = "flask-migrate" in find_requirements(snapshot)
    location = dig(snapshot.pyproject, "tool", "alembic", "script_location")
    if ini and not isinstance(location, str):
        location = read_ini(snapshot.texts.get(ini, ""), "alembic", "script_location")
    elif not ini and not isinstance(location, str):
        return None
    folder = str(PurePosixPath(ini).parent) if ini else "."
    scripts = find_scripts(snapshot, str(location), folder)
    where = ini or "pyproject.toml"
    inputs = sorted({*([ini] if ini else []), *([scripts] if scripts else [])})
    if flask and folder != ".":
        command, tool = f"flask db upgrade -d {quote(folder)}", "Flask-Migrate"
    else:
        command, tool = f"alembic {'' if folder == '.' else f'-c {quote(ini)} '}upgrade head", "Alembic"
    # Without the scripts' folder a kept result would outlive the scripts.
    settings = {"setup": [command], **({"setup_inputs": inputs} if scripts else {})}
    detected = Detected((Finding("migrations", tool, where),), settings, find_fixed_address(snapshot, ini, scripts))
    return detected | detect_flask_app(snapshot) if command.startswith("flask ") else detected


def detect_flask_app(snapshot: Snapshot) -> Detected:
    """The application that `flask db` is for."""
    if (found := find_flask_app(snapshot)) is None:
        return Detected()
    name, where = found
    return Detected((Finding("variables", f"`FLASK_APP` = {name}", where),), {"environment": {"FLASK_APP": name}})


def find_scripts(snapshot: Snapshot, location: str, folder: str) -> str:
    """The folder of Alembic's scripts, relative to the project; empty where it is not found.

    Args:
        snapshot: the project.
        location: `script_location`: a path, or `package:folder`.
        folder: where the file is that says so.
    """
    package, colon, rest = location.partition(":")
    plain = f"{package.replace('.', '/')}/{rest}" if colon else location
    plain = re.sub(r"^%\(here\)s/?", f"{folder}/", plain)
    roots = ("", f"{folder}/", "src/", f"{folder}/src/")
    paths = [str(PurePosixPath(root, plain)) for root in roots] + ([folder] if folder != "." else [])
    return next((path for path in paths if path != "." and snapshot.has_folder(path)), "")


def find_fixed_address(snapshot: Snapshot, ini: str, scripts: str) -> tuple[str, ...]:
    """A note where Alembic would take the address that its file names."""
    address = read_ini(snapshot.texts.get(ini, ""), "alembic", "sqlalchemy.url")
    env = snapshot.texts.get(f"{scripts}/env.py", "")
    if not address or not env or re.search(r"environ|getenv|set_main_option|settings|import \w*config", env):
        return ()
    return (f"`{scripts}/env.py` takes the address from {ini}; let it read `DATABASE_URL`",)


def read_ini(text: str, section: str, key: str) -> str:
    """One value of a file in INI format, uninterpolated; empty where there is none."""
    return read_sections(text).get(section, {}).get(key, "").strip()


def find_django(snapshot: Snapshot) -> Detected | None:
    """Django: pytest-django makes and migrates a database of its own for each worker, so nothing else has to."""
    manage = find_manage(snapshot)
    if not manage:
        return None
    if has_plugin(snapshot):
        found = Finding("migrations", "Django; pytest-django runs them in databases of its own", manage)
        return Detected((found,), {"isolation": "none"})
    settings: dict[str, list[str]] = {"setup": [f"python {quote(manage)} migrate --no-input"]}
    if any("/migrations/" in f"/{name}" and name.endswith(".py") for name in snapshot.names):
        settings["setup_inputs"] = ["**/migrations/*.py"]
    return Detected((Finding("migrations", "Django", manage),), settings)


def find_yoyo(snapshot: Snapshot) -> Detected | None:
    """Yoyo; its address names the driver, as SQLAlchemy's does."""
    ini = "yoyo.ini"
    if ini not in snapshot.names:
        return None
    names = find_requirements(snapshot)
    is_old = "psycopg" not in names
    variable = "DATABASE_URL" if is_old else "YOYO_DATABASE_URL"
    template = "postgresql+psycopg://{user}:{password}@{host}:{port}/{dbname}"
    sources = read_ini(snapshot.texts.get(ini, ""), "DEFAULT", "sources").replace("%(here)s/", "").split()
    inputs = [ini, *(each.removeprefix("./") for each in sources)]
    found = all(each == ini or snapshot.has_folder(each) for each in inputs) and sources
    settings = {
        "setup": [f"sh -c 'yoyo apply --batch --database \"${variable}\"'"],
        **({"setup_inputs": inputs} if found else {}),
        **({} if is_old else {"environment": {variable: template}}),
    }
    return Detected((Finding("migrations", "yoyo", ini),), settings)


def find_foreign(snapshot: Snapshot) -> Detected | None:
    """Tools of other languages, which a person has to bring into the image."""
    for name, tool in FOREIGN.items():
        if paths := snapshot.find(name):
            note = (
                f"{tool} comes with no Python package: name its Debian packages in `packages`, its command in `setup`"
            )
            return Detected((Finding("migrations", f"{tool}; not set up", paths[0]),), {}, (note,))
    return None


def find_sql(snapshot: Snapshot) -> Detected | None:
    """A folder `migrations` of plain SQL, run file by file in the order of their names."""
    scripts = [name for name in snapshot.names if name.endswith(".sql") and is_own(name)]
    folders = sorted({str(PurePosixPath(name).parent) for name in scripts})
    folder = next((each for each in folders if PurePosixPath(each).name == "migrations"), "")
    if not folder:
        return None
    files = sorted(name for name in snapshot.names if re.fullmatch(rf"{re.escape(folder)}/[^/]+\.sql", name))
    ups = [name for name in files if name.endswith(".up.sql")]
    files = ups or [name for name in files if not name.endswith((".down.sql", ".rollback.sql", ".undo.sql"))]
    if any(ANNOTATED.search(snapshot.texts.get(name, "")) for name in files):
        note = f"the files in {folder} hold both directions: name the command that applies them in `setup`"
        return Detected((Finding("migrations", "SQL of another tool; not set up", folder),), {}, (note,))
    note = f"`setup` names each file of {folder}; a new one has to be added there"
    return Detected((Finding("migrations", f"SQL, {len(files)} files", folder),), {"setup": files}, (note,))


TOOLS: Sequence[Callable[[Snapshot], Detected | None]] = (
    find_prepared,
    find_alembic,
    find_django,
    find_yoyo,
    find_foreign,
    find_sql,
)
