"""What CI reads in the output: sections, annotations, and the stretches in which nothing is a command."""

import io
import subprocess

import pytest
from told_events import finish, locate

from runner.core.annotations import Annotation
from runner.core.attempt_log import AttemptLog
from runner.core.events import Event
from runner.core.failure_log import FailureLog
from runner.core.summary import Facts
from runner.report.ci import Ci, GitHub, GitLab, find_ci
from runner.report.ci_summary import Findings, find_prefix, write_summary
from runner.report.console import Console, is_live

pytestmark = pytest.mark.unit

BUILD = [
    Event("run-started", 0.0, {"project": "shop", "run": "run-1"}),
    Event("step-started", 0.0, {"step": "image"}),
    Event("progress", 0.1, {"text": "building base:1"}),
    Event("progress", 0.2, {"text": "::error::from a build"}),
    Event("step-finished", 2.5, {"step": "image", "seconds": 2.5, "note": "built it"}),
]


@pytest.fixture
def github():
    tokens = (f"token{number}" for number in range(99))
    return GitHub(lambda: next(tokens))


def show(ci, events=BUILD):
    stream = io.StringIO()
    console = Console(stream, ci=ci)
    console.begin()
    for event in events:
        console(event)
    return console, stream


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"GITHUB_ACTIONS": "true"}, GitHub),
        ({"GITLAB_CI": "true"}, GitLab),
        ({"CI": "true"}, Ci),
        ({"GITHUB_ACTIONS": "false", "GITLAB_CI": ""}, Ci),
        ({}, Ci),
    ],
)
def test_the_ci_is_known_by_its_variable(environ, kind):
    assert type(find_ci(environ)) is kind


@pytest.mark.smoke
def test_on_github_a_build_is_a_group_with_all_its_lines_and_only_our_lines_are_commands(github):
    console, stream = show(github)
    console.end()
    assert stream.getvalue().splitlines() == [
        "::stop-commands::token0",
        "shop  run run-1",
        "::token0::",
        "::group::image: what the build says",
        "::stop-commands::token1",
        "    building base:1",
        "    ::error::from a build",
        "::token1::",
        "::endgroup::",
        "::stop-commands::token2",
        "  image       2.50 s  built it",
        "::token2::",
    ]


def obey(lines):
    """The commands that GitHub obeys: none from the stop to its token; spaces before a command do not matter."""
    token, obeyed = None, []
    for line in map(str.strip, lines):
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            obeyed.append(line)
    return obeyed, token


@pytest.mark.security
def test_a_command_that_a_test_prints_is_not_obeyed_and_ours_are():
    console, stream = show(GitHub())
    for data in (b"::error::mine\n", b"  ::add-mask::a\n", b"::stop-commands::x\n::x::\n::set-output name=a::b\nhalf"):
        console.give_way(data)
        stream.write(data.decode())
    console.annotate([Annotation("error", "t", "m\n::warning::x")])
    console.end()
    assert obey(stream.getvalue().splitlines()) == (
        ["::group::image: what the build says", "::endgroup::", "::error title=t::m%0A::warning::x"],
        None,
    )


@pytest.mark.security
def test_tokens_are_random_and_used_once():
    console, stream = show(GitHub())
    console.end()
    tokens = [line for line in stream.getvalue().splitlines() if line.startswith("::stop-commands::")]
    assert len({*tokens}) == len(tokens) == 3
    assert all(len(token.removeprefix("::stop-commands::")) == 32 for token in tokens)


def test_a_command_never_continues_a_line_that_the_suite_left_open(github):
    console, stream = show(github, [])
    console.give_way(b"test_a.py ..")
    stream.write("test_a.py ..")
    console.end()
    assert stream.getvalue().splitlines() == ["::stop-commands::token0", "test_a.py ..", "::token0::"]


def test_a_build_that_ends_the_run_leaves_no_section_open(github):
    console, stream = show(github, BUILD[:3])
    console.end()
    assert stream.getvalue().splitlines()[-4:] == [
        "::token1::",
        "::endgroup::",
        "::stop-commands::token2",
        "::token2::",
    ]


def test_the_end_is_told_once(github):
    console, stream = show(github, [])
    console.end()
    before = stream.getvalue()
    console.end()
    assert stream.getvalue() == before


def test_on_gitlab_a_build_is_a_section_that_is_folded():
    console, stream = show(GitLab(lambda: 12.4))
    console.annotate([Annotation("error", "t", "m")])
    console.end()
    assert stream.getvalue().split("\n") == [
        "shop  run run-1",
        "\x1b[0Ksection_start:12:image[collapsed=true]\r\x1b[0Kimage: what the build says",
        "    building base:1",
        "    ::error::from a build",
        "\x1b[0Ksection_end:12:image\r\x1b[0K",
        "  image       2.50 s  built it",
        "",
    ]


def test_nothing_is_told_where_no_ci_is_known():
    console, stream = show(Ci())
    console.annotate([Annotation("error", "t", "m")])
    console.end()
    assert stream.getvalue() == "shop  run run-1\n    building base:1\n  image       2.50 s  built it\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_terminal_that_ci_made_is_not_watched():
    assert is_live(Terminal(), {})
    assert not is_live(Terminal(), {"CI": "true"})
    assert not is_live(io.StringIO(), {})


def test_findings_are_those_of_the_events_with_the_repositorys_paths():
    findings = Findings()
    steps = [Event("step-finished", 1.0, {"step": "tests", "seconds": 1.5, "note": ""})] * 2
    for event in [locate(), *steps]:
        findings(event)
    assert findings.steps == {"tests": 3.0}
    log = AttemptLog()
    log.add(finish("failed", message="m"))
    (found,) = findings.annotate(log, [], None, "services/api")
    assert (found.file, found.line) == ("services/api/tests/test_a.py", 7)


def make_repository(path):
    subprocess.run(["git", "init", "-q", path], check=True)
    project = path / "services" / "api"
    project.mkdir(parents=True)
    return project


def test_paths_start_at_the_workspace_else_at_the_repository_else_at_the_project(tmp_path):
    project = make_repository(tmp_path / "repository")
    assert find_prefix(project, {"GITHUB_WORKSPACE": str(tmp_path)}) == "repository/services/api"
    assert find_prefix(project, {}) == "services/api"
    assert find_prefix(project, {"GITHUB_WORKSPACE": str(tmp_path / "other")}) == "services/api"
    assert find_prefix(tmp_path, {"GITHUB_WORKSPACE": str(tmp_path)}) == "."
    alone = tmp_path / "alone"
    alone.mkdir()
    assert find_prefix(alone, {"GITHUB_WORKSPACE": ""}) == ""


def test_a_path_with_a_space_at_its_end_is_kept(tmp_path):
    project = make_repository(tmp_path / "with space ")
    assert find_prefix(project, {}) == "services/api"


@pytest.fixture
def facts():
    return Facts("shop", 0, "", 1.0, {}, "suite:1", AttemptLog(), FailureLog())


def test_a_summary_is_added_to_that_of_the_step_and_kept_in_the_results(facts, tmp_path):
    target = tmp_path / "step"
    target.write_text("before\n")
    assert write_summary(facts, tmp_path, str(target)) == ""
    assert target.read_text() == "before\n" + (tmp_path / "summary.md").read_text()


def test_a_summary_leaves_the_step_its_limit(facts, tmp_path):
    target = tmp_path / "step"
    target.write_text("x" * (1024 * 1024 - 50))
    write_summary(facts, tmp_path, str(target))
    assert target.stat().st_size < 1024 * 1024


def test_a_summary_that_cannot_be_written_is_told_and_no_error(facts, tmp_path):
    target = tmp_path / "missing" / "step"
    told = f"no step summary: cannot write `{target}`: no such file or directory; see summary.md in the results"
    assert write_summary(facts, tmp_path, str(target)) == told


def test_without_a_step_the_summary_is_in_the_results_alone(facts, tmp_path):
    assert write_summary(facts, tmp_path, "") == ""
    assert (tmp_path / "summary.md").read_text().startswith("### <code>shop</code> passed")
