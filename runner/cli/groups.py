"""`runner groups`: each group, its marks, when it runs, and how many tests it selects."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption
from runner.cli.table import make_table

if TYPE_CHECKING:
    from runner.core.events import Event
    from runner.core.groups import Group


@app.command("groups")
def groups(
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    count: Annotated[bool, typer.Option(help="Collect the tests in the environment to count them.")] = True,
) -> None:
    """Show the groups of tests: marks, when each runs, how many tests it selects."""
    from runner.cli.execute import execute
    from runner.cli.loading import load
    from runner.core.outcome import count_groups
    from runner.core.plan import make_collection_plan

    loaded, sourced = load(project)
    settings = sourced.settings
    counts: dict[str, int] | None = None
    if count:
        collected: list[tuple[str, frozenset[str]]] = []

        def listen(event: "Event") -> None:
            if event.name == "test-collected":
                collected.append((event.data["test"], frozenset(event.data["marks"])))

        done = execute(loaded, settings, lambda _: make_collection_plan(settings), True, False, listen)
        if done.outcome.exit_code:
            typer.echo((done.results / "suite.log").read_text(errors="replace"), err=True, nl=False)
            raise typer.Exit(done.outcome.exit_code)
        counts = count_groups(collected, {name: group.marks for name, group in settings.groups.items()})
    show(settings.groups, counts, as_json)


def show(groups: "dict[str, Group]", counts: dict[str, int] | None, as_json: bool) -> None:
    """Print the groups on standard output."""
    from msgspec import to_builtins

    if as_json:
        found = {
            name: to_builtins(group) | ({"tests": counts[name]} if counts else {}) for name, group in groups.items()
        }
        print(json.dumps({"groups": found, "in_no_group": counts[""] if counts else None}))
        return
    rows = [
        [
            name,
            " ".join(group.marks),
            " ".join(group.when) or "-",
            "auto" if group.workers is None else str(group.workers),
            "yes" if group.database else "no",
            "yes" if group.default else "no",
            str(counts[name]) if counts else "?",
        ]
        for name, group in groups.items()
    ]
    print(make_table(["group", "marks", "when", "workers", "database", "default", "tests"], rows))
    if counts and counts[""]:
        print(f"{counts['']} tests in no group")
