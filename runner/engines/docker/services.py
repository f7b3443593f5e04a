"""A project's own services for one stage of a run: their lease, and their start through Compose."""

import math
from typing import Any

import docker

from runner.core.services import PROJECT_PREFIX, Bounds, bound
from runner.engines.docker.compose import Compose
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.lease import Lease
from runner.engines.docker.service_images import ServiceImages
from runner.engines.docker.service_states import ROLE, explain, find_fault
from runner.engines.protocol import Progress

BASE_VARIABLE = "RUNNER_BASE_IMAGE"
"""In the services file, the name of the base image: what a service without a registry can be built from."""

NOBODY = "64999:64999"
"""The keeper's user and group, which no service has: without capabilities, processes signal only their own user's."""


class Services:
    """The services of one stage.

    Their images' first processes are not ours, so the lease is one level up: all live in the process namespace of a
    container of ours, the keeper. Its process 1 ends at end-of-file like any other's, and the kernel ends the rest.
    """

    def __init__(self, client: docker.DockerClient, identity: RunIdentity, compose: Compose, image: str) -> None:
        """Describe them.

        Args:
            client: the engine.
            identity: whose services they are.
            compose: calls Compose for their file.
            image: one of our images, which the keeper is made of.
        """
        self._client, self._identity, self._compose, self._image = client, identity, compose, image
        self._lease: Lease | None = None

    def start(self, egress: bool, timeout: float, progress: Progress) -> dict[str, Any]:
        """Start them and wait until they are healthy.

        Args:
            egress: whether they reach anything outside.
            timeout: seconds to become healthy in, beside the time that images take.
            progress: may raise to give up.

        Returns:
            The model of what was started: `services` and `networks` by name.

        Raises:
            SettingsError: the file cannot be used.
            EngineError: there is no Compose, or the engine failed.
            ImageError: an image cannot be had.
            NotReadyError: a service ended, or is not healthy in time.
        """
        model = self._compose.read(progress)
        images = ServiceImages(self._client, self._compose, self._identity.project)
        project, keeper = f"{PROJECT_PREFIX}{self._identity.run}", self._identity.make_options("keeper")
        labels = self._identity.make_options(ROLE)["labels"]
        bounds = Bounds(project, labels, keeper["name"], egress, images.find_names(model))
        wanted = bound(model, bounds)
        images.ensure(model, progress)
        self._keep(keeper)
        limit = str(math.ceil(timeout))
        ended = self._compose.call(
            ["up", "--detach", "--no-build", "--wait", "--wait-timeout", limit], progress, wanted
        )
        # Also where Compose is content: with a time limit of a second it was, now and then, with what was not healthy.
        if fault := find_fault(self._client, self._identity.run, timeout):
            raise fault
        if ended.exit_code:
            raise explain(self._client, self._identity.run, ended.last_words)
        return wanted

    def _keep(self, options: dict[str, Any]) -> None:
        with translate("cannot start the container that keeps the services"):
            container = self._client.containers.create(
                self._image, ["sleep", "infinity"], user=NOBODY, network_mode="none", **options
            )
            self._lease = Lease(self._client.api, str(container.id))
            self._lease.receive(lambda *_: None)
            container.start()

    def close(self) -> None:
        """Give them up."""
        if self._lease is not None:
            self._lease.close()
