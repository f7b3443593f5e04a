"""The Docker engine as the session sees it (`runner.engines.protocol.Engine`)."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import docker

from runner.core.settings import Settings
from runner.engines.docker import leftovers
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.images import Images, ensure_images, make_images
from runner.engines.docker.suite import SuiteContainer
from runner.engines.docker.watchdog import Watchdog
from runner.engines.protocol import Leftover, Progress, Receiver, Server, Suite
from runner.project.recipe import SuiteRecipe


class DockerEngine:
    """Runs the containers of one run."""

    def __init__(
        self, client: docker.DockerClient, identity: RunIdentity, recipe: SuiteRecipe, settings: Settings
    ) -> None:
        self._client = client
        self._identity = identity
        self._recipe = recipe
        self._settings = settings
        self._images: Images = make_images(recipe, settings.base_image)
        self._guard = ExitStack()
        self._guard.callback(client.close)

    def count_cpus(self) -> int:
        """The CPUs that containers may use."""
        return int(self._info["NCPU"])

    @cached_property
    def _info(self) -> dict[str, Any]:
        with translate("cannot ask the engine for its size"):
            return self._client.info()

    def _find_memory(self) -> int:
        """Memory for Postgres's data, in MiB: the setting, or none where that is over half of the engine's."""
        wanted = self._settings.postgres_memory
        return wanted if 2 * wanted * 1024**2 <= int(self._info["MemTotal"]) else 0

    def sweep(self) -> Sequence[Leftover]:
        """Remove objects of runs whose owner is dead; return what was removed."""
        with translate("cannot look for objects of dead runs"):
            return leftovers.sweep(self._client)

    def ensure_images(self, database: bool, progress: Progress) -> Sequence[str]:
        """Build the images that are missing and return their names; raises ImageError."""
        return ensure_images(self._client, self._images, database, progress)

    def start_suite(self, receiver: Receiver, publish: bool) -> Suite:
        """Start the suite container with the project's sources in it; `publish` maps Postgres's port."""
        self._guard.enter_context(Watchdog(self._identity.run))
        image, sources = self._images.suite.tag, self._recipe.sources
        suite = SuiteContainer(self._client, image, self._identity, sources, receiver, publish)
        self._guard.callback(suite.close)
        return suite

    def start_postgres(self, suite: Suite, password: str, receiver: Receiver) -> Server:
        """Start Postgres in the suite's network namespace."""
        # testcontainers takes 0.1 s to import, in which the engine starts the suite container.
        from runner.engines.docker.postgres import DisposablePostgres

        memory, image = self._find_memory(), self._images.postgres.tag
        server = DisposablePostgres(self._client, image, self._identity, suite, password, memory, receiver)
        self._guard.callback(server.close)
        return server.start()

    def remove_run(self) -> Sequence[Leftover]:
        """Remove everything of the run; return what is left, as the engine says."""
        with translate("cannot remove the run's containers"):
            left = leftovers.remove_run(self._client, self._identity.run)
        self._guard.close()
        return left
