"""What a run will do, decided before anything starts: a frozen Plan of passes of pytest. Pure."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.core.debugging import Debugger
from runner.core.failing import OPTIONS, Failing, Use
from runner.core.groups import MOMENTS, Group
from runner.core.nearest import make_hint
from runner.core.passes import Needs, Pass, Stage, limit_workers, make_needs, make_passes, make_stages
from runner.core.placeholders import fill_arguments
from runner.core.places import RESULTS
from runner.core.settings import REST, Settings
from runner.errors import SettingsError

LOADED = ("-p", "xdist", "-p", "rerunfailures")
"""Plugins whose options are ours: a suite may have told pytest to leave them, or all, out."""

DEFAULT = "the default selection"


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
        failed: whether only tests that failed before are asked for (`--last-failed`), or those first.
    """

    groups: tuple[str, ...] = ()
    moment: str = ""
    mark: str = ""
    keyword: str = ""
    paths: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    failed: Use = ""

    def as_text(self) -> str:
        """The selection in words, as a shell takes them, for messages."""
        words = [f"--group {group}" for group in self.groups]
        words += [f"--when {self.moment}"] if self.moment else []
        words += [f'-m "{self.mark}"'] if self.mark else []
        words += [f'-k "{self.keyword}"'] if self.keyword else []
        return " ".join([*words, *map(shlex.quote, self.paths)]) or DEFAULT

    def as_key(self) -> str:
        """The selection as the ledger knows it: two that differ in anything are two."""
        words = [self.as_text()]
        if self.failed:
            words = [OPTIONS[self.failed], *(each for each in words if each != DEFAULT)]
        return " ".join([*words, *(["--", shlex.join(self.pytest_args)] if self.pytest_args else [])])


@dataclass(frozen=True)
class Plan:
    """Everything a run will do.

    Attributes:
        settings: the settings it was made from.
        selection: what the user asked for.
        passes: the calls of pytest.
        collect_only: list the tests instead of running them.
        seed: of the random order; None keeps the declared one.
        durations: seconds of each known test, from earlier runs; the longest start first.
        order: the tests to run, in exactly this order; empty for all that are selected.
        debugger: what stands by while tests run.
        failing: tests that failed in earlier runs, and what this run does with them.
    """

    settings: Settings
    selection: Selection
    passes: tuple[Pass, ...]
    collect_only: bool = False
    seed: int | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    debugger: Debugger | None = None
    failing: Failing = field(default_factory=Failing)

    @property
    def database(self) -> bool:
        """Whether any pass needs Postgres."""
        return any(each.needs.database for each in self.passes)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The passes by the containers they need.

        Where only tests that failed before run, first the passes that should have all of them: the others are left
        out when that was right.
        """
        if self.failing.use != "only":
            return make_stages(self.passes)
        likely = self.failing.find_likely(self.passes, self.settings.groups)
        return make_stages(likely) + make_stages([each for each in self.passes if each not in likely])


@dataclass(frozen=True)
class History:
    """What is known from earlier runs.

    Attributes:
        tests: how many tests this selection had the last time; None where it is new.
        durations: seconds of each known test.
        failing: tests that failed and did not pass since.
    """

    tests: int | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    failing: Failing = field(default_factory=Failing)


def make_plan(
    settings: Settings, selection: Selection, cpus: int, seed: int | None = None, history: History | None = None
) -> Plan:
    """The plan for a selection.

    Raises:
        SettingsError: a group or a moment is unknown.
    """
    history = history or History()
    chosen = choose_groups(settings.groups, selection)
    passes = make_passes(settings, chosen, selection.mark, cpus)
    if history.tests is not None:
        passes = tuple(replace(each, needs=limit_workers(each.needs, history.tests)) for each in passes)
    if history.failing.use == "only":
        passes = tuple(replace(each, needs=limit_workers(each.needs, len(history.failing.tests))) for each in passes)
    check_services(settings, passes)
    return Plan(settings, selection, passes, seed=seed, durations=history.durations, failing=history.failing)


def check_services(settings: Settings, passes: Sequence[Pass]) -> None:
    """Refuse services beside sandboxes, which have no network but their own."""
    if settings.services and any(each.needs.isolation == "sandbox" and each.needs.database for each in passes):
        cause = "a sandbox has its own loopback and no other network: no service of `services` can be reached from it"
        raise SettingsError("tests in sandboxes cannot have services", cause, 'set `isolation = "server"`')


def make_collection_plan(settings: Settings) -> Plan:
    """A plan that lists every test of the project, with the database at hand for imports that want it."""
    needs = Needs(0, database=settings.has_database, isolation=settings.isolation, rights=tuple(settings.rights))
    everything = (Pass("collect", "", needs),)
    return Plan(settings, Selection(), everything, collect_only=True)


def make_shell_plan(settings: Settings, group: str, cpus: int) -> Plan:
    """A plan for a shell in the environment of a group, or of the tests of no special group; without workers.

    Raises:
        SettingsError: the group is unknown.
    """
    if group and group not in settings.groups:
        raise SettingsError(f"unknown group `{group}`", hint=make_hint(group, settings.groups))
    needs = make_needs(settings, settings.groups[group] if group else Group(marks=[REST]), cpus)
    # Nothing that pytest does in there is hurried, or tried again.
    needs = replace(needs, workers=0, reruns=0, timeout=0.0)
    return Plan(settings, Selection((group,) if group else ()), (Pass(group or REST, "", needs),))


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


def list_own_arguments(plan: Plan, each: Pass, server: Mapping[str, str] | None) -> list[str]:
    """The user's own words for pytest in one pass, with what is known of the address before a worker has its slot."""
    words = [*plan.settings.pytest_args, *each.needs.pytest_args, *plan.selection.pytest_args]
    return fill_arguments(words, server)


def make_pytest_args(plan: Plan, each: Pass, colour: bool, server: Mapping[str, str] | None = None) -> list[str]:
    """The command line of pytest for one pass; the user's own words come last, so that they win.

    Args:
        plan: the run's.
        each: the pass.
        colour: whether there are colours.
        server: from `runner.core.slots.make_server`, or None for a pass without a database.
    """
    selection, needs = plan.selection, each.needs
    # A project that installs the runner itself would load the plugin a second time.
    args = ["-p", "no:ephemeral-runner", *LOADED, f"--color={'yes' if colour else 'no'}"]
    if plan.collect_only:
        # What nobody declared is to be listed, not refused.
        args += ["--collect-only", "-q", "-n", "0", "-o", "strict_markers=false"]
        args += ["-W", "ignore::pytest.PytestUnknownMarkWarning"]
    else:
        args += [f"--junitxml={RESULTS}/{each.name}.xml", "-n", str(needs.workers)]
        args += ["--dist", needs.dist, "--reruns", str(needs.reruns), "--reruns-delay", f"{needs.reruns_delay:g}"]
    args += ["-m", each.mark] if each.mark else []
    args += ["-k", selection.keyword] if selection.keyword else []
    return [*args, *list_own_arguments(plan, each, server), *selection.paths]
