"""Commands by which a project prepares its database before its tests, in tox's file or in a step of CI's. Pure."""

import re
from collections.abc import Iterator, Sequence

from runner.core.ci_steps import list_steps
from runner.core.detection.tox import list_tox_commands
from runner.core.snapshot import Detected, Finding, Snapshot

TESTS = re.compile(r"\b(?:pytest|py\.test)\b")
PREFIX = re.compile(r"^(?:(?:poetry|uv|pdm|pipenv|hatch|rye)\s+run\s+)?(?:\S*/)?python(?:[\d.]+)?\s+")
CALL = re.compile(r"(?:-m\s+(?P<module>[\w.]+)|(?P<script>[\w./-]+\.py))(?P<rest>(?:\s+[\w=./:-]+)*)\s*$")
"""A module or a script with plain words behind it; what a shell would have to understand is none of ours."""

ABOUT = re.compile(
    r"(?:^|[._/-])(?:\w+_)?(?:db|databases?|migrat\w+|schemas?|tables?|seeds?|initial\w*)(?:_\w+)?(?:[./]|$)"
)
"""What the name of a module or script has that prepares a database."""

SCHEMA = re.compile(r"\bpublic\b|\bSCHEMA\b")


def find_prepared(snapshot: Snapshot) -> Detected | None:
    """The project's own commands before its tests: they make what the tests expect, whatever its migrations make."""
    for where, commands in list_scripts(snapshot):
        end = next((number for number, line in enumerate(commands) if TESTS.search(line)), 0)
        found = [each for line in commands[:end] if (each := read_command(line, snapshot))]
        if found:
            setup = [command for command, _ in found]
            words = ", ".join(f"`{each}`" for each in setup)
            is_schema = any(SCHEMA.search(snapshot.texts.get(path, "")) for _, path in found)
            settings = {"setup": setup, **({"isolation": "database"} if is_schema else {})}
            return Detected((Finding("migrations", f"{words}, as before the tests there", where),), settings)
    return None


def list_scripts(snapshot: Snapshot) -> Iterator[tuple[str, Sequence[str]]]:
    """Commands in their order, and the file that has them."""
    yield "tox.ini", [*list_tox_commands(snapshot.texts.get("tox.ini", ""))]
    for step in list_steps(snapshot):
        yield step.where, step.commands.splitlines()


def read_command(line: str, snapshot: Snapshot) -> tuple[str, str] | None:
    """A command that prepares a database, as the suite's container has it, and the project's file that it runs."""
    words = line.strip().lstrip("-").strip()
    prefix = PREFIX.match(words)
    call = CALL.fullmatch(words[prefix.end() :]) if prefix else None
    if call is None or not ABOUT.search(call["module"] or call["script"]):
        return None
    names = [call["script"].removeprefix("./")] if call["script"] else list_modules(call["module"])
    own = next((each for each in names if each in snapshot.names), "")
    return (f"python {call[0].strip()}", own) if own else None


def list_modules(module: str) -> list[str]:
    """The files in which a module may be."""
    path = module.replace(".", "/")
    return [f"{root}{path}{end}" for root in ("", "src/") for end in (".py", "/__main__.py")]
