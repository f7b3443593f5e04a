"""What every database begins as: what the server refuses of it is told with what to write."""

import psycopg
import pytest

from runner.errors import PostgresError
from runner.postgres.base import Base, fill

pytestmark = pytest.mark.unit


class Refusing:
    def execute(self, _statement):
        raise psycopg.errors.UndefinedObject('unrecognized configuration parameter "cron.database_name"')


def test_an_extension_that_the_server_has_to_load_is_told_with_the_parameter():
    with pytest.raises(PostgresError) as caught:
        fill(Refusing(), Base("runner_base", ("pg_cron",)))
    assert caught.value.what == "cannot create the extension `pg_cron` (`postgres.extensions`)"
    assert '`settings = {shared_preload_libraries = "pg_cron"}`' in caught.value.hint
