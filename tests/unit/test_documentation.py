"""What the documents say is what the code says."""

from pathlib import Path

import pytest

from runner.core.groups import DEFAULT_GROUPS
from runner.core.settings import FIELDS, TABLES, Settings
from runner.errors import ERRORS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def make_settings_table() -> str:
    rows = ["| setting | default | |", "|---|---|---|", *make_rows(FIELDS, Settings())]
    for name, known in TABLES.items():
        rows += make_rows(known, getattr(Settings(), name), f"{name}.")
    return "\n".join(rows)


def make_rows(known, defaults, before="") -> list[str]:
    rows = []
    for name, field in known.items():
        value = "" if before + name in TABLES else getattr(defaults, name)
        default = f"`{str(value)[:24]}`" if value else ""
        rows.append(f"| `{before}{name}` | {default} | {field.type.__metadata__[0].description} |")
    return rows


def make_codes_table() -> str:
    rows = ["| code | meaning |", "|---|---|"]
    return "\n".join([*rows, *(f"| {error.exit_code} | {error.meaning} |" for error in ERRORS)])


def test_the_readme_lists_every_setting_with_its_default_and_description():
    assert make_settings_table() in README


def test_the_readme_lists_every_exit_code():
    assert make_codes_table() in README


@pytest.mark.parametrize("name", DEFAULT_GROUPS)
def test_the_readme_names_each_default_group_with_its_moments(name):
    group = DEFAULT_GROUPS[name]
    assert f"| {name} | `{group.marks[0]}` | {', '.join(group.when)} |" in README


def test_every_file_that_the_architecture_names_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text()
    tree = text.split("## Reading order")[0]
    for folder in ("core", "project", "engines", "postgres", "plugin", "report", "cli"):
        assert f"{folder}/" in tree
        assert (ROOT / "runner" / folder).is_dir()
    for path in ("session.py", "streams.py", "interrupts.py", "errors.py"):
        assert path in tree
        assert (ROOT / "runner" / path).is_file()
