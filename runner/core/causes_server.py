"""Known causes: the server asked for a password that nobody gave, or was told of a folder that it has not. Pure."""

from collections.abc import Sequence

from runner.core.causes import Diagnosis, Hit, Rule, rule

OWN_SERVERS = frozenset({"server", "sandbox"})
"""Isolations in which no worker has to be kept from another's role."""


def diagnose_no_password(hit: Hit) -> Diagnosis | None:
    """A driver that was given no password, and takes none from the environment as libpq does."""
    if hit["nothing"] and "handle_AUTHENTICATION_REQUEST" not in hit.symptom.text:
        return None
    lines = () if hit.facts.isolation in OWN_SERVERS else ("[tool.runner]", 'isolation = "server"')
    what = "the tests connect without a password; only libpq and asyncpg take it from `PGPASSWORD`"
    return Diagnosis("no-password", what, (*lines, "[tool.runner.postgres]", 'authentication = "trust"'))


def diagnose_folder(hit: Hit) -> Diagnosis:
    """A file or a folder of the tests', of which a statement tells the server."""
    path = hit["folder"] or hit["file"]
    what = f"the server looks for `{path}`, but it is in a container of its own and sees no folder of the tests"
    return Diagnosis(
        "server-folder",
        what,
        (
            "let the tests send the data (`COPY ... FROM STDIN`), or make the folder there, as on any other machine:",
            "`COPY (SELECT 1) TO PROGRAM 'mkdir -p ...'` as a superuser; suites that can do that often ask a variable",
        ),
    )


RULES: Sequence[Rule] = (
    rule(
        r"no password supplied|server requesting (?:MD5 )?password authentication, but no password was provided"
        r"|AttributeError: (?P<nothing>'NoneType') object has no attribute 'decode'",
        diagnose_no_password,
    ),
    rule(
        r"(?:Error|UndefinedFile|InsufficientPrivilege)\b.*(?:directory \"(?P<folder>/[^\"]+)\" does not exist"
        r"|could not (?:open|stat)(?: server)? file \"(?P<file>/[^\"]+)\".*: No such file or directory)",
        diagnose_folder,
    ),
)
