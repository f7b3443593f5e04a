"""What `runner.lock` says of the system: the source of the base, and the version of each Debian package. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Source = Literal["registry", "packages"]
ImageName = Literal["base", "postgres", "suite"]


@dataclass(frozen=True)
class Pins:
    """Pins of one project's images; an empty one pins nothing.

    Attributes:
        source: where the root file system comes from; None leaves the choice to what is in reach.
        versions: for each image, version by the name of the Debian package. Images may differ: one with parts of
            another release has another C library.
        distributions: version by the name of the Python package; a project without a lock of its own keeps to them.
    """

    source: Source | None = None
    versions: Mapping[ImageName, Mapping[str, str]] = field(default_factory=dict)
    distributions: Mapping[str, str] = field(default_factory=dict)
