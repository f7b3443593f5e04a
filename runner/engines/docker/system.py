"""What is made of Debian packages: the root file system, the base, Postgres, and what a project's suite needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.core.fingerprint import make_fingerprint
from runner.core.mirrors import UNSTABLE, make_more_preferences, make_more_sources, make_sources
from runner.core.names import make_image_tag
from runner.core.pins import ImageName, Pins
from runner.core.pythons import Interpreter
from runner.core.settings import Settings
from runner.engines.docker.own_server import OwnServer
from runner.engines.docker.packages import FOLDER, RELEASES, Layer
from runner.engines.docker.rootfs import PACKAGES, Rootfs, make_shared_tag
from runner.project.recipe import SuiteRecipe

INSTALLING = ("bootstrap.sh", "exclude.sh", "install.sh", "settings.sh", "tidy.sh", "unchecked.py")
"""Files of images/base that handle packages."""

LEASE = ("lease.py", "relay.py", "reports.py")
SANDBOX = ("enter.py", "forwarding.py", "keeper.py", "rights.py", "sandbox.py")
"""Files of images/base that are in the image."""

BAKING = ("bake.sh", "choose.sh", "dpkg.cfg", "extensions.sh", "without-jit.control")
ADOPTING = ("adopt.sh", "bake.sh", "extensions.sh")
"""Files of images/postgres that make an image."""

UNKEPT = frozenset({*BAKING, *ADOPTING, "config", "createcluster.conf", "without-locales.cfg"})
"""Files of images/postgres that are not in the image; the others are."""

PATH = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

HOME = "usr/lib/ephemeral-runner"
"""The folder of our own programs in every image."""


def read_folder(name: str) -> dict[str, bytes]:
    """The files of a folder of our image sources: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "images" / name
    folder = inside if inside.is_dir() else package.parent / "images" / name
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


class System:
    """Makes the specifications; certificates and mirrors are in none of their fingerprints.

    Args:
        recipe: the project's packages, and the certificates.
        settings: the base image and the mirrors.
        pins: versions of packages, and where the base comes from.

    Raises:
        SettingsError: a mirror is no mirror.
    """

    def __init__(self, recipe: SuiteRecipe, settings: Settings, pins: Pins) -> None:
        self._base = read_folder("base")
        self._scripts = {name: self._base[name] for name in INSTALLING}
        self._recipe, self._settings, self._pins = recipe, settings, pins
        sources = make_sources(settings.mirrors).encode()
        self._unseen = {"ca.pem": recipe.build_files.get("ca.pem", b""), "sources": sources}

    def make_rootfs(self) -> Rootfs:
        """The root file system, from a registry or from packages."""
        source = self._pins.source
        inputs = [self._settings.base_image, source or "", *PACKAGES]
        seen = {**self._scripts, **self._make_pins("base")}
        tag = make_image_tag("rootfs", make_fingerprint({**seen, "input": repr(inputs).encode()}))
        shared = "" if self._pins.versions else make_shared_tag(self._scripts)
        return Rootfs(tag, self._settings.base_image, source, {**seen, **self._unseen}, shared)

    def make_base(self, rootfs: str) -> Layer:
        """What all images start from: the root file system with the lease."""
        kept = {f"{HOME}/{name}": self._base[name] for name in (*LEASE, *SANDBOX)}
        return make_layer("base", rootfs, (), kept, self._base["config"])

    def make_server(self, base: str) -> Layer | OwnServer:
        """The server, with a data directory."""
        return self.make_own_server(base) if self._settings.postgres.image else self.make_postgres(base)

    def make_own_server(self, base: str) -> OwnServer:
        """The same of an image of the user's."""
        wanted, files = self._settings.postgres, read_folder("postgres")
        build = {name: files[name] for name in ADOPTING} | {"python.sh": self._base["python.sh"]}
        build["extensions"] = "".join(f"{name}\n" for name in wanted.extensions).encode()
        kept = {f"{HOME}/{name}": content for name, content in files.items() if name not in UNKEPT}
        kept |= {f"{HOME}/{name}": self._base[name] for name in LEASE}
        tree = {f"{FOLDER.lstrip('/')}/{name}": content for name, content in build.items()} | kept
        changes = [line for text in (self._base["config"], files["config"]) for line in text.decode().splitlines()]
        script = ["sh", f"{FOLDER}/adopt.sh", wanted.locale, wanted.encoding]
        own = [line for line in changes if not line.startswith("ENV ")]
        inputs = {"input": repr([wanted.image, base, script, own]).encode()}
        tag = make_image_tag("postgres", make_fingerprint({**tree, **inputs}))
        return OwnServer(tag, base, wanted.image, tree, script, own)

    def make_postgres(self, base: str) -> Layer:
        """The same of Debian's packages."""
        wanted, files = self._settings.postgres, read_folder("postgres")
        config, cluster = files["config"], files["createcluster.conf"]
        build = {name: files[name] for name in BAKING}
        build["extensions"] = "".join(f"{name}\n" for name in wanted.extensions).encode()
        build["dpkg.cfg"] += files["without-locales.cfg"] if wanted.is_in_c else b""
        kept = {f"{HOME}/{name}": content for name, content in files.items() if name not in UNKEPT}
        # There before the packages, or Debian's would make a data directory of their own.
        kept["etc/postgresql-common/createcluster.conf"] = cluster
        bake = ["sh", f"{FOLDER}/bake.sh", wanted.major, wanted.locale, wanted.encoding]
        scripts = [["sh", f"{FOLDER}/extensions.sh", wanted.major], bake]
        config = b"ENV PATH=/usr/lib/postgresql/%s/bin:%s\n" % (wanted.major.encode(), PATH) + config
        release, packages = RELEASES.get(wanted.major, ""), [f"postgresql-{wanted.major}"]
        return self._make_layer("postgres", "postgres", base, packages, build, kept, config, scripts, release)

    def make_suite_layers(self, base: str) -> list[Layer]:
        """What the project's suite needs beside the base, each layer on the one before: its Python, its packages."""
        layers: list[Layer] = []
        python = self._recipe.python
        for kind, packages, build in (
            ("python", list_python_packages(python), make_python_files(python)),
            ("packages", self._recipe.packages, {}),
        ):
            if packages:
                parent = layers[-1].tag if layers else base
                layers.append(self._make_layer(kind, "suite", parent, packages, build, release=python.release))
        return layers

    def make_builder(self, system: str) -> Layer | None:
        """What only the build of the environment needs, on top of what the suite has; None for nothing."""
        packages = self._recipe.build_packages
        release = self._recipe.python.release
        return self._make_layer("builder", "suite", system, packages, release=release) if packages else None

    def _make_layer(
        self,
        kind: str,
        image: ImageName,
        parent: str,
        packages: Sequence[str],
        build: Mapping[str, bytes] = {},
        kept: Mapping[str, bytes] = {},
        config: bytes = b"",
        scripts: Sequence[Sequence[str]] = (),
        release: str = "",
    ) -> Layer:
        """One layer with packages.

        Args:
            kind: what it is called.
            image: whose pins it has.
            parent: the tag of the image below.
            packages: their names.
            build: files beside the scripts that install packages.
            kept: files by path that stay.
            config: lines of a Dockerfile.
            scripts: command lines that run afterwards.
            release: another release of Debian that packages may come from.
        """
        folder = FOLDER.lstrip("/")
        files = {**self._scripts, **self._make_pins(image), **build}
        unseen = dict(self._unseen)
        if release:
            # A new server wants the client library of its own version.
            own = [each for each in packages if each.startswith("postgresql-")]
            files["more-preferences"] = make_more_preferences(release, own).encode()
            unseen["more-sources"] = make_more_sources(self._settings.mirrors, release).encode()
        seen = {f"{folder}/{name}": content for name, content in files.items()}
        hidden = {f"{folder}/{name}": content for name, content in unseen.items()}
        return make_layer(kind, parent, packages, {**seen, **kept}, config, scripts, hidden)

    def _make_pins(self, image: ImageName) -> dict[str, bytes]:
        return make_pin_files(self._pins.versions.get(image, {}))


def list_python_packages(python: Interpreter) -> list[str]:
    """The packages of a Python of another release; none for the base's own, or one that uv fetches."""
    # With the wheels that its module ensurepip unpacks, which needs setuptools up to 3.11.
    return [f"python{python.version}", "python3-setuptools-whl"] if python.release else []


def make_python_files(python: Interpreter) -> dict[str, bytes]:
    """What install.sh unpacks for it: parts of the standard library that Debian keeps apart.

    They depend on Debian's default Python being that of their release.
    """
    names = [*(["python3-distutils", "python3-lib2to3"] if python.release not in {"", UNSTABLE} else [])]
    names += [f"python{python.version}-venv"] if python.release else []
    return {"unpack": "".join(f"{name}/{python.release}\n" for name in names).encode()} if names else {}


def make_layer(
    kind: str,
    parent: str,
    packages: Sequence[str],
    files: Mapping[str, bytes],
    config: bytes,
    scripts: Sequence[Sequence[str]] = (),
    unseen: Mapping[str, bytes] | None = None,
) -> Layer:
    """A layer whose tag is the fingerprint of everything but the files `unseen`."""
    changes = config.decode().splitlines()
    inputs = {"input": repr([parent, list(packages), changes, scripts]).encode()}
    tag = make_image_tag(kind, make_fingerprint({**files, **inputs}))
    return Layer(tag, parent, packages, {**files, **(unseen or {})}, scripts, changes)


def make_pin_files(versions: Mapping[str, str]) -> dict[str, bytes]:
    """Pinned versions as apt reads them, and as tidy.sh does."""
    pinned = sorted(versions.items())
    # Above 1000 a version is taken even where that is a step back (apt_preferences).
    preferences = [f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in pinned]
    return {
        "preferences": "\n".join(preferences).encode(),
        "pins": "".join(f"{name}\t{version}\n" for name, version in pinned).encode(),
    }
