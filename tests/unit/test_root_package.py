"""A project whose own folder has an `__init__.py`: pytest must not take it for a package where it does not outside."""

import pytest

from runner.project.root_package import leave_out_root

pytestmark = pytest.mark.unit

NAMES = ["__init__.py", "shop/__init__.py", "shop/models.py"]


@pytest.mark.parametrize(
    ("name", "described", "left_out"),
    [
        ("my-shop", "", True),
        ("3shops", "", True),
        ("shop", "", False),
        ("my_shop", "", False),
        ("my-shop", "setup(name='shop', packages=['shop'])\n", True),
        ("my-shop", "setup(name='shop', packages=['shop'], package_dir={'shop': '.'})\n", False),
    ],
)
def test_the_file_stays_behind_where_the_folders_name_makes_no_package(tmp_path, name, described, left_out):
    folder = tmp_path / name
    folder.mkdir()
    if described:
        (folder / "setup.py").write_text(described)
    assert leave_out_root(folder, NAMES) == (NAMES[1:] if left_out else NAMES)


def test_a_table_of_setuptools_maps_it_too(tmp_path):
    folder = tmp_path / "my-shop"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.setuptools.package-dir]\nshop = "."\n')
    assert leave_out_root(folder, NAMES) == NAMES
