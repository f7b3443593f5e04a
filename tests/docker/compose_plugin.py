"""Compose v2 for tests: the machine's own, or Debian's package, unpacked in a container, since hosts have none."""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import docker
from commands import SMALL, run

PLUGIN = "docker-compose"
PLACE = f"/tmp/unpacked/usr/libexec/docker/cli-plugins/{PLUGIN}"
UNPACK = f"cd /tmp && apt-get update && apt-get download {PLUGIN} && dpkg-deb --extract {PLUGIN}_*.deb unpacked"


def make_docker_config(engine: docker.DockerClient) -> str:
    """A value of DOCKER_CONFIG with which `docker compose` works; kept for later runs of the tests on this machine."""
    own = os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return own
    folder = Path(tempfile.gettempdir()) / f"ephemeral-runner-tests-{os.getuid()}" / "cli-plugins"
    if not (folder / PLUGIN).is_file():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Several workers may be at it at once; the file is whole from its first moment on.
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
            target.write(unpack(engine))
        Path(target.name).chmod(0o755)
        Path(target.name).replace(folder / PLUGIN)
    return str(folder.parent)


def unpack(engine: docker.DockerClient) -> bytes:
    """The plugin from Debian's package."""
    container = engine.containers.create(find_base(engine), entrypoint=["sh", "-c", UNPACK], user="root")
    try:
        container.start()
        ended = container.wait(timeout=200)["StatusCode"]
        assert ended == 0, container.logs(tail=20).decode()
        chunks, _ = container.get_archive(PLACE)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            return archive.extractfile(archive.getmembers()[0]).read()
    finally:
        container.remove(force=True)


def find_base(engine: docker.DockerClient) -> str:
    """An image of ours with apt in it; a run makes one where there is none."""
    if not (found := engine.images.list(name="ephemeral-runner/base")):
        with tempfile.TemporaryDirectory() as folder:
            project = shutil.copytree(SMALL, Path(folder) / "small")
            (project / "test_one.py").write_text("def test_one():\n    pass\n")
            assert run(project, "run", "-n", "0").exit_code == 0
        found = engine.images.list(name="ephemeral-runner/base")
    return found[0].tags[0]
