"""The bill of materials from dpkg's own list."""

import pytest

from runner.core.materials import Material, parse_debian

pytestmark = pytest.mark.unit

STATUS = """\
Package: openssl
Status: install ok installed
Architecture: amd64
Version: 3.5.1-1
Description: Secure Sockets Layer
 Version: 9 is what a continued line may look like

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
"""
SUM = "a" * 64


def test_installed_packages_are_listed_with_their_checksums():
    found = parse_debian(STATUS, f"openssl\t3.5.1-1\tamd64\t{SUM}\n")
    assert found == [Material("debian", "openssl", "3.5.1-1", "amd64", SUM)]


@pytest.mark.parametrize("listed", ["", f"openssl\t3.5.1-2\tamd64\t{SUM}\n", f"openssl\t3.5.1-1\tall\t{SUM}\n", "x\n"])
def test_a_checksum_of_another_package_is_none_of_it(listed):
    assert parse_debian(STATUS, listed) == [Material("debian", "openssl", "3.5.1-1", "amd64", "")]


def test_an_image_without_dpkg_has_no_packages():
    assert parse_debian("", "") == []
