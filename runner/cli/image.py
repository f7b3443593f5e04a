"""`runner image`: builds the project's images, and shows what is in them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.images import ImageArgument, open_client, open_images, say_size, show_step
from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption, VerboseOption
from runner.cli.table import make_table

EXAMPLES = """\b
Examples:
  runner image build                       what the next run would build
  runner image inspect                     packages, size and content digest of the suite image
  runner image inspect --sbom cyclonedx -o bom.json
  runner image diff A B                    packages first, then files and variables
  runner image verify                      is it the same when built twice from nothing?
  runner image save -o images.tar.zst      for a machine without a registry: `runner image load`
  runner image pull registry.example.org/team/orders || runner image build
  runner image prune --keep 2 --dry-run
"""

image = typer.Typer(no_args_is_help=True, help="Build, inspect, verify, move and remove images.")
app.add_typer(image, name="image", epilog=EXAMPLES)


@image.command("build")
def build(project: ProjectOption = Path(), as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Build the project's images, where the engine has not got them; show their names and sizes."""
    from runner.engines.docker.contents import inspect
    from runner.engines.docker.images import ensure_images

    opened = open_images(project)
    with show_step("image", verbose) as (progress, step):
        built = ensure_images(opened.client, opened.images, True, progress)
        step["note"] = "built " + ", ".join(built) if built else "already there"
    sizes = {tag: inspect(opened.client, tag)["Size"] for tag in (opened.images.base.tag, *opened.tags.values())}
    if as_json:
        print(json.dumps([{"image": tag, "size": size, "built": tag in built} for tag, size in sizes.items()]))
    else:
        rows = [[tag, say_size(size), "built" if tag in built else "already there"] for tag, size in sizes.items()]
        print(make_table(["image", "size", ""], rows))


@image.command("inspect", epilog=EXAMPLES)
def inspect_image(
    image: ImageArgument = "",
    project: ProjectOption = Path(),
    sbom: Annotated[str, typer.Option(metavar="FORMAT", help="Write a bill of materials: cyclonedx.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.", show_default="stdout")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an image is made of: packages with their versions, size, content digest, and how it starts."""
    from runner.engines.docker.bill import read_bill
    from runner.report.bill import check_format, make_document, print_bill

    form = check_format(sbom or "cyclonedx")
    opened = open_images(project)
    with show_step("inspect") as (_, step):
        bill = read_bill(opened.client, image or opened.images.suite.tag, opened.cache)
        step["note"] = bill.image
    if sbom or output:
        write(make_document(bill, form), output)
    elif as_json:
        print(json.dumps(bill.as_dict()))
    else:
        print_bill(bill)


def write(text: str, output: Path | None) -> None:
    """Write a text to a file, whole or not at all; or to standard output.

    Raises:
        SettingsError: the file cannot be written.
    """
    from runner.errors import SettingsError, find_reason
    from runner.project.kept import open_whole

    if output is None:
        print(text)
        return
    try:
        with open_whole(output) as file:
            file.write(text.encode())
    except OSError as error:
        raise SettingsError(f"cannot write `{output}`", find_reason(error)) from None


@image.command("diff")
def diff(
    one: Annotated[str, typer.Argument(metavar="A", help="Name or id of an image.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Name or id of another.")],
    as_json: JsonOption = False,
) -> None:
    """Show what differs: packages first, then variables, then files. The exit code is 1 where anything does."""
    from runner.engines.docker.comparison import compare_images

    client = open_client()
    with show_step("compare") as (progress, step):
        differences = compare_images(client, one, other, progress)
        step["note"] = f"{len(differences)} differences" if differences else "the same"
    if as_json:
        print(json.dumps({"same": not differences, "differences": differences}))
    else:
        print("\n".join(differences) or "the same contents, and the same start")
    if differences:
        raise typer.Exit(1)


@image.command("verify")
def verify(project: ProjectOption = Path(), as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Build the suite image twice from nothing, without any cache, and compare: fails where the two differ."""
    from runner.engines.docker.verification import build_twice
    from runner.errors import ImageError

    opened = open_images(project)
    with show_step("verify", verbose) as (progress, step):
        digests, differences = build_twice(opened.client, opened.images, progress)
        step["note"] = "the same twice" if not differences else f"{len(differences)} differences"
    if differences:
        more = f"\n       and {len(differences) - 20} more" if len(differences) > 20 else ""
        raise ImageError(
            f"two builds of `{opened.images.suite.tag}` differ",
            "\n       ".join(differences[:20]) + more,
            "docs/reproducibility.md lists what is known to differ",
        )
    if as_json:
        print(json.dumps({"same": True, "digests": digests}))
    else:
        print("\n".join(digests))
