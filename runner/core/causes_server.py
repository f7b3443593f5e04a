"""Known causes: the server asked for a password that nobody gave, or was told of a folder that it has not. Pure."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from runner.core.causes import Diagnosis, Hit, Rule, rule
from runner.core.causes_address import TOML_POSTGRES
from runner.core.places import PROJECT

EXCHANGE = "/srv/exchange"
APART = "but it is in a container of its own and sees no folder of the tests"

OWN_SERVERS = frozenset({"server", "sandbox"})
"""Isolations in which no worker has to be kept from another's role."""


def diagnose_no_password(hit: Hit) -> Diagnosis | None:
    """A driver that was given no password, and takes none from the environment as libpq does."""
    if hit["nothing"] and "handle_AUTHENTICATION_REQUEST" not in hit.symptom.text:
        return None
    lines = () if hit.facts.isolation in OWN_SERVERS else ("[tool.runner]", 'isolation = "server"')
    what = "the tests connect without a password; only libpq and asyncpg take it from `PGPASSWORD`"
    return Diagnosis("no-password", what, (*lines, TOML_POSTGRES, 'authentication = "trust"'))


def diagnose_file(hit: Hit) -> Diagnosis:
    """A file of the tests', of which a statement tells the server."""
    folder = str(PurePosixPath(hit["file"]).parent)
    is_own = folder == "/tmp" or folder.startswith(("/tmp/", "/run/", PROJECT))  # noqa: S108 -- compared, not opened
    lines = (TOML_POSTGRES, f'folders = ["{EXCHANGE if is_own else folder}"]')
    todo = (*lines, f"and let the tests put their files into `{EXCHANGE}`") if is_own else lines
    return Diagnosis("server-folder", f"the server looks for `{hit['file']}`, {APART}", todo)


def diagnose_folder(hit: Hit) -> Diagnosis:
    """A folder of the tests' for a tablespace, which has to belong to the server's user."""
    return Diagnosis(
        "server-folder",
        f"the server looks for the folder `{hit['folder']}`, {APART}",
        (
            "let the server make it, as on any other machine: `COPY (SELECT 1) TO PROGRAM 'mkdir -p ...'`;",
            "suites that can do that often ask a variable, which CI sets: name it in `[tool.runner.environment]`",
        ),
    )


RULES: Sequence[Rule] = (
    rule(
        r"no password supplied|server requesting (?:MD5 )?password authentication, but no password was provided"
        r"|AttributeError: (?P<nothing>'NoneType') object has no attribute 'decode'",
        diagnose_no_password,
    ),
    rule(
        r"(?:Error|UndefinedFile)\b.*could not (?:open|stat)(?: server)? file \"(?P<file>/[^\"]+)\".*"
        r": No such file or directory",
        diagnose_file,
    ),
    rule(r"(?:Error|UndefinedFile)\b.*directory \"(?P<folder>/[^\"]+)\" does not exist", diagnose_folder),
)
