"""What stays of a project's folder after its build: what the build made."""

import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SUITE = Path(__file__).parents[2] / "images" / "suite"


def load(monkeypatch, name):
    monkeypatch.syspath_prepend(SUITE)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__(name)


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def list_left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_sources_and_scratch_go_and_what_the_build_made_stays(monkeypatch, tmp_path):
    leftovers = load(monkeypatch, "leftovers")
    project = tmp_path / "project"
    write(project, "src/a/__init__.py", "tests/test_a.py")
    with tarfile.open(tmp_path / "sources.tar", "w") as archive:
        for name in ("src", "src/a", "src/a/__init__.py", "tests/test_a.py"):
            archive.add(project / name, name, recursive=False)
    write(
        project, "src/a/_x.so", "src/a/_version.py", "src/a.egg-info/PKG-INFO", "build/x.o", "src/a/x.pyc", ".git/HEAD"
    )
    monkeypatch.setattr(leftovers, "ARCHIVES", {str(tmp_path / "sources.tar"): str(project)})
    monkeypatch.setattr(leftovers, "PROJECT", str(project))
    leftovers.main(str(project))
    assert list_left(project) == ["src/a/_version.py", "src/a/_x.so"]
    assert not (project / "tests").exists()


def test_a_project_that_is_left_empty_keeps_its_place_among_others(monkeypatch, tmp_path):
    leftovers = load(monkeypatch, "leftovers")
    root = tmp_path / "repository"
    write(root, "app/a.py")
    (tmp_path / "project").symlink_to(root / "app")
    (root / "app" / "a.py").unlink()
    monkeypatch.setattr(leftovers, "ARCHIVES", {})
    monkeypatch.setattr(leftovers, "PROJECT", str(tmp_path / "project"))
    leftovers.main(str(root))
    assert (root / "app").is_dir()


def install(monkeypatch, tmp_path, way):
    """What is left of an installation and of the sources once they agree."""
    complete = load(monkeypatch, "complete")
    site, project = tmp_path / "site", tmp_path / "project"
    names = ["mul/__init__.py", "mul/_mul.so", "mul/data/table.bin", "single.py", "other/__init__.py", "mul.pth"]
    write(site, *names, "mul-1.dist-info/METADATA")
    (site / "mul-1.dist-info" / "RECORD").write_text("".join(f"{name},,\n" for name in (*names, "../../bin/mul")))
    write(site, "old-1.dist-info/RECORD")
    write(project, "src/mul/__init__.py", "single.py")
    monkeypatch.setattr(complete, "PROJECT", project)
    complete.main(way, str(site), "old-1.dist-info")
    left = [name for name in list_left(site) if ".dist-info/" not in name]
    return left, list_left(project), site


COMPLETED = ["single.py", "src/mul/__init__.py", "src/mul/_mul.so", "src/mul/data/table.bin"]


def test_what_is_installed_beyond_the_sources_joins_them(monkeypatch, tmp_path):
    installed, sources, _ = install(monkeypatch, tmp_path, "copy")
    assert sources == COMPLETED
    assert "mul/_mul.so" in installed


def test_a_linked_project_is_imported_from_its_folder_alone(monkeypatch, tmp_path):
    installed, sources, site = install(monkeypatch, tmp_path, "link")
    assert sources == COMPLETED
    assert installed == ["__linked__.mul.pth", "mul.pth", "other/__init__.py"]
    folder = tmp_path / "project"
    assert (site / "__linked__.mul.pth").read_text() == f"{folder}\n{folder / 'src'}\n"
