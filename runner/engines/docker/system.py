"""What is made of Debian packages: the root file system, the base, Postgres, and what a project's suite needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.core.fingerprint import make_fingerprint
from runner.core.mirrors import make_more_preferences, make_more_sources, make_sources
from runner.core.names import make_image_tag
from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.engines.docker.packages import FOLDER, Layer
from runner.engines.docker.rootfs import PACKAGES, Rootfs, make_shared_tag
from runner.project.recipe import SuiteRecipe

RELEASES = {"13": "bullseye", "15": "bookworm", "18": "sid"}
"""The release of Debian beside Debian 13 that has a version of Postgres; 14 and 16 have never been in one."""

INSTALLING = ("bootstrap.sh", "exclude.sh", "install.sh", "settings.sh", "tidy.sh", "unchecked.py")
"""Files of images/base that handle packages."""

LEASE = ("lease.py", "relay.py", "reports.py")
"""Files of images/base that are in the image."""

BAKING = ("bake.sh", "choose.sh", "dpkg.cfg", "extensions.sh", "without-jit.control")
"""Files of images/postgres that are not in the image; the others are."""

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
        self._recipe, self._reference, self._pins = recipe, settings.base_image, pins
        self._postgres, self._mirrors = settings.postgres, settings.mirrors
        self._pinned = make_pin_files(pins)
        sources = make_sources(settings.mirrors).encode()
        self._unseen = {"ca.pem": recipe.build_files.get("ca.pem", b""), "sources": sources}

    def make_rootfs(self) -> Rootfs:
        """The root file system, from a registry or from packages."""
        source = self._pins.source
        inputs = [self._reference, source or "", *PACKAGES]
        seen = {**self._scripts, **self._pinned}
        tag = make_image_tag("rootfs", make_fingerprint({**seen, "input": repr(inputs).encode()}))
        shared = "" if self._pins.versions else make_shared_tag(self._scripts)
        return Rootfs(tag, self._reference, source, {**seen, **self._unseen}, shared)

    def make_base(self, rootfs: str) -> Layer:
        """What all images start from: the root file system with the lease."""
        kept = {f"{HOME}/{name}": self._base[name] for name in LEASE}
        return make_layer("base", rootfs, (), kept, self._base["config"])

    def make_postgres(self, base: str) -> Layer:
        """The server, with a data directory."""
        wanted, files = self._postgres, read_folder("postgres")
        config, cluster = files.pop("config"), files.pop("createcluster.conf")
        build = {name: files.pop(name) for name in BAKING}
        build["extensions"] = "".join(f"{name}\n" for name in wanted.extensions).encode()
        if (without := files.pop("without-locales.cfg")) and wanted.is_in_c:
            build["dpkg.cfg"] += without
        kept = {f"{HOME}/{name}": content for name, content in files.items()}
        # There before the packages, or Debian's would make a data directory of their own.
        kept["etc/postgresql-common/createcluster.conf"] = cluster
        unseen = {}
        if release := RELEASES.get(wanted.major):
            build["more-preferences"] = make_more_preferences(release).encode()
            unseen["more-sources"] = make_more_sources(self._mirrors, release).encode()
        bake = ["sh", f"{FOLDER}/bake.sh", wanted.major, wanted.locale, wanted.encoding]
        scripts = [["sh", f"{FOLDER}/extensions.sh", wanted.major], bake]
        config = config.replace(b"@version@", wanted.major.encode())
        return self._make_layer("postgres", base, [f"postgresql-{wanted.major}"], build, kept, config, scripts, unseen)

    def make_packages(self, base: str) -> Layer | None:
        """What the project's suite needs beside the base."""
        packages = tuple(self._recipe.packages)
        return self._make_layer("packages", base, packages, {}, {}, b"", ()) if packages else None

    def _make_layer(
        self,
        kind: str,
        parent: str,
        packages: Sequence[str],
        build: Mapping[str, bytes],
        kept: Mapping[str, bytes],
        config: bytes,
        scripts: Sequence[Sequence[str]],
        more: Mapping[str, bytes] | None = None,
    ) -> Layer:
        folder = FOLDER.lstrip("/")
        seen = {f"{folder}/{name}": content for name, content in {**self._scripts, **self._pinned, **build}.items()}
        unseen = {f"{folder}/{name}": content for name, content in {**self._unseen, **(more or {})}.items()}
        return make_layer(kind, parent, packages, {**seen, **kept}, config, scripts, unseen)


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


def make_pin_files(pins: Pins) -> dict[str, bytes]:
    """The pins as apt reads them, and as tidy.sh does."""
    pinned = sorted(pins.versions.items())
    # Above 1000 a version is taken even where that is a step back (apt_preferences).
    preferences = [f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in pinned]
    return {
        "preferences": "\n".join(preferences).encode(),
        "pins": "".join(f"{name}\t{version}\n" for name, version in pinned).encode(),
    }
