"""What a run will do, decided before anything starts: a frozen Plan of one or more passes of pytest. Pure.

A pass is one call of pytest. Groups that need different things (no workers, no database) get passes of
their own, because the number of workers and the environment belong to the process.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.core.groups import MOMENTS, Group
from runner.core.names import make_slots
from runner.core.nearest import make_hint
from runner.core.settings import REST, Settings, make_workers
from runner.errors import SettingsError

RESULTS = "/run/runner/results"
"""Where pytest writes its JUnit file inside the suite container."""

PYTEST_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})


@dataclass(frozen=True)
class Selection:
    """What the user asked for, as it was typed.

    Attributes:
        groups: names of groups (`--group`).
        moment: a moment (`--when`), or empty.
        mark: pytest's own `-m` expression, or empty.
        keyword: pytest's own `-k` expression, or empty.
        paths: files, folders or test ids, relative to the project.
        pytest_args: what stood after `--`.
    """

    groups: tuple[str, ...] = ()
    moment: str = ""
    mark: str = ""
    keyword: str = ""
    paths: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()

    def as_text(self) -> str:
        """The selection in words, for messages."""
        words = [f"--group {group}" for group in self.groups]
        words += [f"--when {self.moment}"] if self.moment else []
        words += [f'-m "{self.mark}"'] if self.mark else []
        words += [f'-k "{self.keyword}"'] if self.keyword else []
        return " ".join([*words, *self.paths]) or "the default selection"


@dataclass(frozen=True)
class Pass:
    """One call of pytest.

    Attributes:
        name: for people and for result files.
        mark: the `-m` expression; empty selects every test.
        workers: xdist workers; 0 runs without xdist.
        database: whether the environment has the database.
    """

    name: str
    mark: str
    workers: int
    database: bool


@dataclass(frozen=True)
class Plan:
    """Everything a run will do.

    Attributes:
        settings: the settings it was made from.
        selection: what the user asked for.
        passes: the calls of pytest, in order; those without a database first, while Postgres starts.
        collect_only: list the tests instead of running them.
    """

    settings: Settings
    selection: Selection
    passes: tuple[Pass, ...]
    collect_only: bool = False
    slots: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        workers = [each.workers for each in self.passes if each.database]
        object.__setattr__(self, "slots", make_slots(max(workers, default=0)))

    @property
    def database(self) -> bool:
        """Whether any pass needs Postgres."""
        return any(each.database for each in self.passes)


def make_plan(settings: Settings, selection: Selection, cpus: int) -> Plan:
    """The plan for a selection.

    Raises:
        SettingsError: a group or a moment is unknown.
    """
    chosen = choose_groups(settings.groups, selection)
    return Plan(settings, selection, make_passes(settings, chosen, selection.mark, cpus))


def make_collection_plan(settings: Settings) -> Plan:
    """A plan that lists every test of the project, with the database at hand for imports that want it."""
    everything = (Pass("collect", "", 0, database=True),)
    return Plan(settings, Selection(), everything, collect_only=True)


def choose_groups(groups: Mapping[str, Group], selection: Selection) -> tuple[str, ...] | None:
    """The groups that `--group` and `--when` name, or None where neither is given."""
    for name in selection.groups:
        if name not in groups:
            raise SettingsError(f"unknown group `{name}`", hint=make_hint(name, groups))
    if not selection.moment:
        return selection.groups or None
    if selection.moment not in MOMENTS:
        raise SettingsError(f"unknown moment `{selection.moment}`", hint=make_hint(selection.moment, MOMENTS))
    of_moment = [name for name, group in groups.items() if selection.moment in group.when]
    if not of_moment:
        raise SettingsError(
            f"no group runs at `{selection.moment}`", hint="set `when` of a group; `runner groups` lists them"
        )
    return tuple(dict.fromkeys((*selection.groups, *of_moment)))


def make_passes(settings: Settings, chosen: tuple[str, ...] | None, expression: str, cpus: int) -> tuple[Pass, ...]:
    """The passes for the chosen groups; every selected test is in exactly one of them.

    A test that belongs to several passes runs in the most special one: without workers before with workers.
    """
    base = (make_workers(settings.workers, cpus), True)
    named = find_words(expression)
    needs = {
        name: (base[0] if group.workers is None else make_workers(group.workers, cpus), group.database)
        for name, group in settings.groups.items()
    }

    def is_chosen(name: str) -> bool:
        group = settings.groups[name]
        return name in chosen if chosen is not None else group.default or not named.isdisjoint(group.marks)

    special: dict[tuple[int, bool], list[str]] = {}
    for name, need in needs.items():
        if need != base and is_chosen(name):
            special.setdefault(need, []).append(name)
    passes = []
    # Whoever did not choose groups does not get those that are left out by default, whatever else a test belongs to.
    taken = [] if chosen else [name for name in settings.groups if not is_chosen(name)]
    for need, names in sorted(special.items()):
        wanted = make_any(settings.groups, names)
        passes.append(Pass("+".join(names), make_all(wanted, make_none(settings.groups, taken), expression), *need))
        taken += names
    rest = [name for name in chosen or () if name not in taken]
    if chosen is None or rest:
        mark = make_all(make_any(settings.groups, rest), make_none(settings.groups, taken), expression)
        passes.append(Pass("+".join(rest) or REST, mark, *base))
    return tuple(sorted(passes, key=lambda each: each.database))


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


def make_pytest_args(plan: Plan, each: Pass, colour: bool) -> list[str]:
    """The command line of pytest for one pass; the user's own words come last, so that they win."""
    settings, selection = plan.settings, plan.selection
    # A project that installs the runner itself would load the plugin a second time.
    args = ["-p", "no:ephemeral-runner", "--strict-markers", f"--color={'yes' if colour else 'no'}"]
    if plan.collect_only:
        args += ["--collect-only", "-q", "-n", "0"]
    else:
        args += [f"--junitxml={RESULTS}/{each.name}.xml", "-n", str(each.workers), "--dist", settings.dist]
    args += ["-m", each.mark] if each.mark else []
    args += ["-k", selection.keyword] if selection.keyword else []
    return [*args, *settings.pytest_args, *selection.pytest_args, *selection.paths]
