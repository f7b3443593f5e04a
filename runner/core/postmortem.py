"""A post-mortem: which failure is meant, and what the person in its environment gets to see. Pure."""

import re
from collections.abc import Mapping, Sequence

from runner.core.failure import Failure
from runner.core.names import MASTER
from runner.core.places import FILES, PROJECT, READY, REPORTS
from runner.core.violations import START
from runner.errors import SettingsError

PREFACE = re.compile(r"^(?:statement|execute [^:]*): ")
"""What Postgres says before a statement in its log."""

SHOWN_STATEMENTS = 20
"""Lines of Postgres's log that are shown, the last ones; the rest is in the folder of the failure."""

SHOWN_TRACEBACK = 60
"""Lines of the traceback, likewise."""

NOTHING_KEPT = "no database was kept, so this slot is as before any test"
ONE_DATABASE = "without isolation there is one database: `rerun` finds the kept state too"

MANY = 10
"""Failures that an error or a question names."""


def choose_failure(failures: Mapping[str, Failure], wanted: str) -> list[str]:
    """The keys of the failures that are meant: one, or several for a person to choose from.

    Args:
        failures: by a key of the caller's.
        wanted: a test's id, or a part of it; empty means any.

    Raises:
        SettingsError: none is meant.
    """
    exact = [key for key, each in failures.items() if each.test == wanted]
    found = exact or [key for key, each in failures.items() if wanted in each.test]
    if not found:
        known = ", ".join(f"`{each.test}`" for each in [*failures.values()][:MANY])
        raise SettingsError(f"no kept failure of a test `{wanted}`", f"there are {known}")
    return found


def refuse_choice(tests: Sequence[str]) -> SettingsError:
    """The error where several failures are meant and nobody can be asked."""
    shown = "\n       ".join(tests[:MANY])
    more = f"\n       and {len(tests) - MANY} more" if len(tests) > MANY else ""
    return SettingsError(f"{len(tests)} failures are kept", shown + more, "name one: `runner shell --failed TEST`")


def choose_clean_slot(slot: str) -> str:
    """The slot in which a test runs again as if for the first time."""
    return MASTER if slot != MASTER else "gw0"


def make_notes(failure: Failure, remarks: Sequence[str]) -> list[str]:
    """What is not as it was, and why."""
    return [f"note      {each}" for each in [*failure.unseen, *failure.problems, *remarks]]


def shorten_log(text: str) -> str:
    """Lines of Postgres's log with nothing before the statements but the time of day."""
    found = (START.fullmatch(line) for line in text.splitlines())
    lines = zip(text.splitlines(), found, strict=True)
    return "\n".join(f"{each['time'][11:]} {PREFACE.sub('', each['text'])}" if each else line for line, each in lines)


def make_story(failure: Failure, texts: Mapping[str, str], run: str, folder: str, notes: Sequence[str]) -> list[str]:
    """What is shown before the prompt: where it failed and what led to it.

    Args:
        failure: what is known of it.
        texts: the files of its kept state, by name.
        run: the run's id.
        folder: where the state is kept.
        notes: what is not as it was.
    """
    where = f"{failure.phase}, attempt {failure.attempt}, on {failure.worker}, run {run}"
    lines = [f"failure   {failure.test}", f"          {where}"]
    lines += cut(texts.get("traceback.txt", ""), SHOWN_TRACEBACK, "", "traceback.txt")
    heading = "its last statements, as Postgres logged them:"
    lines += cut(shorten_log(texts.get("statements.log", "")), SHOWN_STATEMENTS, heading, "statements.log")
    lines += ["", *notes]
    lines += [f"kept      {folder}, and here in {FILES}/failure"]
    return [*lines, "again     `rerun` on a clean slot, `rerun --here` on the kept state"]


def cut(text: str, most: int, heading: str, name: str) -> list[str]:
    """The last lines of a text, with what stands above them; nothing for an empty one."""
    lines = text.splitlines()
    left_out = [f"({len(lines) - most} lines more in {name})"] if len(lines) > most else []
    return ["", *filter(None, [heading]), *left_out, *lines[-most:]] if lines else []


RERUN = f"""#!/opt/venv/bin/python
\"\"\"Runs the failed test again: on a slot as before any test, or with --here on the kept state.\"\"\"

import json
import os
import socket
import subprocess
import sys
import time

here = "--here" in sys.argv[1:]
with open("{FILES}/rerun/" + ("here" if here else "clean") + ".json") as file:
    call = json.load(file)
if not here and call["slot"]:
    # The runner makes the slot as it was at its start; nothing is older than that.
    answer = f"rerun-{{os.getpid()}}-{{time.time_ns()}}"
    asked = {{"event": "restore-wanted", "slot": call["slot"], "answer": answer, "test": call["test"], "attempt": 1}}
    asked["began"] = 0.0
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("{REPORTS}")
        connection.sendall(json.dumps(asked).encode() + b"\\n")
        while not os.path.exists("{READY}/" + answer):
            time.sleep(0.01)
    with open("{READY}/" + answer) as file:
        if refused := file.read():
            sys.exit(refused)
os.environ.update(call["environment"])
os.makedirs(os.environ["HOME"], exist_ok=True)
os.makedirs(os.environ["TMPDIR"], exist_ok=True)
os.chdir("{PROJECT}")
rest = [each for each in sys.argv[1:] if each != "--here"]
process, code = subprocess.Popen(["pytest", *call["args"], *rest]), None
while code is None:
    try:
        code = process.wait()
    except KeyboardInterrupt:
        pass  # It is pytest's, which hears of it too.
if code == 5:
    print("no longer there: " + call["test"] + "; with --copy the files are those of its run", file=sys.stderr)
sys.exit(code if code >= 0 else 128 - code)
"""
