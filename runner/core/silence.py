"""Silence is not success: a database that was prepared and that no test used. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from runner.core.plan import Selection
from runner.errors import UnusedDatabaseError

Strict = bool | Literal["auto"]

RAN = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether a run is one of CI, by the variable that every CI product sets."""
    return environ.get("CI", "").lower() not in {"", "0", "false"}


def is_narrow(selection: Selection) -> bool:
    """Whether a person chose single tests, which may be the ones that need no database."""
    return bool(selection.paths or selection.keyword or selection.failed)


def judge_silence(
    uses: Sequence[bool],
    verdicts: Mapping[str, int],
    skips: Sequence[str],
    selection: Selection,
    strict: Strict,
    is_ci: bool,
) -> tuple[UnusedDatabaseError | None, str]:
    """What a run has to say of a database that nobody used: an error, or a line, or neither.

    Args:
        uses: of each stage with a database whose tests ran: whether any session came to it.
        verdicts: counts of tests.
        skips: what is known of skipped tests, in words.
        selection: of the run.
        strict: the setting.
        is_ci: whether this is CI.
    """
    ran = sum(verdicts.get(each, 0) for each in RAN)
    is_narrowed = strict != True and is_narrow(selection)  # noqa: E712 -- `auto` is true too
    if not uses or any(uses) or not ran or is_narrowed:
        return None, ""
    error = make_error(ran, skips)
    is_strict = is_ci if strict == "auto" else strict
    return (error, "") if is_strict else (None, f"warning: {error.what}; {error.hint}")


def make_error(ran: int, skips: Sequence[str]) -> UnusedDatabaseError:
    """The error for a database that no test used."""
    return UnusedDatabaseError(
        "no test used the database that was prepared for them",
        "; ".join(
            [f"{ran} test{'s' if ran != 1 else ''} ran, and no session came to it (pg_stat_database)", *skips],
        ),
        "set the variable that the tests read (`environment`), or `database = false` for a group that needs none;"
        " `--no-strict` lets it pass",
    )
