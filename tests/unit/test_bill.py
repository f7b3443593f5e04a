"""An image's bill of materials, for people and in a standard's format."""

import json
import sys

import pytest

from runner.core.bill import Bill
from runner.core.contents import ImageConfig
from runner.core.materials import Material
from runner.errors import SettingsError
from runner.report.bill import make_document, print_bill

pytestmark = pytest.mark.unit

CONFIG = ImageConfig(("TZ=UTC",), ("python3", "lease.py"), (), "suite", "/project", "amd64")
MATERIALS = (
    Material("debian", "openssl", "3.5.1-1+deb13u1", "amd64", "a" * 64),
    Material("debian", "tzdata", "2026b-0", "all"),
    Material("python", "Flask", "3.1.3"),
)
CONTENT = f"sha256:{'b' * 64}"
BILL = Bill("ephemeral-runner/suite-orders:0123", "sha256:c", CONTENT, 143_262_037, "Debian 13", CONFIG, MATERIALS)


def test_people_see_each_package_with_its_version(capsys):
    print_bill(BILL)
    assert capsys.readouterr().out == (
        "image    ephemeral-runner/suite-orders:0123\n"
        "id       sha256:c\n"
        f"content  {CONTENT}\n"
        "size     143.3 MB\n"
        "base     Debian 13, amd64\n"
        "starts   python3 lease.py\n"
        "as       suite in /project\n"
        "\nvariables\n  TZ=UTC\n"
        "\n2 Debian packages\n  openssl 3.5.1-1+deb13u1\n  tzdata 2026b-0\n"
        "\n1 Python packages\n  Flask 3.1.3\n"
    )


def test_cyclonedx_has_each_package_with_its_address():
    pytest.importorskip("cyclonedx", reason="needs the extra `sbom`")
    made = json.loads(make_document(BILL, "cyclonedx"))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["name"] == "ephemeral-runner/suite-orders"
    assert made["metadata"]["component"]["version"] == "0123"
    components = {each["name"]: each for each in made["components"]}
    assert components["openssl"]["purl"] == "pkg:deb/debian/openssl@3.5.1-1%2Bdeb13u1?arch=amd64&distro=debian-13"
    assert components["openssl"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert components["Flask"]["purl"] == "pkg:pypi/flask@3.1.3"
    assert "hashes" not in components["tzdata"]


def test_the_same_image_has_the_same_number():
    pytest.importorskip("cyclonedx", reason="needs the extra `sbom`")
    one, other = (json.loads(make_document(BILL, "cyclonedx"))["serialNumber"] for _ in range(2))
    assert one == other


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "runner.report.cyclonedx", raising=False)
    monkeypatch.setitem(sys.modules, "cyclonedx.model", None)
    with pytest.raises(SettingsError) as caught:
        make_document(BILL, "cyclonedx")
    assert caught.value.hint == "install the extra: `pip install 'ephemeral-runner[sbom]'`"
