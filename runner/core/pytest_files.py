"""The files in which pytest looks for a project's settings. Pure.

Source: pytest's documentation, "Configuration".
"""

ALONE = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files that are pytest's own; the first that is there counts, even an empty one."""

SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}
"""Files of others, after pyproject.toml, and the section that is pytest's."""

TABLES = (("tool", "pytest", "ini_options"), ("tool", "pytest"))
"""Tables of pyproject.toml that are pytest's, the older one first."""
