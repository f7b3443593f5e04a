"""`runner audit --isolation` on the command line: it may stand alone, and names of isolations keep their meaning."""

import pytest

from runner.cli.audit import COMPARE, AuditCommand
from runner.cli.main import app

pytestmark = pytest.mark.unit


def parse(*args):
    """What the command would be called with."""
    import typer

    command = typer.main.get_command(app).commands["audit"]
    assert isinstance(command, AuditCommand)
    return command.make_context("audit", [*args], resilient_parsing=True).params


@pytest.mark.parametrize(
    ("args", "isolation", "paths"),
    [
        (["--isolation"], COMPARE, []),
        (["--isolation", "tests"], COMPARE, ["tests"]),
        (["--isolation", "--all", "-n", "2"], COMPARE, []),
        (["--isolation", "database"], "database", []),
        (["--isolation=database", "tests"], "database", ["tests"]),
        (["tests", "--", "--isolation"], None, ["tests"]),
        ([], None, []),
    ],
)
def test_the_option_may_stand_alone(args, isolation, paths):
    found = parse(*args)
    assert (found["isolation"], [*(found["paths"] or ())]) == (isolation, paths)


def test_a_path_that_is_not_there_is_refused_before_any_engine_is_asked(cli):
    ended = cli.project().run("audit", "--isolation", "nowhere", environ={"DOCKER_HOST": "tcp://127.0.0.1:1"})
    ended.assert_exit(90)
    assert ended.stderr.startswith("error: cannot find the path `nowhere`")


def test_an_unknown_isolation_is_refused_with_those_that_there_are(cli):
    ended = cli.project().run("audit", "--isolation=many").assert_exit(90)
    assert "expected one of schema, database" in ended.stderr
