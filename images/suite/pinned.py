"""What a lock of Poetry's pins, as requirements: `pinned.py LOCK [REQUIREMENTS]`.

With the lock alone every version in it, a package's several ones too. With requirements these, each with its hashes
from the lock; what has another version there ends it. Source: Poetry's documentation, "poetry.lock".
"""

import re
import sys
import tomllib
from pathlib import Path

PINNED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;]+)")


def read_lock(path):
    """Hashes of each package and version, its name as package indexes compare names."""
    packages = tomllib.loads(Path(path).read_text())["package"]
    return {
        (normalize(each["name"]), each["version"]): [found["hash"] for found in each.get("files", [])]
        for each in packages
    }


def normalize(name):
    """A name as package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def add_hashes(line, locked):
    """One requirement with its hashes; options and addresses stay as they are."""
    found = PINNED.match(line)
    if not found:
        return line
    key = (normalize(found["name"]), found["version"])
    if key not in locked:
        sys.exit(f"the lock has not {line}, to which its own versions lead")
    return " ".join([line, *(f"--hash={each}" for each in locked[key])])


def main(lock, requirements=None):
    """Print a line for each."""
    locked = read_lock(lock)
    lines = Path(requirements).read_text().splitlines() if requirements else []
    shown = [add_hashes(line, locked) for line in lines] or [f"{name}=={version}" for name, version in locked]
    print("\n".join(shown))


if __name__ == "__main__":
    main(*sys.argv[1:])
