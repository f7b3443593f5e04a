"""Locks as their own tools write them: they hold addresses of downloads, so that none is committed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from commands import ROOT

UV = Path(sys.executable).with_name("uv")
PINS = ROOT / "images" / "suite"


class LockTools:
    """Makes locks in the folders of projects; a tool is installed when it is needed first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}},
            "POETRY_VIRTUALENVS_CREATE": "false",
            "PDM_CHECK_UPDATE": "0",
            "PDM_USE_VENV": "0",
            "PIPENV_NOSPIN": "1",
            "WORKON_HOME": str(folder / "pipenv"),
            "TMPDIR": str(folder),  # pipenv leaves files there.
        }

    def call(self, project: Path, *argv: str | Path) -> None:
        ended = subprocess.run(
            argv, cwd=project, env=self._environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def find(self, name: str) -> Path:
        """The program of a tool, with the very pins that images are built with."""
        program = self._folder / name / "bin" / name
        if not program.exists():
            self.call(self._folder, UV, "venv", "--quiet", self._folder / name)
            python = self._folder / name / "bin" / "python"
            pins = PINS / f"exporter-{name}.txt"
            self.call(self._folder, UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", pins)
        return program

    def lock_uv(self, project: Path) -> None:
        self.call(project, UV, "lock")

    def lock_pylock(self, project: Path) -> None:
        export = ("--format", "pylock.toml", "--all-groups", "--no-emit-project", "--output-file", "pylock.toml")
        self.call(project, UV, "export", *export)
        (project / "uv.lock").unlink()

    def lock_poetry(self, project: Path) -> None:
        # Only where these tests run is there a pip; others only collect them.
        from pip._internal.models.index import PyPI

        # Some mirrors have no more than the index of files, and Poetry wants more of the usual one.
        pyproject = project / "pyproject.toml"
        source = f'\n[[tool.poetry.source]]\nname = "index"\nurl = "{PyPI.simple_url}"\npriority = "primary"\n'
        pyproject.write_text(pyproject.read_text() + source)
        self.call(project, self.find("poetry"), "lock")

    def lock_pdm(self, project: Path) -> None:
        self.call(project, self.find("pdm"), "lock", "--group", ":all")
        (project / ".pdm-python").unlink(missing_ok=True)

    def lock_pipenv(self, project: Path) -> None:
        self.call(project, self.find("pipenv"), "lock")

    def lock_hashed(self, project: Path) -> None:
        self.call(
            project,
            UV,
            "pip",
            "compile",
            "--generate-hashes",
            "--universal",
            "requirements.in",
            "-o",
            "requirements.txt",
        )

    def lock(self, kind: str, project: Path) -> None:
        """Make the lock of a kind; kinds without one get none."""
        make: Callable[[Path], None] | None = getattr(self, f"lock_{kind}", None)
        if make:
            make(project)
