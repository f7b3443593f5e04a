"""Packages as a lock and as an image have them, and their differences in words. Pure."""

from collections.abc import Iterable, Mapping

from runner.core.contents import ImageConfig
from runner.core.lock import Distribution, Lock, Package
from runner.core.materials import Material
from runner.core.pins import ImageName

Versions = Mapping[str, tuple[str, str]]
"""Version and checksum by the name of a package; the checksum is empty where it is not known."""


def compare_versions(old: Versions, new: Versions, kind: str) -> list[str]:
    """Packages that were added, removed, or are of another version, or of the same version but another archive."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        (was, before), (now, after) = old.get(name, ("", "")), new.get(name, ("", ""))
        what = f"{kind} package {name}"
        if not was:
            found.append(f"{what} {now} added")
        elif not now:
            found.append(f"{what} {was} removed")
        elif was != now:
            found.append(f"{what} {was} -> {now}")
        elif before and after and before != after:
            found.append(f"{what} {now}: another checksum")
    return found


def list_debian(packages: Iterable[Package], image: ImageName | None = None) -> dict[str, tuple[str, str]]:
    """The Debian packages of a lock, or of one of its images; one in two versions has both."""
    found: dict[str, tuple[str, str]] = {}
    for each in packages:
        if image is None or image in each.images:
            version, checksum = found.get(each.name, ("", ""))
            joint = " and " if version else ""
            found[each.name] = (f"{version}{joint}{each.version}", f"{checksum}{joint}{each.sha256}")
    return found


def list_python(distributions: Iterable[Distribution]) -> dict[str, tuple[str, str]]:
    """The Python packages of a lock."""
    return {each.name: (each.version, "") for each in distributions}


def list_materials(materials: Iterable[Material], kind: str) -> dict[str, tuple[str, str]]:
    """The packages of a kind that were found in an image."""
    return {each.name: (each.version, each.sha256) for each in materials if each.kind == kind}


def get_config(lock: Lock) -> ImageConfig:
    """The configuration of the suite image as a lock has it."""
    suite = lock.suite
    return ImageConfig(
        environment=tuple(f"{name}={value}" for name, value in sorted(suite.environment.items())),
        entrypoint=tuple(suite.entrypoint),
        command=tuple(suite.command),
        user=suite.user,
        folder=suite.folder,
        architecture=lock.architecture,
    )
