"""Names and labels of everything the runner creates; made and parsed here only. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

PREFIX = "ephemeral-runner"
RUN = f"{PREFIX}.run"
PROJECT = f"{PREFIX}.project"
ROLE = f"{PREFIX}.role"
OWNER = f"{PREFIX}.owner"
CREATED = f"{PREFIX}.created"
LAUNCHER = f"{PREFIX}.launcher"
"""Where the runner runs in a container of its own: that container's name, or its host name."""

MASTER = "master"
"""The slot of a process that is not an xdist worker."""


@dataclass(frozen=True)
class Owner:
    """The process that owns a run: the machine's boot, the process id and its start time.

    The start time tells a living owner from another process that got the same id later.
    """

    boot: str
    pid: int
    started: str

    def as_label(self) -> str:
        """The value of the label `ephemeral-runner.owner`."""
        return f"{self.boot}/{self.pid}/{self.started}"


def parse_owner(label: str) -> Owner | None:
    """The owner in a label, or None where the label is not one of ours."""
    boot, _, rest = label.partition("/")
    pid, _, started = rest.partition("/")
    if not (boot and pid.isascii() and pid.isdigit() and started):
        return None
    return Owner(boot, int(pid), started)


BUILD = "runner-build"
"""What the name of a container begins with in which an image is made."""


def make_build_name(owner: Owner, token: str) -> str:
    """The name of such a container; labels would go into the image, and from there to every container of it."""
    # A time of day, where processes have one, has colons, which names may not have.
    return f"{BUILD}_{owner.boot}_{owner.pid}_{owner.started.replace(':', '.')}_{token}"


def parse_build_owner(name: str) -> Owner | None:
    """The owner in such a name, or None where it is not one of ours."""
    match name.split("_"):
        case [_, boot, pid, started, _]:
            return parse_owner(f"{boot}/{pid}/{started.replace('.', ':')}")
        case _:
            return None


def make_run_id(now: datetime, token: str) -> str:
    """A run id that sorts by time, such as `20261123-160501-3f9a2c`."""
    return f"{now:%Y%m%d-%H%M%S}-{token}"


def make_labels(
    run: str, project: str, role: str, owner: Owner, created: datetime, launcher: str = ""
) -> dict[str, str]:
    """The labels that every object of a run carries; `launcher` only where the runner is in a container itself."""
    return {
        RUN: run,
        PROJECT: project,
        ROLE: role,
        OWNER: owner.as_label(),
        CREATED: created.isoformat(timespec="seconds"),
    } | ({LAUNCHER: launcher} if launcher else {})


def make_image_tag(kind: str, fingerprint: str, project: str = "") -> str:
    """An image's name, such as `ephemeral-runner/suite-orders:0123456789abcdef`."""
    repository = f"{kind}-{make_slug(project)}" if project else kind
    return f"{PREFIX}/{repository}:{fingerprint}"


def make_slug(text: str) -> str:
    """`text` in the letters that an image or container name may hold.

    The engine's grammar allows lower case letters, digits and single separators between them.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "project"


def make_slots(workers: int) -> tuple[str, ...]:
    """The slots a run starts with: `master`, and `gw0`, `gw1` ... for the xdist workers.

    xdist's controller also gets `master`: it loads the conftest files, which may connect.
    """
    return (MASTER, *(f"gw{number}" for number in range(workers)))


def is_database_of(name: str, slot: str) -> bool:
    """Whether a name is one that the plugin gives to the databases of single tests on a worker."""
    return is_slot(slot) and re.fullmatch(rf"{slot}_[0-9]+_db[0-9]+", name) is not None


def is_slot(name: str) -> bool:
    """Whether a name is one that xdist gives its workers, or `master`."""
    return name == MASTER or re.fullmatch(r"gw[0-9]{1,6}", name) is not None
