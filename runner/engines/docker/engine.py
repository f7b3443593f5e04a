"""The Docker engine as the session sees it (`runner.engines.protocol.Engine`)."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import docker

from runner.core.hardening import LOG_STATEMENT
from runner.core.services import PROJECT_PREFIX
from runner.core.settings import Settings
from runner.engines.docker import leftovers
from runner.engines.docker.architecture import find_architecture
from runner.engines.docker.build import exists
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.execution import Execution
from runner.engines.docker.images import Images, ensure_images, make_images
from runner.engines.docker.shared_folders import Mounts, make_folders
from runner.engines.docker.suite import SuiteContainer
from runner.engines.docker.watchdog import Watchdog
from runner.engines.protocol import Access, Command, Leftover, Process, Progress, Receiver, Server, Suite
from runner.errors import ImageError
from runner.project.locking import LockState
from runner.project.recipe import SuiteRecipe


class DockerEngine:
    """Runs the containers of one run."""

    def __init__(
        self,
        client: docker.DockerClient,
        identity: RunIdentity,
        recipe: SuiteRecipe,
        settings: Settings,
        lock: LockState | None = None,
    ) -> None:
        self._client = client
        self._identity = identity
        self._recipe = recipe
        self._settings = settings
        self._images: Images = make_images(recipe, settings, lock.pins if lock else None)
        self._chosen = self._images.suite.tag
        self._lock = lock
        self._built: Sequence[str] = ()
        self._guard = ExitStack()
        self._guard.callback(client.close)
        self._watchdog: Watchdog | None = None
        self._containers = ExitStack()
        self._removed = threading.Event()
        self._egress = True
        self._networks: Sequence[str] = ()
        self._folders: Mounts = {}

    @property
    def image(self) -> str:
        """The name of the suite image, which holds the fingerprint of all that is in it."""
        return self._images.suite.tag

    @property
    def sources(self) -> bytes:
        """The project's files as a tar file."""
        return self._recipe.sources

    def use_suite(self, tag: str) -> None:
        """Run in a suite image of this name instead of the project's own.

        Raises:
            ImageError: the engine has none, and what the project's files make now is another.
        """
        if tag == self.image:
            return
        if not exists(self._client, tag):
            cause = (
                f"the engine does not have it, and this version of the runner makes `{self.image}` of the same files"
            )
            raise ImageError(f"cannot have the image `{tag}`", cause, "`runner image load FILE`, where it was saved")
        self._images = replace(self._images, suite=replace(self._images.suite, tag=tag))
        self._chosen = tag

    @property
    def postgres_image(self) -> str:
        """The name of the Postgres image, likewise."""
        return self._images.postgres.tag

    @property
    def image_variables(self) -> dict[str, str]:
        """The names of the images as Compose files have them."""
        images = self._images
        tags = {"SUITE": images.suite.tag, "POSTGRES": images.postgres.tag, "BASE": images.base.tag}
        return {f"RUNNER_{kind}_IMAGE": tag for kind, tag in tags.items()}

    @cached_property
    def architecture(self) -> str:
        """The architecture of its machine, such as `amd64`."""
        return find_architecture(self._client)

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
        self._built = ensure_images(self._client, self._images, database, progress)
        return self._built

    def ensure_debugger(self, progress: Progress) -> bool:
        """Let the next suite container have debugpy; see `runner.engines.protocol`."""
        from runner.engines.docker.debugger import ensure_debugger

        self._chosen, is_built = ensure_debugger(self._client, self._images.suite, progress)
        return is_built

    @property
    def has_lock(self) -> bool:
        """Whether the project has a `runner.lock`."""
        return self._lock is not None and self._lock.lock is not None

    def check_lock(self, progress: Progress) -> str:
        """Compare the suite image with `runner.lock`; see `runner.engines.protocol`."""
        if self._lock is None or self._lock.lock is None:
            return ""
        # Projects without a lock need none of this.
        from runner.engines.docker.locking import check_image

        is_new = self.image in self._built
        return check_image(self._client, self.image, self._lock, self._lock.lock, is_new, progress)

    def start_services(self, file: Path, egress: bool, progress: Progress) -> Sequence[str]:
        """Start the services of a Compose file and wait until they are healthy; see `runner.engines.protocol`."""
        from runner.engines.docker.compose import Compose
        from runner.engines.docker.services import BASE_VARIABLE, Services

        announce = self._ensure_watchdog().add_process
        compose = Compose(
            file, f"{PROJECT_PREFIX}{self._identity.run}", {BASE_VARIABLE: self._images.base.tag}, announce
        )
        services = Services(self._client, self._identity, compose, self.image)
        self._containers.callback(services.close)
        started = services.start(egress, self._settings.startup_timeout, progress)
        self._networks = [each["name"] for each in started["networks"].values()]
        return [*started["services"]]

    def read_service_logs(self) -> bytes:
        """What the services have written so far."""
        from runner.engines.docker.service_states import read_logs

        return read_logs(self._client, self._identity.run)

    def attach_service(self, name: str, command: Command, receiver: Receiver) -> Process:
        """Start a process in the container of a service; see `runner.engines.protocol`."""
        from runner.engines.docker.service_states import find_service

        return Execution(self._client.api, find_service(self._client, self._identity.run, name), command, receiver)

    def start_suite(
        self,
        receiver: Receiver,
        publish: bool,
        egress: bool = True,
        access: Access | None = None,
        sandboxes: bool = False,
    ) -> Suite:
        """Start the suite container with the project's sources in it; see `runner.engines.protocol`."""
        self._egress, hear = egress, self._until_removed(receiver)
        self._ensure_watchdog()
        port = self._settings.postgres.port if publish else None
        sandbox = self._settings.postgres.port if sandboxes else 0
        self._folders = make_folders(self._client, self._identity, self._settings.postgres.folders) if publish else {}
        suite = SuiteContainer(
            self._client,
            self._chosen,
            self._identity,
            self._recipe,
            hear,
            port,
            egress,
            self._networks,
            access,
            sandbox,
            self._settings.postgres.alias,
            self._folders,
        )
        self._containers.callback(suite.close)
        return suite

    def guard_folder(self, folder: Path) -> None:
        """Have a folder of the run's own removed where the runner is killed before it can do so."""
        self._ensure_watchdog().add_folder(str(folder))

    def _ensure_watchdog(self) -> Watchdog:
        if self._watchdog is None:
            self._watchdog = self._guard.enter_context(Watchdog(self._identity.run))
        return self._watchdog

    def _until_removed(self, receiver: Receiver) -> Receiver:
        """The receiver, which hears nothing of containers that we are removing: their end is no event of the run."""
        removed = self._removed

        def receive(stream: int, data: bytes) -> None:
            if not removed.is_set():
                receiver(stream, data)

        return receive

    def start_postgres(self, suite: Suite, password: str, receiver: Receiver) -> Server:
        """Start Postgres in the suite's network namespace."""
        # testcontainers takes 0.1 s to import, in which the engine starts the suite container.
        from runner.engines.docker.postgres import DisposablePostgres

        memory, hear = self._find_memory(), self._until_removed(receiver)
        statements = LOG_STATEMENT[self._settings.kept_statements] if self._settings.kept_failures else ""
        server = DisposablePostgres(
            self._client,
            self.postgres_image,
            self._identity,
            suite,
            password,
            memory,
            hear,
            statements,
            self._settings.postgres,
            self._folders,
        )
        self._containers.callback(server.close)
        server.start()
        server.allow_tunnel(self._ensure_watchdog().add_folder, has_port=self._egress)
        return server

    def remove_containers(self) -> Sequence[Leftover]:
        """Remove the run's containers, so that others can start under their names; return what is left."""
        self._removed.set()
        with translate("cannot remove the run's containers"):
            left = leftovers.remove_run(self._client, self._identity.run)
        self._containers.close()
        self._removed, self._networks = threading.Event(), ()
        return left

    def remove_run(self) -> Sequence[Leftover]:
        """Remove everything of the run, for good; return what is left, as the engine says."""
        left = self.remove_containers()
        self._guard.close()
        return left
