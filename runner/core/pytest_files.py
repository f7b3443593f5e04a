"""The files in which pytest looks for a project's settings. Pure.

Source: pytest's documentation, "Configuration".
"""

import re

from runner.core.snapshot import Snapshot, dig

ALONE = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files that are pytest's own; the first that is there counts, even an empty one."""

SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}
"""Files of others, after pyproject.toml, and the section that is pytest's."""

TABLES = (("tool", "pytest", "ini_options"), ("tool", "pytest"))
"""Tables of pyproject.toml that are pytest's, the older one first."""


def is_set(snapshot: Snapshot, key: str) -> bool:
    """Whether pytest's own settings have a key."""
    if any(key in (dig(snapshot.pyproject, *table) or {}) for table in TABLES):
        return True
    texts = [snapshot.texts.get(path, "") for path in (*ALONE, *SECTIONS)]
    return any(re.search(rf"^{key}\s*[=:]", text, re.MULTILINE) for text in texts)
