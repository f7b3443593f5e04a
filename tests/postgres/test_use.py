"""Whether anybody used the slots, as a real server counts it."""

import pytest

from runner.engines.protocol import ServerAddress
from runner.postgres.use import UseWatch

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("server")]

PASSWORD = "of-all-slots"


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_a_session_in_a_slot_is_use_and_the_runner_s_own_sessions_are_not(superuser, make_slots, isolation):
    slots = make_slots(isolation, "gw0")
    watch = UseWatch(superuser.address)
    assert not watch.was_used()
    assert not watch.was_used()
    superuser.connect_as("gw0", f"{PASSWORD}-gw0", slots.find_place("gw0")[0]).close()
    assert watch.was_used()


def test_a_database_that_a_test_made_and_dropped_is_use(superuser, make_slots):
    make_slots("database", "gw0")
    watch = UseWatch(superuser.address)
    superuser.connection.execute("CREATE DATABASE passing")
    superuser.connection.execute("DROP DATABASE passing")
    assert watch.was_used()


def test_a_server_that_does_not_answer_any_more_counts_as_used():
    assert UseWatch(ServerAddress("127.0.0.1", 1, "postgres", "none")).was_used()
