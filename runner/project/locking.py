"""What a project's `runner.lock` means for one run: whether the run insists on it, whether it is stale, its pins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from runner.core.lock import NAME, Lock, list_distributions, make_pins
from runner.core.lock_inputs import LockInputs, find_stale
from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.core.silence import is_ci
from runner.core.words import shorten
from runner.errors import ImageError, SettingsError
from runner.project.load import Project
from runner.project.lockfile import make_inputs, read_lock
from runner.project.recipe import SuiteRecipe


@dataclass(frozen=True)
class LockState:
    """A lock beside the project as it is.

    Attributes:
        lock: the file's, if there is one.
        inputs: the project's and the runner's part of it, as they are now.
        architecture: the engine's; empty where there is no lock.
        stale: what has changed since the lock was made, in words.
        is_binding: whether an image that is not the locked one is refused.
        settings: the run's; the base image is the locked one.
        pins: what the images are built with.
        cache: where content digests are kept.
    """

    lock: Lock | None
    inputs: LockInputs
    architecture: str
    stale: Sequence[str]
    is_binding: bool
    settings: Settings
    pins: Pins
    cache: Path


def load_lock_state(
    project: Project,
    settings: Settings,
    recipe: SuiteRecipe,
    environ: Mapping[str, str],
    find_architecture: Callable[[], str],
) -> LockState:
    """The state of a project's lock.

    Args:
        project: the project.
        settings: the run's.
        recipe: of the suite image.
        environ: the caller's environment; a `CI` in it may make the lock binding.
        find_architecture: asks the engine; not called where there is no lock.

    Raises:
        SettingsError: the file cannot be used.
    """
    lock = read_lock(project.folder)
    inputs = make_inputs(project, settings, recipe.identity)
    architecture = find_architecture() if lock else ""
    stale = find_stale(lock, inputs, architecture) if lock else []
    pins = Pins(distributions=list_distributions(lock) if lock else {})
    # Another base, or another architecture, has other packages: pins of the old ones would only be in the way.
    if lock and lock.base.image == inputs.image and lock.architecture == architecture:
        pins = make_pins(lock)
        if lock.suite.inputs.get("postgres") != inputs.others.get("postgres"):
            # A server of another version wants other packages.
            pins = Pins(
                pins.source,
                {image: each for image, each in pins.versions.items() if image != "postgres"},
                pins.distributions,
            )
        settings = replace(settings, base_image=lock.base.reference or settings.base_image)
    is_binding = bool(lock and is_ci(environ)) if settings.locked == "auto" else settings.locked
    cache = project.folder / settings.results / "images.json"
    return LockState(lock, inputs, architecture, stale, is_binding, settings, pins, cache)


def check_lock_state(state: LockState, folder: Path) -> LockState:
    """The same, if it leaves no doubt before anything is built.

    Raises:
        SettingsError: a lock is insisted on, and there is none.
        ImageError: a lock is insisted on, and it is stale, or of another architecture.
    """
    if state.is_binding and state.lock is None:
        raise make_missing(folder)
    if state.is_binding and state.lock and state.lock.architecture != state.architecture:
        raise ImageError(
            f"`{NAME}` is of another architecture",
            f"it was made for `{state.lock.architecture}`, and the engine is `{state.architecture}`",
            f"use an engine for `{state.lock.architecture}`, or make the lock anew with this one: `runner lock`",
        )
    if state.is_binding and state.stale:
        raise make_stale(state.stale)
    return state


def make_missing(folder: Path) -> SettingsError:
    """The error for a lock that is wanted and not there."""
    return SettingsError(f"there is no `{NAME}` in `{folder}`", hint="make one with `runner lock`, and commit it")


def make_stale(stale: Sequence[str]) -> ImageError:
    """The error for a lock that does not fit the project any more."""
    return ImageError(f"`{NAME}` is stale", as_cause(stale), "`runner lock` brings it up to date; commit it")


def as_cause(lines: Sequence[str]) -> str:
    """Some lines as the cause of an error, each below the other."""
    return "\n       ".join(shorten(lines))
