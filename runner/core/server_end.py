"""Why the server ended, from the last lines of its log. Pure."""

import re
from collections.abc import Sequence

from runner.errors import PostgresError

WHOLE_LOG = "the whole log is in the results: `postgres.log`"

REFUSED = re.compile(
    r"(?:LOG|FATAL):  (?P<reason>unrecognized configuration parameter .*|invalid value for parameter .*"
    r'|.* is outside the valid range for parameter .*|parameter ".*" (?:cannot|requires|must) .*'
    r"|WAL (?:streaming|archival) (?:.* requires|cannot) .*|could not access file .*|could not load library .*)"
)
"""What the server says of a parameter before it ends (guc.c, postmaster.c, dfmgr.c)."""

PLACE = re.compile(r' in file ".*" line \d+')


def explain_end(lines: Sequence[str]) -> PostgresError:
    """The error for a server that ended.

    Args:
        lines: the last ones of its log.
    """
    if refused := next((found for line in lines if (found := REFUSED.search(line))), None):
        return PostgresError(
            "Postgres refused to start with the parameters of `postgres.settings`",
            PLACE.sub("", refused["reason"]),
            "a library has to be in the image: `postgres.extensions` installs it"
            if "could not" in refused["reason"]
            else "`runner config` shows where the settings come from",
        )
    return PostgresError(
        "Postgres ended in the middle of the run",
        "last lines of its log:\n       " + "\n       ".join(lines[-5:]) if lines else "it left no log",
        "raise `postgres_memory`" if any("No space left" in line for line in lines) else WHOLE_LOG,
    )
