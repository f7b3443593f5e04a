"""What an installation of the project says of itself depends on the project's inputs alone."""

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SUITE = Path(__file__).parents[2] / "images" / "suite"


@pytest.fixture
def settle(monkeypatch):
    monkeypatch.syspath_prepend(SUITE)
    monkeypatch.delitem(sys.modules, "settle", raising=False)
    import settle

    return settle


def make(site, metadata, generator="hatchling 1.33.0", **more):
    folder = site / "orders-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(metadata)
    (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nGenerator: {generator}\nTag: py3-none-any\n\n")
    (folder / "licenses").mkdir()
    (folder / "licenses" / "LICENSE").write_text("MIT")
    for name, text in more.items():
        (folder / name).write_text(text)
    names = [path.relative_to(site).as_posix() for path in folder.rglob("*") if path.is_file()]
    lines = [f"{name},sha256=x,1\n" for name in names]
    (folder / "RECORD").write_text("".join([*reversed(lines), "orders-1.dist-info/RECORD,,\n"]))
    return folder


METADATA = """\
Metadata-Version: 2.5
Name: orders
Version: 1
License: MIT
        and more of it
        
Requires-Dist: flask
Description-Content-Type: text/markdown
License-File: LICENSE
Dynamic: license-file

# A README that changes every day
"""  # noqa: W293 -- as setuptools writes it


def test_what_changes_without_a_new_image_is_left_out(settle, tmp_path):
    folder = make(tmp_path, METADATA)
    settle.main(tmp_path)
    assert (folder / "METADATA").read_text() == (
        "Metadata-Version: 2.4\nName: orders\nVersion: 1\nRequires-Dist: flask\n"
    )
    assert (folder / "WHEEL").read_text() == "Wheel-Version: 1.0\nTag: py3-none-any\n\n"
    assert not (folder / "licenses").exists()


def test_two_versions_of_a_build_backend_leave_the_same(settle, tmp_path):
    older = METADATA.replace("2.5", "2.3").replace("Dynamic: license-file\n", "").replace("README", "text")
    folders = [make(tmp_path / "one", METADATA), make(tmp_path / "other", older, "hatchling 1.20.0")]
    for folder in folders:
        settle.main(folder.parent)
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == other


def test_the_record_fits_what_is_there(settle, tmp_path):
    folder = make(tmp_path, METADATA, **{"entry_points.txt": "[console_scripts]\n"})
    settle.main(tmp_path)
    rows = [line.split(",") for line in (folder / "RECORD").read_text().splitlines()]
    assert [row[0].rpartition("/")[2] for row in rows] == ["METADATA", "RECORD", "WHEEL", "entry_points.txt"]
    assert [row[2] for row in rows] == [
        str((tmp_path / row[0]).stat().st_size) if not row[0].endswith("RECORD") else "" for row in rows
    ]


def test_what_was_there_before_is_left_alone(settle, tmp_path):
    folder = make(tmp_path, METADATA)
    settle.main(tmp_path, folder.name)
    assert (folder / "METADATA").read_text() == METADATA
