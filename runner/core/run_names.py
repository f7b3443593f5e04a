"""Which run a name means: its id, a unique beginning or end of it, or `latest`. Pure."""

from collections.abc import Sequence

from runner.core.words import shorten
from runner.errors import SettingsError

LATEST = "latest"
"""The newest run; an empty name means it too."""

SHOWN = 5
"""Runs that an error names, the newest first."""


def choose_run(name: str, runs: Sequence[str]) -> str:
    """The id of the run that a name means.

    Args:
        name: what a person wrote.
        runs: the ids there are, oldest first; ids sort by time.

    Raises:
        SettingsError: there is no run at all, none of that name, or more than one.
    """
    if not runs:
        raise SettingsError("no run has left results here", hint="`runner run` makes one")
    if name in {LATEST, ""}:
        return runs[-1]
    if name in runs:
        return name
    found = [run for run in runs if run.startswith(name) or run.endswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(f"more than one run is meant by `{name}`", name_runs(found), "write more of the id")
    raise SettingsError(
        f"no results of a run `{name}`",
        "its folder is gone, or the name is none: an id, its beginning or end, or `latest`",
        f"there are {name_runs(runs)}",
    )


def name_runs(runs: Sequence[str]) -> str:
    """The newest of several runs, for a message."""
    return ", ".join(shorten(runs[::-1], SHOWN))


def choose_living(name: str, runs: Sequence[str], living: Sequence[str]) -> str:
    """The id of the living run that a name means; without a name the only one.

    Args:
        name: what a person wrote; may be empty.
        runs: the ids there are, oldest first.
        living: those of them that live.

    Raises:
        SettingsError: there is none, or more than one.
    """
    if name not in {LATEST, ""}:
        run = choose_run(name, runs)
        if run not in living:
            raise SettingsError(f"the run `{run}` has ended", hint=f"`runner status {run}` says how")
        return run
    if not living:
        hint = "`runner run` starts one; `runner ps` lists the runs of all projects"
        raise SettingsError("no run of this project lives", hint=hint)
    if len(living) > 1 and not name:
        raise SettingsError("more than one run lives", name_runs(living), "name one: its id, its beginning or end")
    return living[-1]
