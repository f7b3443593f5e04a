"""Tests that failed in earlier runs: they run alone, or first; and pytest's own cache as those runs would leave it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from . import slot
from .channel import Channel
from .wrapping import wrapper


def find_plain(nodeid: str) -> str:
    """A test's id without the name of its group, which xdist adds with `--dist loadgroup`.

    The same as `runner.core.failing.find_plain`, a copy: the plugin stands alone.
    """
    at = nodeid.rfind("@")
    return nodeid[:at] if at > max(nodeid.rfind("]"), nodeid.rfind("::")) >= 0 else nodeid


class Failed:
    """The tests, as the runner's file names them."""

    def __init__(self, path: str) -> None:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        self.use: str = told["use"]
        self.tests: list[str] = told["tests"]
        self.known: list[str] = told["known"]
        self.files = {name.partition("::")[0] for name in self.tests}
        self._plain = {*map(find_plain, self.tests)}

    def has(self, nodeid: str) -> bool:
        """Whether a test is one of them."""
        return find_plain(nodeid) in self._plain


class Chooser:
    """Registered in every process that collects tests; each worker comes to the same order."""

    def __init__(self, failed: Failed, channel: Channel) -> None:
        self._failed, self._channel = failed, channel

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Where they run alone, a file without any of them is not imported, unless it was named."""
        if (
            self._failed.use != "only"
            or not isinstance(collector, pytest.File)
            or isinstance(collector, pytest.Package)
        ):
            return None
        if collector.nodeid in self._failed.files or collector.session.isinitpath(collector.path):
            return None
        return pytest.CollectReport(collector.nodeid, "passed", longrepr=None, result=[])

    @wrapper()
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, Any, Any]:
        """Tell which of them are there; when all others have chosen and ordered, keep them alone, or put them first."""
        if os.environ.get(slot.WORKER, "gw0") == "gw0":
            found = [item.nodeid for item in items if self._failed.has(item.nodeid)]
            self._channel.tell("failed-collected", tests=found)
        result = yield
        failed = [item for item in items if self._failed.has(item.nodeid)]
        others = [item for item in items if not self._failed.has(item.nodeid)]
        if self._failed.use == "only":
            config.hook.pytest_deselected(items=others)
            items[:] = failed
        elif self._failed.use == "first":
            items[:] = failed + others
        return result


class Scheduling:
    """Registered in xdist's controller, where they run first."""

    def __init__(self, failed: Failed) -> None:
        self._failed = failed

    @wrapper()
    def pytest_xdist_make_scheduler(self) -> Generator[None, Any, Any]:
        """Give the failed tests of a scope a scope of their own: else all others of it would run before the next scope.

        Fixtures of a module or class are made once more for it. A group of `xdist_group` stays together: its tests
        may not run beside each other.
        """
        scheduler = yield
        # Schedulers that keep tests together have it; xdist's own derive from one another by it.
        split: Callable[[str], str] | None = getattr(scheduler, "_split_scope", None)

        def split_scope(nodeid: str) -> str:
            scope = split(nodeid) if split else nodeid
            return f"{scope}\0failed" if self._failed.has(nodeid) and find_plain(nodeid) == nodeid else scope

        if split is not None:
            scheduler._split_scope = split_scope  # noqa: SLF001
        return scheduler


def fill_cache(config: pytest.Config, failed: Failed) -> None:
    """Write what pytest's own `--lf`, `--ff` and `--nf` read, before pytest reads it.

    The files are those of `_pytest.cacheprovider`. A cache that cannot be written is none: pytest warns of that itself.
    """
    chosen = [name for name in ("lf", "failedfirst", "newfirst") if getattr(config.option, name, False)]
    if not chosen or not config.pluginmanager.hasplugin("cacheprovider"):
        return
    if config.option.failedfirst and hasattr(config.option, "loadscopereorder"):
        # xdist would start the scopes with the most tests first.
        config.option.loadscopereorder = False
    place = os.path.expandvars(str(config.getini("cache_dir")))
    folder = config.rootpath / Path(place).expanduser() / "v" / "cache"
    names = dict.fromkeys(each for test in failed.tests for each in (test, find_plain(test)))
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lastfailed").write_text(json.dumps(dict.fromkeys(names, True)), encoding="utf-8")
        (folder / "nodeids").write_text(json.dumps(sorted(failed.known)), encoding="utf-8")
