"""Breaks the rule "no shared files": tests write where all workers do."""

import tempfile
from pathlib import Path

import pytest


@pytest.mark.smoke
def test_a_report_goes_into_the_checkout():
    Path("report.txt").write_text("1 order")


def test_a_report_goes_into_the_one_folder_for_temporary_files():
    Path("/tmp/report.txt").write_text("1 order")


@pytest.mark.parametrize("number", range(4))
def test_a_report_goes_into_the_worker_s_own_folder(number):
    path = Path(tempfile.gettempdir()) / "report.txt"
    assert path.parent != Path("/tmp")
    path.write_text(str(number))
    assert path.read_text() == str(number)


def test_a_report_goes_into_a_folder_of_the_test_s_own(tmp_path):
    (tmp_path / "report.txt").write_text("1 order")
