"""Groups of tests as data: which marks make a group, when it runs, what it needs. Pure."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

Moment = Literal["commit", "pull-request", "nightly", "release"]
MOMENTS: tuple[Moment, ...] = ("commit", "pull-request", "nightly", "release")

Workers = Annotated[int, Meta(ge=0, le=256)] | Literal["auto"]
Isolation = Literal["schema", "database", "server", "sandbox", "none"]
"""From cheap to strong, and none at all."""

OWN_SERVER: frozenset[Isolation] = frozenset({"server", "sandbox"})
"""Where each slot has a server of its own, in which all names may be fixed."""

Right = Literal["superuser", "createdb", "createrole"]
Dist = Literal["load", "loadscope", "loadfile", "loadgroup", "worksteal"]
Seconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Group(Struct, frozen=True, kw_only=True):
    """One group of tests.

    Attributes:
        marks: pytest marks; a test that has one of them is in the group.
        when: the moments at which the group runs.
        description: one line, shown by `pytest --markers` and `runner groups`.
        workers: xdist workers for this group; None takes the run's number, 0 means no xdist.
        database: whether the tests of the group may ask for a database; None takes the run's `database`.
        default: whether `runner run` without a selection includes the group.
        egress: whether its tests reach anything but their Postgres.
        isolation: what a slot is for these tests; None, here and below, takes the run's setting of the same name.
        rights: what the role of its tests may do.
        dist: how xdist distributes them.
        reruns: how often a test is tried again after a transient failure.
        reruns_delay: seconds between attempts.
        timeout: time limit of the group's pass, in seconds.
        retry_budget: share of the group's tests that may need a retry.
        environment: variables for these tests, beside the run's.
        pytest_args: arguments for pytest, after the run's.
    """

    marks: Annotated[list[str], Meta(min_length=1)]
    when: list[Moment] = []
    description: str = ""
    workers: Workers | None = None
    database: bool | None = None
    default: bool = True
    egress: bool = True
    isolation: Isolation | None = None
    rights: list[Right] | None = None
    dist: Dist | None = None
    reruns: Annotated[int, Meta(ge=0)] | None = None
    reruns_delay: Annotated[float, Meta(ge=0)] | None = None
    timeout: Seconds | None = None
    retry_budget: Share | None = None
    environment: dict[str, str] = {}
    pytest_args: list[str] = []


DEFAULT_GROUPS: Mapping[str, Group] = {
    "smoke": Group(marks=["smoke"], when=["commit"], description="seconds; the main paths work at all"),
    "regression": Group(
        marks=["regression"], when=["pull-request"], description="the bulk of the tests; every behaviour once"
    ),
    "slow": Group(marks=["slow"], when=["nightly", "release"], description="thorough and long"),
    "e2e": Group(marks=["e2e"], when=["nightly"], description="whole paths through the product"),
    "security": Group(
        marks=["security"], when=["nightly"], description="rights, secrets and hostile input", egress=False
    ),
    "performance": Group(
        marks=["performance"],
        when=["release"],
        description="measurements; alone, without parallel workers",
        workers=0,
        default=False,
    ),
}
