"""Debian packages in images: the same every time, from any mirror, and without a trace of how they came."""

import contextlib
import os
import secrets
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from commands import ROOT, SMALL
from docker.errors import ImageNotFound

from runner.core.contents import make_digest
from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.engines.docker import packages, rootfs
from runner.engines.docker.contents import read_contents
from runner.engines.docker.images import make_images
from runner.engines.docker.packages import ensure_layer
from runner.engines.docker.rootfs import Rootfs, ensure_rootfs, find_obstacle
from runner.errors import ImageError
from runner.project.load import load_project
from runner.project.recipe import make_recipe

pytestmark = [pytest.mark.engine, pytest.mark.regression, pytest.mark.xdist_group("packages")]

READ_ID = rootfs.read_id
NAME = "planted-certificate-of-a-test"


def silence(_line):
    pass


def make(names=("hello",), ca=b"", pins=None, **settings):
    """The images of a small project that needs some packages."""
    recipe = make_recipe(load_project(SMALL), Settings(), os.environ)
    recipe = replace(recipe, packages=names, build_files={"ca.pem": ca})
    return make_images(recipe, Settings(**settings), pins)


@pytest.fixture(scope="session")
def base(engine):
    """The base image, which is there as a rule."""
    images = make()
    if not engine.images.list(images.base.tag):
        ensure_rootfs(engine, images.rootfs, silence)
        ensure_layer(engine, images.base, silence)
    return images.base.tag


@pytest.fixture
def install(engine, base, containers):
    """Installs packages as an image under a name of the test's own, which is gone after it."""
    made = []

    def install(progress=silence, **options):
        (layer,) = make(**options).layers
        made.append(f"ephemeral-runner/packages:test-{os.getpid()}-{secrets.token_hex(4)}")
        ensure_layer(engine, replace(layer, tag=made[-1], parent=base), progress)
        return made[-1]

    yield install
    for tag in made:
        with contextlib.suppress(ImageNotFound):
            engine.images.remove(tag)


def refuse(install, **options) -> ImageError:
    with pytest.raises(ImageError) as caught:
        install(**options)
    return caught.value


def list_half_made(engine):
    mine = f":test-{os.getpid()}-"
    return [tag for each in engine.images.list("ephemeral-runner/packages") for tag in each.tags if mine in tag]


@pytest.fixture(scope="session")
def address(engine, base):
    """This machine as containers see it."""
    routes = engine.containers.run(base, ["cat /proc/net/route"], entrypoint=["sh", "-c"], remove=True).decode()
    gateway = next(row.split()[2] for row in routes.splitlines() if row.split()[1] == "00000000")
    return socket.inet_ntoa(bytes.fromhex(gateway)[::-1])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory, address):
    """A certificate for this machine; its key is beside it."""
    path = tmp_path_factory.mktemp("certificate") / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=IP:{address}", "-keyout", path.with_suffix(".key"), "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def mirror(engine, base, certificate, address):
    """The address of a mirror over TLS on this machine, which has what Debian's own has."""
    own = engine.containers.run(
        base, ["cat /etc/apt/sources.list.d/debian.sources"], entrypoint=["sh", "-c"], remove=True
    )
    origin = own.decode().split("URIs: ")[1].splitlines()[0].rpartition("/")[0]

    class Mirror(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            try:
                with urllib.request.urlopen(origin + self.path, timeout=30) as answer:
                    code, content = 200, answer.read()
            except urllib.error.HTTPError as error:
                code, content = error.code, b""
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("", 0), Mirror)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = silence_errors
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://{address}:{server.server_port}"
    server.shutdown()
    server.server_close()


def silence_errors(*_):
    pass


@pytest.mark.security
def test_certificates_and_a_mirror_serve_the_build_and_leave_no_trace(engine, install, certificate, mirror):
    content = certificate.read_bytes()
    mirrors = [f"{mirror}/debian", f"{mirror}/debian-security"]
    tag = install(ca=content, mirrors=mirrors)
    wanted = {NAME.encode(), content.splitlines()[5], mirror.removeprefix("https://").encode()}
    found, rest = set(), b""
    for chunk in engine.images.get(tag).save(chunk_size=1 << 20):
        window = rest + chunk
        found |= {each for each in wanted if each in window}
        rest = window[-200:]
    assert not found
    assert NAME not in str(engine.images.get(tag).history())
    # The same from Debian's own mirror, without certificates: the same files.
    other = install()
    assert make_digest(read_contents(engine, tag)) == make_digest(read_contents(engine, other))


def test_the_image_lists_its_packages_with_checksums(engine, install):
    tag = install()
    listed = engine.containers.run(
        tag, ["cat /usr/share/ephemeral-runner/debian.tsv; hello --version"], entrypoint=["sh", "-c"], remove=True
    ).decode()
    rows = dict(line.split("\t", 1) for line in listed.splitlines() if line.count("\t") == 3)
    assert {"hello", "libc6", "python3"} <= set(rows)
    assert all(len(row.split("\t")[2]) == 64 for row in rows.values())
    assert "hello (GNU Hello)" in listed


def test_a_certificate_that_is_not_the_mirror_s(install, mirror, certificate, tmp_path):
    other = tmp_path / "other.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other"]
    subprocess.run([*command, "-keyout", tmp_path / "key", "-out", other], check=True, capture_output=True)
    error = refuse(install, ca=other.read_bytes(), mirrors=[f"{mirror}/debian"])
    assert "the step `reading the package lists` failed" in error.what
    assert error.hint == "set `ca_bundle` to the certificates of your network's proxy"


@pytest.mark.parametrize("path", ["/no-such-folder", None], ids=["404", "nobody answers"])
def test_a_mirror_that_has_nothing(install, mirror, certificate, path):
    address = f"{mirror}{path}" if path else "http://127.0.0.1:9/debian"
    error = refuse(install, ca=certificate.read_bytes(), mirrors=[address])
    assert error.hint == "the mirror cannot be read: correct `mirrors`, or look at the network"
    assert address in error.cause


def test_a_package_that_does_not_exist(engine, install):
    error = refuse(install, names=("no-such-package-of-anybody",))
    assert not list_half_made(engine)
    assert "no-such-package-of-anybody" in error.cause
    assert error.hint == "Debian 13 has no such package: correct `packages` or `build_packages`"


def test_a_pinned_version_that_left_the_mirror(install):
    error = refuse(install, pins=Pins("packages", {"suite": {"hello": "0.1-1", "not-installed": "7"}}))
    assert error.what == "Debian packages of runner.lock are not available any more"
    assert error.cause.startswith("`hello` 0.1-1 (available: 2.")
    assert error.hint == "`runner lock --upgrade-system` takes the new ones, or set `mirrors` to a snapshot"


@pytest.mark.slow
def test_a_pinned_version_of_the_base_that_left_the_mirror(engine, containers):
    pins = Pins("packages", {"base": {"tzdata": "2000a-1"}})
    wanted = replace(make(pins=pins).rootfs, tag="ephemeral-runner/rootfs:none")
    with pytest.raises(ImageError) as caught:
        ensure_rootfs(engine, wanted, silence)
    assert caught.value.what == "Debian packages of runner.lock are not available any more"
    assert caught.value.cause.startswith("`tzdata` 2000a-1 (available: 20")
    assert len(containers) == 1
    assert not engine.images.list("ephemeral-runner/rootfs:none")


def test_a_full_disk(install, monkeypatch):
    monkeypatch.setattr(packages, "SCRATCH", {**packages.SCRATCH, "/var/lib/apt/lists": "size=64k"})
    error = refuse(install)
    assert error.hint == "the engine's disk is full: `docker system df` shows by what"


def test_an_interrupt_leaves_nothing(engine, install):
    def interrupt(line):
        if "reading the package lists" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(interrupt)
    assert not list_half_made(engine)


def test_an_interrupt_while_the_base_is_made_leaves_nothing(engine, containers, monkeypatch):
    empty = []
    monkeypatch.setattr(rootfs, "read_id", lambda answer: empty.append(READ_ID(answer)) or empty[-1])

    def interrupt(line):
        if "unpacking mmdebstrap" in line:
            raise KeyboardInterrupt

    wanted = replace(make().rootfs, tag="ephemeral-runner/rootfs:none", shared="", source="packages")
    with pytest.raises(KeyboardInterrupt):
        ensure_rootfs(engine, wanted, interrupt)
    assert len(containers) == 1
    assert len(empty) == 1
    with pytest.raises(ImageNotFound):
        engine.images.get(empty[0])


def test_a_base_of_a_registry_that_has_it_not(engine):
    wanted = Rootfs("ephemeral-runner/rootfs:none", "127.0.0.1:9/debian@sha256:" + "0" * 64, "registry")
    with pytest.raises(ImageError) as caught:
        ensure_rootfs(engine, wanted, silence)
    assert caught.value.what == f"cannot get the base image `{wanted.reference}`"
    assert caught.value.cause.endswith("; runner.lock says that it comes from a registry")
    assert caught.value.hint == "correct `base_image`, or lock again: `runner lock --upgrade-system`"


def test_neither_a_registry_nor_apt(engine, monkeypatch):
    """As on an engine whose machine is no Debian."""
    monkeypatch.setattr(rootfs, "BORROWED", ("/no/such/folder",))
    monkeypatch.setattr(rootfs, "find_debians", lambda _: [])
    with pytest.raises(ImageError) as caught:
        ensure_rootfs(engine, Rootfs("ephemeral-runner/rootfs:none", ""), silence)
    assert caught.value.what == "cannot get a Debian base image"
    assert caught.value.cause.startswith("no registry (`base_image` is empty); ")
    assert "/no/such/folder" in caught.value.cause
    assert "/no/such/folder" in find_obstacle(engine)


def test_the_engine_s_machine_or_an_image_of_ours_can_make_the_base(engine, base, monkeypatch):
    assert find_obstacle(engine) == ""
    monkeypatch.setattr(rootfs, "BORROWED", ("/no/such/folder",))
    assert find_obstacle(engine) == ""


def test_the_shell_script_finds_what_the_runner_made(engine, base):
    """The whole of it takes long, and is part of `make test-smoke` on an empty engine."""
    images = make()
    if not engine.images.list(images.rootfs.shared):
        pytest.skip("the base came from a registry")
    try:
        script = ROOT / "images" / "base" / "rootfs.sh"
        subprocess.run(["sh", script, "ephemeral-runner/rootfs:test"], check=True, timeout=60)
        assert engine.images.get("ephemeral-runner/rootfs:test").id == engine.images.get(images.rootfs.shared).id
    finally:
        engine.images.remove("ephemeral-runner/rootfs:test")
