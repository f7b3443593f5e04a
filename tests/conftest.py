"""Options, fixtures and rules that every test shares."""

import gc
import os
import warnings
from functools import cache

import pytest
from project_folder import Cli

pytest_plugins = ["pytester"]

TIERS = {"smoke", "regression", "slow", "e2e", "security", "performance"}
SET_BY_PYTEST = {"PYTEST_CURRENT_TEST"}


def pytest_addoption(parser):
    parser.addoption(
        "--need-engine",
        action="store_true",
        help="Fail the tests that need a container engine, instead of skipping them, when none answers.",
    )


def pytest_itemcollected(item):
    """A test is of the group regression unless it, its class or its module says otherwise."""
    if TIERS.isdisjoint(mark.name for mark in item.iter_markers()):
        item.add_marker("regression")


@cache
def find_engine_problem():
    """Why no engine answers, or an empty text; asked once, and only where a selected test needs one."""
    with warnings.catch_warnings():
        # The SDK leaves its socket open when nobody answers.
        warnings.simplefilter("ignore", ResourceWarning)
        problem = ask_engine()
        gc.collect()
    return problem


def ask_engine():
    try:
        import docker
    except ImportError as error:
        return str(error)
    try:
        client = docker.from_env(timeout=10)
        client.ping()
        client.close()
    except (docker.errors.DockerException, OSError, ValueError) as error:
        return str(error)
    return ""


def pytest_runtest_setup(item):
    if item.get_closest_marker("engine") is None or not (problem := find_engine_problem()):
        return
    # CI passes its variables on into the environment, where there is no engine on purpose.
    in_ci = "CI" in os.environ and "EPHEMERAL_RUNNER" not in os.environ
    if item.config.getoption("--need-engine") or in_ci:
        pytest.fail(f"no container engine answers: {problem}", pytrace=False)
    pytest.skip(f"no container engine answers: {problem}")


@pytest.fixture(autouse=True)
def _environment_stays_as_it_was():
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert not changed - SET_BY_PYTEST, "the test left variables of the environment changed"


@pytest.fixture
def cli(tmp_path):
    """Makes project folders in which the real command runs; see `project_folder`."""
    return Cli(tmp_path)
