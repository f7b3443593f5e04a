"""One JUnit file from those of the passes."""

from xml.etree import ElementTree as ET

import pytest

from runner.report.junit import merge_junit

pytestmark = pytest.mark.unit


def write_pass(folder, name, tests=1, case="test_a"):
    (folder / f"{name}.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">'
        f'<testsuite name="pytest" tests="{tests}"><testcase name="{case}"/></testsuite></testsuites>',
        encoding="utf-8",
    )


@pytest.mark.smoke
def test_each_pass_stays_a_test_suite_with_its_own_name(tmp_path):
    write_pass(tmp_path, "smoke", 3)
    write_pass(tmp_path, "default", 5)
    merge_junit(tmp_path)
    suites = ET.parse(tmp_path / "junit.xml").getroot().findall("testsuite")
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [("default", "5"), ("smoke", "3")]


def test_the_files_of_the_passes_are_gone_afterwards(tmp_path):
    write_pass(tmp_path, "smoke")
    merge_junit(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


def test_names_of_tests_keep_their_letters(tmp_path):
    write_pass(tmp_path, "smoke", case="test_a[größe-日本]")
    merge_junit(tmp_path)
    assert ET.parse(tmp_path / "junit.xml").find(".//testcase").get("name") == "test_a[größe-日本]"


def test_without_a_pass_there_is_no_file(tmp_path):
    merge_junit(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_off_does_not_stop_the_others_from_being_merged(tmp_path):
    write_pass(tmp_path, "smoke")
    (tmp_path / "slow.xml").write_text('<?xml version="1.0"?><testsuites><testsuite na')
    merge_junit(tmp_path)
    assert ET.parse(tmp_path / "junit.xml").find("testsuite").get("name") == "smoke"
