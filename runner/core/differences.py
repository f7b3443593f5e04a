"""What differs between the contents of two images, in words. Pure."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from runner.core.contents import Contents, Entry, ImageConfig


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that differs between two images.

    Attributes:
        subject: an absolute path, `variable NAME`, or the name of another part of the configuration.
        what: `added`, `missing`, or which of its properties differs.
        before: the property as it was; empty for contents, and for what was added.
        after: as it is; empty for contents, and for what is missing.
    """

    subject: str
    what: str
    before: str = ""
    after: str = ""

    def as_text(self) -> str:
        """The difference in words, such as ``/etc/motd: mode 0644 -> 0600``."""
        if self.what in ("added", "missing"):
            return f"{self.subject} is {self.what}"
        values = f" {self.before or 'none'} -> {self.after or 'none'}" if self.before or self.after else " differs"
        return f"{self.subject}: {self.what}{values}"


def compare(old: Contents, new: Contents) -> Sequence[Difference]:
    """What differs, sorted: the configuration first, then the paths."""
    return [*compare_configs(old.config, new.config), *compare_entries(old.entries, new.entries)]


def compare_configs(old: ImageConfig, new: ImageConfig) -> Sequence[Difference]:
    """What differs between two configurations, variables by name."""
    before, after = (dict(each.partition("=")[::2] for each in config.environment) for config in (old, new))
    found = [
        Difference(f"variable {name}", find_change(name, before, after), before.get(name, ""), after.get(name, ""))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    parts = ("entrypoint", "command", "user", "folder", "architecture")
    values = [(part, show(getattr(old, part)), show(getattr(new, part))) for part in parts]
    return found + [Difference(part, "value", one, other) for part, one, other in values if one != other]


def find_change(name: str, before: Collection[str], after: Collection[str]) -> str:
    """What happened to a name that two sides do not have in common with the same value."""
    return "value" if name in before and name in after else "missing" if name in before else "added"


def show(value: str | tuple[str, ...]) -> str:
    """A part of the configuration as text."""
    return value if isinstance(value, str) else json.dumps(value)


def compare_entries(old: Iterable[Entry], new: Iterable[Entry]) -> Sequence[Difference]:
    """What differs between two file systems; each property of a path on its own."""
    before, after = {each.path: each for each in old}, {each.path: each for each in new}
    found: list[Difference] = []
    for path in sorted(before.keys() | after.keys()):
        if path in before and path in after:
            found += compare_paths(before[path], after[path])
        else:
            found.append(Difference(path, find_change(path, before, after)))
    return found


def compare_paths(one: Entry, other: Entry) -> Sequence[Difference]:
    """What differs between two entries of one path."""
    properties = (
        ("kind", one.kind, other.kind),
        ("mode", f"{one.mode:04o}", f"{other.mode:04o}"),
        ("owner", f"{one.uid}:{one.gid}", f"{other.uid}:{other.gid}"),
        ("target", one.target, other.target),
    )
    found = [Difference(one.path, what, before, after) for what, before, after in properties if before != after]
    if one.kind == other.kind and one.sha256 != other.sha256:
        found.append(Difference(one.path, "content"))
    return found
