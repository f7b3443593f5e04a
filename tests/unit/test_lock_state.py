"""What a runner.lock means for a run: read from the project's folder, binding or not, stale or not, and its pins."""

import os
from dataclasses import replace

import pytest
from lock_examples import LOCK, write_fitting_lock
from msgspec.structs import replace as change

from runner import __version__
from runner.core.lock_writing import make_text
from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.errors import ImageError, SettingsError
from runner.project.load import Project
from runner.project.lockfile import read_lock, write_lock
from runner.project.locking import check_lock_state, is_ci, load_lock_state
from runner.project.recipe import make_recipe

pytestmark = pytest.mark.unit

SETTINGS = Settings(packages=["git"])
PYTHON_ONLY = Pins(distributions={"flask": "3.1.2"})


@pytest.fixture
def project(tmp_path):
    (tmp_path / "requirements.txt").write_text("a==1 --hash=sha256:00\n")
    return Project(tmp_path, {"project": {"name": "sample"}})


def load(project, settings=SETTINGS, environ=None, architecture="amd64"):
    recipe = make_recipe(project, settings, {})
    return load_lock_state(project, settings, recipe, environ or {}, lambda: architecture)


def ask_nobody():
    raise AssertionError("no engine is to be asked")


def test_without_a_lock_nothing_is_pinned_and_no_engine_is_asked(project):
    state = load_lock_state(project, SETTINGS, make_recipe(project, SETTINGS, {}), {"CI": "true"}, ask_nobody)
    assert (state.lock, state.pins, state.is_binding, state.settings) == (None, Pins(), False, SETTINGS)
    assert check_lock_state(state, project.folder) is state


def test_a_fresh_lock_pins_and_is_not_stale(project):
    lock = write_fitting_lock(project, SETTINGS)
    state = load(project)
    assert (state.lock, state.stale, state.is_binding) == (lock, [], False)
    assert state.pins.source == "packages"
    assert state.pins.versions["base"]["openssl"] == "3.5.1-1"
    assert state.cache == project.folder / ".runner" / "images.json"


@pytest.mark.parametrize(
    ("setting", "ci", "binding"),
    [
        ("auto", None, False),
        ("auto", "", False),
        ("auto", "true", True),
        ("auto", "1", True),
        ("auto", "False", False),
        ("auto", "0", False),
        (True, None, True),
        (False, "true", False),
    ],
)
def test_ci_or_the_setting_makes_a_lock_binding(project, setting, ci, binding):
    write_fitting_lock(project, SETTINGS)
    environ = {} if ci is None else {"CI": ci}
    assert load(project, change(SETTINGS, locked=setting), environ).is_binding is binding


def test_ci_is_no_word_but_a_variable():
    assert not is_ci({})
    assert is_ci({"CI": "woodpecker"})


def test_a_lock_that_is_insisted_on_must_be_there(project):
    with pytest.raises(SettingsError) as raised:
        check_lock_state(load(project, change(SETTINGS, locked=True)), project.folder)
    assert raised.value.as_text() == (
        f"error: there is no `runner.lock` in `{project.folder}`\nhint:  make one with `runner lock`, and commit it"
    )


def test_a_stale_lock_is_refused_where_it_binds_and_names_what_changed(project):
    write_fitting_lock(project, SETTINGS)
    (project.folder / "requirements.txt").write_text("a==2 --hash=sha256:00\n")
    with pytest.raises(ImageError) as raised:
        check_lock_state(load(project, change(SETTINGS, packages=["curl"]), {"CI": "1"}), project.folder)
    assert raised.value.as_text() == (
        "error: `runner.lock` is stale\n"
        "cause: `requirements.txt` has changed\n"
        "       the setting `packages`: added `curl`; removed `git`\n"
        "hint:  `runner lock` brings it up to date; commit it"
    )
    state = load(project)
    assert check_lock_state(state, project.folder).stale == ["`requirements.txt` has changed"]
    assert state.pins.versions, "packages of Debian stay where they are"


def test_a_change_of_project_metadata_makes_a_lock_stale_and_one_of_tools_does_not(project):
    write_fitting_lock(project, SETTINGS)
    tools = {"tool": {"ruff": {"line-length": 100}, "runner": {"timeout": 1}}}
    assert load(replace(project, pyproject={**project.pyproject, **tools})).stale == []
    renamed = replace(project, pyproject={"project": {"name": "sample", "version": "2"}})
    assert load(renamed).stale == ["`pyproject.toml` has changed in what is built or installed"]


def test_a_lock_of_another_architecture_is_refused_where_it_binds_and_pins_no_debian_package(project):
    write_fitting_lock(project, SETTINGS)
    state = load(project, architecture="arm64")
    assert (state.pins, state.stale) == (PYTHON_ONLY, ["made for amd64, the engine is arm64"])
    with pytest.raises(ImageError) as raised:
        check_lock_state(load(project, environ={"CI": "1"}, architecture="arm64"), project.folder)
    assert raised.value.as_text() == (
        "error: `runner.lock` is of another architecture\n"
        "cause: it was made for `amd64`, and the engine is `arm64`\n"
        "hint:  use an engine for `amd64`, or make the lock anew with this one: `runner lock`"
    )


def test_another_base_image_makes_the_pins_of_debian_void(project):
    write_fitting_lock(project, SETTINGS)
    state = load(project, change(SETTINGS, base_image=""))
    assert state.pins == PYTHON_ONLY
    assert state.settings.base_image == ""


def test_a_base_without_a_digest_is_taken_by_the_locked_one(project):
    settings = change(SETTINGS, base_image="debian:trixie-slim")
    made = write_fitting_lock(project, settings)
    locked = "debian@sha256:" + "1" * 64
    base = change(made.base, source="registry", reference=locked)
    write_lock(project.folder, make_text(change(made, base=base)))
    state = load(project, settings)
    assert (state.settings.base_image, state.pins.source, state.stale) == (locked, "registry", [])


def test_a_lock_of_another_runner_is_stale(project):
    write_fitting_lock(project, SETTINGS, runner="0.0.1")
    assert load(project).stale == [f"made by runner 0.0.1, this is {__version__}"]


def test_another_server_makes_a_lock_stale_and_its_pins_void(project):
    write_fitting_lock(project, SETTINGS)
    older = change(SETTINGS, postgres=change(SETTINGS.postgres, version=15))
    state = load(project, older)
    assert state.stale == [
        "one of the settings `postgres.version`, `image`, `extensions`, `locale`, `encoding` has changed"
    ]
    assert "postgres" in load(project).pins.versions
    assert "postgres" not in state.pins.versions
    assert "suite" in state.pins.versions


def test_what_only_a_started_server_is_told_leaves_a_lock_fresh(project):
    write_fitting_lock(project, SETTINGS)
    other = change(SETTINGS, postgres=change(SETTINGS.postgres, database="shop", settings={"work_mem": "8MB"}))
    assert load(project, other).stale == []


def test_line_ends_of_a_checkout_do_not_make_a_lock_stale(project):
    write_fitting_lock(project, SETTINGS)
    (project.folder / "requirements.txt").write_bytes(b"a==1 --hash=sha256:00\r\n")
    assert load(project).stale == []


def refuse(folder):
    with pytest.raises(SettingsError) as raised:
        read_lock(folder)
    return raised.value.as_text()


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "runner.lock").mkdir()
    assert refuse(tmp_path) == "error: cannot read `runner.lock`\ncause: is a directory"


def test_a_link_to_nothing_is_no_missing_lock(tmp_path):
    (tmp_path / "runner.lock").symlink_to("nowhere")
    assert refuse(tmp_path) == "error: cannot read `runner.lock`\ncause: it is a link to a file that is not there"


def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "runner.lock"
    path.symlink_to(path)
    assert refuse(tmp_path) == "error: cannot read `runner.lock`\ncause: too many levels of symbolic links"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; others get this one")
def test_a_file_without_rights(tmp_path):
    (tmp_path / "runner.lock").touch(mode=0)
    assert refuse(tmp_path) == "error: cannot read `runner.lock`\ncause: permission denied"


def test_a_lock_is_replaced_whole_and_keeps_its_mode_and_its_place(tmp_path):
    (tmp_path / "elsewhere").write_text("old")
    (tmp_path / "elsewhere").chmod(0o664)
    (tmp_path / "runner.lock").symlink_to("elsewhere")
    write_lock(tmp_path, make_text(LOCK))
    assert read_lock(tmp_path) == LOCK
    assert (tmp_path / "runner.lock").is_symlink()
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o664
    assert sorted(each.name for each in tmp_path.iterdir()) == ["elsewhere", "runner.lock"]


def test_a_lock_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "runner.lock").mkdir()
    with pytest.raises(SettingsError) as raised:
        write_lock(tmp_path, make_text(LOCK))
    assert raised.value.as_text() == f"error: cannot write `{tmp_path}/runner.lock`\ncause: is a directory"
    assert [each.name for each in tmp_path.iterdir()] == ["runner.lock"]
