"""Which slot a name belongs to, and what follows for rules and logins."""

import pytest

from runner.core.logins import Logins
from runner.core.script import subtract
from runner.core.slot_names import make_finder
from runner.core.violations import LogReader
from runner.plugin.row_rule import RowRule

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("templates", "name", "slot"),
    [
        (["{slot}"], "gw12", "gw12"),
        (["{slot}"], "app_gw1", ""),
        (["app_{slot}", "{slot}.db"], "app_master", "master"),
        (["app_{slot}", "{slot}.db"], "gw0.db", "gw0"),
        (["{slot}.db"], "gw0xdb", ""),
        (["{slot}_{slot}"], "gw1_gw2", ""),
        (["{slot}_{slot}"], "gw1_gw1", "gw1"),
        (["app"], "app", ""),
    ],
)
def test_a_name_belongs_to_the_slot_that_its_template_has_it_of(templates, name, slot):
    assert make_finder(templates)(name) == slot


def test_the_log_tells_the_slots_of_roles_and_databases_with_names_of_their_own():
    reader = LogReader(make_finder(["{slot}", "app_{slot}", "db_{slot}"]))
    line = '2026-11-27 07:00:00.000 UTC [9] app_gw0@db_gw1 FATAL:  permission denied for database "db_gw1"\n'
    (found,) = [*reader.feed(line.encode()), *reader.close()]
    assert (found.slot, found.other, found.object) == ("gw0", "gw1", "db_gw1")


def test_a_test_that_reaches_into_a_database_with_a_name_of_its_own_breaks_the_rule():
    class Refused(Exception):
        sqlstate = "42501"

    server = {"user": "app_{slot}", "dbname": "db_{slot}", "password": "x", "host": "h", "port": "1"}
    rule = RowRule({"server": server, "slot": "gw0"})
    broken = rule.find(Refused('permission denied for database "db_gw1"'))
    assert broken is not None
    assert "`gw1`" in str(broken)
    assert rule.find(Refused('permission denied for database "db_gw0"')) is None


def test_a_person_logs_in_as_a_slot_under_the_names_of_the_settings():
    own = Logins(["app_gw0", "app_master", "postgres"], ["gw0", "master", "postgres"], user="app_{slot}")
    assert (own.slots, own.find("gw0")) == (["gw0", "master"], ("app_gw0", "gw0"))
    shared = Logins(["app", "postgres"], ["db_gw0", "postgres"], user="app", database="db_{slot}")
    assert (shared.slots, shared.find("gw0")) == (["gw0"], ("app", "db_gw0"))
    one = Logins(["app", "postgres"], ["app", "postgres"], user="app", database="app")
    assert (one.find("gw0"), one.find("")) == (("app", "app"), ("postgres", "app"))
    assert one.describe() == "all workers share the database `app`"


def test_a_dump_without_what_all_begin_with_has_the_rest_in_order():
    section = "--\n-- Name: {}; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.{} ();\n\n"
    before, end = "SET x;\n\n" + section.format("a", "a"), "--\n-- PostgreSQL database dump complete\n--\n"
    base, whole = before + end, before + section.format("b", "b") + section.format("c", "c") + end
    assert "CREATE TABLE public.a" not in subtract(whole, base)
    assert subtract(whole, base).startswith("SET x;\n\n")
    assert subtract(whole, base).index("public.b") < subtract(whole, base).index("public.c")
