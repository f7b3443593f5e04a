"""Makes a lock from what the project decides and what was found in its images. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.core.contents import ImageConfig
from runner.core.lock import VERSION, Base, Distribution, Lock, Package, Postgres, PythonLock, Suite
from runner.core.lock_inputs import LockInputs
from runner.core.materials import Material
from runner.core.pins import ImageName, Source


@dataclass(frozen=True)
class Survey:
    """What was found in the images after they were built.

    Attributes:
        architecture: of the engine.
        source: where the base came from.
        reference: what was pulled for it; empty where nothing was.
        content: content digest of the suite image.
        config: of the suite image.
        materials: of each image.
    """

    architecture: str
    source: Source
    reference: str
    content: str
    config: ImageConfig
    materials: Mapping[ImageName, Sequence[Material]]


def make_lock(inputs: LockInputs, survey: Survey) -> Lock:
    """The lock for images that were just surveyed."""
    config, found = survey.config, survey.materials
    packages = make_packages(found)
    return Lock(
        version=VERSION,
        runner=inputs.runner,
        architecture=survey.architecture,
        base=Base(source=survey.source, image=inputs.image, reference=survey.reference, release=find_release(packages)),
        python=PythonLock(lock=inputs.lock, sha256=inputs.sha256),
        postgres=Postgres(version=find_postgres_version(packages)),
        suite=Suite(
            content=survey.content,
            packages=[*inputs.packages],
            user=config.user,
            folder=config.folder,
            entrypoint=[*config.entrypoint],
            command=[*config.command],
            environment=split_variables(config.environment),
            inputs=dict(sorted(inputs.others.items())),
        ),
        packages=packages,
        distributions=[
            Distribution(name=each.name, version=each.version)
            for each in sorted(found["suite"])
            if each.kind == "python"
        ],
    )


def make_packages(found: Mapping[ImageName, Sequence[Material]]) -> list[Package]:
    """The Debian packages of all images, each version once; sorted by name."""
    images: dict[tuple[str, str, str], list[ImageName]] = {}
    checksums: dict[tuple[str, str, str], str] = {}
    for image in sorted(found):
        for each in found[image]:
            if each.kind == "debian":
                key = (each.name, each.version, each.architecture)
                images.setdefault(key, []).append(image)
                checksums[key] = checksums.get(key) or each.sha256
    return [
        Package(name=key[0], version=key[1], architecture=key[2], sha256=checksums[key], images=images[key])
        for key in sorted(images)
    ]


def find_release(packages: Iterable[Package]) -> str:
    """Debian's release, such as `13`: every version of its package base-files begins with it."""
    return next((each.version.partition(".")[0] for each in packages if each.name == "base-files"), "") or "unknown"


def find_postgres_version(packages: Iterable[Package]) -> str:
    """The server's version as Postgres counts, from the version of its package, such as `17.6-0+deb13u1`."""
    for each in packages:
        name, _, number = each.name.partition("-")
        if name == "postgresql" and number.isdigit():
            return each.version.partition("-")[0] or "unknown"
    return "unknown"


def split_variables(environment: Iterable[str]) -> dict[str, str]:
    """Variables by name, from `NAME=value`."""
    return dict(sorted((name, value) for name, _, value in (each.partition("=") for each in environment)))
