"""One JUnit file from those of the passes of a run, with every attempt at a test.

The elements are those of Maven Surefire and of Jenkins' junit-10.xsd. Neither allows properties in a testcase, and
Jenkins' xUnit plugin drops a file that has them; so those of a test stand in its output, as `[[PROPERTY|name=value]]`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from runner.core.attempts import Attempt
from runner.core.junit_names import Key, derive_keys, escape, find_prefix

FINAL = ("failure", "error", "skipped")
"""The results in a testcase; one without any passed."""


def merge_junit(folder: Path, attempts: Sequence[Attempt], properties: Mapping[str, str]) -> None:
    """Merge the passes' files in the folder into `junit.xml`; each pass stays a test suite with its own name.

    Args:
        folder: where the files are; a file that is no XML stays as it is.
        attempts: at the tests of all passes, each test's in order.
        properties: of the run; every suite gets them.
    """
    known = defaultdict[Key, list[Attempt]](list)
    for attempt in attempts:
        for key in derive_keys(attempt.test):
            known[key].append(attempt)
    merged = ET.Element("testsuites", name="pytest tests")
    for path in sorted(folder.glob("*.xml")):
        try:
            found = ET.parse(path).getroot()  # noqa: S314 -- pytest wrote it
        except ET.ParseError:
            # A pytest that was ended leaves a part of a file, which stays as it is.
            continue
        for suite in found.iter("testsuite"):
            suite.set("name", path.stem)
            add_attempts(suite, known)
            add_properties(suite, properties)
            merged.append(suite)
        path.unlink()
    if len(merged):
        ET.ElementTree(merged).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)


def add_attempts(suite: ET.Element, known: Mapping[Key, Sequence[Attempt]]) -> None:
    """Give each testcase the attempts at its test, and leave one testcase for all of them."""
    cases = defaultdict[Key, list[ET.Element]](list)
    before = len(suite)
    for case in suite.findall("testcase"):
        if "name" in case.attrib:
            cases[case.get("classname", ""), case.get("name", "")].append(case)
        else:
            # Left by an attempt that crashed its worker before the test was tried again.
            suite.remove(case)
    prefix = find_prefix(cases, known)
    for (classname, name), of_test in cases.items():
        if attempts := known.get((classname.removeprefix(prefix).removeprefix("."), name)):
            keep_last(suite, of_test, attempts)
    if len(suite) != before:
        # Pytest counts a call that passed before its teardown failed and the test was tried again.
        suite.set("tests", str(len(suite.findall("testcase"))))


def keep_last(suite: ET.Element, cases: list[ET.Element], attempts: Sequence[Attempt]) -> None:
    """Turn the testcases of attempts that were followed by another into elements of the last attempt's.

    Pytest leaves a testcase without a result, as if it had passed, for each of them; and two for a test that failed
    and whose teardown did too.
    """
    again = [attempt for attempt in attempts if attempt.verdict == "rerun"]
    ended = [case for case in cases if has_result(case, FINAL)]
    earlier = [case for case in cases if case not in ended][: None if ended else -1][: len(again)]
    for case in earlier:
        suite.remove(case)
        cases.remove(case)
    tag = "rerunFailure" if any(has_result(case, ("failure", "error")) for case in cases) else "flakyFailure"
    elements = [make_interim(tag, attempt) for attempt in again]
    if len(earlier) == len(again):
        for element, case in zip(elements, earlier, strict=True):
            move_output(case, element)
    # Surefire's order: failures, then these, then what else there is.
    place = sum(child.tag in {"properties", "failure"} for child in cases[0])
    cases[0][place:place] = elements
    last = attempts[-1]
    for case in cases:
        add_output(case, "system-out", make_lines(worker=last.worker, slot=last.worker, attempts=last.number))


def has_result(case: ET.Element, tags: Sequence[str]) -> bool:
    """Whether a testcase has one of these results."""
    return any(child.tag in tags for child in case)


def make_interim(tag: str, attempt: Attempt) -> ET.Element:
    """The element for an attempt that was not the last; Surefire demands a trace, and Jenkins a type."""
    element = ET.Element(tag, message=escape(attempt.message), type=escape(attempt.error) or "unknown")
    ET.SubElement(element, "stackTrace").text = escape(attempt.text)
    seconds = f"{attempt.seconds:.3f}"
    lines = make_lines(attempt=attempt.number, worker=attempt.worker, seconds=seconds, reason=attempt.reason)
    add_output(element, "system-out", lines)
    return element


def make_lines(**facts: object) -> str:
    """The facts as lines that readers of JUnit files take for properties; without empty ones."""
    return "\n".join(f"[[PROPERTY|{name}={escape(str(fact))}]]" for name, fact in facts.items() if fact != "")


def move_output(case: ET.Element, element: ET.Element) -> None:
    """Add what an attempt wrote, as its testcase has it, to the attempt's element."""
    for child in case:
        if child.tag in {"system-out", "system-err"} and child.text:
            add_output(element, child.tag, child.text)


def add_output(element: ET.Element, tag: str, text: str) -> None:
    """Add lines to the output of an element; standard output stands before standard error."""
    output = element.find(tag)
    if output is None:
        output = ET.Element(tag)
        place = next((place for place, child in enumerate(element) if child.tag == "system-err"), len(element))
        element.insert(place, output)
    output.text = f"{output.text}\n{text}" if output.text else text


def add_properties(suite: ET.Element, properties: Mapping[str, str]) -> None:
    """Add properties to those of a suite, which stand before its testcases."""
    if not properties:
        return
    found = suite.find("properties")
    if found is None:
        found = ET.Element("properties")
        suite.insert(0, found)
    for name, value in properties.items():
        ET.SubElement(found, "property", name=escape(name), value=escape(value))
