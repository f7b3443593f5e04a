"""Prints what pip would install, from its report, as requirements: `report.py REPORT`.

Source: pip's documentation, "Installation Report".
"""

import json
import sys
from pathlib import Path


def make_line(item):
    """One package with its version, or with the address that it was asked for by."""
    name, version, found = item["metadata"]["name"], item["metadata"]["version"], item["download_info"]
    if not item["is_direct"]:
        return f"{name}=={version}"
    source = found.get("vcs_info")
    where = f"{source['vcs']}+{found['url']}@{source['commit_id']}" if source else found["url"]
    return f"{name} @ {where}"


def main(path):
    """Print a line for each package."""
    print("\n".join(sorted(map(make_line, json.loads(Path(path).read_text())["install"]))))


if __name__ == "__main__":
    main(sys.argv[1])
