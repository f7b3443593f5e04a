"""`runner init` on whole projects: what it says, what it writes, and what it refuses to touch."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pexpect
import pytest
from project_folder import LIMIT, PYPROJECT, ProjectFolder, make_environ

from runner.core.groups import DEFAULT_GROUPS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SHOP = {
    "pyproject.toml": '[project]\nname = "shop"  # ours\nversion = "1"\nrequires-python = ">=3.11"\n'
    'dependencies = ["sqlalchemy", "asyncpg"]\n\n[dependency-groups]\ntest = ["pytest"]\n',
    "uv.lock": "version = 1\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": "import os\nos.environ['SHOP_DB_URL']\n",
    "shop/db.py": "import os\nengine = create_async_engine(os.environ['SHOP_DB_URL'])\n",
    "tests/test_shop.py": "import pytest\n\n@pytest.mark.smoke\ndef test_shop():\n    pass\n",
    ".gitignore": "dist\n",
    ".github/dependabot.yml": "version: 2\n",
    "Makefile": "all:\n\ttrue\n",
}
ADDRESS = "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}"
WRITTEN = ["pyproject.toml", ".gitignore", "Makefile", ".github/workflows/tests.yml"]


def read_all(folder):
    return {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file() and ".git/" not in str(path)
    }


@pytest.fixture
def git(monkeypatch):
    """Repositories of tests have nothing of the developer's own settings."""

    def run(folder, *args):
        subprocess.run(["git", *args], cwd=folder.path, env=make_environ({"GIT_CONFIG_GLOBAL": os.devnull}), check=True)

    return run


@pytest.mark.smoke
def test_a_project_gets_what_it_lacks_and_the_second_time_nothing(cli):
    folder = cli.project(SHOP)
    outcome = folder.run("init", "--yes").assert_exit(0)
    assert outcome.stdout.startswith(
        "  lock        uv.lock\n"
        "  Python      3.13 for >=3.11  (pyproject.toml)\n"
        "  tests need  group `test`  (pyproject.toml)\n"
        "  migrations  Alembic  (alembic.ini)\n"
        f"  database    `SHOP_DB_URL` = {ADDRESS}  (migrations/env.py)\n"
        "  marks       `smoke`  (tests/test_shop.py)\n"
        "\n--- a/pyproject.toml\n+++ b/pyproject.toml\n"
    )
    assert outcome.stdout.endswith(f"\nwritten: {', '.join(WRITTEN)}\n")
    after = read_all(folder)
    assert after["pyproject.toml"].startswith(SHOP["pyproject.toml"].encode())
    assert after["Makefile"].startswith(SHOP["Makefile"].encode())
    assert after[".gitignore"] == b"dist\n.runner/\n"
    assert b"runner run --when" in after[".github/workflows/tests.yml"]
    shown = folder.run("config", "--json").assert_exit(0).json
    assert {name for name in shown if shown[name]["source"] != "default"} == {
        "dependency_groups",
        "setup",
        "setup_inputs",
        "environment",
    }
    again = folder.run("init").assert_exit(0)
    assert again.stdout.endswith(f"nothing is lacking in {folder.path}\n")
    assert read_all(folder) == after


def test_make_runs_each_group(cli):
    folder = cli.project(SHOP)
    folder.run("init", "--yes").assert_exit(0)
    for group in DEFAULT_GROUPS:
        command = ["make", "--silent", "RUNNER=echo ours", f"test-{group}"]
        done = subprocess.run(command, cwd=folder.path, env=make_environ(), capture_output=True, text=True, check=True)
        assert done.stdout == f"ours run --group {group}\n"


def test_pytest_takes_the_marks(cli):
    for name, files in {"toml": {}, "ini": {"pytest.ini": "[pytest]\nmarkers =\n    db: x\n"}}.items():
        folder = cli.project({"pyproject.toml": PYPROJECT, **files}, name=name)
        folder.run("init", "--yes").assert_exit(0)
        command = [sys.executable, "-m", "pytest", "--markers", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=folder.path, env=make_environ(), capture_output=True, text=True, check=True)
        assert "@pytest.mark.security: rights, secrets and hostile input\n" in done.stdout
        assert ("markers" in (folder.path / "pyproject.toml").read_text()) is (name == "toml")


def test_a_dry_run_shows_and_writes_nothing(cli):
    folder = cli.project(SHOP)
    before = read_all(folder)
    outcome = folder.run("init", "--dry-run", "--yes").assert_exit(0)
    assert "+[tool.runner]\n" in outcome.stdout
    assert "+++ b/.github/workflows/tests.yml\n" in outcome.stdout
    assert outcome.stdout.endswith("\nnothing was written\n")
    assert "\x1b" not in outcome.stdout
    assert read_all(folder) == before


def test_without_a_terminal_and_without_yes_nothing_is_written(cli):
    folder = cli.project(SHOP)
    before = read_all(folder)
    folder.run("init").assert_exit(90).assert_error(
        "error: cannot ask whether to write\n"
        "cause: standard input is no terminal\n"
        "hint:  `--yes` writes, `--dry-run` only shows"
    )
    assert read_all(folder) == before


def test_the_same_as_json(cli):
    folder = cli.project(SHOP)
    shown = folder.run("init", "--dry-run", "--json").assert_exit(0).json
    assert (shown["project"], shown["written"]) == (str(folder.path), False)
    assert {"subject": "migrations", "found": "Alembic", "where": "alembic.ini"} in shown["detected"]
    assert shown["settings"]["setup"] == ["alembic upgrade head"]
    assert [(each["path"], each["made"]) for each in shown["changes"]] == [
        (path, path.startswith(".github")) for path in WRITTEN
    ]
    assert "+.runner/" in shown["changes"][1]["diff"]
    assert folder.run("init", "--yes", "--json").assert_exit(0).json["written"] is True
    assert folder.run("init", "--json").assert_exit(0).json["changes"] == []


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("", False), ("n", False)])
def test_a_person_is_shown_colours_and_asked(cli, answer, written):
    folder = cli.project(SHOP)
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "runner", "init"],
        cwd=str(folder.path),
        env=make_environ({"TERM": "xterm"}),
        encoding="utf-8",
        timeout=LIMIT,
        dimensions=(40, 200),
    )
    terminal.expect_exact("write 4 files? [y/N] ")
    assert "\x1b[32m+[tool.runner]\x1b[0m" in terminal.before
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert ("nothing was written" in terminal.before) is not written
    assert (folder.path / ".github/workflows").is_dir() is written


def test_ctrl_c_at_the_question_writes_nothing(cli):
    folder = cli.project(SHOP)
    before = read_all(folder)
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "runner", "init"],
        cwd=str(folder.path),
        env=make_environ(),
        encoding="utf-8",
        timeout=LIMIT,
    )
    terminal.expect_exact("[y/N] ")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Traceback" not in terminal.before
    assert read_all(folder) == before


def test_a_folder_without_pyproject_gets_a_minimal_one(cli):
    folder = cli.project({"tests/test_a.py": "def test_a():\n    pass\n"})
    outcome = folder.run("init", "--yes").assert_exit(0)
    assert "there is no pyproject.toml; the new one has settings of the runner and of pytest only\n" in outcome.stdout
    tables = tomllib.loads((folder.path / "pyproject.toml").read_text())
    assert tables["tool"]["runner"] == {}
    assert list(tables) == ["tool"]
    folder.run("config").assert_exit(0)
    assert "nothing is lacking" in folder.run("init").assert_exit(0).stdout


def test_the_project_above_is_meant_but_not_one_outside_the_repository(cli, git):
    outer = cli.project({"pyproject.toml": PYPROJECT, "inner/tests/a.py": "", "below/a.py": ""})
    inner = ProjectFolder(outer.path / "inner")
    git(inner, "init", "--quiet")
    assert outer.run("init", "--dry-run", "--json", cwd=outer.path / "below").json["project"] == str(outer.path)
    assert outer.run("init", "--dry-run", "--json", cwd=inner.path / "tests").json["project"] == str(
        inner.path / "tests"
    )


def test_lines_keep_their_ends(cli):
    folder = cli.project({})
    for name in ("pyproject.toml", ".gitignore", "Makefile", "tox.ini"):
        text = {"tox.ini": "[pytest]\naddopts = -q\n", **SHOP}[name]
        (folder.path / name).write_bytes(text.replace("\n", "\r\n").encode())
    folder.run("init", "--yes", "--ci", "none").assert_exit(0)
    for name, content in read_all(folder).items():
        assert content.count(b"\n") == content.count(b"\r\n") > 2 - (name == ".gitignore"), name
    assert "nothing is lacking" in folder.run("init").assert_exit(0).stdout


def test_modes_and_bytes_that_are_no_text_stay(cli):
    folder = cli.project(SHOP)
    (folder.path / "Makefile").write_bytes(b"# caf\xe9\nall:\n")
    (folder.path / "Makefile").chmod(0o750)
    folder.run("init", "--yes").assert_exit(0)
    assert (folder.path / "Makefile").read_bytes().startswith(b"# caf\xe9\nall:\n\n# runner init: begin\n")
    assert (folder.path / "Makefile").stat().st_mode & 0o777 == 0o750


def test_a_link_stays_a_link_and_one_that_leads_out_is_refused(cli, tmp_path):
    folder = cli.project({"config/pyproject.toml": PYPROJECT})
    (folder.path / "pyproject.toml").symlink_to("config/pyproject.toml")
    folder.run("init", "--yes").assert_exit(0)
    assert (folder.path / "pyproject.toml").is_symlink()
    assert "[tool.runner]" in (folder.path / "config/pyproject.toml").read_text()
    (tmp_path / "elsewhere.toml").write_text(PYPROJECT)
    other = cli.project({}, name="other")
    (other.path / "pyproject.toml").symlink_to("../elsewhere.toml")
    other.run("init", "--yes").assert_exit(90).assert_error(
        f"error: cannot write `{other.path}/pyproject.toml`\n"
        f"cause: it leads out of the project, to `{tmp_path}/elsewhere.toml`\n"
        "hint:  edit that file by hand"
    )
    assert [path.name for path in other.path.iterdir()] == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"[tool\n", "expected ']' at the end of a table declaration (at line 1, column 6)"),
        (
            b'[project]\nname = "caf\xe9"\n',
            "'utf-8' codec can't decode byte 0xe9 in position 21: invalid continuation byte",
        ),
        (b"tool = 1\n", "`tool` is not a table\nhint:  write it as `[tool]`"),
    ],
)
def test_a_pyproject_that_cannot_be_read_is_left_alone(cli, content, cause):
    folder = cli.project({})
    (folder.path / "pyproject.toml").write_bytes(content)
    error = f"error: cannot read `{folder.path}/pyproject.toml`\ncause: {cause}"
    folder.run("init", "--yes").assert_exit(90).assert_error(error)
    assert read_all(folder) == {"pyproject.toml": content}


def test_a_read_only_file_is_refused_and_the_others_are_not_written_either(cli):
    folder = cli.project(SHOP)
    (folder.path / "Makefile").chmod(0o444)
    before = read_all(folder)
    folder.run("init", "--yes").assert_exit(90).assert_error(
        f"error: cannot write `{folder.path}/Makefile`\ncause: it is read-only\nhint:  `chmod u+w Makefile`"
    )
    assert read_all(folder) == before


def test_a_folder_in_the_place_of_a_file_and_a_link_to_nowhere(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT, "Makefile/a": ""})
    folder.run("init", "--yes").assert_exit(90).assert_error(
        f"error: cannot read `{folder.path}/Makefile`\ncause: is a directory"
    )
    other = cli.project({}, name="other")
    (other.path / "pyproject.toml").symlink_to("gone.toml")
    other.run("init", "--yes").assert_exit(90).assert_error(
        f"error: cannot read `{other.path}/pyproject.toml`\ncause: a link that leads nowhere"
    )


def test_settings_that_are_wrong_already_are_told(cli):
    folder = cli.project({"pyproject.toml": "[tool.runner]\nisolatoin = 'schema'\n"})
    folder.run("init", "--yes").assert_exit(90).assert_error(
        "error: unknown setting `tool.runner.isolatoin`\nhint:  did you mean `isolation`"
    )


def test_an_address_of_a_remote_is_never_shown(cli, git):
    folder = cli.project(SHOP)
    shutil.rmtree(folder.path / ".github")
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "https://me:hunter2@gitlab.example.com/shop")
    outcome = folder.run("init", "--yes").assert_exit(0)
    assert (folder.path / ".gitlab-ci.yml").is_file()
    assert "hunter2" not in outcome.stdout + outcome.stderr


def test_an_unknown_service_is_refused(cli):
    outcome = cli.project().run("init", "--ci", "jenkins").assert_exit(2)
    assert "'jenkins' is not one of 'github', 'gitlab', 'none'" in outcome.stderr


def test_no_engine_is_needed(cli):
    cli.project().run("init", "--dry-run", environ={"DOCKER_HOST": "tcp://127.0.0.1:1"}).assert_exit(0)


@pytest.mark.parametrize("name", ["orders", "rules", "small"])
def test_a_sample_project_without_its_settings_gets_those_that_can_be_seen(cli, name):
    folder = cli.project({}, name=name)
    ignored = shutil.ignore_patterns(".runner", "__pycache__")
    shutil.copytree(ROOT / "tests" / "projects" / name, folder.path, dirs_exist_ok=True, ignore=ignored)
    wanted = folder.run("config", "--json").assert_exit(0).json
    path = folder.path / "pyproject.toml"
    path.write_text(path.read_text().partition("[tool.runner]")[0])
    folder.run("init", "--yes").assert_exit(0)
    shown = folder.run("config", "--json").assert_exit(0).json
    # Nothing tells of commands and groups of a project's own making.
    unseen = {"setup", "setup_inputs", "groups"}
    assert {key: each["value"] for key, each in shown.items() if key not in unseen} == {
        key: each["value"] for key, each in wanted.items() if key not in unseen
    }
