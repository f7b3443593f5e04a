"""What the project itself says of its images, and whether its lock still says the same. Pure.

Every run with a lock imports this, so that it needs no more than the lock's shape.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from runner.core.lock import Lock
from runner.core.words import compare_lists, compare_values

INPUT_NAMES = {
    "pyproject": "`pyproject.toml` has changed in what is built or installed",
    "lock environment": "one of the settings `lock`, `extras`, `dependency_groups`, `exclude_newer` has changed",
    "requirements": "the setting `requirements` has changed",
    "build project.env": "the project's Python, place, or the way in which it is installed has changed",
    "build build-constraints.txt": "the setting `build_constraints` has changed",
    "build history": "the tags of the repository have changed",
    "build history.sh": "the checked out commit has a tag, or has none any more",
    "compiled sources": "sources of compiled parts have changed",
    "sources": "files of the project have changed, which is not installed as editable",
    "postgres": "one of the settings `postgres.version`, `image`, `extensions`, `locale`, `encoding` has changed",
    "commit": "another commit is checked out, and `git = true`",
}
"""What goes into the suite image, by the names that `runner.project.recipe` gives it; and into the server's."""


class LockInputs(Struct, frozen=True):
    """What the project and the runner decide before any image is built.

    Attributes:
        runner: its version.
        image: the setting `base_image`.
        packages: the setting `packages`, sorted.
        lock: path of the Python lock file, relative to the project.
        sha256: its checksum.
        others: short checksums of what else goes into the images.
    """

    runner: str
    image: str
    packages: Sequence[str]
    lock: str
    sha256: str
    others: Mapping[str, str]


def find_stale(lock: Lock, inputs: LockInputs, architecture: str | None = None) -> list[str]:
    """What has changed since the lock was made, as far as it can be told without building; nothing for a fresh one.

    Args:
        lock: the lock.
        inputs: the project as it is.
        architecture: the engine's; None where no engine was asked.
    """
    same_file = lock.python.lock == inputs.lock
    return [
        *compare_values(lock.runner, inputs.runner, "made by runner {old}, this is {new}"),
        *compare_values(lock.architecture, architecture or lock.architecture, "made for {old}, the engine is {new}"),
        *compare_values(lock.base.image, inputs.image, "the setting `base_image` was {old}, is {new}"),
        *compare_values(lock.python.lock, inputs.lock, "the Python lock was {old}, is {new}"),
        *(compare_values(lock.python.sha256, inputs.sha256, f"`{inputs.lock}` has changed") if same_file else ()),
        *compare_lists(lock.suite.packages, inputs.packages, "the setting `packages`"),
        *compare_inputs(lock.suite.inputs, inputs.others),
    ]


def compare_inputs(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What else of the project goes into the suite image and has changed."""
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [INPUT_NAMES.get(name, f"`{name}` has changed") for name in changed]
