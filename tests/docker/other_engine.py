"""A second Docker engine in a container of the first one: to the runner another machine, and another version.

From Debian's packages, on our base image, with all that it stores in memory. Our lease is its first process, so it ends
with the test that made it. It has the three capabilities that it needs, since not every machine can give all of them.
"""

import os
import secrets
import time
from collections import deque
from collections.abc import Sequence

import docker
from commands import SMALL
from docker.errors import DockerException
from requests.exceptions import RequestException

from runner.core.fingerprint import make_fingerprint
from runner.core.names import make_image_tag
from runner.core.settings import Settings
from runner.engines.docker.build import ImageSpec, build, exists
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.images import Images, ensure_images, make_images
from runner.engines.docker.lease import Lease
from runner.engines.owner import make_owner
from runner.project.load import load_project
from runner.project.recipe import make_recipe

DOCKERFILE = b"""
ARG BASE
FROM ${BASE}
RUN apt-get update \\
 && apt-get install -y --no-install-recommends docker.io iptables \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
"""

# The first engine mounts the kernel's files read-only where a container is not privileged.
START = """
for each in /proc/sys /sys /sys/fs/cgroup /sys/fs/cgroup/*/; do
    [ -L "${each%/}" ] || mount -o remount,bind,rw "$each"
done
exec dockerd --tls=false --host=tcp://0.0.0.0:2375
"""

STORE = "/var/lib/docker"
PATIENCE = 60.0


def make_small_images() -> Images:
    """What a run of the small project needs."""
    settings = Settings()
    return make_images(make_recipe(load_project(SMALL), settings, os.environ), settings)


class OtherEngine:
    """One engine; `address` is for DOCKER_HOST."""

    def __init__(self, here: docker.DockerClient, size: str = "3g") -> None:
        """Start it.

        Args:
            here: the first engine.
            size: room for its images and containers, as `mount` has it.
        """
        self._here, self._said = here, deque[bytes](maxlen=100)
        self.images = make_small_images()
        ensure_images(here, self.images, True, lambda _: None)
        identity = RunIdentity(f"tests-{secrets.token_hex(3)}", "engine", make_owner())
        options = identity.make_options("engine") | {
            "cap_drop": [],
            "cap_add": ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"],
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
            "tmpfs": {STORE: f"exec,size={size}", "/run": ""},
        }
        self.container = here.containers.create(self._ensure_image(), ["sh", "-c", START], **options)
        self._lease = Lease(here.api, str(self.container.id))
        self._lease.receive(lambda _, data: self._said.append(data))
        self.container.start()
        self.container.reload()
        self.address = f"tcp://{self.container.attrs['NetworkSettings']['IPAddress']}:2375"
        self.client = self._wait()

    def _ensure_image(self) -> str:
        base = self.images.base.tag
        fingerprint = make_fingerprint({"Dockerfile": DOCKERFILE, "base": base.encode()})
        spec = ImageSpec(make_image_tag("tests-engine", fingerprint), {"Dockerfile": DOCKERFILE}, {"BASE": base})
        if not exists(self._here, spec.tag):
            build(self._here, spec, lambda _: None)
        return spec.tag

    def _wait(self) -> docker.DockerClient:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return docker.DockerClient(base_url=self.address, version="auto", timeout=PATIENCE)
            except (DockerException, RequestException) as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(b"".join(self._said).decode(errors="replace")) from error
                time.sleep(0.1)

    def load(self, tags: Sequence[str]) -> None:
        """Copy images of the first engine, which may have other names for them too."""
        for tag in tags:
            if not exists(self.client, tag):
                self.client.images.load(self._here.images.get(tag).save(named=tag))

    def run(self, *command: str) -> str:
        """What a command prints on that machine."""
        code, output = self.container.exec_run(list(command))
        assert code == 0, output
        return output.decode()

    def die(self) -> None:
        """End it in the middle of whatever it does, as a machine does that loses its power."""
        self.container.kill()

    def close(self) -> None:
        """Give it up; returns when it is gone."""
        self.client.close()
        self._lease.close()
        try:
            self.container.remove(force=True, v=True)
        except docker.errors.APIError:
            return
