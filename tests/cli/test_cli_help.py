"""What `runner` says about itself."""

import re
from importlib import import_module

import pytest
from typer.testing import CliRunner

import runner
from runner.cli.main import app

pytestmark = pytest.mark.unit

COMMANDS = [
    "audit",
    "bundle",
    "clean",
    "compose",
    "config",
    "doctor",
    "explain",
    "flaky",
    "groups",
    "init",
    "last",
    "lock",
]
COMMANDS += ["logs", "ps", "psql", "run", "shell", "status"]
LISTED = [*COMMANDS, "image", "ledger"]
"""As the help has them: those with commands of their own come last."""


def invoke(*args):
    """Call the command in this process, where its output is all that counts."""
    for command in LISTED:
        import_module(f"runner.cli.{command}")
    return CliRunner().invoke(app, args, env={"COLUMNS": "120"})


def find_commands(text):
    """The names in the list of commands."""
    _, _, listed = text.partition("Commands:\n")
    return re.findall(r"^  (\S+)  ", listed, re.MULTILINE)


@pytest.mark.smoke
def test_help_lists_exactly_the_commands(cli):
    outcome = cli.project({}).run("--help").assert_exit(0)
    assert find_commands(outcome.stdout) == LISTED
    assert outcome.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    outcome = invoke(command, "-h")
    assert outcome.exit_code == 0
    assert re.match(rf"Usage: .* {command} \[OPTIONS\]", outcome.stdout)
    assert "--json" in outcome.stdout
    assert outcome.stderr == ""


def test_the_help_of_run_shows_every_flag_and_examples():
    text = invoke("run", "--help").stdout
    flags = ["--group", "--when", "-m", "-k", "--workers", "--isolation", "--dist", "--timeout", "--project", "--json"]
    flags += ["--reruns", "--reruns-delay", "--retry-budget", "--shuffle", "--last-failed", "--failed-first"]
    assert [flag for flag in flags if flag not in text] == []
    assert 'runner run -m "not slow" -k login tests/api -- --maxfail=1' in text


def test_the_version_is_the_packages():
    assert invoke("--version").stdout == f"ephemeral-runner {runner.__version__}\n"


def test_without_a_command_the_help_is_shown(cli):
    outcome = cli.project({}).run()
    assert find_commands(outcome.stdout + outcome.stderr) == LISTED
