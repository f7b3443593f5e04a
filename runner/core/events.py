"""Events: small frozen facts about a run, one JSON object a line; everything shown or kept comes from them. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One fact.

    Attributes:
        name: what happened, such as `step-finished` or `test-finished`.
        at: seconds since the run began.
        data: the particulars, as JSON allows them.
    """

    name: str
    at: float
    data: Mapping[str, Any]

    def as_json(self) -> str:
        """The event as one line of JSON without the line's end."""
        return json.dumps({"event": self.name, "at": round(self.at, 3), **self.data}, ensure_ascii=False)


REQUIRED: Mapping[str, Mapping[str, type]] = {
    "collected": {"tests": int, "marks": list},
    "test-started": {"test": str, "worker": str, "groups": list, "attempt": int, "crosses": bool, "time": float},
    "test-finished": {
        **dict.fromkeys(("test", "verdict", "worker", "error", "reason", "message", "text"), str),
        "seconds": float,
        "attempt": int,
    },
    "test-collected": {"test": str, "marks": list},
    "failure-located": {"test": str, "attempt": int, "file": str, "line": int, "text": str},
    "collection-failed": {"test": str, "message": str, "file": str, "line": int, "text": str},
    "collection-skipped": {"test": str, "message": str},
    "marks-declared": {"marks": list},
    "rule-broken": {"rule": str, "test": str, "worker": str, "object": str, "text": str},
    "restore-wanted": {"slot": str, "answer": str, "test": str, "attempt": int, "began": float},
    "database-wanted": {"slot": str, "name": str},
    "database-done": {"slot": str, "name": str, "test": str, "failed": bool},
    "failure-wanted": {"slot": str, "answer": str, "test": str, "attempt": int, "phase": str},
    "worker-crashed": {"worker": str},
    "failed-collected": {"tests": list},
    "slot-wanted": {"slot": str},
    "unknown-mark": {"mark": str, "known": list},
    "process-ended": {"exit_code": int},
    "pytest-ended": {},
}
"""The events of a container and what each must hold; tests can write to the same stream, by mistake or on purpose."""

Listener = Callable[[Event], None]


def parse_event(line: bytes, at: float) -> Event | None:
    """The event that a container wrote, or None where the line is not one."""
    try:
        data = json.loads(line)
        name = data.pop("event")
        wanted = REQUIRED[name]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    return Event(name, at, data) if all(holds(data.get(key), kind) for key, kind in wanted.items()) else None


def holds(value: Any, kind: type) -> bool:
    """Whether a value is of the kind, and a list one of texts."""
    if isinstance(value, list):
        return kind is list and all(isinstance(each, str) for each in value)
    return isinstance(value, kind) or (kind is float and type(value) is int)
