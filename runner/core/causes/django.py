"""Known causes: Django's modules, files and static files are looked for where the run does not have them. Pure."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule, say
from runner.core.detection.django import find_manage
from runner.core.places import PROJECT

RUNNER = "[tool.runner]"

FOLDER = re.compile(r"[\w-]+(?:/[\w-]+)*")


def diagnose_manage(hit: Hit) -> Diagnosis | None:
    """Settings in a folder that pytest-django does not look into: it looks above the tests alone."""
    folder = str(PurePosixPath(find_manage(hit.facts.snapshot)).parent)
    if not FOLDER.fullmatch(folder):
        return None
    what = f"Django's settings are modules of `{folder}`, from which nothing is imported"
    return Diagnosis("settings", what, (RUNNER, f'pytest_args = ["--override-ini=pythonpath={folder}"]'))


def diagnose_model(hit: Hit) -> Diagnosis | None:
    """A module of tests with models of no installed application: it is another project's, such as an example's."""
    path = hit.symptom.test.partition("::")[0]
    folder = path.partition("/")[0]
    if "::" in hit.symptom.test or "/" not in path:
        return None
    what = f"`{path}` is of another Django project: its models are in no application of `INSTALLED_APPS`"
    todo = (RUNNER, f'pytest_args = ["--ignore={folder}"]  # or name the folders of the tests in `testpaths`')
    return Diagnosis("other-project", what, todo)


def diagnose_folder(hit: Hit) -> Diagnosis | None:
    """A file that is looked for from the folder where pytest starts, and that the project has in one of its folders."""
    path = hit["path"].removeprefix(f"{PROJECT}/").removeprefix("./")
    names = hit.facts.snapshot.names
    found = sorted(name.removesuffix(f"/{path}") for name in names if name.endswith(f"/{path}"))
    if path in names or not found or path.startswith("/"):
        return None
    folder = min(found, key=lambda each: each.count("/"))
    what = f"the tests look for `{path}` where pytest starts, which is the project's folder; it is in `{folder}`"
    todo = (
        f"outside they are run in `{folder}`: have a conftest go there (`os.chdir`),",
        f"or, where `{folder}` has all that the tests need, `runner run` there",
    )
    return Diagnosis("folder", what, todo)


RULES: Sequence[Rule] = (
    rule(r"pytest-django could not find a Django project", diagnose_manage),
    rule(
        r"Missing staticfiles manifest entry for '(?P<name>[^']+)'",
        say(
            "static",
            "static files are not collected: `{name}` is in no manifest",
            RUNNER,
            'setup = ["python manage.py collectstatic --no-input"]',
            'writable = ["static"]  # the folder of `STATIC_ROOT`',
        ),
    ),
    rule(r"Model class \S+ doesn't declare an explicit app_label", diagnose_model),
    rule(
        r"(?:No such file or directory: |looked for |not found: )['\"]?(?P<path>[\w.-]*(?:/[\w.-]+)*\w)",
        diagnose_folder,
    ),
)
