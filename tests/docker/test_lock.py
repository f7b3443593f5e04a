"""`runner lock` and `--locked` on the real engine: an image that is not the locked one is refused, and says why."""

import io
import json
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, SMALL, Ended, run
from msgspec.structs import replace

from runner.core.lock import Package, make_pins
from runner.core.lock_writing import make_text
from runner.core.settings_layers import merge_settings
from runner.engines.docker.images import Images, make_images
from runner.engines.docker.locking import warn_shortly
from runner.engines.docker.relock import list_tags
from runner.project.kept import keep_digest, read_digests
from runner.project.load import load_project
from runner.project.lockfile import read_lock, write_lock
from runner.project.recipe import make_recipe

pytestmark = [pytest.mark.engine, pytest.mark.regression]

TEST = "def test_one():\n    pass\n"
INNOCENT = "/opt/venv/lib/python3.13/site-packages/iniconfig/__init__.py"


@pytest.fixture(scope="module")
def locked_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The small project with a lock, made once."""
    folder = tmp_path_factory.mktemp("locked") / "small"
    shutil.copytree(SMALL, folder)
    (folder / "tests").mkdir()
    (folder / "tests/test_one.py").write_text(TEST)
    made = run(folder, "lock")
    assert made.exit_code == 0, made.stderr
    return folder, made


@pytest.fixture
def locked(locked_once: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A copy of it, with what is known of its images."""
    return Path(shutil.copytree(locked_once[0], tmp_path / "small"))


def find_images(folder: Path) -> Images:
    """The images that a run of a project looks for."""
    project = load_project(folder)
    settings = merge_settings(project.settings, {}, {}).settings
    lock = read_lock(folder)
    return make_images(make_recipe(project, settings, {}), settings, make_pins(lock) if lock else None)


@pytest.fixture
def without_suite(engine: docker.DockerClient, locked: Path) -> Iterator[tuple[Images, Images]]:
    """The images of the lock, and of the same one with a pin of its own: all of them are there but the suite image.

    A test that makes it otherwise has it for itself.
    """
    before, lock = find_images(locked), read_lock(locked)
    assert lock is not None
    own = Package(name=f"own-{secrets.token_hex(4)}", version="1", architecture="all", sha256="", images=["base"])
    write_lock(locked, make_text(replace(lock, packages=[*lock.packages, own])))
    after = find_images(locked)
    for have, want in zip(list_tags(before)[:-1], list_tags(after)[:-1], strict=True):
        engine.api.tag(have, *want.split(":"))
    yield before, after
    for tag in reversed(list_tags(after)):
        engine.api.remove_image(tag)


Change = Callable[[bytes], bytes]


@pytest.fixture
def change_image(engine: docker.DockerClient, without_suite: tuple[Images, Images]) -> Callable[..., str]:
    """Puts a changed image in the place of the locked one; its id."""
    before, after = (each.suite.tag for each in without_suite)

    def change(path: str = "", edit: Change = bytes, variables: dict[str, str] | None = None) -> str:
        container = engine.api.create_container(before)["Id"]
        try:
            if path:
                edit_file(engine, container, path, edit)
            changes = [f"ENV {name}={value}" for name, value in (variables or {}).items()]
            made = engine.api.commit(container, *after.split(":"), changes=changes, conf=read_config(engine, before))
        finally:
            engine.api.remove_container(container)
        return str(made["Id"])

    return change


def read_config(engine: docker.DockerClient, image: str) -> dict[str, object]:
    found = engine.api.inspect_image(image)["Config"]
    return {name: found[name] for name in ("Cmd", "Entrypoint", "Env", "Labels", "User", "WorkingDir")}


def edit_file(engine: docker.DockerClient, container: str, path: str, edit: Change) -> None:
    """Replace the content of a file."""
    chunks, _ = engine.api.get_archive(container, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.next()
        content = archive.extractfile(member).read()
    changed = edit(content)
    assert changed != content
    # Some storage drivers tell a changed file by its size and time alone.
    member.size, member.mtime = len(changed), member.mtime + 1
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(member, io.BytesIO(changed))
    engine.api.put_archive(container, path.rpartition("/")[0], target.getvalue())


def change_a_byte(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.smoke
def test_a_lock_is_made_and_the_next_run_uses_the_very_images(locked_once: tuple[Path, Ended], locked: Path) -> None:
    made = locked_once[1]
    assert made.stdout.startswith("runner.lock:\n  created: ")
    lock = read_lock(locked)
    assert lock is not None
    assert {"base-files", "postgresql-17", "python3"} <= {each.name for each in lock.packages}
    assert {"pytest", "iniconfig"} <= {each.name for each in lock.distributions}
    assert lock.postgres.version.startswith("17.")
    assert lock.base.release == "13"
    ended = run(locked, "run", "--no-strict", CI="1")
    assert ended.exit_code == 0, ended.stderr
    assert "already there" in ended.stderr
    assert "  the image in runner.lock\n" in ended.stderr


def test_a_second_lock_changes_nothing(locked: Path) -> None:
    before = (locked / "runner.lock").read_bytes()
    again = run(locked, "lock", "--json")
    lock = read_lock(locked)
    assert lock is not None
    assert json.loads(again.stdout) == {"exit_code": 0, "written": True, "content": lock.suite.content, "changes": []}
    assert (locked / "runner.lock").read_bytes() == before
    assert run(locked, "lock", "--check").stdout == "runner.lock is up to date\n"


def test_one_byte_of_a_dependency_is_found_and_its_file_named(locked: Path, change_image: Callable[..., str]) -> None:
    change_image(INNOCENT, change_a_byte)
    ended = run(locked, "run", "--locked")
    assert ended.exit_code == 92, ended.stderr
    tag = find_images(locked).suite.tag
    assert ended.error == (
        f"error: the image `{tag}` is not the one in `runner.lock`\n"
        f"cause: {INNOCENT}: content differs\n"
        f"hint:  `docker image rm {tag}` lets the next run build it anew; `runner lock` takes it as it is"
    )
    assert ended.last_line == NOTHING_LEFT


def test_where_the_locked_image_was_never_seen_packages_name_their_changed_file(
    locked: Path, change_image: Callable[..., str]
) -> None:
    change_image(INNOCENT, change_a_byte)
    shutil.rmtree(locked / ".runner")
    ended = run(locked, "run", CI="true")
    assert ended.exit_code == 92
    assert f"cause: {INNOCENT}: not what its package installed\nhint:  " in ended.error


def test_a_changed_variable_is_named(locked: Path, change_image: Callable[..., str]) -> None:
    change_image(variables={"LANG": "C", "NEW": "1"})
    ended = run(locked, "run", "--locked")
    assert ended.exit_code == 92
    assert "cause: variable LANG: value C.UTF-8 -> C\n       variable NEW is added\nhint:  " in ended.error


def test_without_locked_another_image_is_a_warning(locked: Path, change_image: Callable[..., str]) -> None:
    changed = change_image(variables={"NEW": "1"})
    assert warn_shortly(None) == "not compared: the image was not built here; `--locked` compares it"
    keep_digest(locked / ".runner/images.json", changed, "sha256:" + "0" * 64)
    later = run(locked, "run", "--no-locked", "--no-strict", CI="1")
    assert later.exit_code == 0, later.stderr
    assert "  warning: not the image in runner.lock; `--locked` says what differs\n" in later.stderr


def test_an_image_that_a_run_builds_is_compared_even_where_nobody_insists(
    engine: docker.DockerClient, locked: Path, without_suite: tuple[Images, Images]
) -> None:
    lock = read_lock(locked)
    assert lock is not None
    variables = {**lock.suite.environment, "TZ": "CET"}
    suite = replace(lock.suite, content="sha256:" + "1" * 64, environment=variables)
    write_lock(locked, make_text(replace(lock, suite=suite)))
    ended = run(locked, "run", CI="")
    assert ended.exit_code == 0, ended.stderr
    assert f"  built {without_suite[1].suite.tag}\n" in ended.stderr
    assert "  warning: not the image in runner.lock: variable TZ: value CET -> UTC\n" in ended.stderr
    made = engine.api.inspect_image(without_suite[1].suite.tag)["Id"]
    assert read_digests(locked / ".runner/images.json")[made] == lock.suite.content


def test_a_stale_lock_ends_a_locked_run_before_anything_is_built(locked: Path) -> None:
    with (locked / "requirements.txt").open("a") as requirements:
        requirements.write("# changed\n")
    ended = run(locked, "run", "--locked")
    assert ended.exit_code == 92
    assert ended.stderr == (
        "error: `runner.lock` is stale\n"
        "cause: `requirements.txt` has changed\n"
        "hint:  `runner lock` brings it up to date; commit it\n"
    )


def test_a_lock_of_another_architecture(locked: Path) -> None:
    lock = read_lock(locked)
    assert lock is not None
    write_lock(locked, make_text(replace(lock, architecture="m68k")))
    refused = run(locked, "run", "--locked")
    assert refused.exit_code == 92
    assert refused.stderr == (
        "error: `runner.lock` is of another architecture\n"
        f"cause: it was made for `m68k`, and the engine is `{lock.architecture}`\n"
        "hint:  use an engine for `m68k`, or make the lock anew with this one: `runner lock`\n"
    )
    ended = run(locked, "run", CI="")
    assert ended.exit_code == 0, ended.stderr
    assert f"warning: runner.lock is stale: made for m68k, the engine is {lock.architecture};" in ended.stderr


def test_locked_without_a_lock(locked: Path) -> None:
    (locked / "runner.lock").unlink()
    ended = run(locked, "run", "--locked")
    assert ended.exit_code == 90
    assert ended.stderr == (
        f"error: there is no `runner.lock` in `{locked}`\nhint:  make one with `runner lock`, and commit it\n"
    )


def test_a_dry_run_writes_and_names_nothing(locked: Path, engine: docker.DockerClient) -> None:
    (locked / "runner.lock").unlink()
    ended = run(locked, "lock", "--dry-run")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("runner.lock would change:\n  created: ")
    assert not (locked / "runner.lock").exists()


def test_digests_are_kept_in_no_folder_with_the_project_in_it(locked: Path) -> None:
    ended = run(locked, "lock", RUNNER_RESULTS=".")
    assert ended.exit_code == 90
    assert ended.stderr == (
        f"error: cannot keep results in `{locked}`\ncause: the project lies in it\n"
        "hint:  name a folder of their own: `RUNNER_RESULTS=.runner`\n"
    )
    assert not (locked / ".gitignore").exists()
