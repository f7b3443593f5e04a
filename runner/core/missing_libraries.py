"""Which Debian package has what an error text says is missing: a shared library, a program or a header. Pure."""

import re

from runner.core.debian_names import BUILD_ONLY, HEADERS, LIBRARIES, MODULES, PHRASES, PROGRAMS

SHARED = re.compile(r"\b(lib[\w+.-]+?\.so(?:\.\d+)*)\b[^\n]{0,40}?: cannot open shared object file")
"""What the dynamic loader says, through ImportError and OSError."""

NAMED = re.compile(
    r"(?:[Nn]o (?:\w+ )?library (?:called|named) |cannot load library |unable to (?:find|load) (?:the )?(?:library )?)"
    r"[\"']?(?:lib)?([\w+.-]+)"
)
"""What ctypes, cffi and those who search by name say, such as WeasyPrint."""

HEADER = re.compile(r"\b([\w+./-]+\.h(?:pp)?): No such file or directory")
"""What a compiler says."""

PROGRAM = re.compile(
    r"(?:No such file or directory: |[Cc]ommand |[Pp]rogram |[Ee]xecutable |exec: )?[`'\"]?\b([\w+-]+)[`'\"]?"
    r"(?:(?: executable| command| program)? (?:was )?not found(?! in the (?:package )?registry)|: command not found"
    r"|: not found|' failed: No such file or directory|(?: is)? not installed| executable is required)"
)
"""What a shell, Python and build backends say of a program."""

ABSENT = re.compile(r"No such file or directory: ['\"]([\w+-]+)['\"]")
"""What Python says of a program that a subprocess was to be."""

MODULE = re.compile(r"(?:Package|Dependency) ['\"]?([\w+.-]+)['\"]?,? (?:was )?not found|No package '([\w+.-]+)' found")
"""What pkg-config and meson say."""


def find_package(text: str) -> str | None:
    """The Debian package that has what an error text says is missing; None where the text says nothing of the kind.

    The first thing that is missing counts: the rest follows from it, as a rule.
    """
    found = sorted(
        (at, package)
        for at, package in (
            *((match.start(), find_library(match[1])) for match in SHARED.finditer(text)),
            *((match.start(), find_library(f"lib{match[1]}")) for match in NAMED.finditer(text)),
            *((match.start(), find_header(match[1])) for match in HEADER.finditer(text)),
            *((match.start(), PROGRAMS.get(match[1])) for match in PROGRAM.finditer(text)),
            *((match.start(), PROGRAMS.get(match[1])) for match in ABSENT.finditer(text)),
            *((match.start(), MODULES.get(match[1] or match[2])) for match in MODULE.finditer(text)),
            *((match.start(), package) for words, package in PHRASES.items() for match in re.finditer(words, text)),
        )
        if package
    )
    return found[0][1] if found else None


def find_library(name: str) -> str | None:
    """The package of a shared library, such as `libpq.so.5`, `libpq` or `libpango-1.0-0`."""
    stem = re.sub(r"\.so(\.\d+)*$", "", name)
    shorter = re.sub(r"-\d+$", "", stem)
    versioned = re.sub(r"-?\d+(\.\d+)*$", "", stem)
    return next((LIBRARIES[each] for each in (stem, shorter, versioned) if each in LIBRARIES), None)


def find_header(path: str) -> str | None:
    """The package of a header."""
    return next((package for name, package in HEADERS.items() if f"/{path}".endswith(f"/{name}")), None)


def is_for_builds(package: str) -> bool:
    """Whether only a build needs a package, so that it belongs into `build_packages`."""
    return package.endswith("-dev") or package in BUILD_ONLY


def advise(text: str) -> str | None:
    """The line of settings that brings what an error text says is missing."""
    package = find_package(text)
    if package is None:
        return None
    setting = "build_packages" if is_for_builds(package) else "packages"
    return f'add the Debian package to the settings: `{setting} = ["{package}"]`'
