"""The files of a project that go into a run, and the tar file of them."""

import io
import os
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from runner.errors import SettingsError
from runner.project import sources
from runner.project.sources import list_sources, pack, walk
from runner.project.writable import find_folders

pytestmark = pytest.mark.unit

ODD_NAMES = ["with space.py", "größe/ñandú.py", "日本.txt", "line\nbreak.py", "tab\there.py", '"quoted".py', "-dash.py"]


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content of " + os.fsencode(name))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project folder without git around it."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def git(folder):
    """Runs git in the project folder, which is a repository."""

    def run(*args, cwd=folder):
        subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True)

    run("init", "-q")
    return run


def members(folder, names, writable=()):
    """What is packed, by path; without the folder that is always there."""
    with tarfile.open(fileobj=io.BytesIO(pack(folder, names, writable))) as archive:
        return {member.name: member for member in archive.getmembers() if member.name != ".pytest_cache"}


def describe(folder, names, writable=()):
    """Owner and mode of what is packed."""
    packed = members(folder, names, writable)
    assert all(member.uid == member.gid for member in packed.values())
    return {name: (member.uid, oct(member.mode & 0o7777)) for name, member in packed.items()}


@pytest.mark.smoke
def test_tracked_and_new_files_are_listed_and_ignored_ones_are_not(folder, git):
    write(folder, "tracked.py", "new.py", "ignored.log", "out/x.o", ".gitignore")
    (folder / ".gitignore").write_text("*.log\nout/\n")
    git("add", "tracked.py", ".gitignore")
    assert list_sources(folder) == [".gitignore", "new.py", "tracked.py"]


def test_a_tracked_file_is_listed_although_a_rule_ignores_it(folder, git):
    write(folder, "kept.log")
    (folder / ".gitignore").write_text("*.log\n")
    git("add", "-f", "kept.log")
    assert list_sources(folder) == [".gitignore", "kept.log"]


def test_a_tracked_file_that_was_deleted_is_not_listed(folder, git):
    write(folder, "here.py", "gone.py")
    git("add", ".")
    (folder / "gone.py").unlink()
    assert list_sources(folder) == ["here.py"]


def test_a_file_in_conflict_is_listed_once(folder, git):
    write(folder, "a.py")
    git("add", ".")
    blob = subprocess.run(
        ["git", "hash-object", "-w", "a.py"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
    stages = "".join(f"100644 {blob} {stage}\ta.py\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], cwd=folder, check=True, input=stages, text=True)
    assert list_sources(folder) == ["a.py"]


def test_a_project_below_the_top_of_a_repository_lists_its_own_files_only(folder, git):
    write(folder, "service/a.py", "service/sub/b.py", "other/c.py")
    git("add", ".")
    assert list_sources(folder / "service") == ["a.py", "sub/b.py"]


def test_a_project_in_a_folder_that_git_ignores_is_not_empty(folder, git):
    write(folder, "scratch/pyproject.toml", "scratch/test_a.py")
    (folder / ".gitignore").write_text("scratch/\n")
    assert list_sources(folder / "scratch") == ["pyproject.toml", "test_a.py"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_of_odd_letters_is_listed_and_packed_as_it_is(folder, git, name):
    write(folder, name)
    git("add", ".")
    assert list_sources(folder) == [name]
    assert name in members(folder, [name])


def test_a_name_that_is_no_text_is_listed_and_packed_all_the_same(folder, git):
    name = os.fsdecode(b"caf\xe9.py")
    write(folder, name)
    assert list_sources(folder) == [name]
    assert name in members(folder, [name])


def test_links_are_listed_and_packed_as_links(folder, git):
    write(folder, "a.py", "sub/b.py")
    (folder / "to-file").symlink_to("a.py")
    (folder / "to-folder").symlink_to("sub")
    (folder / "broken").symlink_to("nowhere")
    names = list_sources(folder)
    assert names == ["a.py", "broken", "sub/b.py", "to-file", "to-folder"]
    packed = members(folder, names)
    assert {name for name, member in packed.items() if member.issym()} == {"broken", "to-file", "to-folder"}
    assert packed["to-folder"].linkname == "sub"


@pytest.mark.security
def test_what_a_link_points_at_outside_of_the_project_is_not_packed(folder, git):
    (folder / "secret").symlink_to("/etc/passwd")
    member = members(folder, list_sources(folder))["secret"]
    assert (member.issym(), member.size) == (True, 0)


def test_a_walk_finds_the_same_without_git(folder):
    write(folder, "a.py", "sub/b.py", *ODD_NAMES)
    (folder / "to-folder").symlink_to("sub")
    (folder / "to-file").symlink_to("a.py")
    assert list_sources(folder) == sorted(["a.py", "sub/b.py", "to-file", "to-folder", *ODD_NAMES])


def test_a_walk_passes_over_the_folders_of_tools(folder):
    write(folder, "a.py", ".venv/x", "sub/__pycache__/x.pyc", ".runner/runs/x", "x.egg-info/y", ".github/ci.yml")
    assert walk(folder) == [".github/ci.yml", "a.py"]


def test_without_the_command_git_the_folder_is_walked(folder, git, monkeypatch):
    write(folder, "a.py", "ignored.log")
    (folder / ".gitignore").write_text("*.log\n")
    monkeypatch.setenv("PATH", str(folder))
    assert not sources.has_git()
    assert list_sources(folder) == [".gitignore", "a.py", "ignored.log"]


@pytest.mark.smoke
def test_files_and_their_folders_belong_to_root_and_nobody_else_may_write_to_them(folder):
    write(folder, "a/b/c.py", "d.py")
    packed = members(folder, ["a/b/c.py", "d.py"])
    assert list(packed) == ["a", "a/b", "a/b/c.py", "d.py"]
    assert {(member.uid, member.gid) for member in packed.values()} == {(0, 0)}
    assert {(member.uname, member.gname) for member in packed.values()} == {("", "")}
    assert packed["a"].isdir()
    assert [oct(member.mode) for member in packed.values()] == ["0o755", "0o755", "0o644", "0o644"]


@pytest.mark.parametrize("names", [[], ["a.py"]])
def test_the_folder_of_pytests_cache_may_always_be_written(folder, names):
    write(folder, "a.py")
    with tarfile.open(fileobj=io.BytesIO(pack(folder, names))) as archive:
        cache = archive.getmember(".pytest_cache")
    assert (cache.isdir(), cache.uid, cache.gid, cache.mode) == (True, 1000, 1000, 0o755)


def test_what_is_writable_belongs_to_the_suites_user_with_all_below(folder):
    write(folder, "data/in.csv", "data/deep/x.csv", "database.py", "state.json")
    (folder / "data/in.csv").chmod(0o444)
    (folder / "state.json").chmod(0o640)
    names = ["data/deep/x.csv", "data/in.csv", "database.py", "state.json"]
    assert describe(folder, names, ["data", "state.json"]) == {
        "data": (1000, "0o755"),
        "data/deep": (1000, "0o755"),
        "data/deep/x.csv": (1000, "0o644"),
        "data/in.csv": (1000, "0o644"),
        "database.py": (0, "0o644"),
        "state.json": (1000, "0o640"),
    }


@pytest.mark.parametrize("path", ["build/out", "build/out/", "./build//out"])
def test_a_writable_path_that_nothing_has_becomes_a_folder_however_it_is_written(folder, path):
    write(folder, "build/a.py")
    assert describe(folder, ["build/a.py"], [path]) == {
        "build": (0, "0o755"),
        "build/a.py": (0, "0o644"),
        "build/out": (1000, "0o755"),
    }


def test_a_file_that_git_does_not_list_is_not_packed_because_it_is_writable(folder):
    write(folder, "a.py", "ignored/state.db")
    assert list(members(folder, ["a.py"], ["ignored"])) == ["a.py", "ignored"]


def test_the_whole_project_may_be_writable(folder):
    write(folder, "sub/a.py")
    assert describe(folder, ["sub/a.py"], ["."]) == {
        "sub": (1000, "0o755"),
        "sub/a.py": (1000, "0o644"),
    }
    assert find_folders(["."]) == find_folders(["sub", "./"]) == ["/project"]


@pytest.mark.security
@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "a/..", "/etc", "", "a\0b"])
def test_a_writable_path_outside_of_the_project_is_refused(folder, path):
    with pytest.raises(SettingsError) as caught:
        pack(folder, [], [path])
    assert caught.value.as_text() == (
        f"error: cannot make `{path}` writable (`writable`)\ncause: it is not a path inside the project\n"
        "hint:  name a path relative to the project, or a folder of the environment such as `/tmp`"
    )


@pytest.mark.security
@pytest.mark.parametrize("path", ["link", "link/x"])
def test_a_writable_path_through_a_symbolic_link_is_refused(folder, path):
    write(folder, "a.py")
    (folder / "link").symlink_to(folder.parent)
    with pytest.raises(SettingsError) as caught:
        pack(folder, ["a.py"], [path])
    assert caught.value.cause == "it leads through a symbolic link"


def test_a_project_that_is_reached_through_a_symbolic_link_may_have_writable_paths(folder, tmp_path):
    write(folder, "data/a.csv")
    (tmp_path / "linked").symlink_to(folder)
    assert describe(tmp_path / "linked", ["data/a.csv"], ["data"])["data/a.csv"] == (1000, "0o644")


@pytest.mark.parametrize(("path", "meant"), [("/tmp", "/tmp"), ("//var//tmp/", "/var/tmp"), ("/./x", "/x")])
def test_an_absolute_path_means_a_folder_of_the_environment(path, meant):
    assert find_folders(["sub", path]) == [meant]


@pytest.mark.security
@pytest.mark.parametrize("path", ["/", "//", "/.", "/tmp/..", "/a/../b", "/a\0b"])
def test_an_absolute_path_that_is_no_folder_below_the_root_is_refused(path):
    with pytest.raises(SettingsError) as caught:
        find_folders([path])
    assert caught.value.what == f"cannot make `{path}` writable (`writable`)"
    assert caught.value.cause == "it is not a folder below `/`"


def test_a_folder_is_packed_once(folder):
    write(folder, "a/b.py", "a/c.py")
    with tarfile.open(fileobj=io.BytesIO(pack(folder, ["a/b.py", "a/c.py"]))) as archive:
        assert archive.getnames() == ["a", "a/b.py", "a/c.py", ".pytest_cache"]


def test_contents_and_the_right_to_execute_survive(folder):
    write(folder, "run.sh")
    (folder / "run.sh").chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(pack(folder, ["run.sh"]))) as archive:
        assert archive.extractfile("run.sh").read() == b"content of run.sh"
        assert archive.getmember("run.sh").mode & 0o777 == 0o755


def test_sockets_and_pipes_stay_behind(folder, monkeypatch):
    write(folder, "a.py")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # The name of a socket may not be long.
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert list(members(folder, ["a.py", "pipe", "socket"])) == ["a.py"]


def test_a_deep_and_long_name_is_packed(folder):
    name = "/".join(["folder-with-a-long-name"] * 12) + "/" + "x" * 120 + ".py"
    write(folder, name)
    assert name in members(folder, [name])


def test_no_files_make_an_archive_without_any(folder):
    assert members(Path(folder), []) == {}


def refuse_to_pack(folder, name):
    with pytest.raises(SettingsError) as caught:
        pack(folder, [name])
    return caught.value.as_text()


def explain(path, cause):
    return (
        f"error: cannot read `{path}`\ncause: {cause}\n"
        "hint:  make it readable, or let git ignore it: only what git lists goes into the environment"
    )


def test_a_file_that_cannot_be_read_is_refused_by_name(folder, monkeypatch):
    def add(*_, **__):
        raise PermissionError(13, "Permission denied")

    write(folder, "sub/secret.key")
    monkeypatch.setattr(tarfile.TarFile, "add", add)
    assert refuse_to_pack(folder, "sub/secret.key") == explain(folder / "sub/secret.key", "permission denied")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_whose_mode_lets_nobody_read_it_is_refused_by_name(folder):
    write(folder, "secret.key")
    (folder / "secret.key").chmod(0)
    assert refuse_to_pack(folder, "secret.key") == explain(folder / "secret.key", "permission denied")


def test_a_file_that_vanished_since_it_was_listed_is_refused_by_name(folder):
    assert refuse_to_pack(folder, "gone.py") == explain(folder / "gone.py", "no such file or directory")


@pytest.mark.security
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_repository_of_another_owner_is_refused_in_gits_own_words(folder, git, monkeypatch):
    write(folder, "a.py", "ignored.log")
    (folder / ".gitignore").write_text("*.log\n")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    os.chown(folder, 12345, 12345)
    with pytest.raises(SettingsError) as caught:
        list_sources(folder)
    assert caught.value.what == f"git cannot list the files of `{folder}`"
    assert "dubious ownership" in caught.value.cause
    assert caught.value.exit_code == 90


@pytest.mark.parametrize("language", [None, "C", "de_DE.UTF-8"])
def test_the_language_of_the_user_does_not_matter_to_what_git_says(folder, monkeypatch, tmp_path, language):
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(
        """#!/bin/sh
test "$LC_ALL" = C && echo "fatal: not a git repository" >&2 || echo "Schwerwiegend: kein Git-Repository" >&2
exit 128
"""
    )
    program.chmod(0o755)
    write(folder, "a.py")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("LC_ALL", language) if language else monkeypatch.delenv("LC_ALL", raising=False)
    assert list_sources(folder) == ["a.py"]


def test_whatever_else_git_refuses_is_told_in_its_words_without_a_walk(folder, git):
    write(folder, "a.py")
    (folder / ".git/index").write_bytes(b"rubbish")
    with pytest.raises(SettingsError) as caught:
        list_sources(folder)
    assert "index file" in caught.value.cause
    assert caught.value.hint == "do what git says, and try again"


def test_files_of_a_submodule_are_listed_as_its_own_repository_lists_them(folder, git):
    write(folder, "a.py", "vendor/b.py", "vendor/ignored.log", "vendor/.gitignore")
    (folder / "vendor" / ".gitignore").write_text("*.log\n")
    git("init", "-q", cwd=folder / "vendor")
    git("add", "--all", cwd=folder / "vendor")
    git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-qm", "x", cwd=folder / "vendor")
    # What a repository of its own is before it is added, and after.
    assert list_sources(folder) == ["a.py", "vendor/.gitignore", "vendor/b.py"]
    git("add", "a.py", "vendor")
    assert list_sources(folder) == ["a.py", "vendor/.gitignore", "vendor/b.py"]


def test_a_submodule_that_is_not_checked_out_has_no_files(folder, git):
    write(folder, "a.py")
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    (folder / "vendor").mkdir()
    assert list_sources(folder) == ["a.py"]
