"""Which files come out of the suite container."""

import io
import tarfile

import pytest

from runner.engines.docker.suite import SuiteContainer

pytestmark = [pytest.mark.unit, pytest.mark.security]


class FakeContainer:
    """A container that only has an archive of its results."""

    def __init__(self, files, links=()):
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
            for name, linked in links:
                member = tarfile.TarInfo(name)
                member.type, member.linkname = tarfile.SYMTYPE, linked
                archive.addfile(member)
        self._content = target.getvalue()

    def get_archive(self, path):
        self.path = path
        return iter([self._content[:100], self._content[100:]]), {}


def copy(target, names, container):
    suite = SuiteContainer.__new__(SuiteContainer)
    suite._container = container
    suite.copy_results(names, target)
    return {path.name: path.read_bytes() for path in target.iterdir()}


def test_only_the_named_files_come_out(tmp_path):
    files = {"results/unit.xml": b"a", "results/suite.log": b"b", "results/sub/unit.xml": b"c", "results/x.xml": b"d"}
    assert copy(tmp_path, ["unit.xml", "lone.xml"], FakeContainer(files)) == {"unit.xml": b"a"}


def test_a_link_with_a_name_that_is_asked_for_stays_behind(tmp_path):
    container = FakeContainer({}, links=[("results/unit.xml", "/etc/passwd")])
    assert copy(tmp_path, ["unit.xml"], container) == {}
