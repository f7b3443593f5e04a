"""What the engine and its address must be like, and hints for what goes wrong with them."""

import re
from collections.abc import Mapping
from pathlib import Path

from runner.errors import EngineError

HINT = "start Docker or set `DOCKER_HOST`; `runner doctor` checks every requirement"

OLDEST_API = (1, 41)
OLDEST_ENGINE = "20.10"
"""The engine of that API; older ones are not tested."""

CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")

HINTS = (
    (
        r"permission denied",
        "this user must be in the group of the socket; in a container: `docker run --group-add` with that group's id",
    ),
    (
        r"paramiko",
        (
            "forward its socket: `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST`, "
            "then `DOCKER_HOST=unix:///tmp/engine.sock`"
        ),
    ),
    (
        r"certificate_verify_failed",
        (
            "the engine's certificate must be one of ca.pem in `DOCKER_CERT_PATH`; "
            "`REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` take its place: unset them"
        ),
    ),
    (
        r"\.pem|\[ssl|certificate",
        (
            "`DOCKER_CERT_PATH` must hold the engine's ca.pem, cert.pem and key.pem; "
            "without TLS unset it and `DOCKER_TLS_VERIFY`"
        ),
    ),
    (
        r"invalid bind address|out of range|could not be cast|not implemented",
        "`DOCKER_HOST` is like `unix:///var/run/docker.sock` or `tcp://HOST:2375`",
    ),
)


def find_hint(cause: str) -> str:
    """What to do about an engine that does not answer, by the cause."""
    return next((hint for pattern, hint in HINTS if re.search(pattern, cause, re.IGNORECASE)), HINT)


def check_certificates(environ: Mapping[str, str]) -> None:
    """Look for the files that the variables for TLS ask for; the SDK would not name them.

    Raises:
        ValueError: one is missing.
    """
    folder = environ.get("DOCKER_CERT_PATH", "")
    if not folder and not environ.get("DOCKER_TLS_VERIFY"):
        return
    for name in CERTIFICATES:
        path = Path(folder or Path.home() / ".docker") / name
        if not path.is_file():
            raise ValueError(f"`{path}` does not exist")


def check_version(api: str, address: str) -> None:
    """Refuse an engine that is too old.

    Args:
        api: the newest API that it offers, such as `1.41`.
        address: where it is.

    Raises:
        EngineError: it is.
    """
    if tuple(int(part) for part in api.split(".")) < OLDEST_API:
        raise EngineError(
            f"the Docker engine at `{address}` is too old",
            f"it offers API {api}; {'.'.join(map(str, OLDEST_API))} is needed",
            f"update it: {OLDEST_ENGINE} and later offer that",
        )
