"""The state of a failed test on a real server: kept while its transactions are open, and made again as it was."""

import time

import psycopg
import pytest

from runner.core.failure import Failure
from runner.core.statements import Wanted
from runner.plugin.open_transactions import find_transactions
from runner.plugin.postmortem import read_transactions
from runner.postgres.restoring import restore_failure
from runner.postgres.slots import Slots
from runner.postgres.witness import Witness

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("server")]

MODES = ["schema", "database", "none"]

COMMITTED = """
CREATE TYPE mood AS ENUM ('good', 'it''s "bad"');
CREATE SEQUENCE numbers START 5;
CREATE TABLE kinds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number integer DEFAULT nextval('numbers'),
    amount numeric(12, 3), at timestamptz, raw bytea, doc json, docb jsonb, list text[], mood mood,
    span int4range, ip inet, real_one real, double double precision, padded char(5), "Odd ""name" text, spent interval,
    twice integer GENERATED ALWAYS AS (number * 2) STORED, CHECK (amount < 1000000)
);
CREATE TABLE parent (id integer PRIMARY KEY, favourite integer);
CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent);
ALTER TABLE parent ADD FOREIGN KEY (favourite) REFERENCES child DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE journal (said text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    INSERT INTO journal VALUES (TG_OP || ' ' || NEW.id); RETURN NEW;
END$$;
CREATE TRIGGER noted AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW children AS SELECT count(*) FROM child;
CREATE TABLE shared (day date, what text) PARTITION BY RANGE (day);
CREATE TABLE shared_2026 PARTITION OF shared FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE empty_one ();
CREATE TABLE untouched AS SELECT n FROM generate_series(1, 1000) n;
"""

ROW = """
INSERT INTO kinds (amount, at, raw, doc, docb, list, mood, span, ip, real_one, double, padded, "Odd ""name", spent)
VALUES (12.340, '2026-02-03 04:05:06.789+02', '\\x00ff27', '{"a":  1}', '{"b": [1, null]}',
    '{"a,b",NULL,"c\\"d"}', 'it''s "bad"', '[1,5)', '10.0.0.1', 0.1, 1e-300, 'ab',
    E'back\\\\slash\\nline ''quoted'' %s {x} ü😀', '1 mon 2 days')
"""

QUERIES = {
    "kinds": "SELECT k::text FROM kinds k ORDER BY id",
    "parent": "SELECT p::text FROM parent p ORDER BY id",
    "child": "SELECT c::text FROM child c ORDER BY id",
    "journal": "SELECT j::text FROM journal j ORDER BY said",
    "shared": "SELECT tableoid::regclass::text, s::text FROM shared s ORDER BY day",
    "empty_one": "SELECT count(*) FROM empty_one",
    "untouched": "SELECT sum(n) FROM untouched",
    "sequence": "SELECT last_value, is_called FROM numbers",
}


class Kept:
    """One slot: a test's connections to it, what is kept of it, and what it looks like."""

    def __init__(self, superuser, slots: Slots, isolation: str):
        self.superuser, self.slots, self.isolation = superuser, slots, isolation
        self.database, self.schemas = slots.find_place("gw0")
        self.role = slots.find_role("gw0")
        self.opened = []

    def connect(self, *, autocommit=True):
        password = "of-all-slots" if self.isolation == "none" else "of-all-slots-gw0"
        connection = self.superuser.connect_as(self.role, password, self.database)
        connection.autocommit = autocommit
        self.opened.append(connection)
        return connection

    @property
    def server(self):
        return {"user": self.role, "port": str(self.superuser.address.port), "dbname": self.database}

    def keep(self):
        """What the keeper writes, without its files."""
        self.told = read_transactions(self.server, [])
        witness = Witness(self.superuser.address)
        self.measured = witness.measure(self.database, self.schemas)
        self.unseen = self.told["unseen"] + witness.find_unseen(self.role, "", self.told["pids"])
        witness.close()
        state = self.superuser.server.dump(self.database, self.schemas, without=self.measured.locked)
        self.scripts = {"state.sql": state}
        if self.told["overlays"]:
            self.scripts["transaction.sql"] = "".join(each["sql"] for each in self.told["overlays"])

    def restore(self):
        """The state into the emptied slot; what could not be restored."""
        for each in self.opened:
            each.close()
        with self.connect() as own:
            own.execute("CREATE TABLE of_later (id integer)")
            own.execute("DROP TABLE IF EXISTS untouched")
        return restore_failure(self.superuser.address, self.failure, self.scripts)

    @property
    def failure(self):
        return Failure(
            test="test_a.py::test_a",
            attempt=1,
            phase="call",
            worker="gw0",
            slot="gw0",
            isolation=self.isolation,
            role=self.role,
            database=self.database,
            schemas=[*self.schemas],
            pass_="default",
            groups=[],
            seed=None,
            began=0.0,
            time=0.0,
            python="3.13.5",
        )


@pytest.fixture(params=MODES)
def kept(request, superuser, make_slots):
    made = Kept(superuser, make_slots(request.param, "gw0"), request.param)
    yield made
    for each in made.opened:
        each.close()


def look(connection):
    return {name: connection.execute(query).fetchall() for name, query in QUERIES.items()}


def fill(connection):
    connection.execute(COMMITTED.encode())
    connection.execute(ROW.encode())
    connection.execute("INSERT INTO parent VALUES (1, NULL)")
    connection.execute("INSERT INTO child VALUES (1, 1)")
    connection.execute("UPDATE parent SET favourite = 1")
    connection.execute("INSERT INTO shared VALUES ('2026-05-06', 'committed')")
    connection.execute("INSERT INTO empty_one DEFAULT VALUES")


@pytest.mark.smoke
def test_what_was_committed_is_as_it_was(kept):
    own = kept.connect()
    fill(own)
    before = look(own)
    kept.keep()
    assert (kept.told["overlays"], kept.unseen) == ([], [])
    assert kept.restore() == []
    assert kept.superuser.server.dump(kept.database, kept.schemas) == kept.scripts["state.sql"]
    with kept.connect() as after:
        assert look(after) == before
        assert after.execute("SELECT to_regclass('of_later')").fetchone() == (None,)
        after.execute("INSERT INTO child VALUES (2, 1)")
        assert after.execute("SELECT count(*) FROM journal").fetchone() == (2,)


def test_what_only_an_open_transaction_saw_is_as_it_saw_it(kept):
    own, other = kept.connect(autocommit=False), kept.connect()
    fill(other)
    own.execute(ROW.encode())
    own.execute("DELETE FROM untouched WHERE n > 10")
    own.execute("UPDATE kinds SET amount = 1 WHERE id = 1")
    with own.transaction():
        own.execute("INSERT INTO parent VALUES (2, 2)")
        own.execute("INSERT INTO child VALUES (2, 2)")
    own.execute("INSERT INTO shared VALUES ('2026-07-08', 'open')")
    own.execute("INSERT INTO empty_one DEFAULT VALUES")
    other.execute("INSERT INTO journal VALUES ('of another session')")
    before = look(own)
    kept.keep()
    assert look(own) == before
    assert look(other) != before
    own.execute("INSERT INTO journal VALUES ('the transaction goes on')")
    own.rollback()
    assert kept.restore() == []
    with kept.connect() as after:
        assert look(after) == before


def test_objects_that_were_made_in_an_open_transaction_are_made_again(kept):
    own = kept.connect(autocommit=False)
    fill(own)
    own.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
    own.execute("CREATE TYPE pair AS (one integer, other text)")
    own.execute('CREATE TABLE "Made" (id serial PRIMARY KEY, p positive DEFAULT 3, pair pair, UNIQUE (p))')
    own.execute('CREATE INDEX on_pair ON "Made" (pair)')
    own.execute("""INSERT INTO "Made" (pair) VALUES (ROW(1, 'a,b'))""")
    before = look(own)
    kept.keep()
    own.rollback()
    assert kept.restore() == []
    with kept.connect() as after:
        assert look(after) == before
        assert after.execute('SELECT "Made"::text FROM "Made"').fetchall() == [('(1,3,"(1,""a,b"")")',)]
        assert after.execute('INSERT INTO "Made" (p) VALUES (4) RETURNING id').fetchone() == (2,)
        with pytest.raises(psycopg.errors.CheckViolation):
            after.execute('INSERT INTO "Made" (p) VALUES (0)')
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            after.execute("INSERT INTO child VALUES (9, 9)")
        assert after.execute("SELECT count FROM children").fetchone() == (1,)
        after.execute('DROP TABLE "Made"')


def test_tables_that_an_open_transaction_has_locked_come_from_that_transaction(kept):
    own, other = kept.connect(autocommit=False), kept.connect()
    fill(other)
    own.execute("ALTER TABLE parent ADD COLUMN added integer DEFAULT 7")
    own.execute("TRUNCATE untouched")
    own.execute("DROP TABLE journal CASCADE")
    own.execute("LOCK TABLE kinds")
    expected = own.execute("SELECT p::text FROM parent p").fetchall()
    kinds = own.execute(QUERIES["kinds"]).fetchall()
    began = time.monotonic()
    kept.keep()
    assert time.monotonic() - began < 4
    own.rollback()
    assert kept.restore() == []
    with kept.connect() as after:
        assert after.execute("SELECT p::text FROM parent p").fetchall() == expected
        assert after.execute(QUERIES["kinds"]).fetchall() == kinds
        assert after.execute("SELECT count(*) FROM untouched").fetchone() == (0,)
        assert after.execute("SELECT to_regclass('journal')").fetchone() == (None,)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            after.execute("INSERT INTO child VALUES (9, 9)")


def test_a_transaction_that_was_only_read_in_has_nothing_to_say(kept):
    own = kept.connect(autocommit=False)
    own.execute("SELECT 1 FROM pg_class")
    kept.keep()
    assert kept.told["overlays"] == []
    assert kept.told["pids"] == [own.info.backend_pid]
    assert kept.unseen == []


def test_an_aborted_transaction_is_told_of_and_stays_aborted(kept):
    own = kept.connect(autocommit=False)
    own.execute("CREATE TABLE lost ()")
    with pytest.raises(psycopg.errors.UndefinedTable):
        own.execute("SELECT * FROM nothing")
    kept.keep()
    (unseen,) = kept.unseen
    assert "aborted" in unseen
    assert own.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    assert "lost" not in kept.scripts["state.sql"]


def test_a_transaction_of_a_connection_that_is_in_use_is_told_of_by_the_server(kept):
    own = kept.connect(autocommit=False)
    own.execute("CREATE TABLE hidden ()")
    with own.lock:
        kept.keep()
    (unseen,) = kept.unseen
    assert "in use by another thread" in unseen
    kept.told["pids"] = []
    witness = Witness(kept.superuser.address)
    (seen,) = witness.find_unseen(kept.role, "", [])
    witness.close()
    assert f"pid {own.info.backend_pid} (ephemeral-runner), idle in transaction for " in seen
    assert seen.endswith("CREATE TABLE hidden ()")


def test_two_open_transactions_on_one_table_are_both_kept(kept):
    one, two, other = kept.connect(autocommit=False), kept.connect(autocommit=False), kept.connect()
    fill(other)
    one.execute("INSERT INTO journal VALUES ('one')")
    two.execute("INSERT INTO journal VALUES ('two')")
    kept.keep()
    one.rollback()
    two.rollback()
    assert kept.restore() == []
    with kept.connect() as after:
        assert after.execute("SELECT said FROM journal ORDER BY 1").fetchall() == [("INSERT 1",), ("one",), ("two",)]


def test_a_block_that_postgres_refuses_is_a_sentence_and_the_rest_is_there(kept):
    own = kept.connect()
    fill(own)
    kept.keep()
    head = "-- ephemeral-runner overlay 0123456789abcdef: x\n"
    blocks = "\n-- 0123456789abcdef rows of nothing\nDELETE FROM nothing;\n"
    blocks += "\n-- 0123456789abcdef table t\nCREATE TABLE {}.t ();"
    schema = kept.schemas[0] if kept.schemas else "public"
    kept.scripts["transaction.sql"] = head + blocks.format(schema)
    kept.scripts["state.sql"] = kept.scripts["state.sql"].replace("CREATE VIEW", "CREATE VEIW")
    missing = kept.restore()
    assert len(missing) == 2
    assert any(each.startswith("view children: syntax error") for each in missing)
    assert any(each.startswith('rows of nothing: relation "nothing"') for each in missing)
    with kept.connect() as after:
        assert after.execute("SELECT count(*) FROM t").fetchone() == (0,)
        assert after.execute("SELECT sum(n) FROM untouched").fetchone() == (500500,)


def test_the_lines_of_one_test_are_found_in_the_log(kept):
    own = kept.connect()
    own.execute("CREATE TABLE said (what text, how text)")
    own.execute("INSERT INTO said VALUES ('of an earlier test')")
    time.sleep(0.01)
    began = time.time()
    own.execute("INSERT INTO said VALUES ('of\n this test', %s)", ["a value"])
    own.execute("SELECT 'only read'")
    with pytest.raises(psycopg.errors.UndefinedTable):
        own.execute("SELECT * FROM nothing")
    list(find_transactions(kept.server, {kept.database}))
    kept.keep()
    witness = Witness(kept.superuser.address)
    text = witness.read_statements(Wanted(kept.role, "", began))
    nobody = witness.read_statements(Wanted(kept.role, "nobody", began))
    witness.close()
    assert "VALUES ('of\n\t this test', $1)" in text
    assert "Parameters: $1 = 'a value'" in text
    assert 'ERROR:  relation "nothing" does not exist' in text
    assert "STATEMENT:  SELECT * FROM nothing" in text
    assert "earlier" not in text
    assert "SAVEPOINT" not in text
    assert "only read" not in text
    assert nobody == ""
