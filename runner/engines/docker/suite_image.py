"""The suite image: an environment made from the project's lock, and the plugin on top, which changes more often."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import docker

from runner.core.fingerprint import make_fingerprint
from runner.core.names import PREFIX, PROJECT, make_image_tag
from runner.core.slots import PLUGIN_MODULE
from runner.engines.docker.build import ImageSpec, exists
from runner.engines.docker.workshop import Workshop
from runner.engines.protocol import Progress
from runner.project.recipe import SuiteRecipe

ENVIRONMENT = "ENVIRONMENT"
SYSTEM = "SYSTEM"
BUILDER = "BUILDER"
"""Arguments of the image: the tags of what it stands on, and of what has more packages while it is built."""

LATER = ("config", "plugin.sh")
"""Files of images/suite that the environment does without."""

RESULT = "/build/result.tar"
"""What environment.sh leaves behind where another container takes it over."""

EXPORTER = "exporter-"
"""How the names of files of pins begin that only the lock of one tool needs; a newer tool makes no other image new."""


def make_suite(
    recipe: SuiteRecipe, system: str, builder: str = "", preferred: Mapping[str, str] | None = None
) -> ImageSpec:
    """The suite image. The sources and what the build reads go in, but only the recipe's identity is fingerprinted.

    Args:
        recipe: what the project puts in.
        system: the tag of the image with the Debian packages.
        builder: the tag of the image that the build runs in, where it is another.
        preferred: versions of Python packages, which are taken where the project's metadata allows them.
    """
    builder = builder or system
    read_by = f"{EXPORTER}{recipe.lock}.txt"
    found = {name: text for name, text in read_scripts().items() if name == read_by or not name.startswith(EXPORTER)}
    scripts = {f"build/{name}": content for name, content in found.items()}
    own = {f"build/{name}": scripts.pop(f"build/{name}") for name in LATER} | read_plugin()
    pins = "".join(f"{name}=={version}\n" for name, version in sorted((preferred or {}).items()))
    identity = {"system": builder, **recipe.identity, **({"pins": pins} if pins else {})}
    environment = make_image_tag("environment", make_fingerprint(make_inputs(scripts, identity)), recipe.project)
    tag = make_image_tag("suite", make_fingerprint(make_inputs(own, {"environment": environment})), recipe.project)
    read = {f"build/{name}": content for name, content in {**recipe.build_files, **recipe.stage_files}.items()}
    read["build/pins.txt"] = pins.encode()
    if recipe.outside:
        read["build/outside.tar"] = recipe.outside
    arguments = {SYSTEM: system, BUILDER: builder, ENVIRONMENT: environment, "PROJECT": recipe.project}
    return ImageSpec(tag, {**scripts, **own, **read}, arguments, recipe.sources)


def make_inputs(files: Mapping[str, bytes], identity: Mapping[str, str]) -> dict[str, bytes]:
    """What a fingerprint covers."""
    return {f"file {name}": content for name, content in files.items()} | {
        f"input {name}": value.encode() for name, value in identity.items()
    }


def read_scripts() -> dict[str, bytes]:
    """The files of images/suite: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    found = [folder / "images" / "suite" for folder in (package, package.parent)]
    folder = next(each for each in found if each.is_dir())
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def read_plugin() -> dict[str, bytes]:
    """The plugin, and what suites may import of ours.

    Without an __init__.py `runner` is no more than a portion of a namespace: any package `runner` of the project wins.
    """
    package = Path(__file__).parents[2]
    plugin = sorted((package / "plugin").rglob("*.py"))
    names = {path.relative_to(package / "plugin").as_posix(): path.read_bytes() for path in plugin}
    found = {f"opt/plugin/{PLUGIN_MODULE}/{name}": content for name, content in names.items()}
    return found | {"opt/api/runner/retry.py": (package / "retry.py").read_bytes()}


def build_suite(client: docker.DockerClient, spec: ImageSpec, progress: Progress) -> None:
    """Build the image, and the environment below it where the engine has none such.

    Raises:
        ImageError: a step failed; the error carries the last lines of its output.
        EngineError: the engine failed in the middle.
    """
    environment = spec.arguments[ENVIRONMENT]
    if not exists(client, environment):
        progress(f"making {environment}")
        build_environment(client, spec, progress)
    with Workshop(client, environment, spec.tag) as shop:
        shop.put(pack_tree(select(spec.files, "opt/")))
        shop.run(["sh", "-c", spec.files["build/plugin.sh"].decode()], progress)
        config = spec.files["build/config"].decode().splitlines()
        shop.commit([*config, make_label("suite", spec)], progress)


def build_environment(client: docker.DockerClient, spec: ImageSpec, progress: Progress) -> None:
    """Build the environment; where that needs packages that it shall not have, in another container than its own."""
    files = pack_tree({**select(spec.files, "build/"), "build/sources.tar": spec.tar})
    system, builder, environment = (spec.arguments[name] for name in (SYSTEM, BUILDER, ENVIRONMENT))
    with Workshop(client, system, environment) as shop:
        shop.put(files)
        if builder == system:
            shop.run(["sh", "/build/environment.sh"], progress)
        else:
            with Workshop(client, builder, environment) as bench:
                bench.put(files)
                bench.run(["sh", "/build/environment.sh", RESULT], progress)
                shop.take(bench, RESULT, progress)
            shop.run(["tar", "--extract", "--directory=/", f"--file={RESULT}"], progress)
        shop.run(["sh", "/build/folders.sh"], progress)
        shop.commit([make_label("environment", spec)], progress)


def make_label(kind: str, spec: ImageSpec) -> str:
    """The line that tells whose image it is."""
    return f"LABEL {PREFIX}.image={kind} {PROJECT}={json.dumps(spec.arguments['PROJECT'])}"


def select(files: Mapping[str, bytes], start: str) -> dict[str, bytes]:
    """The files below a folder."""
    return {name: content for name, content in files.items() if name.startswith(start)}


def pack_tree(files: Mapping[str, bytes]) -> bytes:
    """A tar file of files, which everybody may read, and of all their folders."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name in sorted({parent.as_posix() for each in files for parent in PurePosixPath(each).parents} - {"."}):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        for name, content in files.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), 0o644
            archive.addfile(file, io.BytesIO(content))
    return target.getvalue()
