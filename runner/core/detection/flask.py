"""Which application Flask's own commands are for, where they would not find it by themselves. Pure."""

import re

from runner.core.snapshot import Snapshot

NAMED = re.compile(
    r"\bFLASK_APP[\"']?\s*[=:]\s*[\"']?(?P<name>[\w./:-]+\w)|\bflask\s+(?:--app|-A)[= ](?P<option>[\w./:-]+\w)"
)
"""The variable, or the option, as Makefiles, CI, Compose and files of variables have it."""

FOUND = ("app.py", "wsgi.py", ".flaskenv")
"""Files of the project's own folder in which Flask looks. Source: Flask's documentation, "Application Discovery"."""

FACTORY = re.compile(
    r"^def (?:create_app|make_app)\(|^(?:app|application)(?:\s*:[^=]+)?\s*=\s*(?:\w+\.)?Flask\(", re.MULTILINE
)


def find_flask_app(snapshot: Snapshot) -> tuple[str, str] | None:
    """The application and the file that names or makes it; None where Flask finds it, or nothing tells."""
    if not snapshot.names.isdisjoint(FOUND):
        return None
    for path, text in sorted(snapshot.texts.items()):
        for match in NAMED.finditer(text) if not path.endswith(".py") else ():
            if is_there(name := match["name"] or match["option"], snapshot):
                return name, path
    modules = snapshot.find("wsgi.py") + [path for path, text in snapshot.python_files() if FACTORY.search(text)]
    return next(((name_module(path), path) for path in modules if "/test" not in f"/{path}"), None)


def is_there(name: str, snapshot: Snapshot) -> bool:
    """Whether a name is of a module or a file of the project."""
    path = name.partition(":")[0].removesuffix(".py").replace(".", "/").lstrip("/")
    return bool({f"{root}{path}{end}" for root in ("", "src/") for end in (".py", "/__init__.py")} & snapshot.names)


def name_module(path: str) -> str:
    """The name by which a file is imported."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
