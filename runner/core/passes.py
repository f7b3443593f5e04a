"""Passes of pytest, and the stages they share: groups that need different things get passes of their own. Pure.

A pass is one call of pytest: the number of workers and the environment belong to the process. A stage is a pair of
containers: passes with another network or another kind of slot need one of their own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.core.groups import Group, Isolation, Right
from runner.core.names import make_slots
from runner.core.settings import REST, Settings, make_workers

PYTEST_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})


@dataclass(frozen=True, order=True)
class Needs:
    """What a pass needs; groups with the same needs share one. In the order in which the special ones come first.

    Attributes:
        workers: xdist workers; 0 runs without xdist.
        database: whether the environment has the database.
        egress: whether the tests reach anything but their Postgres.
        isolation: what a slot is.
        rights: what the role of a slot may do.
        dist: how xdist distributes the tests.
        reruns: how often a test is tried again.
        reruns_delay: seconds between attempts.
        timeout: seconds for the pass; 0 leaves it to the run's limit.
        environment: variables beside the run's.
        pytest_args: arguments after the run's.
    """

    workers: int
    database: bool = True
    egress: bool = True
    isolation: Isolation = "schema"
    rights: tuple[Right, ...] = ()
    dist: str = "loadscope"
    reruns: int = 0
    reruns_delay: float = 0.0
    timeout: float = 0.0
    environment: tuple[tuple[str, str], ...] = ()
    pytest_args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pass:
    """One call of pytest.

    Attributes:
        name: for people and for result files.
        mark: the `-m` expression; empty selects every test.
        needs: what it needs.
        marks: those of which a test must have one to be selected; empty where that cannot be told.
    """

    name: str
    mark: str
    needs: Needs
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stage:
    """Passes that share one pair of containers.

    Attributes:
        passes: the calls of pytest, in order; those without a database first, while Postgres starts.
    """

    passes: tuple[Pass, ...]

    @property
    def database(self) -> bool:
        """Whether any pass needs Postgres."""
        return any(each.needs.database for each in self.passes)

    @property
    def egress(self) -> bool:
        """Whether the tests reach anything but their Postgres."""
        return self.passes[0].needs.egress

    @property
    def isolation(self) -> Isolation:
        """What a slot is."""
        return next((each.needs.isolation for each in self.passes if each.needs.database), "schema")

    @property
    def rights(self) -> tuple[Right, ...]:
        """What the role of a slot may do."""
        return next((each.needs.rights for each in self.passes if each.needs.database), ())

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots that the stage starts with."""
        return make_slots(max((each.needs.workers for each in self.passes if each.needs.database), default=0))


def make_stages(passes: Sequence[Pass]) -> tuple[Stage, ...]:
    """The passes by the containers they need; a pass without a database goes with any that has its network."""
    found: dict[tuple[bool, Isolation, tuple[Right, ...]], list[Pass]] = {}
    for each in sorted(passes, key=lambda each: (not each.needs.database, not each.needs.egress)):
        key = (each.needs.egress, each.needs.isolation, each.needs.rights)
        if not each.needs.database:
            key = next((known for known in found if known[0] == each.needs.egress), key)
        found.setdefault(key, []).append(each)
    return tuple(Stage(tuple(sorted(each, key=lambda one: one.needs.database))) for each in found.values())


def limit_workers(needs: Needs, limit: int) -> Needs:
    """The same needs with no more workers than tests."""
    return replace(needs, workers=min(needs.workers, max(1, limit)) if needs.workers else 0)


def make_passes(settings: Settings, chosen: tuple[str, ...] | None, expression: str, cpus: int) -> tuple[Pass, ...]:
    """The passes for the chosen groups; every selected test is in exactly one of them.

    Without groups and an expression it is the setting `mark` that selects, often the suite's own `-m`.

    A test that belongs to several passes runs in the most special one: without workers before with workers.
    """
    base = make_needs(settings, Group(marks=[REST]), cpus)
    named = find_words(expression)
    expression = expression or (settings.mark if chosen is None else "")
    needs = {name: make_needs(settings, group, cpus) for name, group in settings.groups.items()}

    def is_chosen(name: str) -> bool:
        group = settings.groups[name]
        return name in chosen if chosen is not None else group.default or not named.isdisjoint(group.marks)

    special: dict[Needs, list[str]] = {}
    for name, need in needs.items():
        if need != base and is_chosen(name):
            special.setdefault(need, []).append(name)
    passes = []
    # Whoever did not choose groups does not get those that are left out by default, whatever else a test belongs to.
    taken = [] if chosen else [name for name in settings.groups if not is_chosen(name)]
    for need, names in sorted(special.items()):
        wanted = make_any(settings.groups, names)
        mark = make_all(wanted, make_none(settings.groups, taken), expression)
        passes.append(Pass("+".join(names), mark, need, find_marks(settings.groups, names)))
        taken += names
    rest = [name for name in chosen or () if name not in taken]
    if chosen is None or rest:
        mark = make_all(make_any(settings.groups, rest), make_none(settings.groups, taken), expression)
        passes.append(Pass("+".join(rest) or REST, mark, base, find_marks(settings.groups, rest)))
    return tuple(sorted(passes, key=lambda each: each.needs.database))


def make_needs(settings: Settings, group: Group, cpus: int) -> Needs:
    """What the tests of a group need: its own where it says so, else the run's."""

    def choose(own: Any, common: Any) -> Any:
        return common if own is None else own

    return Needs(
        workers=make_workers(choose(group.workers, settings.workers), cpus),
        database=choose(group.database, settings.database),
        egress=group.egress,
        isolation=choose(group.isolation, settings.isolation),
        rights=tuple(sorted({*choose(group.rights, settings.rights)})),
        dist=choose(group.dist, settings.dist),
        reruns=choose(group.reruns, settings.reruns),
        reruns_delay=choose(group.reruns_delay, settings.reruns_delay),
        timeout=choose(group.timeout, 0.0),
        environment=tuple(sorted(group.environment.items())),
        pytest_args=tuple(group.pytest_args),
    )


def find_marks(groups: Mapping[str, Group], names: Sequence[str]) -> frozenset[str]:
    """The marks of these groups."""
    return frozenset(mark for name in names for mark in groups[name].marks)


def find_words(expression: str) -> set[str]:
    """The marks that a `-m` expression names."""
    return set(re.findall(r"[\w.]+", expression)) - PYTEST_WORDS


def make_any(groups: Mapping[str, Group], names: Sequence[str]) -> str:
    """An expression for the tests of these groups; empty for no group."""
    marks = dict.fromkeys(mark for name in names for mark in groups[name].marks)
    return " or ".join(marks)


def make_none(groups: Mapping[str, Group], names: Sequence[str]) -> str:
    """An expression for the tests of none of these groups; empty for no group."""
    marks = make_any(groups, names)
    return f"not ({marks})" if marks else ""


def make_all(*expressions: str) -> str:
    """One expression that demands all of those that are not empty."""
    wanted = [each for each in expressions if each]
    return wanted[0] if len(wanted) == 1 else " and ".join(f"({each})" for each in wanted)
