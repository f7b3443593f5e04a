"""A small language for tests of the command: make a project folder, run the command in it, look at what it said.

folder = cli.project({"pyproject.toml": "..."})
folder.run("run", "-n", "many").assert_exit(90).assert_error("error: ...")
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LIMIT = 120
"""Seconds for one command."""

PYPROJECT = '[project]\nname = "sample"\nversion = "1"\n'

LEAN = "-p no:cacheprovider -p no:hypothesispytest -p no:anyio"
"""Arguments for a pytest that a test starts: without plugins that only our own tests want, which take 2 s to load."""

OURS = re.compile(r"RUNNER_|EPHEMERAL_RUNNER|PYTEST_|CI(_|$)|GITHUB_|GITLAB_|PG[A-Z]|(TEST_)?DATABASE_URL$")
"""Variables that would tell a child process of the run around the tests, or of the developer's own settings."""


def is_ours(name):
    """Whether a variable of the environment is one that child processes of tests must not see."""
    return OURS.match(name) is not None


def make_environ(changes=None):
    """The environment for child processes: this one without `OURS`, and with changes."""
    return {name: value for name, value in os.environ.items() if not is_ours(name)} | dict(changes or {})


@dataclass(frozen=True)
class Outcome:
    """How a command ended; each assertion returns the outcome, so that they chain."""

    exit_code: int
    stdout: str
    stderr: str

    def assert_exit(self, code):
        assert self.exit_code == code, f"exit code {self.exit_code}\n{self.stdout}\n{self.stderr}"
        return self

    def assert_error(self, text):
        assert self.stderr == text + "\n"
        return self

    @property
    def json(self):
        return json.loads(self.stdout)


@dataclass(frozen=True)
class ProjectFolder:
    """A project of a test."""

    path: Path

    def run(self, *args, environ=None, cwd=None, stdout=subprocess.PIPE):
        """Run the real command in the folder, and refuse tracebacks whatever happens."""
        done = subprocess.run(
            [sys.executable, "-m", "runner", *args],
            cwd=cwd or self.path,
            env=make_environ(environ),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)


class Cli:
    """Makes project folders below a test's own folder."""

    def __init__(self, root):
        self._root = root

    def project(self, files=None, name="sample"):
        """A folder with these files; a pyproject.toml is added where `files` does not say otherwise."""
        folder = self._root / name
        folder.mkdir()
        for path, text in ({"pyproject.toml": PYPROJECT} if files is None else files).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return ProjectFolder(folder)
