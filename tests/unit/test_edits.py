"""Additions to files that exist: what is there stays as it is, and a second time nothing is lacking."""

import configparser
import tomllib
from pathlib import Path

import iniconfig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.detection.detectors import detect
from runner.core.detection.pytest import read_ini_markers, read_names
from runner.errors import SettingsError
from runner.project.detection import find_project, read_snapshot
from runner.project.edits import Change, make_edits
from runner.project.edits_text import add_ignored, add_ini_marks, add_targets, has_target, keep_newlines
from runner.project.edits_toml import add_marks, add_settings
from runner.project.edits_writing import write_all
from runner.report.proposal import make_diff

pytestmark = pytest.mark.unit

PATH = Path("pyproject.toml")
SETTINGS = {"setup": ["alembic upgrade head"], "environment": {"A": "x{host}", "B": "y"}}
TABLES = """\
setup = ["alembic upgrade head"]

[tool.runner.environment]
A = "x{host}"
B = "y"
"""
MARKS = {"smoke": "quick; x", "slow": ""}
OPTIONS = ("tool", "pytest", "ini_options")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[tool.runner]\n{TABLES}"),
        ('[project]\nname = "a"', f'[project]\nname = "a"\n\n[tool.runner]\n{TABLES}'),
        (
            "[tool.runner] # ours\n# two\nworkers = 2  # cores\n\n# lint\n[tool.ruff]\n",
            "[tool.runner] # ours\nsetup = ['a']\n# two\nworkers = 2  # cores\n\n# lint\n[tool.ruff]\n".replace(
                "['a']", '["alembic upgrade head"]'
            )
            + TABLES.partition("]\n")[2],
        ),
        (
            '[tool.runner]\nsetup = []\n[tool.runner.environment]\nA = "mine"\n',
            '[tool.runner]\nsetup = []\n[tool.runner.environment]\nB = "y"\nA = "mine"\n',
        ),
        (
            '[tool.runner]\nenvironment = {A = "mine"}\nsetup = []\n',
            '[tool.runner]\nenvironment = {A = "mine",B = "y"}\nsetup = []\n',
        ),
        (
            "[tool]\nrunner = {workers = 2, setup = []}  # why\n",
            '[tool]\nrunner = {workers = 2, setup = [], environment = {A = "x{host}", B = "y"}}  # why\n',
        ),
        (
            "[tool.runner.groups.unit]\nmarks = ['a']\n",
            f"[tool.runner.groups.unit]\nmarks = ['a']\n\n[tool.runner]\n{TABLES}",
        ),
    ],
)
def test_settings_are_added_and_nothing_else_moves(before, after):
    assert add_settings(before, SETTINGS, PATH) == after
    assert add_settings(after, SETTINGS, PATH) == after


def test_a_setting_with_a_dash_is_there_already():
    text = '[tool.runner]\nsetup-inputs = ["a"]\n'
    assert add_settings(text, {"setup_inputs": ["b"]}, PATH) == text


def test_the_table_is_made_even_if_it_is_empty():
    assert add_settings('[project]\nname = "a"\n', {}, PATH) == '[project]\nname = "a"\n\n[tool.runner]\n'


def test_a_long_list_has_a_line_for_each_item():
    files = [f"migrations/{number:04}.sql" for number in range(9)]
    after = add_settings("", {"setup": files}, PATH)
    assert after.startswith('[tool.runner]\nsetup = [\n    "migrations/0000.sql",\n')
    assert tomllib.loads(after)["tool"]["runner"]["setup"] == files


@pytest.mark.parametrize("before", ["tool = {ruff = {a = 1}}\n", "tool.runner.workers = 2\ntool.ruff.x = 1\n"])
def test_toml_that_leaves_no_place_is_refused_with_the_lines(before):
    with pytest.raises(SettingsError) as error:
        add_settings(before, SETTINGS, PATH)
    assert error.value.what == "cannot add to `[tool.runner]` in `pyproject.toml`"
    assert error.value.hint.startswith('add it by hand: [tool.runner]; setup = ["alembic upgrade head"]; [tool')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[tool.pytest.ini_options]\naddopts = "-q"\n',
            '[tool.pytest.ini_options]\nmarkers = ["smoke: quick; x", "slow"]\naddopts = "-q"\n',
        ),
        (
            '[tool.pytest.ini_options]\nmarkers = [\n  "a: b", # why\n  "c"\n]\n',
            '[tool.pytest.ini_options]\nmarkers = [\n  "a: b", # why\n  "c",\n  "smoke: quick; x",\n  "slow",\n]\n',
        ),
        (
            "[tool.pytest.ini_options]\nmarkers = ['a']\n",
            '[tool.pytest.ini_options]\nmarkers = [\'a\', "smoke: quick; x", "slow"]\n',
        ),
        (
            '[tool.pytest.ini_options]\nmarkers = """\n  a: b\n"""\nx = 1\n',
            '[tool.pytest.ini_options]\nmarkers = """\n  a: b\n  smoke: quick; x\n  slow\n"""\nx = 1\n',
        ),
        ("", '[tool.pytest.ini_options]\nmarkers = ["smoke: quick; x", "slow"]\n'),
    ],
)
def test_marks_are_declared_in_toml(before, after):
    assert add_marks(before, OPTIONS, MARKS, PATH) == after


SAMPLES = [
    "",
    "[pytest]",
    "[pytest]\naddopts = -q\n\n[other]\nx = 1\n",
    "[pytest]\nmarkers =\n  a: b\n  # c\n\n  d\naddopts = -q\n  -x\n",
    "[pytest]\nmarkers = a: b\n[other]\nmarkers = z\n",
    "[other]\nx = 1\n",
    "# a comment\n[pytest]\n# another\nmarkers = a\n# at the end\n",
]


@pytest.mark.parametrize("before", SAMPLES)
def test_marks_are_declared_in_ini_as_pytest_reads_it(before):
    after = add_ini_marks(before, "pytest", MARKS)
    old, new = (iniconfig.IniConfig("pytest.ini", text).sections for text in (before, after))
    lines = [line for line in new["pytest"].pop("markers").splitlines() if line]
    declared = [line for line in old.get("pytest", {}).pop("markers", "").splitlines() if line]
    assert lines == [*declared, "smoke: quick; x", "slow"]
    assert new == {"pytest": {}, **old}
    assert [line for line in after.splitlines() if line in before.splitlines()] == before.splitlines()
    assert {"smoke", "slow"} <= read_names(read_ini_markers(after, "pytest"))


def test_setup_cfg_stays_readable_for_others():
    parser = configparser.ConfigParser()
    parser.read_string(add_ini_marks("[metadata]\nname = a\n\n[tool:pytest]\naddopts = -q\n", "tool:pytest", MARKS))
    assert parser["tool:pytest"]["markers"] == "\nsmoke: quick; x\nslow"
    assert parser["metadata"]["name"] == "a"


def test_a_description_of_several_lines_stays_one_mark():
    assert "    db: slow ones\n" in add_ini_marks("", "pytest", {"db": "slow\n  ones\n"})


@pytest.mark.parametrize("line", [".runner", ".runner/", "/.runner/", "  .runner/*"])
def test_what_is_ignored_is_not_ignored_twice(line):
    assert add_ignored(f"a\n{line}\n", ".runner") == f"a\n{line}\n"


def test_the_folder_for_results_is_ignored():
    assert add_ignored("a", ".runner") == "a\n.runner/\n"
    assert add_ignored("a/.runner\n", ".runner") == "a/.runner\n.runner/\n"


def test_targets_come_after_what_a_makefile_has_and_once():
    before = "all:\n\techo test-smoke: no\n\ntest-slow test-e2e:: all\n\t:\n"
    after = add_targets(before, ["smoke", "slow", "e2e"])
    rule = "\n.PHONY: test-smoke\ntest-smoke:\n\t$(RUNNER) run --group smoke\n"
    assert after == f"{before}\n# runner init: begin\nRUNNER ?= runner\n{rule}# runner init: end\n"
    assert add_targets(after, ["smoke", "slow", "e2e"]) == after
    more = add_targets(after + "last:\n", ["smoke", "db"])
    assert more == after.replace(rule, rule + rule.replace("smoke", "db")) + "last:\n"


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("test-smoke: a b", True),
        ("$(GROUPS:%=test-%): test-%: ready", True),
        ("test-%:", True),
        ("test-smoke := 1", False),
        ("# test-smoke:", False),
        (".PHONY: test-smoke", False),
        ("all: test-smoke", False),
        ("test-smoke-more:", False),
    ],
)
def test_a_rule_is_told_from_what_looks_like_one(line, there):
    assert has_target(f"{line}\n", "test-smoke") is there


LINES = st.lists(
    st.tuples(st.text(st.characters(exclude_characters="\r\n"), max_size=4), st.sampled_from(["\n", "\r\n"]))
)


@given(LINES, st.text(st.characters(exclude_characters="\r\n"), max_size=4))
def test_lines_that_stay_keep_their_ends(lines, last):
    text = "".join(line + end for line, end in lines) + last
    assert keep_newlines(text, lambda plain: plain) == text
    grown = keep_newlines(text, lambda plain: plain + "\nnew\n")
    assert grown.startswith(text)
    crlf = sum(end == "\r\n" for _, end in lines) * 2 > len(lines) + bool(last)
    assert grown.endswith("new\r\n" if crlf else "new\n")


SCALARS = st.booleans() | st.integers(0, 9) | st.text(st.characters(codec="utf-8"), max_size=5)
NAMES = st.sampled_from(["a", "b", "setup", "workers", "environment", "A"])


@given(
    st.dictionaries(
        NAMES, st.lists(st.text(max_size=5), max_size=3) | SCALARS | st.dictionaries(NAMES, SCALARS, max_size=2)
    )
)
def test_whatever_a_table_holds_it_still_holds(table):
    import tomlkit

    before = tomlkit.dumps({"tool": {"runner": table, "z": {"y": 1}}})
    try:
        after = add_settings(before, SETTINGS, PATH)
    except SettingsError:
        pytest.fail("a table that a library wrote is written in a usual way")
    runner = tomllib.loads(after)["tool"]["runner"]
    for name, value in table.items():
        assert (runner[name].items() >= value.items()) if isinstance(value, dict) else runner[name] == value
    assert runner["setup"] == table.get("setup", SETTINGS["setup"])
    assert tomllib.loads(after)["tool"]["z"] == {"y": 1}
    assert add_settings(after, SETTINGS, PATH) == after


def test_a_diff_shows_no_bytes_that_steer_a_terminal():
    diff = make_diff(Change("a", None, "x\x1b]0;owned\x07\r\ny\udcff"))
    assert diff == (
        "--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+x\N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER}\n"
        "+y\N{REPLACEMENT CHARACTER}  (no newline at the end)"
    )


def test_a_write_that_fails_half_way_leaves_the_project_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    rename = Path.replace

    def fail(self, target):
        if target.name == "c":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    changes = [Change("a", "old", "new"), Change("d/b", None, "new"), Change("d/c", None, "new")]
    with pytest.raises(SettingsError) as error:
        write_all(tmp_path, changes)
    assert error.value.cause == "no space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_file_that_changed_while_its_owner_was_asked_is_not_overwritten(tmp_path):
    (tmp_path / "a").write_text("newer")
    with pytest.raises(SettingsError, match="cannot write"):
        write_all(tmp_path, [Change("a", "old", "new")])
    assert (tmp_path / "a").read_text() == "newer"


VARIANTS = {
    "nothing": {},
    "pytest.ini": {"pyproject.toml": '[project]\nname = "a"\n', "pytest.ini": ""},
    "pytest.toml": {"pyproject.toml": "", "pytest.toml": '[pytest]\nmarkers = ["a"]\n'},
    "tox.ini": {"pyproject.toml": "[tool.ruff]\n", "tox.ini": "[pytest]\n"},
    "setup.cfg": {
        "pyproject.toml": "[tool.runner]\nresults = 'out'\n",
        "setup.cfg": "[tool:pytest]\nmarkers = slow: x\n",
    },
    "GNUmakefile": {"pyproject.toml": "", "GNUmakefile": "test-%:\n", "Makefile": ""},
    "gitlab": {"pyproject.toml": "", ".gitlab-ci.yml": "a: {script: b}\n", ".gitignore": ""},
    "github": {"pyproject.toml": "", ".github/workflows/tests.yml": "on: push\n"},
    "django": {"pyproject.toml": '[project]\ndependencies = ["pytest-django"]\n', "manage.py": "import django"},
    "marks": {"pyproject.toml": "", "tests/test_a.py": "pytest.mark.zebra\nos.environ['DB_HOST']\n"},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_after_its_own_changes_nothing_is_lacking(tmp_path, name):
    for path, text in VARIANTS[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    first = look(tmp_path)
    assert first.changes
    write_all(tmp_path, first.changes)
    for path, text in VARIANTS[name].items():
        kept = [line for line in (tmp_path / path).read_text().splitlines() if line in text.splitlines()]
        assert path.endswith("toml") or kept == text.splitlines()
    assert look(tmp_path).changes == ()


def test_a_sample_project_among_the_tests_is_another_project(tmp_path):
    sample = tmp_path / "tests" / "projects" / "shop"
    sample.mkdir(parents=True)
    (sample / "pyproject.toml").write_text("")
    (sample / "db.py").write_text("os.environ['DB_HOST']")
    assert not any("DB_HOST" in each.after for each in look(tmp_path).changes)
    (tmp_path / "db.py").write_text("os.environ['DB_HOST']")
    assert any("DB_HOST" in each.after for each in look(tmp_path).changes)


def test_ci_of_the_repository_counts_for_a_project_below_it_that_it_names(tmp_path):
    folder, workflows = tmp_path / "clients" / "python", tmp_path / ".github" / "workflows"
    for each in (folder, workflows, tmp_path / ".git"):
        each.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "a"\n[project.optional-dependencies]\nasync = ["asyncpg"]\n'
    )
    jobs = "jobs:\n  t:\n    steps:\n      - run: poetry install --extras async\n      - run: make test\n"
    (workflows / "python.yml").write_text(f"defaults:\n  run:\n    working-directory: clients/python\n{jobs}")
    (workflows / "other.yml").write_text(f"# clients/python-old\n{jobs}")
    texts = read_snapshot(find_project(folder)).texts
    assert [name for name in texts if name.startswith("..")] == ["../../.github/workflows/python.yml"]
    assert detect(read_snapshot(find_project(folder))).settings["extras"] == ["async"]
    assert not any(name.startswith("..") for name in read_snapshot(find_project(tmp_path)).texts)


def look(folder):
    project = find_project(folder)
    snapshot = read_snapshot(project)
    return make_edits(folder, snapshot, detect(snapshot), None, "1")
