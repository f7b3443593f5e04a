"""Debian mirrors of the setting `mirrors`, and other releases beside Debian 13, as apt reads them. Pure."""

import re
from collections.abc import Sequence

from runner.errors import SettingsError

RELEASE = "trixie"
"""Debian 13."""

UNSTABLE = "sid"
"""The release that is never finished; it has no security updates of its own."""

RUNTIME = ("glibc", "libxcrypt")
"""Source packages of the C library."""

OWN_MIRROR, OWN_SECURITY = "@main@", "@security@"
"""Stand for the addresses in the base image's own sources; images/base/install.sh puts them in."""

LINE = re.compile(r"deb (\[[^\]]*\] )?(\S+) (\S+) (.+)")
"""A line of sources: options, address, suite, components (sources.list(5))."""

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
    suites = [f"{RELEASE}-security"] if "security" in mirror else [RELEASE, f"{RELEASE}-updates"]
    return [make_line(mirror, suite) for suite in suites]


def make_line(mirror: str, suite: str) -> str:
    """One line for an address; lists that are out of date on purpose are taken."""
    return f"deb {'[check-valid-until=no] ' if SNAPSHOT.search(mirror) else ''}{mirror} {suite} main"


def make_more_sources(mirrors: Sequence[str], release: str) -> str:
    """The one-line sources of another release, from the mirrors that Debian 13 comes from.

    A line of sources for Debian 13 itself stands for one of the release.

    Raises:
        SettingsError: a mirror is neither an address nor a line of sources.
    """
    own = (make_line(OWN_MIRROR, RELEASE), make_line(OWN_SECURITY, f"{RELEASE}-security"))
    lines = make_sources(mirrors).splitlines() or own
    suites = (
        {RELEASE: release} if release == UNSTABLE else {RELEASE: release, f"{RELEASE}-security": f"{release}-security"}
    )
    found = [LINE.fullmatch(line) for line in lines]
    wanted = [(each[1] or "", each[2], suites[each[3]], each[4]) for each in found if each and each[3] in suites]
    return "".join(f"deb {allow_old(given, suite)}{address} {suite} {rest}\n" for given, address, suite, rest in wanted)


def allow_old(options: str, suite: str) -> str:
    """The options of a line, which let the lists be old where the suite's are valid for days only."""
    if suite != UNSTABLE or "check-valid-until" in options:
        return options
    return f"[check-valid-until=no{options.replace('[', ' ', 1) if options else '] '}"


def make_more_preferences(release: str, sources: Sequence[str] = ()) -> str:
    """What apt takes from another release: what Debian 13 does not have, and what that needs.

    Below 100 a version is taken only where no other can be had (apt_preferences). Programs of unstable need its C
    library, which runs older programs too; its packages of one source come together, and so do those of `sources`.
    """
    names = [release] if release == UNSTABLE else [release, f"{release}-security"]
    own = [*sources, *RUNTIME] if release == UNSTABLE else []
    stanzas = [f"Package: *\nPin: release n={name}\nPin-Priority: 90\n" for name in names]
    stanzas += [f"Package: src:{name}\nPin: release n={release}\nPin-Priority: 990\n" for name in own]
    return "\n".join(stanzas)
