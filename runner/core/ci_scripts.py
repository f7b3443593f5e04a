"""Scripts of a project's own that its commands call: what these run is what the commands run. Pure."""

import re

from runner.core.snapshot import Snapshot

SCRIPTS = re.compile(r"\.(?:sh|bash)$|(^|/)(?:scripts?|bin|ci)/[\w-]+$")
"""Names of scripts of the shell's: by their ending, or by their folder where they have none."""

CALL = re.compile(r"(?:^|[\s;&|(\"'])(?:\./)?(?P<path>(?:[\w.-]+/)*[\w.-]+)(?![\w./-])", re.MULTILINE)
SHELL = re.compile(r"#!.*\b(?:ba|da|z)?sh\b")


def follow(commands: str, snapshot: Snapshot) -> str:
    """Commands, and behind them the text of each script that they call, and that these call."""
    found: dict[str, str] = {}
    waiting = [commands]
    while waiting:
        for match in CALL.finditer(waiting.pop(0)):
            path = match["path"]
            if path not in found and is_script(path, snapshot.texts.get(path, "")):
                found[path] = snapshot.texts[path]
                waiting.append(found[path])
    return "\n".join([commands, *found.values()])


def is_script(path: str, text: str) -> bool:
    """Whether a file is a script of the shell's."""
    return bool(text and SCRIPTS.search(path)) and (path.endswith("sh") or SHELL.match(text) is not None)
