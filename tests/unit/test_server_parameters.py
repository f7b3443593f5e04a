"""Parameters of the server: its configuration file, and what is said of those that it refuses."""

import pytest

from runner.core.postgres_conf import make_conf
from runner.core.server_end import explain_end
from runner.core.settings_layers import merge_settings
from runner.core.settings_postgres import Postgres
from runner.errors import SettingsError

pytestmark = pytest.mark.unit


@pytest.mark.smoke
def test_each_parameter_is_a_line_of_the_file_with_its_value_quoted():
    settings = {"max_prepared_transactions": 7, "Autovacuum": False, "shared_preload_libraries": "a, it's"}
    assert make_conf(Postgres(settings=settings, timezone="Europe/Berlin")).splitlines() == [
        "timezone = 'Europe/Berlin'",
        "max_prepared_transactions = '7'",
        "autovacuum = 'off'",
        "shared_preload_libraries = 'a, it''s'",
    ]


def test_whoever_asks_for_more_of_the_log_can_have_it_sent():
    assert "max_wal_senders = '10'" in make_conf(Postgres(settings={"wal_level": "logical"}))
    own = make_conf(Postgres(settings={"wal_level": "replica", "max_wal_senders": 3}))
    assert own.count("max_wal_senders") == 1
    assert "max_wal_senders" not in make_conf(Postgres(settings={"wal_level": "minimal"}))


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"port": 1}, "`port` cannot be set: it is `postgres.port`"),
        ({"LOG_line_prefix": "%m"}, "the runner reads the log by it"),
        ({"work_mem": "1\nport = 2"}, "has more than one line"),
    ],
)
def test_parameters_that_the_runner_relies_on_are_refused(settings, cause):
    with pytest.raises(SettingsError) as caught:
        merge_settings({"postgres": {"settings": settings}}, {}, {})
    assert cause in caught.value.cause


@pytest.mark.parametrize(
    ("line", "cause", "hint"),
    [
        (
            '2026-11-27 07:00:00.000 GMT [9] LOG:  unrecognized configuration parameter "x" in file "/d/p.conf" line 9',
            'unrecognized configuration parameter "x"',
            "`runner config`",
        ),
        (
            'LOG:  invalid value for parameter "wal_level": "much"',
            'invalid value for parameter "wal_level": "much"',
            "`runner config`",
        ),
        (
            'FATAL:  WAL archival cannot be enabled when "wal_level" is "minimal"',
            'WAL archival cannot be enabled when "wal_level" is "minimal"',
            "`runner config`",
        ),
        (
            'FATAL:  could not access file "pg_cron": No such file or directory',
            'could not access file "pg_cron": No such file or directory',
            "`postgres.extensions`",
        ),
    ],
)
def test_a_parameter_that_postgres_refuses_is_told_in_its_own_words(line, cause, hint):
    error = explain_end(["LOG:  starting", line, 'FATAL:  configuration file "/d/p.conf" contains errors'])
    assert (error.what, error.cause) == (
        "Postgres refused to start with the parameters of `postgres.settings`",
        cause,
    )
    assert hint in error.hint


def test_any_other_end_shows_the_last_lines():
    error = explain_end(["PANIC:  No space left on device"])
    assert error.cause.endswith("PANIC:  No space left on device")
    assert error.hint == "raise `postgres_memory`"
    assert explain_end([]).cause == "it left no log"
