"""Packages that a lock has as compiled wheels, but for other Pythons: they are compiled in the image. Pure."""

import re

PACKAGE = re.compile(r"^\[\[packages?\]\]$", re.MULTILINE)
NAME = re.compile(r"^name = \"([^\"]+)\"", re.MULTILINE)
SOURCES = re.compile(r"\.(?:tar\.gz|tar\.bz2|zip)\b")
WHEEL = re.compile(r"-(?P<python>[\w.]+)-(?P<abi>[\w.]+)-(?P<platform>[\w.]+)\.whl\b")
"""The tags of a file's name. Source: PyPA's "Platform compatibility tags"."""

BACKPORT = re.compile(r"backports[.-]|typed-ast$")
"""What only Pythons have that are older than any of a run's."""

LINUX = re.compile(r"(?:^|\.)(?:manylinux|linux_)")


def find_compiled(text: str, python: str) -> list[str]:
    """Names of the packages in a lock of TOML that have sources, and compiled wheels of which none fits.

    Those without any compiled wheel are Python alone, or known to be no more than sources. Hashes, which are all that
    other locks have, tell nothing.

    Args:
        text: the lock's, whatever its kind.
        python: such as `3.13`.
    """
    found: dict[str, list[re.Match[str]]] = {}
    for block in PACKAGE.split(text)[1:]:
        if (name := NAME.search(block)) and SOURCES.search(block):
            # A package may stand there several times, with a version for each Python.
            found.setdefault(name[1], []).extend(WHEEL.finditer(block))
    minor = int(python.partition(".")[2])
    return [
        name
        for name, wheels in found.items()
        if any(each["platform"] != "any" for each in wheels)
        and not any(fits(each, minor) for each in wheels)
        and not BACKPORT.match(name)
    ]


def fits(wheel: re.Match[str], minor: int) -> bool:
    """Whether a wheel is for Python 3 of a minor version, on some Linux; which machine is not asked."""
    if wheel["platform"] != "any" and not LINUX.search(wheel["platform"]):
        return False
    pythons, abis = wheel["python"].split("."), wheel["abi"].split(".")
    exact = f"cp3{minor}"
    if exact in pythons and {exact, "none"} & {*abis}:
        return True
    # What keeps to the stable interface, or has none, is for all later ones, too.
    earlier = {"py3", *(f"{kind}3{each}" for kind in ("py", "cp") for each in range(minor + 1))}
    return bool({"abi3", "none"} & {*abis} and earlier & {*pythons})
