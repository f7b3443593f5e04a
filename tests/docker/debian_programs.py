"""Programs of Debian's packages for tests, unpacked in a container, since hosts may have none of them."""

import io
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import docker
from commands import SMALL, run

UNPACK = 'cd /tmp && apt-get update && apt-get download "$0" && dpkg-deb --extract "$0"_*.deb unpacked'


def provide(engine: docker.DockerClient, package: str, path: str) -> Path:
    """A program where it is kept for later runs of the tests on this machine.

    Args:
        engine: has a network, or the program is there already.
        package: of Debian's.
        path: of the program in the package, without the leading slash.
    """
    target = Path(tempfile.gettempdir()) / f"ephemeral-runner-tests-{os.getuid()}" / package / Path(path).name
    if not target.is_file():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Several workers may be at it at once; the file is whole from its first moment on.
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(unpack(engine, package, path))
        Path(file.name).chmod(0o755)
        Path(file.name).replace(target)
    return target


def unpack(engine: docker.DockerClient, package: str, path: str) -> bytes:
    """A file of a package."""
    container = engine.containers.create(find_base(engine), [package], entrypoint=["sh", "-c", UNPACK], user="root")
    try:
        container.start()
        ended = container.wait(timeout=200)["StatusCode"]
        assert ended == 0, container.logs(tail=20).decode()
        chunks, _ = container.get_archive(f"/tmp/unpacked/{path}")
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
