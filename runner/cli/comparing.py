"""The part of `runner audit --isolation` at the terminal: carries it out, and says what to write."""

import json
from typing import TYPE_CHECKING

from runner.cli.execute import execute
from runner.comparing import ComparingSession
from runner.core.isolation_words import describe_advice, summarize
from runner.core.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.core.events import Listener
    from runner.core.plan import Plan, Selection
    from runner.core.settings import Settings
    from runner.engines.protocol import Engine
    from runner.project.load import Project
    from runner.surroundings import Surroundings

FEWEST = 2
"""Workers that can be in each other's way; `auto` is no fewer here."""


def compare(
    project: "Project", settings: "Settings", selection: "Selection", tries_all: bool, as_json: bool, verbose: bool
) -> int:
    """Compare isolations and print what was found; the command's exit code.

    0: the isolation that the settings name is equal to a serial run for every pass; 1: it is not for some.
    """
    sessions: list[ComparingSession] = []

    def make(cpus: int) -> "Plan":
        return make_plan(settings, selection, max(FEWEST, cpus))

    def make_session(
        plan: "Plan", engine: "Engine", around: "Surroundings", hear: "Sequence[Listener]"
    ) -> ComparingSession:
        sessions.append(ComparingSession(plan, engine, around, hear, tries_all))
        return sessions[0]

    make(1)  # Refuses unknown groups before the engine is asked for anything.
    done = execute(project, settings, make, as_json, verbose, is_quiet=True, make_session=make_session)
    if done.outcome.exit_code:
        return done.outcome.exit_code
    advice = sessions[0].advice
    if as_json:
        print(json.dumps({"passes": [summarize(each) for each in advice]}))
    else:
        for each in advice:
            print("\n".join(describe_advice(each)))
    return 0 if all(each.is_right for each in advice) else 1
