"""Debian mirrors of the setting `mirrors`, as apt reads them. Pure."""

import re
from collections.abc import Sequence

from runner.errors import SettingsError

RELEASE = "trixie"
"""Debian 13."""

SNAPSHOT = re.compile(r"/\d{8}T\d{6}Z")
"""The moment in the address of an archive of former states; its lists are out of date on purpose."""


def make_sources(mirrors: Sequence[str]) -> str:
    """The one-line sources of the mirrors; empty for none, which leaves Debian's own.

    A plain address stands for Debian 13's main packages there: for the security updates where its path says so, else
    for the release and its updates.

    Raises:
        SettingsError: a mirror is neither an address nor a line of sources.
    """
    return "".join(f"{line}\n" for mirror in mirrors for line in make_lines(mirror.strip()))


def make_lines(mirror: str) -> list[str]:
    """The lines of one mirror."""
    if mirror.startswith("deb ") and "\n" not in mirror:
        return [mirror]
    if not re.fullmatch(r"(https?|file)://[^\s]+", mirror):
        raise SettingsError(
            f"`mirrors` has no mirror of Debian: `{mirror}`",
            "it is neither an address that begins with http:// or https:// nor a line that begins with `deb `",
        )
    options = "[check-valid-until=no] " if SNAPSHOT.search(mirror) else ""
    suites = [f"{RELEASE}-security"] if "security" in mirror else [RELEASE, f"{RELEASE}-updates"]
    return [f"deb {options}{mirror} {suite} main" for suite in suites]
