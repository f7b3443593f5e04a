"""The file `__init__.py` at the top of a project, by which pytest takes the project's own folder for a package."""

import re
from collections.abc import Sequence
from pathlib import Path

from runner.project.text import read_text

FILE = "__init__.py"
MAPPED = re.compile(r"\bpackage[-_]dir\b")
"""In these files: the folder may be a package, whatever its name."""

DESCRIBING = ("pyproject.toml", "setup.py", "setup.cfg")


def leave_out_root(folder: Path, sources: Sequence[str]) -> list[str]:
    """A project's files without that one, where the folder's name is no name of Python's, such as `my-shop`.

    pytest takes a folder of such a name for no package; the suite's container has another name for it, and every module
    would be a second one there, `project.shop.models` beside `shop.models`. Source: pytest's `resolve_package_path`.

    Args:
        folder: the project's.
        sources: paths of its files, relative to it.
    """
    if FILE not in sources or folder.name.isidentifier():
        return [*sources]
    described = (read_text(path) for name in DESCRIBING if (path := folder / name).is_file())
    if any(map(MAPPED.search, described)):
        return [*sources]
    return [name for name in sources if name != FILE]
