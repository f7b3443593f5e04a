"""Reading pyproject.toml, and what is said where it cannot be read."""

import pytest

from runner.errors import RunnerError, SettingsError
from runner.project.load import load_project, read_settings

pytestmark = pytest.mark.unit


def refuse(folder):
    with pytest.raises(SettingsError) as caught:
        load_project(folder)
    return caught.value.as_text()


@pytest.fixture
def write(tmp_path):
    def write_pyproject(text):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "pyproject.toml").write_bytes(content)
        return tmp_path

    return write_pyproject


@pytest.mark.smoke
def test_a_project_has_its_name_and_the_runners_table(write):
    project = load_project(write('[project]\nname = "shop"\n[tool.runner]\nworkers = 2\n'))
    assert (project.name, project.settings) == ("shop", {"workers": 2})


def test_the_nearest_pyproject_above_is_the_one(write, tmp_path):
    write('[project]\nname = "outer"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert load_project(below).folder == tmp_path.resolve()
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "inner"\n')
    assert load_project(below).name == "inner"


def test_a_project_without_a_name_is_named_like_its_folder(write, tmp_path):
    assert load_project(write("")).name == tmp_path.name


def test_a_link_to_the_folder_leads_to_the_folder(write, tmp_path):
    folder = write("")
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(folder)
    assert load_project(link).folder == folder.resolve()


def test_a_folder_without_pyproject_is_refused(tmp_path):
    assert refuse(tmp_path) == (
        f"error: no pyproject.toml in `{tmp_path}` or above\n"
        "cause: nor is there a setup.py, a setup.cfg, a Pipfile, a requirements.txt, or settings of pytest\n"
        "hint:  go to the project's folder, or name it with `--project`"
    )


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg", "Pipfile", "requirements.txt", "tox.ini", "conftest.py"])
def test_an_older_project_needs_no_pyproject(tmp_path, name):
    (tmp_path / name).touch()
    (tmp_path / "tests").mkdir()
    project = load_project(tmp_path / "tests")
    assert (project.folder, project.name, project.settings) == (tmp_path, tmp_path.name, {})


def test_a_distribution_above_comes_before_a_mere_requirements_file_here(write, tmp_path):
    write('[project]\nname = "outer"\n')
    below = tmp_path / "docs"
    below.mkdir()
    (below / "requirements.txt").touch()
    assert load_project(below).name == "outer"


def test_what_lies_outside_the_repository_is_no_project_of_it(write, tmp_path):
    write("")
    (tmp_path / "inner" / ".git").mkdir(parents=True)
    assert "no pyproject.toml" in refuse(tmp_path / "inner")


def test_settings_may_stand_in_a_file_of_their_own(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("workers = 3\n[groups.slow]\nworkers = 1\n")
    assert read_settings(path) == {"workers": 3, "groups": {"slow": {"workers": 1}}}
    path.write_text("[tool.runner]\nworkers = 4\n[tool.other]\nx = 1\n")
    assert read_settings(path) == {"workers": 4}


def test_a_file_of_settings_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot read `.*/missing.toml`"):
        read_settings(tmp_path / "missing.toml")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    missing = tmp_path / "missing"
    assert refuse(missing) == f"error: cannot find the project folder `{missing}`\ncause: no such folder"


def test_a_file_in_place_of_the_folder_is_refused(write):
    path = write("") / "pyproject.toml"
    assert refuse(path) == f"error: cannot find the project folder `{path}`\ncause: no such folder"


def test_broken_toml_is_refused_with_its_place(write):
    folder = write("[project]\nname =\n")
    text = refuse(folder)
    assert text.startswith(f"error: cannot read `{folder / 'pyproject.toml'}`\ncause: invalid value ")
    assert text.endswith("(at line 2, column 7)")


def test_text_that_is_not_utf8_is_refused(write):
    folder = write(b'name = "caf\xe9"\n')
    assert refuse(folder) == (
        f"error: cannot read `{folder / 'pyproject.toml'}`\n"
        "cause: 'utf-8' codec can't decode byte 0xe9 in position 11: invalid continuation byte"
    )


@pytest.mark.parametrize("text", ["tool = 3\n", "[tool]\nrunner = 3\n", 'project = "x"\n'])
def test_a_value_in_place_of_a_table_is_refused(write, text):
    folder = write(text)
    try:
        project = load_project(folder)
        read = (project.name, project.settings)
    except RunnerError as error:
        assert error.exit_code == 90  # noqa: PT017 -- any other error is the fault that this looks for
    except (AttributeError, TypeError, ValueError) as error:
        pytest.fail(f"not explained: {error!r}")
    else:
        pytest.fail(f"taken: {read}")
