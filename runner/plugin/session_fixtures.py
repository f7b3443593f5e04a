"""Fixtures of the whole session, under the runner and without it; a project's own of the same name comes first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NoReturn

import pytest

from . import slot
from .ports import Ports

URL = "TEST_DATABASE_URL"


@pytest.fixture(scope="session")
def db_url() -> str:
    """The address of this worker's own slot, as in TEST_DATABASE_URL; without xdist, as it stands there."""
    return find_url()


@pytest.fixture(scope="session")
def http_session() -> Iterator[Any]:
    """One pool of connections for all tests: an `httpx.Client`, or a `requests.Session` where httpx is not."""
    with open_http() as session:
        yield session


@pytest.fixture(scope="session")
def free_port_factory() -> Callable[[], int]:
    """Gives a new port at each call, from a range that no other worker has; see `ports`.

    Raises:
        NoFreePortError: a server is at every port of the range.
    """
    try:
        return Ports(os.environ.get(slot.WORKER, "master")).take
    except ValueError as error:
        fail(str(error))


def fail(text: str) -> NoReturn:
    """End the test with a text alone, without what led to it: a traceback might show an address."""
    raise pytest.fail.Exception(text, pytrace=False) from None


def find_url() -> str:
    """The address of this process's slot."""
    if url := os.environ.get(URL):
        return url
    fail("no database: " + ("this group has `database = false`" if slot.VARIABLE in os.environ else f"set {URL}"))


def open_http() -> Any:
    """The project's HTTP client."""
    for module, name in (("httpx", "Client"), ("requests", "Session")):
        try:
            return getattr(import_module(module), name)()
        except ModuleNotFoundError:
            continue
    fail("http_session needs httpx or requests: add one to the project's dependencies")
