"""Known causes: the server asked for a password that nobody gave, or was told of a folder that it has not. Pure."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from runner.core.causes.address import TOML_ENVIRONMENT, TOML_POSTGRES
from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule
from runner.core.detection.database import find_variables
from runner.core.detection.tablespaces import REMOTE
from runner.core.places import PROJECT

EXCHANGE = "/srv/exchange"
APART = "but it is in a container of its own and sees none of them"


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
    is_passing = is_temporary(hit["file"])
    folder = EXCHANGE if is_passing else str(PurePosixPath(hit["file"]).parent)
    lines = (TOML_POSTGRES, f'folders = ["{folder}"]')
    todo = (*lines, f"and let the tests put their files into `{EXCHANGE}`") if is_passing else lines
    return Diagnosis("server-folder", f"the server looks for {name_path(hit['file'], 'file')}, {APART}", todo)


def diagnose_folder(hit: Hit) -> Diagnosis:
    """A folder of the tests' for a tablespace, which has to belong to the server's user."""
    told = [name for name in sorted(find_variables(hit.facts.snapshot)) if REMOTE.search(name)]
    lines = (TOML_ENVIRONMENT, *(f'{name} = "true"' for name in told)) if told else ()
    todo = "let the server make it, as on any other machine: `COPY (SELECT 1) TO PROGRAM 'mkdir -p ...'`"
    what = f"the server looks for {name_path(hit['folder'], 'folder')}, {APART}"
    return Diagnosis("server-folder", what, lines or (todo,))


def diagnose_port(hit: Hit) -> Diagnosis | None:
    """A driver that takes no port from the environment, and has come to the server of another worker."""
    if hit.facts.isolation != "server":
        return None
    what = "pg8000 takes no `PGPORT`: by an address without a port it comes to the first worker's server"
    return Diagnosis("port", what, ("[tool.runner]", 'isolation = "sandbox"  # the usual port is each worker\'s own'))


def is_temporary(path: str) -> bool:
    """Whether a path is another one in each run, or of the project, which the suite has alone."""
    return path.startswith(("/tmp/", "/run/", f"{PROJECT}/"))  # noqa: S108 -- compared, not opened


def name_path(path: str, kind: str) -> str:
    """A path in words; temporary ones, which are many, are one."""
    return f"a {kind} of the tests" if is_temporary(path) else f"the {kind} `{path}`"


RULES: Sequence[Rule] = (
    rule(
        r"no password supplied|server requesting (?:MD5 )?password authentication, but no password was provided"
        r"|AttributeError: (?P<nothing>'NoneType') object has no attribute 'decode'",
        diagnose_no_password,
    ),
    rule(r"pg8000\.[\w.]*Error\b.*'C': '(?:42P01|42P07|3F000|3D000)'", diagnose_port),
    rule(
        r"(?:Error|UndefinedFile)\b.*could not (?:open|stat)(?: server)? file \"(?P<file>/[^\"]+)\".*"
        r": No such file or directory",
        diagnose_file,
    ),
    rule(r"(?:Error|UndefinedFile)\b.*directory \"(?P<folder>/[^\"]+)\" does not exist", diagnose_folder),
)
