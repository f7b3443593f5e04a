"""Debian mirrors as apt reads them."""

import pytest

from runner.core.mirrors import make_more_preferences, make_more_sources, make_sources
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


def test_another_release_comes_from_where_debian_13_does():
    assert make_more_sources([], "bookworm") == ("deb @main@ bookworm main\ndeb @security@ bookworm-security main\n")
    assert make_more_sources(
        ["https://a.example/debian", "deb [arch=amd64] http://b.example/d trixie main contrib"], "bookworm"
    ) == ("deb https://a.example/debian bookworm main\ndeb [arch=amd64] http://b.example/d bookworm main contrib\n")


def test_sources_of_others_say_nothing_about_another_release():
    assert make_more_sources(["deb http://other.example trixie-other main", "deb file:///srv ./"], "bookworm") == ""


def test_the_lists_of_unstable_may_be_some_days_old():
    assert make_more_sources([], "sid") == "deb [check-valid-until=no] @main@ sid main\n"
    assert make_more_sources(["deb [arch=amd64] http://b.example/d trixie main"], "sid") == (
        "deb [check-valid-until=no arch=amd64] http://b.example/d sid main\n"
    )


def test_another_release_gives_only_what_debian_13_has_not():
    assert make_more_preferences("bookworm").count("Pin-Priority: 90\n") == 2
    assert "990" not in make_more_preferences("bookworm")
    assert "Package: src:glibc\nPin: release n=sid\nPin-Priority: 990\n" in make_more_preferences("sid")
