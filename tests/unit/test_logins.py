"""Who may log in to a run's server, by what the server says."""

import pytest

from runner.core.logins import Logins
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

SCHEMA = Logins(["gw0", "gw1", "master", "postgres", "runner_template"], ["postgres", "suite", "template1"])
DATABASE = Logins(["gw0", "master", "postgres"], ["gw0", "gw0_1_db1", "master", "postgres", "template1"])
NONE = Logins(["postgres", "suite", "own"], ["postgres", "suite"])
EMPTY = Logins(["postgres"], ["postgres", "template1"])


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("logins", "slot", "user", "database"),
    [
        (SCHEMA, "gw1", "gw1", "suite"),
        (DATABASE, "gw0", "gw0", "gw0"),
        (NONE, "gw0", "suite", "suite"),
        (SCHEMA, "", "postgres", "suite"),
        (DATABASE, "", "postgres", "postgres"),
        (EMPTY, "", "postgres", "postgres"),
    ],
)
def test_a_slot_is_a_role_in_the_database_that_its_mode_gives_it(logins, slot, user, database):
    assert logins.find(slot) == (user, database)


@pytest.mark.parametrize("slot", ["gw9", "postgres", "runner_template", "'; DROP"])
def test_an_unknown_slot_is_told_with_those_that_are_there(slot):
    with pytest.raises(SettingsError) as caught:
        SCHEMA.find(slot)
    assert caught.value.as_text() == f"error: no slot `{slot}`\nhint:  there are gw0, gw1, master"


@pytest.mark.parametrize(("logins", "slot"), [(EMPTY, "gw0"), (NONE, "own")])
def test_without_slots_the_cause_is_told(logins, slot):
    with pytest.raises(SettingsError) as caught:
        logins.find(slot)
    assert caught.value.cause == "the run has none yet, or its workers share one database"


@pytest.mark.parametrize(
    ("logins", "words"),
    [
        (SCHEMA, "slots: gw0, gw1, master (schemas of `suite`); `--slot gw0` logs in as that one's worker"),
        (DATABASE, "slots: gw0, master (databases of their own); `--slot gw0` logs in as that one's worker"),
        (NONE, "all workers share the database `suite`"),
        (EMPTY, "no slot has been made yet"),
    ],
)
def test_a_person_is_told_which_slots_there_are(logins, words):
    assert logins.describe() == words
