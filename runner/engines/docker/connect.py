"""The door to the Docker engine: the only place that makes a client, and where its errors become ours."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.context import ContextAPI
from docker.errors import APIError, DockerException
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RequestException

from runner.engines.docker.requirements import HINT, check_certificates, check_version, find_hint
from runner.errors import EngineError

DEFAULT_SOCKET = "unix:///var/run/docker.sock"


def find_address(environ_host: str | None) -> str:
    """The engine's address: DOCKER_HOST, else the current context of the Docker command line, else the socket.

    The SDK's own `from_env` does not look at contexts, so rootless engines and desktop products need this.
    """
    if environ_host:
        return environ_host
    context = ContextAPI.get_current_context()
    return str(context.Host) if context is not None and context.Host else DEFAULT_SOCKET


def connect(environ_host: str | None, timeout: int = 60) -> docker.DockerClient:
    """A client of the engine, after one answered call.

    Args:
        environ_host: the value of DOCKER_HOST, where it is set.
        timeout: time limit of one call, in seconds.

    Raises:
        EngineError: the engine does not answer, or refuses, or is too old.
    """
    address = find_address(environ_host)
    try:
        client = make_client(environ_host, address, timeout)
    except (DockerException, RequestException, ValueError) as error:
        cause = explain(error)
        raise EngineError(f"cannot reach the Docker engine at `{address}`", cause, find_hint(cause)) from error
    check_version(str(client.api.api_version), address)
    return client


def make_client(environ_host: str | None, address: str, timeout: int) -> docker.DockerClient:
    """The SDK's client, which asks the engine for its version; DOCKER_HOST comes with other variables."""
    if environ_host:
        check_certificates(os.environ)
        return docker.from_env(timeout=timeout)
    return docker.DockerClient(base_url=address, version="auto", timeout=timeout)


def explain(error: BaseException) -> str:
    """The first-hand reason inside the SDK's layers of wrapping, in one line."""
    if isinstance(error, APIError):
        return str(error.explanation or error).strip().splitlines()[0]
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror and not isinstance(seen, RequestException):
            return seen.strerror.lower()
        inner = [arg for arg in seen.args if isinstance(arg, BaseException)]
        seen = inner[0] if inner else seen.__cause__ or seen.__context__
    text = str(error).strip().splitlines()[0]
    return text[:1].lower() + text[1:]


@contextmanager
def translate(what: str) -> Iterator[None]:
    """Turn the SDK's errors inside the block into ours.

    Args:
        what: what could not be done, for the message.
    """
    try:
        yield
    except APIError as error:
        raise EngineError(what, explain(error), "`runner doctor` checks every requirement") from error
    except (RequestsConnectionError, RequestException, DockerException, OSError) as error:
        raise EngineError(what, explain(error), HINT) from error
