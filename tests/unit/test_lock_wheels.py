"""Which packages of a lock have no wheel for a Python and are compiled."""

import pytest

from runner.core.lock_wheels import find_compiled

pytestmark = pytest.mark.unit

SOURCES = "ciso-2.3.2.tar.gz"


def make(*files, name="ciso"):
    lines = "".join(f'    {{file = "{each}", hash = "sha256:00"}},\n' for each in files)
    return f'[[package]]\nname = "{name}"\nversion = "2.3.2"\nfiles = [\n{lines}]\n'


@pytest.mark.parametrize(
    ("tags", "fitting"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64", False),
        ("cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("cp313-cp313-macosx_11_0_arm64", False),
        ("cp313-cp313t-manylinux_2_17_x86_64", False),
        ("cp37-abi3-manylinux_2_28_x86_64", True),
        ("cp314-abi3-manylinux_2_28_x86_64", False),
        ("py3-none-manylinux_2_28_x86_64", True),
        ("py2.py3-none-any", True),
        ("pp310-pypy310_pp73-manylinux_2_17_x86_64", False),
    ],
)
def test_a_wheel_fits_a_python_by_its_tags(tags, fitting):
    text = make("ciso-2.3.2-cp39-cp39-win_amd64.whl", f"ciso-2.3.2-{tags}.whl", SOURCES)
    assert find_compiled(text, "3.13") == ([] if fitting else ["ciso"])


def test_packages_of_python_alone_and_those_without_sources_are_not_compiled():
    assert find_compiled(make(SOURCES), "3.13") == []
    assert find_compiled(make("ciso-2.3.2-cp312-cp312-manylinux1_x86_64.whl"), "3.13") == []
    assert find_compiled("ciso==2.3.2 --hash=sha256:00\n", "3.13") == []


def test_a_package_with_a_version_for_each_python_and_what_older_ones_need():
    old = make("ciso-2.3.2-cp39-cp39-manylinux1_x86_64.whl", SOURCES)
    new = make("ciso-2.4-cp313-cp313-manylinux1_x86_64.whl", SOURCES)
    assert find_compiled(old + new, "3.13") == []
    assert find_compiled(old.replace('"ciso"', '"backports-zoneinfo"'), "3.13") == []


def test_uvs_locks_have_addresses():
    wheel = '{ url = "https://files/ciso-2.3.2-cp312-cp312-manylinux2014_x86_64.whl", hash = "sha256:00" }'
    source = 'sdist = { url = "https://files/ciso-2.3.2.tar.gz", hash = "sha256:00" }'
    text = f'[[package]]\nname = "a"\n[[package]]\nname = "ciso"\n{source}\nwheels = [\n    {wheel},\n]\n'
    assert find_compiled(text, "3.13") == ["ciso"]
    assert find_compiled(text, "3.12") == []
