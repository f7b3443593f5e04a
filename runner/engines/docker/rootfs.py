"""The root file system that the base image starts from: pulled from a registry, or built from Debian's packages.

Without a registry, mmdebstrap makes it from the packages of the host's own Debian mirror: the host's if it is
installed, else unpacked into a temporary folder by the host's apt, which needs no rights and changes nothing.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from runner.core.fingerprint import make_fingerprint
from runner.core.names import make_image_tag
from runner.engines.docker.build import exists
from runner.engines.docker.connect import explain, translate
from runner.engines.protocol import Progress
from runner.errors import ImageError

SUITE = "trixie"
"""Debian 13."""


def ensure_rootfs(client: docker.DockerClient, reference: str, progress: Progress) -> str:
    """The name of an image with a bare Debian 13, made where the engine has none yet.

    Args:
        client: the engine.
        reference: the image to pull, or empty for none.
        progress: takes lines of output.

    Raises:
        ImageError: neither a registry nor Debian's packages could give one.
    """
    tag = make_image_tag("rootfs", make_fingerprint({"suite": SUITE.encode(), "reference": reference.encode()}))
    if exists(client, tag):
        return tag
    refused = pull(client, reference, tag, progress) if reference else "`base_image` is empty"
    if refused:
        progress(f"no registry ({refused}); building Debian {SUITE} from its packages")
        bootstrap(client, tag, refused, progress)
    return tag


def pull(client: docker.DockerClient, reference: str, tag: str, progress: Progress) -> str:
    """Pull the image and name it `tag`; the reason as text when that cannot be done."""
    progress(f"pulling {reference}")
    try:
        client.images.pull(reference)
        client.images.get(reference).tag(tag)
    except (APIError, DockerException, RequestException) as error:
        return explain(error)
    return ""


def bootstrap(client: docker.DockerClient, tag: str, refused: str, progress: Progress) -> None:
    """Make the root file system with mmdebstrap and import it under the name `tag`."""
    with tempfile.TemporaryDirectory(prefix="ephemeral-runner-") as folder:
        # apt reads the keyring as a user of its own.
        Path(folder).chmod(0o755)
        command = find_mmdebstrap(Path(folder), refused, progress)
        archive = Path(folder) / "rootfs.tar"
        run([*command, "--variant=minbase", "--format=tar", SUITE, str(archive)], refused, progress)
        progress("importing the root file system")
        repository, _, version = tag.rpartition(":")
        with translate("cannot import the root file system"):
            client.api.import_image_from_file(str(archive), repository, version)


def find_mmdebstrap(folder: Path, refused: str, progress: Progress) -> list[str]:
    """The command of mmdebstrap: installed on the host, or unpacked below `folder`."""
    if found := shutil.which("mmdebstrap"):
        return [found]
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise ImageError(
            "cannot get a Debian base image",
            f"no registry ({refused}), and this machine has neither mmdebstrap nor apt-get",
            "set `base_image` to an image of Debian 13 that the engine can pull, or load one: `docker load`",
        )
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    apt = ["apt-get", "-q", "-o", f"Dir::State={folder}/state", "-o", f"Dir::Cache={folder}/cache"]
    apt += ["-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "Debug::NoLocking=1"]
    # apt drops to a user of its own for downloads; that user cannot enter our folder.
    apt += ["-o", "APT::Sandbox::User=root"]
    run([*apt, "update"], refused, progress)
    run([*apt, "download", "mmdebstrap", "debian-archive-keyring"], refused, progress, folder)
    for package in folder.glob("*.deb"):
        run(["dpkg-deb", "--extract", str(package), str(folder / "tools")], refused, progress)
    keyrings = folder / "tools/usr/share/keyrings"
    return ["perl", str(folder / "tools/usr/bin/mmdebstrap"), f"--keyring={keyrings}"]


def run(command: Sequence[str], refused: str, progress: Progress, folder: Path | None = None) -> None:
    """Run one command of the host and show what it prints."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                progress("")
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    for line in lines:
        progress(line)
    if process.returncode:
        name = Path(next(part for part in command if part != "perl")).name
        raise ImageError(
            "cannot get a Debian base image",
            "\n       ".join([f"no registry ({refused}), and `{name}` failed:", *lines[-20:]]),
            "set `base_image` to an image of Debian 13 that the engine can pull",
        )
