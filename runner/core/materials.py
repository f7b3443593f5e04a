"""The bill of materials of an image: what it is made of, each with version and checksum. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["debian", "python"]

FIELD = re.compile(r"(Package|Status|Version|Architecture): ")
"""Lines of a paragraph of dpkg that are read; others may be continued."""


@dataclass(frozen=True, order=True)
class Material:
    """One package in an image.

    Attributes:
        kind: of package.
        name: as its ecosystem spells it.
        version: exact.
        architecture: of a Debian package, such as `amd64` or `all`; empty for Python.
        sha256: of the Debian archive file, 64 hex digits; empty where it is not known (a package that came with a base
            image of a registry, or a Python package).
    """

    kind: Kind
    name: str
    version: str
    architecture: str = ""
    sha256: str = ""


def parse_debian(status: str, checksums: str) -> list[Material]:
    """The installed Debian packages.

    Args:
        status: dpkg's own list, paragraphs of `Field: value`.
        checksums: lines of name, version, architecture and SHA-256, with tabs between them; may lack packages.
    """
    known = {tuple(row[:3]): row[3] for line in checksums.splitlines() if len(row := line.split("\t")) == 4}
    found = []
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if FIELD.match(line))
        if fields.get("Status", "").endswith(" installed"):
            key = (fields["Package"], fields["Version"], fields["Architecture"])
            found.append(Material("debian", *key, sha256=known.get(key, "")))
    return found
