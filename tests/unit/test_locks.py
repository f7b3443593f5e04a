"""What a project's packages are installed from: which file is taken, what of it decides, what a build reads."""

import shlex

import pytest

from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.load import Project
from runner.project.lock_files import list_files, make_lock_files, make_lock_text, make_wanted_text
from runner.project.locks import find_lock, find_workspace_lock
from runner.project.recipe import make_recipe

pytestmark = pytest.mark.unit

HASHED = "a==1 --hash=sha256:00\n"
PACKAGE = {"project": {"name": "shop"}}


@pytest.fixture
def make_project(tmp_path):
    """Makes a project from files and a parsed pyproject."""

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


def find(project, **settings):
    """Path, kind, whether it is a lock, and the requirements files."""
    lock = find_lock(project, Settings(**settings))
    return lock.path.relative_to(project.folder).as_posix(), lock.kind, lock.is_locked, [*lock.files]


def read_variables(project, **settings):
    """The variables for the script."""
    wanted = Settings(**settings)
    text = make_lock_files(project, wanted, find_lock(project, wanted))["lock.env"].decode()
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.mark.parametrize(
    ("files", "found", "kind"),
    [
        (["uv.lock", "poetry.lock"], "uv.lock", "uv"),
        (["poetry.lock", "requirements.txt"], "poetry.lock", "poetry"),
        (["pdm.lock", "pylock.toml"], "pdm.lock", "pdm"),
        (["pylock.toml", "Pipfile.lock"], "pylock.toml", "pylock"),
        (["pylock.ci.toml", "requirements.txt"], "pylock.ci.toml", "pylock"),
        (["Pipfile.lock", "requirements.txt"], "Pipfile.lock", "pipenv"),
        (["requirements-dev.txt", "requirements.txt"], "requirements-dev.txt", "requirements"),
        (["requirements/base.txt"], "requirements/base.txt", "requirements"),
    ],
)
def test_locks_of_tools_come_before_requirements(make_project, files, found, kind):
    assert find(make_project(dict.fromkeys(files, HASHED))) == (found, kind, True, [])


def test_of_several_files_with_hashes_the_one_with_pytest_is_the_lock(make_project):
    files = {
        "requirements.txt": HASHED,
        "requirements/test.txt": "pytest==9 --hash=sha256:00\n",
        "requirements-a.txt": "",
    }
    assert find(make_project(files))[0] == "requirements/test.txt"


@pytest.mark.parametrize(
    ("tables", "files", "found"),
    [
        (PACKAGE, {}, ("pyproject.toml", "project", [])),
        ({"dependency-groups": {"dev": ["a"]}}, {}, ("pyproject.toml", "project", [])),
        (
            PACKAGE,
            {"requirements.txt": "a", "dev-requirements.txt": "pytest"},
            ("pyproject.toml", "project", ["dev-requirements.txt"]),
        ),
        ({}, {"setup.py": ""}, ("setup.py", "project", [])),
        ({}, {"setup.cfg": ""}, ("setup.cfg", "project", [])),
        ({"build-system": {}, "dependency-groups": {"dev": []}}, {"setup.py": ""}, ("setup.py", "project", [])),
        ({"build-system": {}}, {"requirements.txt": "a"}, ("requirements.txt", "project", ["requirements.txt"])),
        (
            {},
            {"requirements.txt": "a", "test-requirements.txt": "pytest>8"},
            ("requirements.txt", "project", ["requirements.txt", "test-requirements.txt"]),
        ),
        ({}, {"requirements/test.txt": "pytest"}, ("requirements/test.txt", "project", ["requirements/test.txt"])),
        ({}, {"requirements/base.txt": "a"}, ("requirements/base.txt", "project", ["requirements/base.txt"])),
        ({}, {"Pipfile": ""}, ("Pipfile", "pipenv", [])),
        ({"tool": {"poetry": {"group": {"test": {"dependencies": {}}}}}}, {}, ("pyproject.toml", "poetry", [])),
        ({"tool": {"poetry": {"dev-dependencies": {"pytest": "*"}}}}, {}, ("pyproject.toml", "poetry", [])),
        ({**PACKAGE, "tool": {"pdm": {"dev-dependencies": {"test": ["pytest"]}}}}, {}, ("pyproject.toml", "pdm", [])),
        ({}, {"pytest.ini": ""}, ("pyproject.toml", "project", [])),
    ],
)
def test_without_a_lock_the_metadata_and_requirements_are_resolved(make_project, tables, files, found):
    path, kind, is_locked, named = find(make_project(files, **tables))
    assert (path, kind, named) == found
    assert not is_locked


def test_the_setting_decides_where_there_are_several(make_project):
    project = make_project({"uv.lock": "", "locks/ci.txt": HASHED, "plain.txt": "a\n", "pyproject.toml": ""}, **PACKAGE)
    assert find(project, lock="locks/ci.txt") == ("locks/ci.txt", "requirements", True, [])
    assert find(project, lock="plain.txt") == ("pyproject.toml", "project", False, ["plain.txt"])
    assert find(project, lock="pyproject.toml") == ("pyproject.toml", "project", False, [])


def test_a_lock_file_that_the_setting_names_in_vain_is_refused(make_project):
    project = make_project({"uv.lock": ""})
    assert refuse(find_lock, project, Settings(lock="other.lock")) == (
        f"error: cannot find the lock file `other.lock`\ncause: no such file in `{project.folder}`\n"
        "hint:  correct the setting `lock`"
    )


def test_a_lock_file_outside_of_the_project_is_refused(make_project, tmp_path):
    (tmp_path.parent / f"{tmp_path.name}-outside.txt").write_text(HASHED)
    refuse(find_lock, make_project(), Settings(lock=f"../{tmp_path.name}-outside.txt"))


def test_a_lock_file_that_is_no_text_is_refused(make_project):
    project = make_project()
    (project.folder / "requirements.txt").write_bytes(b"\xff\xfe")
    assert "requirements.txt" in refuse(find_lock, project, Settings())


WORKSPACE = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["apps/*"]\nexclude = ["apps/old"]\n',
    "uv.lock": "version = 1\n",
    "apps/web/pyproject.toml": "[project]\nname = 'web'\n",
    "apps/old/pyproject.toml": "",
    "other/pyproject.toml": "",
}


def test_a_members_lock_is_that_of_its_workspace(make_project):
    root = make_project(WORKSPACE).folder
    member = Project(root / "apps/web", PACKAGE)
    assert find_lock(member, Settings()).path == root / "uv.lock"
    assert find_lock(member, Settings(lock="../../uv.lock")).root == root
    assert read_variables(member)["LOCK_FILE"] == "../../uv.lock"
    assert make_lock_text(list_files(member, Settings(), find_lock(member, Settings()))) == "version = 1\n"


@pytest.mark.parametrize("folder", ["apps/old", "other"])
def test_who_is_no_member_has_no_lock_of_the_workspace(make_project, folder):
    assert find_workspace_lock(make_project(WORKSPACE).folder / folder) is None


def test_a_workspace_of_another_repository_does_not_matter(make_project):
    root = make_project({**WORKSPACE, "apps/web/.git": ""}).folder
    assert find_workspace_lock(root / "apps/web") is not None, "its own mark of a repository lies in the folder itself"
    assert find_workspace_lock(make_project({**WORKSPACE, "apps/.git": ""}).folder / "apps/web") is None


INCLUDING = {
    "requirements/test.txt": "-r base.txt\n-c ../limits.txt # no newer\npytest\n-r https://example.org/more.txt\n",
    "requirements/base.txt": "--requirement=test.txt\npsycopg\n",
    "limits.txt": "psycopg<4\n",
}


def test_what_requirements_include_decides_too(make_project):
    project = make_project({**INCLUDING, "extra.txt": "six\n"})
    settings = Settings(requirements=["-r extra.txt"])
    names = [
        path.relative_to(project.folder).as_posix()
        for path in list_files(project, settings, find_lock(project, settings))
    ]
    assert names == ["requirements/test.txt", "extra.txt", "requirements/base.txt", "limits.txt"]
    assert "psycopg<4" in make_lock_text(list_files(project, settings, find_lock(project, settings)))


def test_an_included_file_that_is_missing_is_named(make_project, tmp_path):
    project = make_project({"requirements.txt": "-r gone.txt\n"})
    said = refuse(list_files, project, Settings(), find_lock(project, Settings()))
    assert f"cannot read `{tmp_path / 'gone.txt'}`" in said


def test_what_will_be_installed_is_told_before_it_is_resolved(make_project):
    tables = {
        "project": {"dependencies": ["psycopg2>=2.9"]},
        "tool": {"poetry": {"dependencies": {"lib": {"git": "x"}}}},
    }
    project = make_project({}, **tables)
    settings = Settings(requirements=["lxml"])
    lock = find_lock(project, settings)
    text = make_wanted_text(project, settings, lock, make_lock_text(list_files(project, settings, lock)))
    assert {"lib", "lxml", "psycopg2"} <= {*text.splitlines()}
    assert '"git": "x"' in text


@pytest.mark.parametrize(
    ("files", "tables", "arguments"),
    [
        ({"uv.lock": ""}, {}, "'--extra=pg --group=docs'"),
        (
            {"poetry.lock": ""},
            {
                "tool": {
                    "poetry": {
                        "group": {"test": {}, "docs": {"optional": True}, "more": {"optional": True}},
                        "dev-dependencies": {"a": "*"},
                    }
                }
            },
            "'--extras=pg --with=docs --with=test --with=dev'",
        ),
        ({"pdm.lock": ""}, {}, "--group=pg"),
        ({"pylock.toml": 'extras = ["pg"]\ndependency-groups = ["docs"]\n'}, {}, "'--extra=pg --group=docs'"),
        ({}, {}, "'pyproject.toml --extra=pg --group=docs --group=dev'"),
        ({"requirements.txt": "pytest"}, {}, "'pyproject.toml requirements.txt --extra=pg --group=docs --group=dev'"),
    ],
)
def test_extras_and_groups_are_named_as_each_tool_wants_them(make_project, files, tables, arguments):
    common = {"project": {"optional-dependencies": {"pg": []}}, "dependency-groups": {"docs": [], "dev": []}}
    if "poetry" in tables.get("tool", {}):
        del common["dependency-groups"]
    project = make_project(files, **common, **tables)
    assert read_variables(project, extras=["pg"], dependency_groups=["docs"])["EXPORT_ARGS"] == arguments


def test_a_pipfiles_groups_are_its_tables(make_project):
    project = make_project({"Pipfile.lock": "{}", "Pipfile": "[packages]\n[dev-packages]\n[docs]\n[source]\n"})
    assert read_variables(project)["EXPORT_ARGS"] == "--categories=packages,dev-packages"
    assert (
        read_variables(project, dependency_groups=["docs"])["EXPORT_ARGS"] == "--categories=docs,packages,dev-packages"
    )
    assert "there is no extra `pg`" in refuse(read_variables_of, project, {"extras": ["pg"]})


def read_variables_of(project, settings):
    return read_variables(project, **settings)


def test_pip_is_told_the_same_as_uv(make_project):
    project = make_project(
        {"requirements.txt": "pytest"},
        project={"optional-dependencies": {"pg": []}},
        **{"dependency-groups": {"dev": []}},
    )
    assert read_variables(project, extras=["pg"])["PIP_ARGS"] == shlex.quote("'.[pg]' -r requirements.txt --group dev")


@pytest.mark.parametrize(
    ("files", "settings", "said"),
    [
        (
            {"uv.lock": ""},
            {"extras": ["pgg"]},
            ("there is no extra `pgg` (`extras`)", "`pyproject.toml` has 1 extra", "did you mean `pg`"),
        ),
        (
            {"uv.lock": ""},
            {"dependency_groups": ["x"]},
            (
                "there is no dependency group `x` (`dependency_groups`)",
                "`pyproject.toml` has no dependency groups",
                "take it out of `dependency_groups`",
            ),
        ),
        (
            {"requirements.txt": HASHED},
            {"extras": ["pg"]},
            (
                "there is no extra `pg` (`extras`)",
                "`requirements.txt` holds what is installed, and has no extras",
                "take `extras` out; the requirements file is where they belong",
            ),
        ),
    ],
)
def test_what_does_not_fit_the_lock_is_refused(make_project, files, settings, said):
    what, cause, hint = said
    project = make_project(files, project={"optional-dependencies": {"pg": []}})
    refused = refuse(read_variables_of, project, settings)
    assert refused == f"error: {what}\ncause: {cause}\nhint:  {hint}"


def test_what_cannot_be_read_is_refused(make_project):
    project = make_project({"pylock.toml": "[", "uv.lock": ""})
    assert "cannot read" in refuse(read_variables_of, project, {"lock": "pylock.toml"})
    assert "`pytest >> 8` is no requirement" in refuse(read_variables_of, project, {"requirements": ["pytest >> 8"]})


def test_names_are_compared_as_indexes_compare_them(make_project):
    project = make_project({"uv.lock": ""}, project={"optional-dependencies": {"Post_gres": []}})
    assert read_variables(project, extras=["post-gres"])["EXPORT_ARGS"] == "--extra=post-gres"


def test_further_requirements_lie_elsewhere_and_still_find_their_files(make_project):
    project = make_project({"uv.lock": "", "tests/needs.txt": ""})
    settings = Settings(
        requirements=[
            "six>=1 # why",
            "-r tests/needs.txt",
            "-c /etc/limits.txt",
            "./local",
            "lib @ git+https://example.org/lib",
        ]
    )
    files = make_lock_files(project, settings, find_lock(project, settings))
    assert files["requirements.in"].decode().splitlines() == [
        "six>=1 # why",
        "-r /project/tests/needs.txt",
        "-c /etc/limits.txt",
        "./local",
        "lib @ git+https://example.org/lib",
    ]


def test_groups_that_ask_for_the_project_itself_ask_for_its_extras(make_project):
    groups = {
        "dev": ["pytest", {"include-group": "whole"}, "Shop_Web [postgres, redis]>=1"],
        "whole": ["shop.web[all]; python_version > '3'", {"include-group": "dev"}, "shop-web-other[never]"],
        "docs": ["shop-web[docs]"],
    }
    project = make_project({}, project={"name": "shop-web"}, **{"dependency-groups": groups})
    variables = read_variables(project)
    wanted = ["pyproject.toml", "--extra=postgres", "--extra=redis", "--extra=all", "--group=dev"]
    assert sorted(shlex.split(*shlex.split(variables["EXPORT_ARGS"]))) == sorted(wanted)
    assert variables["OWN_NAME"] == "shop-web"


def test_requirements_files_may_install_the_project_itself_by_its_name(make_project):
    project = make_project({"dev-requirements.txt": "-e .[test]\npytest\n"}, project={"name": "shop"})
    assert "OWN_NAME" not in read_variables(project)


def test_a_lock_that_leads_nowhere_is_refused_unless_another_file_is_named(make_project):
    project = make_project({"requirements.txt": HASHED})
    (project.folder / "uv.lock").symlink_to("../nosuch/uv.lock")
    assert refuse(find_lock, project, Settings()) == (
        "error: cannot read the lock file `uv.lock`\n"
        "cause: it is a link to `../nosuch/uv.lock`, where there is no file\n"
        "hint:  make the file, remove the link, or name what to install from with the setting `lock`"
    )
    assert find(project, lock="requirements.txt")[0] == "requirements.txt"


def test_an_empty_lock_is_refused(make_project):
    said = refuse(make_recipe, make_project({"poetry.lock": ""}, **PACKAGE), Settings(), {})
    assert said.startswith("error: cannot read the lock file `poetry.lock`\ncause: it is empty\n")


def test_a_lock_of_pipenv_needs_its_pipfile(make_project):
    said = refuse(make_recipe, make_project({"Pipfile.lock": "{}"}), Settings(), {})
    assert "cause: pipenv reads it beside its Pipfile only, and there is none" in said
