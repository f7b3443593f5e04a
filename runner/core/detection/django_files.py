"""Files that Django makes: uploads of the tests, and what CI has it make before, such as static files. Pure."""

import re

from runner.core.ci_steps import list_jobs
from runner.core.detection.django import has_plugin
from runner.core.snapshot import Detected, Finding, Snapshot, is_own

MAKES = re.compile(
    r"^[ \t]*(?:[\w.-]+\s+run\s+)?(?:python[\d.]*\s+)?(?:\./)?(?P<call>manage\.py\s+"
    r"(?P<name>collectstatic|compress|compile\w+)(?:\s+-[\w=./-]+(?:[ \t]+\d)?)*)[ \t]*$",
    re.MULTILINE,
)
"""A command of Django's script in the project's own folder, with options that are plain words."""

TESTS = re.compile(
    r"^(?!.*\binstall\b).*(?:(?<![\w-])(?:pytest|py\.test|tox|nox)(?![\w-])|manage\.py\s+test\b)", re.MULTILINE
)
FOLDER = r"\s*=[^\n]*[\"'](?P<folder>[\w.-]+(?:/[\w.-]+)*)/?[\"']"
"""The last text of an assignment, where it can be a path in the project."""

STATIC_ROOT, MEDIA_ROOT = (re.compile(rf"^{name}_ROOT{FOLDER}", re.MULTILINE) for name in ("STATIC", "MEDIA"))


def detect_django_files(snapshot: Snapshot) -> Detected:
    """These commands as `setup`, and the folders that they write to."""
    for where, lines in list_jobs(snapshot) if has_plugin(snapshot) else ():
        commands = "\n".join(lines)
        end = TESTS.search(commands)
        found = [*MAKES.finditer(commands, 0, end.start())] if end else []
        if found:
            setup = list(dict.fromkeys(f"python {' '.join(each['call'].split())}" for each in found))
            folders = {folder for each in found for folder in find_folders(snapshot, each["name"])}
            packages = {"packages": ["gettext"]} if any(each["name"] == "compilemessages" for each in found) else {}
            words = ", ".join(f"`{each}`" for each in setup)
            seen = Finding("files", f"{words}, as before the tests there", where)
            return Detected(
                (seen,), {"setup": setup, "writable": ["."] if "." in folders else sorted(folders), **packages}
            )
    return Detected()


def detect_media(snapshot: Snapshot) -> Detected:
    """The folder of uploads, which tests of models and views with files write to as the application does."""
    for path, text in snapshot.python_files() if has_plugin(snapshot) else ():
        if (match := MEDIA_ROOT.search(text)) and is_own(path):
            found = Finding("files", f"uploads in `{match['folder']}`, which is writable", path)
            return Detected((found,), {"writable": [match["folder"]]})
    return Detected()


def find_folders(snapshot: Snapshot, command: str) -> set[str]:
    """The folders that a command writes to; the whole project where that cannot be told."""
    if command == "collectstatic":
        texts = (text for _, text in snapshot.python_files())
        return {match["folder"] for text in texts if (match := STATIC_ROOT.search(text))} or {"."}
    if command == "compilemessages":
        places = (name.partition("/LC_MESSAGES/") for name in snapshot.names if name.endswith(".po"))
        return {folder.rpartition("/")[0] or "." for folder, found, _ in places if found} or {"."}
    return {"."}
