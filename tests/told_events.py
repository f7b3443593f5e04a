"""Events as the plugin tells them of a test that failed, for tests of what listens."""

from runner.core.events import Event

TEST = "tests/test_a.py::test_a"


def finish(verdict="passed", test=TEST, attempt=1, **changes):
    """A test ends."""
    usual = {"worker": "gw0", "seconds": 0.1, "error": "", "text": "", "reason": "", "message": ""}
    return Event("test-finished", 1.0, {"test": test, "verdict": verdict, "attempt": attempt, **usual | changes})


def locate(test=TEST, attempt=1, **changes):
    """Where an attempt failed."""
    usual = {"file": "tests/test_a.py", "line": 7, "text": "the traceback"}
    return Event("failure-located", 1.0, {"test": test, "attempt": attempt, **usual | changes})
