"""`runner image` where it needs no engine: its help, and what it refuses before it asks for one."""

import pytest
from typer.testing import CliRunner

from runner.cli import image_travel
from runner.cli.main import app

pytestmark = pytest.mark.unit

COMMANDS = ["build", "diff", "inspect", "load", "prune", "pull", "push", "save", "verify"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    outcome = CliRunner().invoke(app, ["image", command, "-h"], env={"COLUMNS": "120"})
    assert outcome.exit_code == 0
    assert "--json" in outcome.stdout


def test_the_help_has_examples():
    outcome = CliRunner().invoke(app, ["image", "-h"], env={"COLUMNS": "120"})
    assert "runner image pull registry.example.org/team/orders || runner image build" in outcome.stdout


@pytest.mark.parametrize("command", ["push", "pull"])
@pytest.mark.parametrize("repository", ["", "team/orders:1", "localhost:5000/orders@sha256:0"])
def test_a_repository_has_no_tag(cli, command, repository):
    cli.project({}).run("image", command, repository).assert_exit(90).assert_error(
        f"error: `{repository}` is no repository\n"
        "cause: it has a tag, or is empty\n"
        "hint:  name it without: the fingerprint is the tag"
    )


def test_an_unknown_format_of_a_bill_of_materials(cli):
    cli.project({}).run("image", "inspect", "--sbom", "spdx").assert_exit(90).assert_error(
        "error: unknown format `spdx` of a bill of materials\nhint:  use cyclonedx"
    )


def test_a_registry_with_a_port_is_a_repository():
    image_travel.check_repository("localhost:5000/team/orders")
