"""`runner groups`: each group, its marks, when it runs, what it needs, and how many tests it selects."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner.cli.main import app
from runner.cli.options import ConfigOption, JsonOption, ProjectOption
from runner.cli.table import make_table

if TYPE_CHECKING:
    from runner.core.collected import Collected
    from runner.core.events import Event
    from runner.core.groups import Group

SHOWN = 5
"""Tests in no group that are named; `--json` has all."""


@app.command("groups")
def groups(
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    as_json: JsonOption = False,
    count: Annotated[bool, typer.Option(help="Collect the tests in the environment to count them.")] = True,
) -> None:
    """Show the groups of tests: marks, when each runs, what it needs, how many tests it selects."""
    from runner.cli.execute import execute
    from runner.cli.loading import load
    from runner.core.collected import Collected
    from runner.core.plan import make_collection_plan

    loaded, sourced = load(project, config)
    settings = sourced.settings
    collected = None
    if count:
        collected = Collected({name: group.marks for name, group in settings.groups.items()})

        def listen(event: "Event") -> None:
            collected.add(event)

        done = execute(
            loaded, settings, lambda _: make_collection_plan(settings), as_json=True, is_quiet=True, listener=listen
        )
        if done.outcome.exit_code:
            typer.echo((done.results / "suite.log").read_text(errors="replace"), err=True, nl=False)
            raise typer.Exit(done.outcome.exit_code)
    if as_json:
        print(json.dumps(make_document(settings.groups, collected)))
    else:
        show(settings.groups, collected)


def make_document(groups: "dict[str, Group]", collected: "Collected | None") -> dict[str, Any]:
    """The same as JSON."""
    from msgspec import to_builtins

    counts = collected.count() if collected else None
    return {
        "groups": {
            name: to_builtins(group) | ({"tests": counts[name]} if counts else {}) for name, group in groups.items()
        },
        "in_no_group": len(collected.in_no_group) if collected else None,
        "tests_in_no_group": collected.in_no_group if collected else None,
        "undeclared_marks": collected.undeclared if collected else None,
    }


def show(groups: "dict[str, Group]", collected: "Collected | None") -> None:
    """Print the groups on standard output, and what should not be, below."""
    counts = collected.count() if collected else None
    rows = [
        [
            name,
            " ".join(group.marks),
            " ".join(group.when) or "-",
            describe_needs(group) or "-",
            "yes" if group.default else "no",
            str(counts[name]) if counts else "?",
        ]
        for name, group in groups.items()
    ]
    print(make_table(["group", "marks", "when", "own needs", "default", "tests"], rows))
    if collected is None:
        return
    if alone := collected.in_no_group:
        print(f"warning: {len(alone)} tests in no group: {', '.join(alone[:SHOWN])}{' ...' if alone[SHOWN:] else ''}")
    for mark, tests in collected.undeclared.items():
        print(f"warning: nobody declared the mark `{mark}`: {', '.join(tests[:SHOWN])}")


def describe_needs(group: "Group") -> str:
    """What a group has of its own, in words."""
    own: dict[str, Any] = {
        "isolation": group.isolation,
        "workers": group.workers,
        "dist": group.dist,
        "reruns": group.reruns,
        "reruns_delay": group.reruns_delay,
        "timeout": group.timeout,
        "retry_budget": group.retry_budget,
    }
    words = [f"{name} {value}" for name, value in own.items() if value is not None]
    words += {True: ["database"], False: ["no database"], None: []}[group.database]
    words += [] if group.egress else ["no egress"]
    words += [*group.environment, *group.pytest_args]
    return ", ".join(words)
