"""Entries of `postgres.init_sql`: none is lost, and each has a name that an error can say."""

import pytest

from runner.errors import SettingsError
from runner.project.init_sql import read_init_sql

pytestmark = pytest.mark.unit

LONG = "INSERT INTO settings (name, value, description, made_at) VALUES ('{}', '', '', now())"


def test_statements_that_begin_alike_are_all_run_in_their_order(tmp_path):
    entries = [LONG.format("a"), LONG.format("b"), LONG.format("b")]
    assert list(read_init_sql(tmp_path, entries).values()) == entries


def test_files_are_read_and_statements_stand_for_themselves(tmp_path):
    (tmp_path / "a.sql").write_text("SELECT 1")
    assert read_init_sql(tmp_path, ["a.sql", "SELECT 2"]) == {"a.sql": "SELECT 1", "SELECT 2": "SELECT 2"}


@pytest.mark.parametrize("entry", ["missing.sql", " ", "folder.sql"])
def test_what_cannot_be_read_is_a_wrong_setting(tmp_path, entry):
    (tmp_path / "folder.sql").mkdir()
    with pytest.raises(SettingsError):
        read_init_sql(tmp_path, [entry])
