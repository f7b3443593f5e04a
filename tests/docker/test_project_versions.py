"""Versions from git's tags by every tool that reads them: settings by `runner init`, then a green run."""

from pathlib import Path

import pytest
from commands import start
from sample_projects import check_green, copy, git, keep_in_git

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SETUPTOOLS_SCM = """
[build-system]
requires = ["setuptools>=80", "setuptools-scm>=8"]
build-backend = "setuptools.build_meta"

[project]
name = "stamped"
dynamic = ["version"]

[tool.setuptools_scm]
version_file = "src/stamped/_version.py"
"""

UV_DYNAMIC_VERSIONING = """
[build-system]
requires = ["hatchling", "uv-dynamic-versioning"]
build-backend = "hatchling.build"

[project]
name = "stamped"
dynamic = ["version"]

[tool.hatch.version]
source = "uv-dynamic-versioning"

[tool.hatch.build.hooks.version]
path = "src/stamped/_version.py"
"""

VERSIONINGIT = """
[build-system]
requires = ["hatchling", "versioningit"]
build-backend = "hatchling.build"

[project]
name = "stamped"
dynamic = ["version"]

[tool.hatch.version]
source = "versioningit"

[tool.versioningit.write]
file = "src/stamped/_version.py"
"""

PBR = """
[build-system]
requires = ["pbr>=6", "setuptools>=80"]
build-backend = "pbr.build"
"""

PBR_CFG = """
[metadata]
name = stamped

[files]
packages_root = src
packages =
    stamped
"""

PBR_SETUP = "import setuptools\n\nsetuptools.setup(pbr=True)\n"

FROM_METADATA = 'from importlib.metadata import version\n\n__version__ = version("stamped")\n'


PROJECTS = {
    "setuptools-scm": {"pyproject.toml": SETUPTOOLS_SCM},
    "uv-dynamic-versioning": {"pyproject.toml": UV_DYNAMIC_VERSIONING},
    "versioningit": {"pyproject.toml": VERSIONINGIT},
    "pbr": {
        "pyproject.toml": PBR,
        "setup.cfg": PBR_CFG,
        "setup.py": PBR_SETUP,
        "src/stamped/__init__.py": FROM_METADATA,
        "requirements.txt": "psycopg[binary]\n",
        "test-requirements.txt": "pytest\n",
    },
}
"""By the tool: its files. pbr writes no module, and reads requirements without hashes only."""


def make(folder: Path, tool: str) -> Path:
    """The sample project `versioned` with another tool, in a repository of its own."""
    copy("versioned", folder)
    for name, text in PROJECTS[tool].items():
        (folder / name).write_text(text)
    return keep_in_git(folder)


@pytest.mark.parametrize("tool", PROJECTS)
def test_the_version_is_that_of_the_tag(tmp_path: Path, tool: str) -> None:
    folder = make(tmp_path / "versioned", tool)
    git(folder, "tag", "v1.4.0")
    check_green(folder)


def test_a_clone_without_tags_is_told_how_to_get_them(tmp_path: Path) -> None:
    process = start(make(tmp_path / "versioned", "versioningit"), "run")
    _, stderr = process.communicate(timeout=400)
    assert process.returncode == 92
    assert "hint:  the version is read from git's tags, and this clone has none" in stderr
