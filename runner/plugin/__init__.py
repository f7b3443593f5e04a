"""The pytest plugin inside the user's suite: gives each process its own database address, and reports events.

It imports the standard library and pytest only, and only relative to itself: the suite image holds a copy of this
folder under the name `ephemeral_runner_plugin`, so that a project's own module `runner` is not in its way. Without
the runner around it, it does nothing.

The address is set when this module is imported, which is before any conftest file is: projects that build their
engine at import would otherwise share one database silently.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from . import (
    engine,
    failed,
    fixtures,
    folders,
    locating,
    marks,
    ordering,
    postmortem,
    reports,
    retries,
    rules,
    sandboxes,
    slot,
    stacks,
    standalone,
    workers,
)
from .channel import Channel, open_channel
from .wrapping import wrapper

WIRING = slot.activate() or standalone.activate()
engine.activate(WIRING)
CHANNEL = open_channel(WIRING["reports"]) if WIRING.get("reports") else None
FAILED = failed.Failed(WIRING["failed"]) if WIRING.get("failed") else None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    """Before options are read: complete those that hold an address."""
    slot.fill_arguments(WIRING, args)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Before pytest reads its cache: give it one. Workers read what xdist's controller was given."""
    if hasattr(config, "workerinput"):
        sandboxes.make_room(config)
    elif FAILED is not None:
        failed.fill_cache(config, FAILED)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the groups' marks, which pytest then demands, and register the parts that this process needs."""
    for mark, description in WIRING.get("marks", {}).items():
        config.addinivalue_line("markers", f"{mark}: {description}")
    config.addinivalue_line("markers", f"{rules.CROSSES}: the test means to reach into another slot, and to be refused")
    register(config, fixtures=fixtures.Fixtures(WIRING, CHANNEL))
    is_worker = hasattr(config, "workerinput")
    leads = not is_worker and (getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))
    if is_worker and WIRING:
        workers.complete_main()
    if is_worker and WIRING.get("folders"):
        folders.give_cache(config, WIRING["folders"], slot.find_worker(WIRING))
    if not is_worker and WIRING.get("folders"):
        folders.place_reports(config.option, WIRING["folders"])
    if not (is_worker or leads):
        # This process runs the tests itself.
        slot.pin(WIRING)
    if CHANNEL is None:
        return
    if not is_worker:
        lead(config, CHANNEL)
    if not leads:
        run_tests(config, CHANNEL)


def lead(config: pytest.Config, channel: Channel) -> None:
    """Register what the process that hears of all tests needs: xdist's controller, or the only one."""
    register(
        config,
        end=reports.EndReporter(channel),
        marks=marks.MarkChecker(channel),
        reports=reports.TestReporter(channel),
    )
    if config.pluginmanager.hasplugin("xdist"):
        register(config, workers=workers.WorkerReporter(channel))
        if sandboxes.has_sandboxes():
            register(config, sandboxes=sandboxes.Sandboxes())
        if ordering.is_wanted(WIRING):
            # xdist would start the scopes with the most tests first.
            config.option.loadscopereorder = False
        if FAILED is not None and FAILED.use == "first":
            register(config, failed=failed.Scheduling(FAILED))


def run_tests(config: pytest.Config, channel: Channel) -> None:
    """Register what a process that runs tests needs: a worker, or the only one."""
    again = retries.Retries(WIRING, channel)
    again.limit()
    stacks.offer(WIRING)
    register(
        config,
        starts=reports.StartReporter(channel, WIRING),
        ordering=ordering.Ordering(WIRING),
        rules=rules.Rules(WIRING, channel),
        retries=again,
        locator=locating.Locator(WIRING, channel),
    )
    if FAILED is not None:
        register(config, chooser=failed.Chooser(FAILED, channel))
    if WIRING.get("keeps"):
        # Last, so that its hook has the reports as all others leave them.
        register(config, postmortem=postmortem.Postmortem(WIRING, channel))


def register(config: pytest.Config, **plugins: object) -> None:
    """Register parts under names of ours."""
    for name, plugin in plugins.items():
        config.pluginmanager.register(plugin, f"ephemeral-runner-{name}")


@wrapper()
def pytest_report_header() -> Generator[None, Any, Any]:
    """Name the slot of this process above the tests."""
    lines = yield
    server = slot.find_server(WIRING)
    return [*lines, f"slot: {server['slot']} in database {server['dbname']}"] if server else lines
