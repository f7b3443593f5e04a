"""Which failures are transient by default: by class and by SQLSTATE. Pure; `runner.plugin.transient` applies it."""

import re

ASSERTION = frozenset({"AssertionError", "builtins.AssertionError", "Failed", "_pytest.outcomes.Failed"})
"""Never transient, whatever a setting says."""

DEFAULT_TRANSIENT = (
    # SQLSTATEs (PostgreSQL's Appendix A), of two letters for a whole class of them.
    "08",  # connection exceptions
    "40001",  # serialization failure
    "40P01",  # deadlock detected
    "53300",  # too many connections
    "57P01",  # admin shutdown
    "57P02",  # crash shutdown
    "57P03",  # cannot connect now
    # Classes, each with its subclasses.
    "builtins.ConnectionError",
    "builtins.TimeoutError",
    "socket.gaierror",
    "http.client.RemoteDisconnected",
    "httpx.TimeoutException",
    "httpx.NetworkError",
    "httpx.RemoteProtocolError",
    "requests.exceptions.ConnectionError",
    "requests.exceptions.Timeout",
    "psycopg.errors.ConnectionTimeout",
    "psycopg_pool.PoolTimeout",
)
"""The default of the setting `transient`.

psycopg's own errors for a connection that is refused or lost carry no SQLSTATE; `runner.plugin.transient` knows them by
libpq's words.
"""


def is_class_or_sqlstate(name: str) -> bool:
    """Whether a name can be the full name of a class, or a SQLSTATE or its class."""
    return re.fullmatch(r"[0-9A-Z]{2}([0-9A-Z]{3})?|([A-Za-z_]\w*\.)+[A-Za-z_]\w*", name) is not None
