"""How pytest names tests in a JUnit file: which testcase is which test's. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

Key = tuple[str, str]
"""The attributes `classname` and `name` of a testcase."""

FORBIDDEN = re.compile("[^\t\n\r -~\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file may hold; and U+007F, which pytest leaves out too."""


def derive_keys(test: str) -> set[Key]:
    """What pytest's junitxml makes of a node id: as from pytest 9.2 on, and as before, where they differ.

    They do for a bracket in a path, and for text after the parameters, as xdist's `loadgroup` adds it.
    """
    path, separator, names = test.partition("::")
    name, bracket, parameters = names.partition("[")
    before, *rest = re.split(r"(?=\[)", test, maxsplit=1)
    return {
        join_key(path + separator + name, f"[{parameters.removesuffix(']')}]" if bracket else ""),
        join_key(before, "".join(rest)),
    }


def join_key(address: str, parameters: str) -> Key:
    """The key for a node id that is cut before its parameters."""
    path, *names = address.split("::")
    *classes, name = [path.replace("/", ".").removesuffix(".py"), *names]
    return ".".join(classes), escape(name + parameters)


def escape(text: str) -> str:
    r"""The text with what XML forbids in words, as pytest has it: `#x1B` for `\x1b`."""
    return FORBIDDEN.sub(lambda found: f"#x{ord(found.group()):02X}", text)


def find_prefix(cases: Mapping[Key, object], known: Mapping[Key, object]) -> str:
    """What `--junitprefix` put before the class names: that with which most testcases are known."""
    matches = Counter(
        classname.removesuffix(rest).removesuffix(".")
        for classname, name in cases
        for rest in cut_beginnings(classname)
        if (rest, name) in known
    )
    return max(matches, key=lambda prefix: (matches[prefix], -len(prefix)), default="")


def cut_beginnings(classname: str) -> Iterator[str]:
    """The class name, then without its first part, without its first two, down to nothing."""
    yield classname
    while classname:
        classname = classname.partition(".")[2]
        yield classname
