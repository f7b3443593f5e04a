"""Debian mirrors as apt reads them."""

import pytest

from runner.core.mirrors import make_sources
from runner.errors import SettingsError

pytestmark = pytest.mark.unit


def test_no_mirror_leaves_debian_s_own():
    assert make_sources([]) == ""


def test_an_address_has_the_release_and_its_updates():
    assert make_sources(["https://mirror.example/debian"]) == (
        "deb https://mirror.example/debian trixie main\ndeb https://mirror.example/debian trixie-updates main\n"
    )


def test_an_address_of_security_updates_has_those():
    wanted = "deb https://mirror.example/debian-security trixie-security main\n"
    assert make_sources(["https://mirror.example/debian-security"]) == wanted


def test_lists_of_a_snapshot_may_be_old():
    lines = make_sources(["http://mirror.example/archive/debian/20260102T030405Z"]).splitlines()
    assert [line.split()[1] for line in lines] == ["[check-valid-until=no]"] * 2


def test_a_line_of_sources_stays_as_it_is():
    line = "deb [trusted=yes] file:///srv/debian ./"
    assert make_sources([line]) == f"{line}\n"


@pytest.mark.parametrize(
    "mirror", ["mirror.example/debian", "ftp://mirror.example", "", "deb a b\ndeb c d", "http://a b"]
)
def test_anything_else_is_refused(mirror):
    with pytest.raises(SettingsError, match="no mirror of Debian"):
        make_sources([mirror])
