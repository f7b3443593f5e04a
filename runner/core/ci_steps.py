"""The steps of CI's files that run the tests or prepare their database, and the variables that each has. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runner.core.ci_scripts import follow
from runner.core.detection.services import CI_FILES, IMAGE, REFERENCE
from runner.core.snapshot import Snapshot, dig, dig_list, dig_table
from runner.core.yaml_reading import read_pairs, read_yaml, walk

RUNS = re.compile(
    r"\b(?:pytest|py\.test|tox|nox|unittest|alembic|migrate)\b"
    r"|\b(?:make|just|task|run|invoke)\s+(?:\w+[-:])*tests?\b"
    r"|(?<![^\s/])(?:run[-_])?tests?(?:\.sh|\.py)?(?![^\s;&|)'\"])"
)
"""A command that runs tests or migrations: by a tool's name, or as `make test`, `manage.py test`, `scripts/test`."""


@dataclass(frozen=True)
class Step:
    """A step of CI's.

    Attributes:
        where: the file.
        commands: what it runs; scripts of the project's that it calls are behind them.
        variables: what these see beside the machine's own.
        has_postgres: whether a Postgres runs beside it.
    """

    where: str
    commands: str
    variables: Mapping[str, str]
    has_postgres: bool


def list_jobs(snapshot: Snapshot) -> Iterator[tuple[str, list[str]]]:
    """The file and the commands of each of GitHub's jobs, in their order, each with the scripts that it calls."""
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        for job in dig_table(read_yaml(snapshot.texts[path]), "jobs").values():
            yield path, [follow(table["run"], snapshot) for table in walk(job) if isinstance(table.get("run"), str)]


def list_steps(snapshot: Snapshot) -> list[Step]:
    """The steps that run tests or migrations, those beside a Postgres first."""
    paths = sorted(path for path in snapshot.texts if CI_FILES.search(path))
    steps = [each for path in paths for each in read_steps(path, read_yaml(snapshot.texts[path]))]
    found = [replace(each, commands=follow(each.commands, snapshot)) for each in steps]
    return sorted((each for each in found if RUNS.search(each.commands)), key=lambda each: not each.has_postgres)


def read_steps(where: str, document: Any) -> Iterator[Step]:
    """Every step of a file: of GitHub's jobs, and of jobs that are tables with a script, such as GitLab's."""
    jobs = [each for each in dig_table(document, "jobs").values() if isinstance(each, Mapping)]
    for job in jobs:
        outer = {**read_pairs(dig(document, "env")), **read_pairs(job.get("env"))}
        for step in dig_list(job, "steps"):
            if isinstance(step, Mapping) and isinstance(step.get("run"), str):
                yield Step(where, step["run"], outer | read_pairs(step.get("env")), has_postgres(job))
    for job in dig_table(document).values():
        if isinstance(job, Mapping) and (
            commands := [*list_lines(job.get("before_script")), *list_lines(job.get("script"))]
        ):
            variables = read_pairs(dig(document, "variables")) | read_pairs(job.get("variables"))
            yield Step(
                where, "\n".join(commands), variables, has_postgres(job) or has_postgres(dig(document, "services"))
            )


def list_lines(node: Any) -> list[str]:
    """Commands, as one text or as a list."""
    return [each for each in (node if isinstance(node, list) else [node]) if isinstance(each, str)]


def has_postgres(node: Any) -> bool:
    """Whether an image in a part of a file is Postgres's."""
    images = [each for table in walk(node) for each in (table.get("image"), table.get("name"))]
    images += [each for table in walk({"": node}) for each in list_lines(table.get("services"))] + list_lines(node)
    return any(IMAGE.search(REFERENCE.sub("x", each)) for each in images if isinstance(each, str))
