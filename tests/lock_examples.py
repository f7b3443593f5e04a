"""A lock and what it is made from, small, for tests that change one thing about it."""

from dataclasses import replace

from msgspec.structs import replace as change

from runner.core.contents import ImageConfig
from runner.core.lock_inputs import LockInputs
from runner.core.lock_making import Survey, make_lock
from runner.core.lock_writing import make_text
from runner.core.materials import Material
from runner.project.lockfile import make_inputs, write_lock
from runner.project.recipe import make_recipe

CONTENT = "sha256:" + "c" * 64
OPENSSL = Material("debian", "openssl", "3.5.1-1", "amd64", "a" * 64)
BASE_FILES = Material("debian", "base-files", "13.8+deb13u1", "amd64")
SERVER = Material("debian", "postgresql-17", "17.6-0+deb13u1", "amd64", "b" * 64)
GIT = Material("debian", "git", "1:2.47.3-0", "amd64", "d" * 64)
FLASK = Material("python", "flask", "3.1.2")

CONFIG = ImageConfig(
    environment=("LANG=C.UTF-8", "PATH=/opt/venv/bin:/usr/bin"),
    entrypoint=("python3", "/usr/local/lib/lease.py"),
    command=(),
    user="suite",
    folder="/work",
    architecture="amd64",
)
INPUTS = LockInputs("0.1.0", "debian@sha256:abc", ["git"], "uv.lock", "e" * 64, {"pyproject": "0123456789abcdef"})
SURVEY = Survey(
    architecture="amd64",
    source="packages",
    reference="",
    content=CONTENT,
    config=CONFIG,
    materials={
        "base": [OPENSSL, BASE_FILES],
        "postgres": [OPENSSL, BASE_FILES, SERVER],
        "suite": [OPENSSL, BASE_FILES, GIT, FLASK],
    },
)
LOCK = make_lock(INPUTS, SURVEY)


def make_other(inputs=None, **changes):
    """The lock of a survey with changes."""
    return make_lock(inputs or INPUTS, replace(SURVEY, **changes))


def write_fitting_lock(project, settings, **changes):
    """Write a lock that fits a project, with other changes, into it."""
    made = make_inputs(project, settings, make_recipe(project, settings, {}).identity)
    lock = change(
        LOCK,
        runner=made.runner,
        base=change(LOCK.base, image=made.image),
        python=change(LOCK.python, lock=made.lock, sha256=made.sha256),
        suite=change(LOCK.suite, packages=[*made.packages], inputs=dict(made.others)),
    )
    lock = change(lock, **changes)
    write_lock(project.folder, make_text(lock))
    return lock
