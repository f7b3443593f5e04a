"""The suite container: made with the project's sources in it, driven through its lease, results copied out."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import docker
from docker.errors import NotFound

from runner.core.hardening import SHARED_MEMORY
from runner.core.places import FILES, PROJECT, REPOSITORY, RESULTS
from runner.engines.docker.access import check_mount, equip, make_options
from runner.engines.docker.connect import translate
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.execution import Execution
from runner.engines.docker.files import open_folder, pack_files
from runner.engines.docker.lease import Lease
from runner.engines.docker.sandbox import SANDBOX_FOLDERS, SUITE_USER, make_sandbox_options
from runner.engines.docker.shared_folders import Mounts
from runner.engines.protocol import Access, Command, Receiver
from runner.errors import EngineError, RunnerError, SettingsError
from runner.project.recipe import SuiteRecipe


class SuiteContainer:
    """The container in which pytest runs; it owns the network namespace that Postgres joins.

    Starting it first lets Python start while Postgres boots (docs/decisions/0002-suite-first.md).
    """

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        identity: RunIdentity,
        recipe: SuiteRecipe,
        receiver: Receiver,
        port: int | None,
        egress: bool,
        networks: Sequence[str] = (),
        access: Access | None = None,
        sandbox: int = 0,
        alias: str = "",
        folders: Mounts | None = None,
    ) -> None:
        """Make the container and let it start; `wait_started` tells how that went.

        Args:
            client: the engine.
            image: the suite image.
            identity: whose container it is.
            recipe: the project's files, and the folders that the suite may write to.
            receiver: gets the output; see `runner.engines.docker.lease`.
            port: Postgres's, to be mapped to a free port of 127.0.0.1; None for no Postgres.
            egress: whether there is a network besides the loopback; without one no port is mapped.
            networks: those of the project's services, which it joins in any case.
            access: what a person who works in it gets.
            sandbox: Postgres's port in the sandbox that each worker gets; 0 for none.
            alias: a name that leads to Postgres; empty for none.
            folders: those that it shares with Postgres.

        Raises:
            EngineError: the engine could not.
            SettingsError: what is to be writable is no folder, or the engine cannot mount the project's.
        """
        mapped = {port: 0} if port else {}
        mapped |= access.ports if access else {}
        # The stubs do not know that None asks for a free port.
        ports: Any = {f"{inside}/tcp": ("127.0.0.1", here or None) for inside, here in mapped.items()} if egress else {}
        options = identity.make_options("suite") | (make_options(client, access) if access else {})
        if sandbox:
            options |= make_sandbox_options(client, sandbox)
        if alias:
            options["extra_hosts"] = {alias: "127.0.0.1"}
        if folders:
            options["volumes"] = folders
        self._user = SUITE_USER if sandbox else ""
        first, *others = [*(["bridge"] if egress else []), *networks] or ["none"]
        self._api = client.api
        with translate("cannot start the suite container"):
            self._container = client.containers.create(
                image,
                ports=ports,
                shm_size=SHARED_MEMORY,
                network_mode=first,
                **options,
            )
            self.id = str(self._container.id)
            for network in others:
                client.api.connect_container_to_network(self.id, network)
            is_mounted = access is not None and access.folder is not None
            if recipe.outside:
                self._container.put_archive(REPOSITORY, recipe.outside)
            if not is_mounted:
                self._container.put_archive(PROJECT, recipe.sources)
            for folder in (*recipe.opened, *(SANDBOX_FOLDERS if sandbox else ())):
                # What is mounted is the caller's, whose rights stay as they are.
                if not (is_mounted and folder == PROJECT):
                    open_folder(client.api, self.id, folder)
            if access is not None:
                equip(client, self.id, access)
            self._lease = Lease(client.api, self.id)
            self._lease.receive(receiver)
        # The engine takes 0.2 s, in which Postgres's client libraries are imported and its container is made.
        self._failure: RunnerError | None = None
        self._starting = Thread(target=self._start, args=(access,), daemon=True)
        self._starting.start()

    def _start(self, access: Access | None) -> None:
        try:
            with translate("cannot start the suite container"):
                self._container.start()
                if access is not None and access.folder is not None:
                    # Before its start the engine would have to mount all of the container for that.
                    check_mount(self._api, self.id, access.folder)
        except RunnerError as error:
            self._failure = explain_port(error)

    def wait_started(self) -> None:
        """Wait until the engine has started the container, which others need to join its network.

        Raises:
            EngineError: the engine could not.
        """
        self._starting.join()
        if self._failure is not None:
            raise self._failure

    def run(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process in the project's folder; the receiver hears of its end."""
        self._lease.send(do="run", argv=list(argv), env=dict(environment), cwd=PROJECT)

    def signal(self, number: int) -> None:
        """Send a signal to the running process and its descendants."""
        self._lease.send(do="signal", number=number)

    def answer(self, name: str, text: str = "") -> None:
        """Answer what the pytest plugin asked for under a name; a text is a refusal."""
        self._lease.send(do="answer", name=name, text=text)

    def attach(self, command: Command, receiver: Receiver) -> Execution:
        """Start a process in the project's folder, with its streams attached; see `runner.engines.protocol`."""
        command = replace(command, user=command.user or self._user)
        return Execution(self._api, self.id, command, receiver, PROJECT)

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Put files into the folder FILES, where the suite may read them."""
        with translate("cannot copy files into the suite container"):
            self._container.put_archive(FILES, pack_files(files))

    def read_file(self, path: str, most: int) -> bytes:
        """The content of a file in the container; see `runner.engines.protocol`."""
        with translate(f"cannot read `{path}` in the suite container"):
            chunks, found = self._container.get_archive(path)
            size = int((found or {}).get("size", 0))
            if size > most:
                raise EngineError(f"`{path}` in the suite container is too large", f"{size} bytes")
            content = b"".join(chunks)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            first = archive.next()
            data = archive.extractfile(first) if first is not None and first.isreg() else None
            return data.read() if data else b""

    def copy_results(self, names: Sequence[str], target: Path) -> None:
        """Copy the named result files into a folder of the host; they belong to the caller there.

        What else a test may have written there stays behind: it could bear the name of one of our own files.
        """
        with translate("cannot copy the results out of the suite container"):
            try:
                chunks, _ = self._container.get_archive(RESULTS)
            except NotFound:
                return
            content = b"".join(chunks)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                folder, name = Path(member.name).parent, Path(member.name).name
                wanted = member.isreg() and folder == Path(Path(RESULTS).name) and name in names
                if data := archive.extractfile(member) if wanted else None:
                    (target / name).write_bytes(data.read())

    def close(self) -> None:
        """Give the container up."""
        self._lease.close()


def explain_port(error: RunnerError) -> RunnerError:
    """An error that says what to do about a port that another program has."""
    if "port is already allocated" not in error.cause and "address already in use" not in error.cause:
        return error
    return SettingsError("cannot give the suite container its port", error.cause, "name another port, or free this one")
