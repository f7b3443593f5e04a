"""One JUnit file from those of the passes of a run."""

from pathlib import Path
from xml.etree import ElementTree as ET


def merge_junit(folder: Path) -> None:
    """Merge the passes' files in the folder into `junit.xml`; each pass stays a test suite with its own name."""
    merged = ET.Element("testsuites", name="pytest tests")
    for path in sorted(folder.glob("*.xml")):
        try:
            found = ET.parse(path).getroot()  # noqa: S314 -- pytest wrote it
        except ET.ParseError:
            # A pytest that was ended leaves a part of a file, which stays as it is.
            continue
        for suite in found.iter("testsuite"):
            suite.set("name", path.stem)
            merged.append(suite)
        path.unlink()
    if len(merged):
        ET.ElementTree(merged).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
