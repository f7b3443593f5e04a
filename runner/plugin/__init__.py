"""The pytest plugin inside the user's suite: gives each process its own database address, and reports events.

It imports the standard library and pytest only, and only relative to itself: the suite image holds a copy of this
folder under the name `ephemeral_runner_plugin`, so that a project's own module `runner` is not in its way. Without
the runner around it, it does nothing.

The address is set when this module is imported, which is before any conftest file is: projects that build their
engine at import would otherwise share one database silently.
"""

from collections.abc import Generator
from typing import Any

import pytest

from . import reports, slot

WIRING = slot.activate()
REPORTS = reports.open_reports()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the groups' marks, which pytest then demands."""
    for mark, description in WIRING.get("marks", {}).items():
        config.addinivalue_line("markers", f"{mark}: {description}")
    if not (getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None)):
        # This process runs the tests itself.
        slot.pin(WIRING)
    if REPORTS is not None:
        config.pluginmanager.register(reports.EndReporter(REPORTS), "ephemeral-runner-end")
        config.pluginmanager.register(reports.MarkChecker(REPORTS), "ephemeral-runner-marks")
        config.pluginmanager.register(reports.TestReporter(REPORTS), "ephemeral-runner-reports")
        if config.pluginmanager.hasplugin("xdist"):
            config.pluginmanager.register(reports.WorkerReporter(REPORTS), "ephemeral-runner-workers")


@pytest.hookimpl(wrapper=True)
def pytest_report_header() -> Generator[None, Any, Any]:
    """Name the slot of this process above the tests."""
    lines = yield
    server = slot.find_server(WIRING)
    return [*lines, f"slot: {server['slot']} in database {server['dbname']}"] if server else lines
