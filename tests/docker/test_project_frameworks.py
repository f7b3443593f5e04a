"""Small projects with usual frameworks and drivers: settings by `runner init`, then a green run."""

import re
import shutil
from pathlib import Path

import pytest
from commands import ROOT
from sample_projects import check_green, copy

pytestmark = [pytest.mark.engine, pytest.mark.slow]

FOLDER = ROOT / "tests" / "projects" / "frameworks"
FIXED = '"NAME": "shop", "USER": "shop", "PASSWORD": "not-secret", "HOST": "localhost", "PORT": 5444'


# All have one lock and one image, which the first of them makes.
@pytest.mark.xdist_group("frameworks")
@pytest.mark.parametrize(("name", "tests"), [("flask", 4), ("asyncio", 3), ("drivers", 7), ("service_host", 4)])
def test_sqlalchemy_and_drivers_have_the_addresses_that_they_look_for(tmp_path: Path, name: str, tests: int) -> None:
    folder = copy(f"frameworks/{name}", tmp_path / name)
    for each in ("requirements.txt", "pyproject.toml"):
        shutil.copy(FOLDER / each, folder)
    check_green(folder, tests)


@pytest.mark.xdist_group("django")
@pytest.mark.parametrize("parts", ["variables", "constants"])
def test_django_has_databases_of_its_own_for_the_workers(tmp_path: Path, parts: str) -> None:
    folder = copy("frameworks/django", tmp_path / "django")
    if parts == "constants":
        settings = folder / "shop" / "settings.py"
        settings.write_text(re.sub(r'"NAME".*"5432"\)', FIXED, settings.read_text(), flags=re.DOTALL))
    check_green(folder, 6)
