"""What is kept of a Postgres image of the user's own."""

import pytest

from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.engines.docker.own_server import OwnServer, make_changes
from runner.engines.docker.system import System
from runner.project.recipe import SuiteRecipe

pytestmark = pytest.mark.unit

RECIPE = SuiteRecipe("orders", (), {}, {}, {}, b"", ())


def make_server(base="base:1", **postgres):
    return System(RECIPE, Settings(postgres=Postgres(**postgres)), Pins()).make_server(base)


def test_variables_are_kept_but_for_ours():
    given = {"Id": "sha256:1", "Config": {"Env": ["PATH=/own/bin", "PGDATA=/data", "LANG=de", 'TEXT=a "b" $c=d']}}
    assert sorted(make_changes(given)) == [
        'ENV LANG="C.UTF-8"',
        'ENV PATH="/usr/lib/ephemeral-runner/postgres:/own/bin"',
        'ENV TEXT="a \\"b\\" \\$c=d"',
        "LABEL ephemeral-runner.made-of=sha256:1",
    ]


def test_an_image_without_variables_has_the_usual_path():
    given = {"Id": "sha256:1", "Config": {"Env": None}}
    assert [*make_changes(given)][1].endswith('/usr/bin:/sbin:/bin"')


def test_its_name_and_all_that_goes_into_it_decide_about_the_tag():
    tags = {
        make_server(**wanted).tag
        for wanted in (
            {"image": "a:1"},
            {"image": "a:2"},
            {"image": "a:1", "extensions": ["hstore"]},
            {"image": "a:1", "locale": "de_DE.UTF-8"},
            {"image": "a:1", "base": "base:2"},
        )
    }
    assert len(tags) == 5


def test_our_start_is_in_it_and_nothing_that_only_makes_it():
    server = make_server(image="a:1")
    assert isinstance(server, OwnServer)
    kept = {name.rpartition("/")[2] for name in server.files if not name.startswith("build/")}
    assert kept >= {"start.sh", "lease.py", "postgresql.conf"}
    assert not kept & {"adopt.sh", "bake.sh", "choose.sh", "config", "createcluster.conf", "without-jit.control"}
    assert [line.partition(" ")[0] for line in server.changes] == ["ENTRYPOINT", "CMD", "LABEL", "CMD", "USER", "LABEL"]
