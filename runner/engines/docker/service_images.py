"""The images of a project's services: built by Compose, or pulled, where the engine lacks them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker

from runner.core.fingerprint import make_fingerprint
from runner.core.names import make_image_tag
from runner.core.services import Model, find_builds, find_images
from runner.engines.docker.build import exists, find_hint
from runner.engines.docker.compose import Compose
from runner.engines.protocol import Progress
from runner.errors import ImageError, SettingsError, find_reason
from runner.project.sources import list_sources

KIND = "service"


class ServiceImages:
    """What services run in."""

    def __init__(self, client: docker.DockerClient, compose: Compose, project: str) -> None:
        self._client, self._compose, self._project = client, compose, project

    def find_names(self, model: Model) -> dict[str, str]:
        """The names of the images that are built, by service, each with the fingerprint of what it is built from."""
        return {
            service: make_image_tag(KIND, make_build_fingerprint(service, build), f"{self._project}-{service}")
            for service, build in find_builds(model).items()
        }

    def ensure(self, model: Model, progress: Progress) -> None:
        """Build and pull what is missing; raises ImageError."""
        names, builds = self.find_names(model), find_builds(model)
        missing = {service: name for service, name in names.items() if not exists(self._client, name)}
        for service, name in missing.items():
            progress(f"building {name}")
            self._build({"build": mark(builds[service], self._project), "image": name}, service, progress)
        for service, name in find_images(model).items():
            if not exists(self._client, name):
                progress(f"pulling {name}")
                self._pull(name, service, progress)

    def _build(self, described: Model, service: str, progress: Progress) -> None:
        ended = self._compose.call(["build"], progress, {"services": {service: described}})
        if ended.exit_code:
            what = f"cannot build the image of the service `{service}`"
            raise ImageError(what, ended.last_words, find_hint(ended.said))

    def _pull(self, name: str, service: str, progress: Progress) -> None:
        ended = self._compose.call(["pull"], progress, {"services": {service: {"image": name}}})
        if ended.exit_code:
            what = f"cannot get the image `{name}` of the service `{service}`"
            hint = "check its name and the registry, or `docker load` it, or let the service build it"
            raise ImageError(what, ended.last_words, hint)


def mark(build: Model, project: str) -> dict[str, Any]:
    """A build whose image has our labels, and no name but the one that the service gives it."""
    kept = {key: value for key, value in build.items() if key != "tags"}
    own = {"ephemeral-runner.image": KIND, "ephemeral-runner.project": project}
    return {**kept, "labels": {**build.get("labels", {}), **own}}


def make_build_fingerprint(service: str, build: Model) -> str:
    """The identity of an image that is built: how, and from which files of the build context (those that git lists).

    Raises:
        SettingsError: a file cannot be read.
    """
    context = Path(build["context"])
    dockerfile = context / build.get("dockerfile", "Dockerfile")
    listed = {name: context / name for name in list_sources(context)} if context.is_dir() else {}
    inputs = {"build": json.dumps({**build, "context": ""}, sort_keys=True, default=str).encode()}
    for name, path in {**listed, "the Dockerfile": dockerfile}.items():
        try:
            inputs |= read_input(name, path)
        except OSError as error:
            what = f"cannot read `{path}`, which the service `{service}` is built from"
            raise SettingsError(what, find_reason(error)) from None
    return make_fingerprint(inputs)


def read_input(name: str, path: Path) -> Mapping[str, bytes]:
    """One file of a build: its name, whether it can be executed, and its content; a link is where it leads."""
    if path.is_symlink():
        return {f"link {name}": str(path.readlink()).encode()}
    if not path.is_file():
        return {}
    return {f"file {name} {path.stat().st_mode & 0o100:o}": path.read_bytes()}
