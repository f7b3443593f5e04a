"""What another lock changed, and how an image differs from its lock, in words. Pure."""

from collections.abc import Sequence

from runner.core.contents import ImageConfig
from runner.core.differences import compare_configs
from runner.core.lock import Lock
from runner.core.lock_differences import compare_versions, get_config, list_debian, list_materials, list_python
from runner.core.lock_inputs import compare_inputs
from runner.core.materials import Material
from runner.core.words import compare_lists, compare_values


def describe_changes(old: Lock | None, new: Lock) -> list[str]:
    """What a `runner lock` changed in the file; nothing where it is the same."""
    if old is None:
        counts = f"{len(new.packages)} Debian and {len(new.distributions)} Python packages"
        return [f"created: {counts}, content digest {new.suite.content}"]
    return [
        *compare_values(old.runner, new.runner, "runner {old} -> {new}"),
        *compare_values(old.architecture, new.architecture, "architecture {old} -> {new}"),
        *compare_values(old.base.source, new.base.source, "base from {old} -> from {new}"),
        *compare_values(old.base.image, new.base.image, "setting `base_image`: {old} -> {new}"),
        *compare_values(old.base.reference, new.base.reference, "base image {old} -> {new}"),
        *compare_values(old.base.release, new.base.release, "Debian {old} -> {new}"),
        *compare_values(old.postgres.version, new.postgres.version, "Postgres {old} -> {new}"),
        *compare_values(old.python.lock, new.python.lock, "Python lock {old} -> {new}"),
        *compare_values(old.python.sha256, new.python.sha256, f"`{new.python.lock}` has changed"),
        *compare_lists(old.suite.packages, new.suite.packages, "setting `packages`"),
        *compare_inputs(old.suite.inputs, new.suite.inputs),
        *compare_versions(list_debian(old.packages), list_debian(new.packages), "Debian"),
        *compare_images(old, new),
        *compare_versions(list_python(old.distributions), list_python(new.distributions), "Python"),
        *(each.as_text() for each in compare_configs(get_config(old), get_config(new))),
        *compare_values(old.suite.content, new.suite.content, "content digest {old} -> {new}"),
    ]


def compare_images(old: Lock, new: Lock) -> list[str]:
    """Packages of the same version that are in other images than before."""
    before = {(each.name, each.version): each.images for each in old.packages}
    return [
        f"Debian package {each.name} {each.version}: in {', '.join(before[key])} -> in {', '.join(each.images)}"
        for each in new.packages
        if (key := (each.name, each.version)) in before and before[key] != each.images
    ]


def describe_image(lock: Lock, materials: Sequence[Material], config: ImageConfig) -> list[str]:
    """How the packages and the configuration of a suite image differ from the locked ones."""
    return [
        *compare_versions(list_debian(lock.packages, "suite"), list_materials(materials, "debian"), "Debian"),
        *compare_versions(list_python(lock.distributions), list_materials(materials, "python"), "Python"),
        *(each.as_text() for each in compare_configs(get_config(lock), config)),
    ]
