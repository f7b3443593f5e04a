"""The marks that a project's tests have. Pure."""

from runner.core.detection.python import read_uses
from runner.core.groups import DEFAULT_GROUPS
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

OF_PLUGINS = frozenset(
    {"parametrize", "skip", "skipif", "xfail", "usefixtures", "filterwarnings", "tryfirst", "trylast"}
    | {"asyncio", "anyio", "trio", "flaky", "timeout", "xdist_group", "crosses_slots", "order", "benchmark", "vcr"}
    | {"django_db", "urls", "ignore_template_errors", "freeze_time", "respx", "httpx_mock", "hypothesis", "repeat"}
    | {"enable_socket", "disable_socket", "allow_hosts", "block_network", "no_cover", "mypy_testing", "datafiles"}
    | {"dependency", "env", "postgresql", "celery", "recwarn", "qt_no_exception_capture"}
)
"""Pytest's own marks, and those that plugins declare by themselves."""


def find_used_marks(snapshot: Snapshot) -> dict[str, str]:
    """The project's own marks that its tests have and no conftest declares, each with the first file that has it."""
    used: dict[str, str] = {}
    declared = set(OF_PLUGINS)
    for path, text in snapshot.python_files():
        uses = read_uses(text)
        declared |= set(uses.declared)
        for name in uses.marks:
            used.setdefault(name, path)
    return {name: path for name, path in used.items() if name not in declared}


def detect_marks(snapshot: Snapshot) -> Detected:
    """The marks in use; a project whose tests have none of the groups' is told what they are for."""
    used = find_used_marks(snapshot)
    if used:
        finding = Finding("marks", ", ".join(f"`{name}`" for name in sorted(used)), next(iter(used.values())))
        return Detected((finding,), {}, () if used.keys() & DEFAULT_GROUPS.keys() else (advise(snapshot),))
    return Detected((), {}, (advise(snapshot),))


def advise(snapshot: Snapshot) -> str:
    """What to do where a group would be empty."""
    where = "a group runs" if any(map(is_test, snapshot.names)) else "there are no tests yet; a group runs"
    return f"{where} what has its mark: `@pytest.mark.smoke` and the like; `runner run` alone runs all"
