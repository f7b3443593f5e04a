"""`runner image save`, `load`, `push`, `pull` and `prune`: images move between machines, and old ones go."""

import json
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.image import image
from runner.cli.images import open_client, open_images, say_size, show_step
from runner.cli.options import JsonOption, ProjectOption
from runner.cli.table import make_table

RepositoryArgument = Annotated[
    str, typer.Argument(metavar="REPOSITORY", help="Such as registry.example.org/team/orders; without a tag.")
]


@image.command("save")
def save(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file.")] = Path("images.tar.zst"),
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write the project's images for suite and Postgres to a file, compressed by zstd."""
    from runner.engines.docker.travel import save

    opened = open_images(project)
    with show_step("save") as (progress, step):
        size = save(opened.client, [*opened.tags.values()], output, progress)
        step["note"] = f"{output}, {say_size(size)}"
    tell({"file": str(output), "size": size, "images": [*opened.tags.values()]}, [*opened.tags.values()], as_json)


@image.command("load")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `runner image save` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Give the engine the images of a file; it gets none of them where the file is not whole."""
    from runner.engines.docker.travel import load

    client = open_client()
    with show_step("load") as (progress, step):
        names = load(client, file, progress)
        step["note"] = str(file)
    tell({"images": names}, names, as_json)


@image.command("push")
def push(repository: RepositoryArgument, project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Send the project's images to a registry; their tags there are `suite-` and `postgres-` and the fingerprint."""
    from runner.engines.docker.registry import name_there, push

    check_repository(repository)
    opened = open_images(project)
    names = name_there(repository, opened.tags)
    with show_step("push") as (progress, step):
        push(opened.client, names, progress)
        step["note"] = f"{len(names)} images"
    tell({"images": [*names.values()]}, [*names.values()], as_json)


@image.command("pull")
def pull(repository: RepositoryArgument, project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Get the project's images from a registry, where the engine has not got them; fails where it has no such image."""
    from runner.engines.docker.registry import name_there, pull

    check_repository(repository)
    opened = open_images(project)
    names = name_there(repository, opened.tags)
    with show_step("pull") as (progress, step):
        pulled = pull(opened.client, names, progress)
        step["note"] = f"{len(pulled)} images" if pulled else "already there"
    tell({"images": [*names], "pulled": pulled}, [*names], as_json)


def check_repository(text: str) -> None:
    """Refuse what has a tag: the fingerprint is the tag.

    Raises:
        SettingsError: it has one, or is empty.
    """
    from runner.errors import SettingsError

    if not text or ":" in text.rpartition("/")[2] or "@" in text:
        raise SettingsError(
            f"`{text}` is no repository", "it has a tag, or is empty", "name it without: the fingerprint is the tag"
        )


@image.command("prune")
def prune(
    keep: Annotated[int, typer.Option(min=0, metavar="N", help="How many of each kind and project stay.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove images that newer ones have replaced; never one in use, nor one that is not ours."""
    from runner.engines.docker.pruning import prune

    removed, space = prune(open_client(), keep, dry_run)
    names = [tag for each in removed for tag in each.tags]
    if as_json:
        print(json.dumps({"removed": names, "space": space, "dry_run": dry_run}))
        return
    if removed:
        print(make_table(["image", "created"], [[tag, each.created[:19]] for each in removed for tag in each.tags]))
    print(f"{len(names)} images {'would be removed' if dry_run else 'removed'}, about {say_size(space)}")


def tell(found: dict[str, object], lines: list[str], as_json: bool) -> None:
    """Print what was done."""
    print(json.dumps(found) if as_json else "\n".join(lines))
