"""What a project puts into its suite image."""

import io
import tarfile
from pathlib import Path

import pytest

from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.load import Project
from runner.project.recipe import make_recipe, read_ca_bundle

pytestmark = pytest.mark.unit

HASHED = "a==1 --hash=sha256:00\n"


@pytest.fixture
def make_project(tmp_path, monkeypatch):
    """Makes a project from files and a parsed pyproject."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def make(files=None, **pyproject):
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Project(tmp_path, pyproject)

    return make


def refuse(call, *args):
    with pytest.raises(SettingsError) as caught:
        call(*args)
    return caught.value.as_text()


def make(project, environ=None, **settings):
    return make_recipe(project, Settings(**settings), environ or {})


def read_variables(recipe, name="lock.env"):
    """The variables for the install script, unquoted where they need no quotes."""
    return dict(line.split("=", 1) for line in recipe.stage_files[name].decode().splitlines())


@pytest.mark.smoke
def test_the_install_script_learns_what_to_install(make_project):
    tables = {
        "project": {"name": "shop", "optional-dependencies": {"pg": ["x"]}},
        "build-system": {"requires": ["x"]},
        "dependency-groups": {"dev": ["y"]},
    }
    recipe = make(make_project({"uv.lock": "version = 1\n"}, **tables), extras=["pg"], dependency_groups=["dev"])
    assert read_variables(recipe) == {
        "LOCK_KIND": "uv",
        "LOCK_FILE": "uv.lock",
        "IS_LOCKED": "yes",
        "EXPORT_ARGS": "'--extra=pg --group=dev'",
    }
    assert read_variables(recipe, "project.env") == {
        "PYTHON": "3.13",
        "PYTHON_ORIGIN": "base",
        "INSTALL_PROJECT": "yes",
        "EDITABLE": "yes",
        "INSIDE": "''",
    }


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"project": {"name": "shop"}},
        {"build-system": {}, "tool": {"poetry": {"package-mode": False}}},
        {"project": {}, "build-system": {}, "tool": {"uv": {"package": False}}},
    ],
)
def test_what_is_no_package_is_not_installed(make_project, tables):
    recipe = make(make_project({"requirements.txt": HASHED}, **tables))
    assert read_variables(recipe, "project.env")["INSTALL_PROJECT"] == "no"
    assert read_variables(recipe)["LOCK_KIND"] == "requirements"


@pytest.mark.parametrize(
    ("files", "tables"),
    [
        ({"setup.py": ""}, {}),
        ({}, {"build-system": {}, "tool": {"poetry": {"name": "shop"}}}),
        ({}, {"project": {}, "tool": {"uv": {"package": True}}}),
    ],
)
def test_older_projects_are_installed_too(make_project, files, tables):
    recipe = make(make_project({"requirements.txt": HASHED, **files}, **tables))
    assert read_variables(recipe, "project.env")["INSTALL_PROJECT"] == "yes"


@pytest.mark.security
def test_what_goes_to_a_shell_is_quoted(make_project):
    recipe = make(make_project({"requirements $(id).txt": HASHED}), environ={"PIP_INDEX_URL": "https://u:p';id@x/"})
    assert read_variables(recipe)["LOCK_FILE"] == "'requirements $(id).txt'"
    assert recipe.build_files["index.env"] == b"PIP_INDEX_URL='https://u:p'\"'\"';id@x/'\n"


@pytest.mark.security
def test_neither_certificates_nor_the_index_are_part_of_an_images_identity(make_project, tmp_path):
    project = make_project({"requirements.txt": HASHED})
    bundle = tmp_path.parent / f"{tmp_path.name}.pem"
    bundle.write_text("CERTIFICATE")
    plain = make(project)
    rich = make(project, environ={"SSL_CERT_FILE": str(bundle), "UV_INDEX_URL": "https://user:secret@host/"})
    assert rich.build_files["ca.pem"] == b"CERTIFICATE"
    assert b"secret" in rich.build_files["index.env"]
    assert plain.identity == rich.identity


def test_a_change_of_the_lock_or_of_build_files_is_a_change_of_identity(make_project):
    tables = {"tool": {"hatch": {"version": {"path": "shop/version.py"}}}}
    files = {"requirements.txt": HASHED, "setup.py": "", "setup.cfg": "", "MANIFEST.in": "", "shop/version.py": ""}
    before = make(make_project(files, **tables)).identity
    for name, text in files.items():
        assert make(make_project({name: text + HASHED}, **tables)).identity != before, name
        make_project(files)


def test_a_change_of_sources_is_none_of_identity(make_project):
    before = make(make_project({"requirements.txt": HASHED, "shop/a.py": "1"})).identity
    assert make(make_project({"shop/a.py": "2", "tests/test_a.py": ""})).identity == before


def test_a_change_of_a_linters_settings_is_none_of_identity(make_project):
    before = make(make_project({"requirements.txt": HASHED}, tool={"ruff": {"line-length": 80}}))
    assert make(make_project(tool={"ruff": {"line-length": 120}})).identity == before.identity


def test_dates_in_pyproject_do_not_disturb(make_project):
    import datetime as dt

    project = make_project({"requirements.txt": HASHED}, tool={"x": {"day": dt.date(2026, 1, 2)}})
    assert "2026-01-02" in make(project).identity["pyproject"]


def test_the_sources_are_packed(make_project):
    recipe = make(make_project({"requirements.txt": HASHED, "tests/test_a.py": ""}), packages=["git"])
    with tarfile.open(fileobj=io.BytesIO(recipe.sources)) as archive:
        assert archive.getnames() == ["requirements.txt", "tests", "tests/test_a.py", ".pytest_cache"]
    assert recipe.packages == ["git"]


def test_relative_writable_paths_are_opened_in_the_sources_and_absolute_ones_in_the_container(make_project):
    project = make_project({"requirements.txt": HASHED, "data/a.csv": ""})
    recipe = make(project, writable=["data", "/tmp", "out", "/var//tmp/"])
    with tarfile.open(fileobj=io.BytesIO(recipe.sources)) as archive:
        owners = {member.name: member.uid for member in archive}
    assert owners == {".pytest_cache": 1000, "data": 1000, "data/a.csv": 1000, "out": 1000, "requirements.txt": 0}
    assert recipe.opened == ["/tmp", "/var/tmp"]
    assert recipe.identity == make(project).identity
    assert make(project).opened == []


@pytest.mark.security
@pytest.mark.parametrize("path", ["../elsewhere", "/", ""])
def test_a_writable_path_that_leads_elsewhere_is_refused(make_project, path):
    project = make_project({"requirements.txt": HASHED})
    assert refuse(make_recipe, project, Settings(writable=[path]), {}).startswith(
        f"error: cannot make `{path}` writable (`writable`)\n"
    )


@pytest.fixture
def bundles(tmp_path):
    """Makes files of certificates with their own names as content, and returns their paths."""

    def make_bundles(*names):
        for name in names:
            (tmp_path / name).write_text(name)
        return [str(tmp_path / name) for name in names]

    return make_bundles


def test_without_a_bundle_builds_get_none():
    assert read_ca_bundle(Path(), Settings(), {"SSL_CERT_FILE": ""}) == b""


def test_the_setting_comes_before_the_variables_and_those_in_their_order(bundles):
    setting, ssl, requests, pip = bundles("setting", "ssl", "requests", "pip")
    environ = {"PIP_CERT": pip, "REQUESTS_CA_BUNDLE": requests, "SSL_CERT_FILE": ssl}
    assert read_ca_bundle(Path(), Settings(ca_bundle=setting), environ) == b"setting"
    assert read_ca_bundle(Path(), Settings(), environ) == b"ssl"
    assert read_ca_bundle(Path(), Settings(), {"PIP_CERT": pip, "REQUESTS_CA_BUNDLE": requests}) == b"requests"
    assert read_ca_bundle(Path(), Settings(), {"PIP_CERT": pip}) == b"pip"


def test_a_bundle_that_cannot_be_read_is_named_with_its_setting(tmp_path):
    missing = tmp_path / "missing.pem"
    assert refuse(read_ca_bundle, Path(), Settings(ca_bundle=str(missing)), {}) == (
        f"error: cannot read the CA bundle `{missing}` (`ca_bundle`)\ncause: no such file or directory"
    )
    assert refuse(read_ca_bundle, Path(), Settings(), {"PIP_CERT": str(tmp_path)}) == (
        f"error: cannot read the CA bundle `{tmp_path}` (`PIP_CERT`)\ncause: is a directory"
    )


def test_a_relative_bundle_lies_in_the_project(make_project, tmp_path_factory, monkeypatch):
    project = make_project({"requirements.txt": HASHED, "certs/ca.pem": "ours"})
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert not Path("certs").exists()
    assert make(project, ca_bundle="certs/ca.pem").build_files["ca.pem"] == b"ours"
