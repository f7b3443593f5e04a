"""The images of a run: base, Postgres and suite, each built when its fingerprint is missing on the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import docker

from runner.core.fingerprint import make_fingerprint
from runner.core.names import make_image_tag
from runner.core.slots import PLUGIN_MODULE
from runner.engines.docker.build import ImageSpec, build, exists
from runner.engines.docker.rootfs import ensure_rootfs
from runner.engines.protocol import Progress
from runner.project.recipe import SuiteRecipe


def find_folder(name: str) -> Path:
    """A folder of our image sources: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "images" / name
    return inside if inside.is_dir() else package.parent / "images" / name


def read_folder(folder: Path, suffixes: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The files of a folder and below, by relative path; only those with one of the suffixes where some are given."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and (not suffixes or path.suffix in suffixes)
    }


@dataclass(frozen=True)
class Images:
    """The specifications of a run's images; the tags hold the fingerprints."""

    base: ImageSpec
    postgres: ImageSpec
    suite: ImageSpec
    reference: str


def make_images(recipe: SuiteRecipe, reference: str) -> Images:
    """The images for a suite.

    Args:
        recipe: what the project puts into the suite image.
        reference: the image in a registry that the base may start from.
    """
    base = make_spec("base", read_folder(find_folder("base")), {"reference": reference}, {})
    postgres = make_spec("postgres", read_folder(find_folder("postgres")), {"base": base.tag}, {"BASE": base.tag})
    return Images(base, postgres, make_suite(recipe, base.tag), reference)


def make_suite(recipe: SuiteRecipe, base: str) -> ImageSpec:
    """The suite image. The sources and what the build reads go in, but only the recipe's identity is fingerprinted."""
    package = Path(__file__).parents[2]
    plugin = read_folder(package / "plugin", (".py",))
    files = read_folder(find_folder("suite"))
    dockerfile = {"Dockerfile": files.pop("Dockerfile")}
    own = dockerfile | {f"build/{name}": content for name, content in files.items()}
    own |= {f"opt/plugin/{PLUGIN_MODULE}/{name}": content for name, content in plugin.items()}
    # Without an __init__.py it is no more than a portion of a namespace: any package `runner` of the project wins.
    own["opt/api/runner/retry.py"] = (package / "retry.py").read_bytes()
    packages = " ".join(recipe.packages)
    arguments = {"BASE": base, "PACKAGES": packages, "PROJECT": recipe.project}
    spec = make_spec("suite", own, {"base": base, "packages": packages, **recipe.identity}, arguments, recipe.project)
    stage = {f"stage/build/{name}": content for name, content in recipe.stage_files.items()}
    build = {f"build/{name}": content for name, content in recipe.build_files.items()}
    return replace(spec, files={**own, **build, **stage}, tar=recipe.sources)


def make_spec(
    kind: str, files: Mapping[str, bytes], identity: Mapping[str, str], arguments: Mapping[str, str], project: str = ""
) -> ImageSpec:
    """An image whose fingerprint covers its files and whatever else decides what it holds."""
    inputs = {f"file {name}": content for name, content in files.items()}
    inputs |= {f"input {name}": value.encode() for name, value in identity.items()}
    return ImageSpec(make_image_tag(kind, make_fingerprint(inputs), project), files, arguments)


def ensure_images(client: docker.DockerClient, images: Images, database: bool, progress: Progress) -> list[str]:
    """Build what is missing; the tags of what was built.

    Args:
        client: the engine.
        images: what to have.
        database: whether the Postgres image is needed.
        progress: takes lines of output; may raise to give up.

    Raises:
        ImageError: a build failed.
    """
    wanted = [images.suite, *([images.postgres] if database else [])]
    missing = [spec for spec in wanted if not exists(client, spec.tag)]
    if missing and not exists(client, images.base.tag):
        rootfs = ensure_rootfs(client, images.reference, progress)
        missing.insert(0, replace(images.base, arguments={"ROOTFS": rootfs}))
    for spec in missing:
        progress(f"building {spec.tag}")
        build(client, spec, progress)
    return [spec.tag for spec in missing]
