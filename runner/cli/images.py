"""What the commands of `runner image` begin with: the project's images, and how long work is shown."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import docker

    from runner.engines.docker.images import Images
    from runner.engines.protocol import Progress

ImageArgument = Annotated[str, typer.Argument(metavar="[IMAGE]", help="Name or id; the project's suite image.")]


@dataclass(frozen=True)
class ProjectImages:
    """The images of a project on an engine; they need not be there.

    Attributes:
        client: the engine.
        images: their specifications.
        cache: where content digests are kept.
        folder: the project's.
        name: the project's.
    """

    client: "docker.DockerClient"
    images: "Images"
    cache: Path
    folder: Path
    name: str

    @property
    def tags(self) -> dict[str, str]:
        """The names of what a run needs, by kind."""
        return {"suite": self.images.suite.tag, "postgres": self.images.postgres.tag}


def open_images(folder: Path) -> ProjectImages:
    """The images of the project that a folder belongs to, as its settings and its lock want them."""
    from runner.cli.loading import load
    from runner.engines.docker.architecture import find_architecture
    from runner.engines.docker.images import make_images
    from runner.project.locking import load_lock_state
    from runner.project.recipe import make_recipe

    project, sourced = load(folder)
    recipe = make_recipe(project, sourced.settings, os.environ)
    client = open_client()
    state = load_lock_state(project, sourced.settings, recipe, os.environ, lambda: find_architecture(client))
    images = make_images(recipe, state.settings, state.pins)
    return ProjectImages(client, images, state.cache, project.folder, project.name)


def open_client() -> "docker.DockerClient":
    """The engine alone, for what concerns no project."""
    from runner.engines.docker.connect import connect

    return connect(os.environ.get("DOCKER_HOST"))


@contextmanager
def show_step(name: str, verbose: bool = False) -> "Iterator[tuple[Progress, dict[str, str]]]":
    """A step that takes long: what it calls with lines of output, and the note that it leaves."""
    from runner.interrupts import Interrupts
    from runner.report.console import Console
    from runner.steps import Steps

    steps = Steps([Console(sys.stderr, verbose)])
    with Interrupts() as interrupts, steps.step(name) as step:

        def progress(text: str) -> None:
            interrupts.check()
            if text:
                steps.tell("progress", text=text)

        yield progress, step


def say_size(size: int) -> str:
    """Bytes in the unit that people use for images: millions of them."""
    return f"{size / 1e6:.1f} MB"
