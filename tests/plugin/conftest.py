"""Suites that run with the plugin, each in a process of its own; the plugin is loaded by its entry point."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import untimed  # noqa: F401 -- importing it is all
from project_folder import LEAN, is_ours

from runner.core.groups import DEFAULT_GROUPS
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import make_environment, make_server

RECORDER = """
import json, os
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "master")
with open(f"environ-{WORKER}.json", "w") as target:
    json.dump(dict(os.environ), target)
"""
"""A conftest that keeps the environment as it is when the conftest is imported."""


@dataclass(frozen=True)
class Ran:
    """How a suite ended: what pytest said, what the plugin reported, and what conftest files saw."""

    folder: Path
    result: pytest.RunResult

    @property
    def reports(self):
        return [json.loads(line) for line in (self.folder / "reports.jsonl").read_text().splitlines()]

    def named(self, *names):
        """The reports of these names, without their own name."""
        return [{key: each[key] for key in each if key != "event"} for each in self.reports if each["event"] in names]

    def verdicts(self):
        """Each test's verdicts in order, by the last part of its id."""
        found = {}
        for each in self.named("test-finished"):
            found.setdefault(each["test"].rpartition("::")[2], []).append(each["verdict"])
        return found

    def environ(self, worker="master"):
        return json.loads((self.folder / f"environ-{worker}.json").read_text())


class Suite:
    """A suite of tests in a folder of its own, and the environment it gets."""

    def __init__(self, pytester, monkeypatch):
        self.folder = pytester.path
        self._pytester = pytester
        self._monkeypatch = monkeypatch
        for name in filter(is_ours, list(os.environ)):
            monkeypatch.delenv(name)
        pytester.makeini(f"[pytest]\naddopts = {LEAN}\n")
        self.reports = self.folder / "reports.jsonl"
        self.reports.touch()
        self.workers = self.folder / "workers"

    def write(self, tests="def test_a(): pass\n", conftest=RECORDER):
        self._pytester.makepyfile(test_suite=tests)
        self._pytester.makeconftest(conftest)

    def announce(self, *slots):
        """Make the files that tell the plugin that slots are ready."""
        folder = self.folder / "ready"
        folder.mkdir(exist_ok=True)
        for slot in slots:
            (folder / slot).touch()

    def provide(self, server=None, groups=DEFAULT_GROUPS, wiring=None, **environment):
        """Set the environment as the runner does; `server` is None for a pass without a database.

        What the runner tells the plugin is changed by `wiring`.
        """
        plan = Plan(Settings(groups=dict(groups), environment=environment), Selection(), ())
        made = make_environment(plan, Pass("all", "", Needs(2)), server, {})
        del made["PYTEST_PLUGINS"]  # Names the copy in the suite image; here the plugin comes by its entry point.
        places = {"reports": str(self.reports), "folders": str(self.workers), "project": str(self.folder)}
        # Nobody answers here, unless a test says so.
        places["keeps"] = False
        made["EPHEMERAL_RUNNER"] = json.dumps(json.loads(made["EPHEMERAL_RUNNER"]) | places | (wiring or {}))
        for name, text in made.items():
            self._monkeypatch.setenv(name, text)
        self._monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(self.folder / "ready"))

    def provide_slots(self, *slots, password="secret", isolation="schema", wiring=None, **environment):
        self.provide(make_server(Postgres(), isolation, password), wiring=wiring, **environment)
        self.announce("master", *slots)

    def run(self, *args):
        return Ran(self.folder, self._pytester.run(sys.executable, "-m", "pytest", *args, timeout=60))


@pytest.fixture
def suite(pytester, monkeypatch):
    return Suite(pytester, monkeypatch)
