"""Every error that a user can meet: what, cause, hint, and one class for each exit code.

Pytest's own exit codes 0-5 pass through. Only `runner.cli.main` prints these errors and exits.
"""

from typing import ClassVar


def find_reason(error: OSError) -> str:
    """What the operating system says, in the small letters of a cause."""
    return (error.strerror or str(error)).lower()


class RunnerError(Exception):
    """An error that is explained to the user without a traceback.

    Args:
        what: what could not be done, with the object in backticks; lower case, no full stop.
        cause: the first-hand reason in one line, or more lines of a tool's own output.
        hint: the next command or setting; empty when there is nothing useful to do.
    """

    exit_code: ClassVar[int] = 70
    meaning: ClassVar[str] = "a bug of ours"

    def __init__(self, what: str, cause: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.hint = hint

    def as_text(self) -> str:
        """The message in the form `error: / cause: / hint:`, for standard error."""
        parts = (("error: ", self.what), ("cause: ", self.cause), ("hint:  ", self.hint))
        return "\n".join(label + text for label, text in parts if text)

    def as_dict(self) -> dict[str, str | int]:
        """The same fields, for `--json`."""
        return {"code": self.exit_code, "what": self.what, "cause": self.cause, "hint": self.hint}


class BrokenRuleError(RunnerError):
    """Tests passed, but broke a rule of isolation."""

    exit_code = 1
    meaning = "tests failed (pytest's own code), or broke a rule of isolation"


class CollectionError(RunnerError):
    """Pytest cannot collect the tests."""

    exit_code = 2
    meaning = "the tests cannot be collected, or the debugger was quit (pytest's own code)"


class SettingsError(RunnerError):
    """A setting, a flag or the project folder is not usable."""

    exit_code = 90
    meaning = "settings"


class EngineError(RunnerError):
    """The container engine cannot be reached, or failed in the middle."""

    exit_code = 91
    meaning = "engine unreachable, or it failed in the middle"


class ImageError(RunnerError):
    """An image cannot be built."""

    exit_code = 92
    meaning = "image"


class NotReadyError(RunnerError):
    """A time limit was reached."""

    exit_code = 93
    meaning = "not ready, or not finished, in time"


class PostgresError(RunnerError):
    """Postgres refused, or ended in the middle of the run."""

    exit_code = 94
    meaning = "Postgres"


class EmptySelectionError(RunnerError):
    """No test matches the selection."""

    exit_code = 95
    meaning = "the selection is empty"


class LeftBehindError(RunnerError):
    """Objects of the run could not be removed."""

    exit_code = 96
    meaning = "something was left behind"


class RetryBudgetError(RunnerError):
    """All tests passed in the end, but too many needed a retry."""

    exit_code = 97
    meaning = "the retry budget was exceeded"


class UnusedDatabaseError(RunnerError):
    """All tests passed or were skipped, but none used the database that was prepared for them."""

    exit_code = 98
    meaning = "no test used the database (`strict`)"


class Interrupted(RunnerError):
    """A signal asked the run to end."""

    exit_code = 130
    meaning = "interrupted (143 terminated, 129 hung up)"

    def __init__(self, signal_number: int, name: str) -> None:
        super().__init__(f"the run was ended by {name}")
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number  # type: ignore[misc]


ERRORS: tuple[type[RunnerError], ...] = (
    BrokenRuleError,
    CollectionError,
    RunnerError,
    SettingsError,
    EngineError,
    ImageError,
    NotReadyError,
    PostgresError,
    EmptySelectionError,
    LeftBehindError,
    RetryBudgetError,
    UnusedDatabaseError,
    Interrupted,
)
