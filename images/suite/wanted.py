"""Prints what a project of Poetry asks for, as requirements: `wanted.py [--extras=NAME ...] [--with=GROUP ...]`.

Runs with Poetry's own library, in the project's folder; the main group is always asked for. Sources: poetry-core's
`Factory.create_poetry`, and `to_pep_508` of its dependencies.
"""

import re
import sys
from pathlib import Path

from poetry.core.factory import Factory


def pick(option):
    """The values of an option, as Poetry compares names."""
    found = [each.removeprefix(option) for each in sys.argv[1:] if each.startswith(option)]
    return {re.sub(r"[-_.]+", "-", each).lower() for each in found}


def main():
    """Print a line for each dependency of the main group, of the extras and of the groups."""
    package = Factory().create_poetry(Path.cwd()).package
    extras, groups = pick("--extras="), pick("--with=")
    wanted = [each for each in package.requires if not each.is_optional()]
    wanted += [each for name, found in package.extras.items() if name in extras for each in found]
    for name in package.dependency_group_names(include_optional=True):
        if re.sub(r"[-_.]+", "-", name).lower() in groups - {"main"}:
            wanted += package.dependency_group(name).dependencies
    print("\n".join(dict.fromkeys(each.to_pep_508(with_extras=False) for each in wanted)))


if __name__ == "__main__":
    main()
