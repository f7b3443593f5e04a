"""What `runner image inspect` shows of an image. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.core.contents import ImageConfig
from runner.core.materials import Kind, Material


@dataclass(frozen=True)
class Bill:
    """An image and what it is made of.

    Attributes:
        image: its name.
        identity: the engine's id of it, which another build does not have.
        content: the content digest, which another build has too.
        size: of all its layers, in bytes.
        base: what its file system is, such as `Debian GNU/Linux 13 (trixie)`.
        config: how it starts.
        materials: its packages, sorted.
    """

    image: str
    identity: str
    content: str
    size: int
    base: str
    config: ImageConfig
    materials: Sequence[Material]

    def select(self, kind: Kind) -> list[Material]:
        """The packages of a kind."""
        return [each for each in self.materials if each.kind == kind]

    def as_dict(self) -> dict[str, Any]:
        """All of it, for `--json`."""
        return asdict(self)
