"""One JUnit file from those of the passes, with every attempt."""

from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

import pytest
from _pytest.junitxml import mangle_test_address
from hypothesis import example, given, settings
from hypothesis import strategies as st
from junitparser import xunit2

from runner.core.attempts import Attempt
from runner.core.junit_names import derive_keys, escape
from runner.report.junit import merge_junit

pytestmark = pytest.mark.unit

PASSED, FAILED, ERROR = "", '<failure message="m">trace</failure>', '<error message="m">trace</error>'


def make_case(result=PASSED, name="test_a", classname="tests.test_x"):
    return f"<testcase classname={quoteattr(classname)} name={quoteattr(name)} time='0.100'>{result}</testcase>"


def write_pass(folder, name, *cases, tests=1, before=""):
    (folder / f"{name}.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" '
        f'tests="{tests}" failures="0" errors="0" skipped="0">{before}{"".join(cases or [make_case()])}'
        f"</testsuite></testsuites>",
        encoding="utf-8",
    )


def make_attempt(verdict="passed", number=1, test="tests/test_x.py::test_a", **more):
    return Attempt(test=test, number=number, verdict=verdict, seconds=0.25, **more)


def rerun(number=1, **more):
    more = {"error": "builtins.OSError", "message": "no way", "text": "the trace", "reason": "declared"} | more
    return make_attempt("rerun", number, **more)


def merge(folder, *attempts, **properties):
    """The file's root after merging."""
    merge_junit(folder, attempts, properties)
    return ET.parse(folder / "junit.xml").getroot()


def merge_one(folder, *attempts):
    """The only testcase after merging."""
    [case] = merge(folder, *attempts).iter("testcase")
    return case


def describe(element):
    return [(child.tag, child.get("type"), child.get("message"), child.findtext("stackTrace")) for child in element]


@pytest.mark.smoke
def test_each_pass_stays_a_test_suite_with_its_own_name(tmp_path):
    write_pass(tmp_path, "smoke", tests=3)
    write_pass(tmp_path, "default", tests=5)
    suites = merge(tmp_path).findall("testsuite")
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [("default", "5"), ("smoke", "3")]


def test_the_files_of_the_passes_are_gone_afterwards(tmp_path):
    write_pass(tmp_path, "smoke")
    merge(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


def test_names_of_tests_keep_their_letters(tmp_path):
    write_pass(tmp_path, "smoke", make_case(name="test_a[größe-日本]"))
    assert merge_one(tmp_path).get("name") == "test_a[größe-日本]"


def test_without_a_pass_there_is_no_file(tmp_path):
    merge_junit(tmp_path, [make_attempt()], {"run": "r"})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_off_stays_and_does_not_stop_the_others_from_being_merged(tmp_path):
    write_pass(tmp_path, "smoke")
    part = '<?xml version="1.0"?><testsuites><testsuite na'
    (tmp_path / "slow.xml").write_text(part)
    assert merge(tmp_path).find("testsuite").get("name") == "smoke"
    assert (tmp_path / "slow.xml").read_text() == part


def test_without_attempts_testcases_stay_as_they_are(tmp_path):
    write_pass(tmp_path, "smoke", make_case(FAILED), make_case(ERROR), tests=2)
    suite = merge(tmp_path, make_attempt(test="tests/test_x.py::test_other")).find("testsuite")
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["error"]]


def test_an_attempt_before_a_success_is_a_flaky_failure(tmp_path):
    # Pytest leaves a testcase without a result for the first attempt.
    write_pass(tmp_path, "smoke", make_case(), make_case())
    case = merge_one(tmp_path, rerun(), make_attempt(number=2))
    assert describe(case) == [
        ("flakyFailure", "builtins.OSError", "no way", "the trace"),
        ("system-out", None, None, None),
    ]


def test_attempts_before_a_failure_are_rerun_failures_behind_it(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case(), make_case(FAILED))
    attempts = [rerun(1, message="first"), rerun(2, message="second"), make_attempt("failed", 3)]
    assert describe(merge_one(tmp_path, *attempts)) == [
        ("failure", None, "m", None),
        ("rerunFailure", "builtins.OSError", "first", "the trace"),
        ("rerunFailure", "builtins.OSError", "second", "the trace"),
        ("system-out", None, None, None),
    ]


def test_attempts_before_an_error_stand_before_it_as_the_schema_of_surefire_has_it(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case(f"<properties/>{ERROR}<system-err>x</system-err>"))
    case = merge_one(tmp_path, rerun(), make_attempt("error", 2))
    assert [child.tag for child in case] == ["properties", "rerunFailure", "error", "system-out", "system-err"]


def test_a_skip_after_a_failure_is_flaky(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case("<skipped/>"))
    case = merge_one(tmp_path, rerun(), make_attempt("skipped", 2))
    assert [child.tag for child in case] == ["flakyFailure", "skipped", "system-out"]


def test_a_test_that_failed_and_whose_teardown_did_too_keeps_its_two_testcases(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case(FAILED), make_case(ERROR))
    suite = merge(tmp_path, rerun(), make_attempt("failed", 2), make_attempt("error", 2)).find("testsuite")
    assert [[child.tag for child in case] for case in suite] == [
        ["failure", "rerunFailure", "system-out"],
        ["error", "system-out"],
    ]


def test_the_total_counts_a_test_once_however_often_it_was_tried(tmp_path):
    # Pytest counted the first attempt as passed, since its teardown alone failed.
    write_pass(tmp_path, "smoke", make_case(), make_case(), make_case(name="test_b"), tests=3)
    suite = merge(tmp_path, rerun(), make_attempt(number=2)).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    assert [case.get("name") for case in suite] == ["test_a", "test_b"]


def test_the_testcase_without_a_name_that_a_crash_leaves_is_dropped(tmp_path):
    write_pass(tmp_path, "smoke", "<testcase time='0.000'/>", make_case(), tests=1)
    suite = merge(tmp_path, rerun(worker="gw0"), make_attempt(number=2, worker="gw2")).find("testsuite")
    assert suite.get("tests") == "1"
    assert [[child.tag for child in case] for case in suite] == [["flakyFailure", "system-out"]]


def test_two_tests_that_share_class_name_and_name_both_stay(tmp_path):
    write_pass(tmp_path, "smoke", make_case(classname="tests.a.B"), make_case(classname="tests.a.B"), tests=2)
    attempts = [make_attempt(test="tests/a.py::B::test_a"), make_attempt(test="tests/a/B.py::test_a")]
    assert len(merge(tmp_path, *attempts).findall("testsuite/testcase")) == 2


def test_worker_slot_and_attempts_stand_in_the_output(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case("<system-out>mine</system-out><system-err>e</system-err>"))
    case = merge_one(tmp_path, rerun(worker="gw0"), make_attempt(number=2, worker="gw3"))
    assert case.findtext("system-out") == (
        "mine\n[[PROPERTY|worker=gw3]]\n[[PROPERTY|slot=gw3]]\n[[PROPERTY|attempts=2]]"
    )
    assert case.findtext("flakyFailure/system-out") == (
        "[[PROPERTY|attempt=1]]\n[[PROPERTY|worker=gw0]]\n[[PROPERTY|seconds=0.250]]\n[[PROPERTY|reason=declared]]"
    )


def test_neither_schema_allows_properties_in_a_testcase_so_there_are_none(tmp_path):
    write_pass(tmp_path, "smoke", make_case(FAILED))
    assert merge_one(tmp_path, make_attempt("failed")).find("properties") is None


def test_what_an_attempt_wrote_goes_with_it(tmp_path):
    first = make_case("<system-out>one</system-out><system-err>bad</system-err>")
    write_pass(tmp_path, "smoke", first, make_case("<system-out>two</system-out>"))
    case = merge_one(tmp_path, rerun(reason=""), make_attempt(number=2))
    flaky = case.find("flakyFailure")
    assert [child.tag for child in flaky] == ["stackTrace", "system-out", "system-err"]
    assert flaky.findtext("system-out").endswith("[[PROPERTY|seconds=0.250]]\none")
    assert flaky.findtext("system-err") == "bad"
    assert case.findtext("system-out").startswith("two\n")


def test_an_unknown_error_has_a_type_since_the_schema_demands_one(tmp_path):
    write_pass(tmp_path, "smoke")
    case = merge_one(tmp_path, rerun(error="", text=""), make_attempt(number=2))
    assert case.find("flakyFailure").get("type") == "unknown"
    assert case.find("flakyFailure/stackTrace") is not None


def test_properties_of_the_run_go_to_every_suite_after_its_own(tmp_path):
    own = '<properties><property name="own" value="1"/></properties>'
    write_pass(tmp_path, "a", before=own)
    write_pass(tmp_path, "b")
    suites = merge(tmp_path, seed="7", run="r1").findall("testsuite")
    found = [[(each.get("name"), each.get("value")) for each in suite.find("properties")] for suite in suites]
    assert found == [[("own", "1"), ("seed", "7"), ("run", "r1")], [("seed", "7"), ("run", "r1")]]
    assert [[child.tag for child in suite] for suite in suites] == [["properties", "testcase"]] * 2


def test_without_properties_there_is_no_element_for_them(tmp_path):
    write_pass(tmp_path, "smoke")
    assert merge(tmp_path).find("testsuite/properties") is None


def test_what_xml_forbids_is_written_in_words(tmp_path):
    write_pass(tmp_path, "smoke", make_case(name="test_a[#x1B]"))
    bad = "\x1b[31m \x00 \ud800 \uffff <&> é 🎉"
    good = "#x1B[31m #x00 #xD800 #xFFFF <&> é 🎉"
    attempts = [
        rerun(test="tests/test_x.py::test_a[\x1b]", error=bad, message=bad, text=bad, worker=bad, reason=bad),
        make_attempt(test="tests/test_x.py::test_a[\x1b]", number=2, worker=bad),
    ]
    root = merge(tmp_path, *attempts, **{bad: bad})
    flaky = root.find(".//flakyFailure")
    assert (flaky.get("type"), flaky.get("message"), flaky.findtext("stackTrace")) == (good, good, good)
    assert f"[[PROPERTY|reason={good}]]" in flaky.findtext("system-out")
    assert root.find(".//property").attrib == {"name": good, "value": good}


def test_junitparser_reads_the_attempts(tmp_path):
    write_pass(tmp_path, "smoke", make_case(), make_case(), make_case(name="test_b"), make_case(FAILED, "test_b"))
    other = "tests/test_x.py::test_b"
    merge_junit(
        tmp_path,
        [rerun(), make_attempt(number=2), rerun(test=other), make_attempt("failed", 2, other)],
        {"image": "sha"},
    )
    [suite] = xunit2.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    flaky, failed = suite
    assert [(each.type, each.message, each.stack_trace) for each in flaky.flaky_failures()] == [
        ("builtins.OSError", "no way", "the trace")
    ]
    assert (flaky.is_passed, flaky.is_flaky, flaky.is_rerun) == (True, True, False)
    assert (failed.is_passed, failed.is_flaky, failed.is_rerun) == (False, False, True)
    assert [(each.name, each.value) for each in suite.properties()] == [("image", "sha")]


NAMES = [
    ("tests/sub/test_x.py::test_a", "tests.sub.test_x", "test_a"),
    ("test_x.py::TestA::TestB::test_a[1-2]", "test_x.TestA.TestB", "test_a[1-2]"),
    ("test_x.py::test_a[a::b]", "test_x", "test_a[a::b]"),
    ("test_x.py::test_a[a/b.py]", "test_x", "test_a[a/b.py]"),
    ("test_x.py::test_a[a[b]]", "test_x", "test_a[a[b]]"),
    ("test_x.py::test_a[[]", "test_x", "test_a[[]"),
    ("test_x.py::test_a[]]", "test_x", "test_a[]]"),
    ("test_x.py::test_a[]", "test_x", "test_a[]"),
    ("test_x.py::test_a[x]::[y]", "test_x", "test_a[x]::[y]"),
    ("test_x.py::test_a[🎉-größe]", "test_x", "test_a[🎉-größe]"),
    ("test_x.py::test_a[\x1b\x7f]", "test_x", "test_a[#x1B#x7F]"),
    ("docs/a.txt::a.txt", "docs.a.txt", "a.txt"),
    ("tests/test_b[1].py::test_a", "tests.test_b[1]", "test_a"),
    ("tests/test_b[1].py::test_a", "", "tests.test_b[1].py::test_a"),
    ("test_x.py::test_a@group", "test_x", "test_a@group"),
    ("test_x.py::test_a[1]@group", "test_x", "test_a[1]@group"),
    ("test_x.py::test_a[1]@group", "test_x", "test_a[1]@group]"),
]


@pytest.mark.parametrize(("test", "classname", "name"), NAMES)
@pytest.mark.parametrize("prefix", ["", "pre.fix"])
def test_attempts_find_their_testcase_by_what_pytest_makes_of_the_node_id(tmp_path, test, classname, name, prefix):
    write_pass(tmp_path, "smoke", make_case(name=name, classname=".".join(filter(None, [prefix, classname]))))
    assert "attempts=1" in merge_one(tmp_path, make_attempt(test=test)).findtext("system-out")


def test_a_prefix_is_told_from_a_folder_of_the_same_name(tmp_path):
    cases = [make_case(classname="x.x.test_x"), make_case(classname="x.test_x")]
    write_pass(tmp_path, "smoke", *cases)
    attempts = [
        make_attempt(test="x/test_x.py::test_a", worker="inner"),
        make_attempt(test="test_x.py::test_a", worker="outer"),
    ]
    found = [case.findtext("system-out") for case in merge(tmp_path, *attempts).iter("testcase")]
    assert ["inner" in found[0], "outer" in found[1]] == [True, True]


def read_pytest(test):
    """Class name and name in the words of the pytest that is installed."""
    *classes, name = mangle_test_address(test)
    return ".".join(classes), name


parts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["a::b", "[", "]", "a/b.py", "🎉", "@g", ""]
)
identifiers = st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True)


@settings(derandomize=True, deadline=None)
@given(st.lists(identifiers, min_size=1, max_size=3), st.lists(identifiers, min_size=1, max_size=3), parts, parts)
@example(["tests", "test_b[1]"], ["test_a"], "1", "")
def test_a_node_id_has_the_key_that_the_installed_pytest_gives_it(folders, names, parameters, rest):
    test = f"{'/'.join(folders)}.py::{'::'.join(names)}[{parameters}]{rest}"
    classname, name = read_pytest(test)
    assert (classname, escape(name)) in derive_keys(test)


@settings(derandomize=True, deadline=None)
@given(st.text())
def test_any_text_can_be_written_and_read_again(text):
    element = ET.Element("a", b=escape(text))
    assert ET.fromstring(ET.tostring(element)).get("b") == escape(text)
