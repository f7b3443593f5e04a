"""Folders of this process's own: TMPDIR, HOME and the XDG ones, so that no two workers share a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, MutableMapping
from pathlib import Path
from typing import Any

from .sandboxes import has_sandboxes

XDG = {"CACHE": ".cache", "CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state"}
"""The XDG Base Directory Specification's folders and their usual places below HOME."""


COVERAGE = {"xml": "coverage.xml", "json": "coverage.json", "lcov": "coverage.lcov", "html": "htmlcov"}
"""Reports of pytest-cov that are files, and their usual names."""

NOWHERE = (None, "")


def activate(root: str, worker: str, keep: Collection[str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Make the folders and set the variables that lead to them.

    Args:
        root: the folder of all workers' folders.
        worker: this worker's name.
        keep: variables that the project sets itself.
        environ: the environment to change.
    """
    own = Path(root) / worker
    home = own / "home"
    variables = {
        "TMPDIR": own / "tmp",
        "HOME": home,
        "XDG_RUNTIME_DIR": own / "run",
        "HYPOTHESIS_STORAGE_DIRECTORY": own / "hypothesis",
        **{f"XDG_{name}_HOME": home / folder for name, folder in XDG.items()},
    }
    for path in variables.values():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ.update({name: str(path) for name, path in variables.items() if name not in keep})
    # Workers write coverage data under names of their own and combine them, so this place is one for all.
    environ.setdefault("COVERAGE_FILE", str(find_common(Path(root), environ) / ".coverage"))
    tempfile.tempdir = None  # Whoever asked before us left the old folder there.


def place_reports(options: Any, root: str, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let pytest-cov write its reports beside its data where a suite names no place: the project is read-only.

    Args:
        options: pytest's; pytest-cov keeps the same table of reports.
        root: the folder of all workers' folders.
        environ: the environment.
    """
    reports = getattr(options, "cov_report", None)
    if isinstance(reports, dict):
        common = find_common(Path(root), environ)
        reports.update(
            {kind: str(common / name) for kind, name in COVERAGE.items() if reports.get(kind, "x") in NOWHERE}
        )


def give_cache(config: Any, root: str, worker: str) -> None:
    """Give a worker a cache of its own, now that pytest has read what is in the one of all.

    Suites keep marks there, such as "the last run has crashed", which other workers of the same run would find.
    """
    cache = getattr(config, "cache", None)
    if cache is not None:
        cache._cachedir = Path(root) / worker / "pytest_cache"  # noqa: SLF001 -- pytest has no public way


def find_common(root: Path, environ: MutableMapping[str, str]) -> Path:
    """The folder that all workers share; a sandbox has only the parts of `root` that it needs."""
    if not has_sandboxes(environ):
        return root
    common = root / "coverage"
    common.mkdir(exist_ok=True)
    return common
