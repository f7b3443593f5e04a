"""One JUnit file from those of the passes of a run."""

from pathlib import Path
from xml.etree import ElementTree as ET


def merge_junit(folder: Path) -> None:
    """Merge the passes' files in the folder into `junit.xml`; each pass stays a test suite with its own name."""
    merged = ET.Element("testsuites", name="pytest tests")
    for path in sorted(folder.glob("*.xml")):
        for suite in ET.parse(path).getroot().iter("testsuite"):  # noqa: S314 -- pytest wrote it
            suite.set("name", path.stem)
            merged.append(suite)
        path.unlink()
    if len(merged):
        ET.ElementTree(merged).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
