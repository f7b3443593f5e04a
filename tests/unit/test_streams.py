"""What the containers of a run say: told apart, put together again, and followed to the end."""

import json
import time

import pytest

from runner.engines.protocol import END, OUTPUT, REPORTS
from runner.errors import EngineError, Interrupted, PostgresError
from runner.streams import END_OF_OUTPUT, TICK, Streams, make_timeout

pytestmark = pytest.mark.unit

ENDED = b'{"event": "process-ended", "exit_code": 0}\n'


class Heard:
    """Streams, and everything that came out of them."""

    def __init__(self):
        self.output, self.log, self.events = [], [], []
        self.streams = Streams(self.output.append, self.log.append, self.events.append, lambda: 1.5)
        self.suite, self.postgres = self.streams.receive_suite, self.streams.receive_postgres

    def follow(self, limit=5.0, check=lambda: None):
        return self.streams.follow(limit, check)

    def end(self, exit_code=0):
        self.suite(OUTPUT, END_OF_OUTPUT)
        self.suite(REPORTS, json.dumps({"event": "process-ended", "exit_code": exit_code}).encode() + b"\n")


@pytest.fixture
def heard():
    return Heard()


@pytest.mark.smoke
def test_the_output_is_passed_on_until_the_process_ends(heard):
    heard.suite(OUTPUT, b"one\n")
    heard.suite(OUTPUT, b"two\n")
    heard.end(3)
    assert heard.follow() == 3
    assert b"".join(heard.output) == b"one\ntwo\n"
    assert heard.events == []


@pytest.mark.parametrize("cut", range(1, len(END_OF_OUTPUT)))
def test_the_mark_of_the_end_is_found_wherever_it_is_cut(heard, cut):
    for part in (b"last\n" + END_OF_OUTPUT[:cut], END_OF_OUTPUT[cut:]):
        heard.suite(OUTPUT, part)
    heard.suite(REPORTS, ENDED)
    assert heard.follow() == 0
    assert b"".join(heard.output) == b"last\n"


def test_the_mark_of_the_end_is_found_byte_by_byte(heard):
    for byte in b"last\n" + END_OF_OUTPUT:
        heard.suite(OUTPUT, bytes([byte]))
    heard.suite(REPORTS, ENDED)
    assert heard.follow() == 0
    assert b"".join(heard.output) == b"last\n"


@pytest.mark.parametrize("cut", range(1, len(END_OF_OUTPUT)))
def test_what_only_begins_like_the_mark_is_output(heard, cut):
    said = END_OF_OUTPUT[:cut] + b"!" + END_OF_OUTPUT[:cut]
    heard.suite(OUTPUT, said)
    heard.suite(OUTPUT, b"?\n")
    heard.end()
    heard.follow()
    assert b"".join(heard.output) == said + b"?\n"


def test_output_is_not_held_back_without_need(heard):
    heard.suite(OUTPUT, b"a dot.")
    heard.streams.take(0)
    assert heard.output == [b"a dot."]


@pytest.mark.parametrize("order", [(OUTPUT, REPORTS), (REPORTS, OUTPUT)])
def test_a_process_is_over_only_when_both_streams_say_so(heard, order):
    messages = {OUTPUT: b"tail\n" + END_OF_OUTPUT, REPORTS: ENDED}
    heard.suite(order[0], messages[order[0]])
    assert heard.follow(limit=0.01) is None
    heard.suite(order[1], messages[order[1]])
    assert heard.follow() == 0
    assert b"".join(heard.output) == b"tail\n"


def test_a_second_process_is_followed_anew(heard):
    heard.end(1)
    heard.end(0)
    assert [heard.follow(), heard.follow()] == [1, 0]


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_reports_are_put_together_from_chunks_of_any_size(heard, size):
    lines = "".join(json.dumps({"event": "worker-crashed", "worker": f"größe-{n}"}) + "\n" for n in range(3)).encode()
    for at in range(0, len(lines), size):
        heard.suite(REPORTS, lines[at : at + size])
    heard.end()
    heard.follow()
    assert [event.data["worker"] for event in heard.events] == ["größe-0", "größe-1", "größe-2"]
    assert {(event.name, event.at) for event in heard.events} == {("worker-crashed", 1.5)}


def test_a_report_that_is_none_is_passed_over(heard):
    heard.suite(REPORTS, b'Traceback\n\n{"event": "pytest-ended"}\n')
    heard.end()
    heard.follow()
    assert [event.name for event in heard.events] == ["pytest-ended"]


def test_the_end_of_the_suite_container_is_an_error_of_the_engine(heard):
    heard.suite(END, b"")
    with pytest.raises(EngineError) as caught:
        heard.follow()
    assert caught.value.as_text() == (
        "error: the suite container ended in the middle of the run\n"
        "cause: it was removed from outside, a test ended its first process, or memory ran out\n"
        "hint:  `docker events` and the engine's log tell more"
    )


def test_the_log_of_postgres_is_kept(heard):
    heard.postgres(OUTPUT, b"LOG: a\n")
    heard.postgres(REPORTS, b"LOG: b\n")
    heard.end()
    heard.follow()
    assert heard.log == [b"LOG: a\n", b"LOG: b\n"]


def test_the_end_of_postgres_is_told_with_the_last_lines_of_its_log(heard):
    heard.postgres(OUTPUT, b"".join(b"LOG: line %d\n\n" % number for number in range(30)))
    heard.postgres(REPORTS, b"PANIC: caf\xe9\n")
    heard.postgres(END, b"")
    with pytest.raises(PostgresError) as caught:
        heard.follow()
    assert caught.value.as_text() == (
        "error: Postgres ended in the middle of the run\n"
        "cause: last lines of its log:\n"
        "       LOG: line 26\n       LOG: line 27\n       LOG: line 28\n       LOG: line 29\n       PANIC: caf\ufffd\n"
        "hint:  the whole log is in the results: `postgres.log`"
    )


def test_the_end_of_postgres_without_a_word_is_told_too(heard):
    heard.postgres(END, b"")
    with pytest.raises(PostgresError) as caught:
        heard.follow()
    assert caught.value.cause == "it left no log"


def test_at_the_time_limit_there_is_no_exit_code(heard):
    began = time.monotonic()
    assert heard.follow(limit=0.1) is None
    assert 0.1 <= time.monotonic() - began < 0.5


def test_a_limit_that_has_passed_is_no_reason_to_wait(heard):
    assert heard.follow(limit=-1.0) is None


def test_signals_are_looked_at_while_nothing_is_said(heard):
    looks = []

    def check():
        looks.append(1)
        if len(looks) == 3:
            raise Interrupted(2, "SIGINT")

    began = time.monotonic()
    with pytest.raises(Interrupted):
        heard.follow(check=check)
    assert time.monotonic() - began < 10 * TICK


def test_the_error_at_the_time_limit_names_what_was_running():
    error = make_timeout(30.0, {"a::test_a": 1.0, "a::test_b": 29.5}, 31.04)
    assert error.as_text() == (
        "error: the tests did not end within 30 s (`timeout`)\n"
        "cause: running: a::test_a (for 30.0 s), a::test_b (for 1.5 s)\n"
        "hint:  raise the limit: `--timeout SECONDS`"
    )
    assert error.exit_code == 93


def test_the_error_at_the_time_limit_of_a_group_names_the_group():
    assert make_timeout(2.5, {}, 3.0, "slow+e2e").as_text() == (
        "error: the tests did not end within 2.5 s (`groups.slow+e2e.timeout`)\n"
        "cause: no test was running\n"
        "hint:  raise `timeout` of the group `slow+e2e`"
    )


def test_the_error_at_the_time_limit_says_when_no_test_was_running():
    assert make_timeout(0.5, {}, 1.0).cause == "no test was running"


def test_the_error_at_the_time_limit_names_no_more_than_five():
    assert make_timeout(1.0, {f"test_{n}": 0.0 for n in range(9)}, 1.0).cause.count("test_") == 5


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_the_tail_of_postgres_s_log_is_whole_lines_however_it_is_cut(heard, size):
    log = "".join(f"LOG: größe {number}\n" for number in range(500)).encode()
    for at in range(0, len(log), size):
        heard.postgres(OUTPUT, log[at : at + size])
    heard.postgres(END, b"")
    with pytest.raises(PostgresError) as caught:
        heard.follow()
    assert caught.value.cause.splitlines() == [
        "last lines of its log:",
        *(f"       LOG: größe {number}" for number in range(495, 500)),
    ]
    assert b"".join(heard.log) == log


def test_a_server_without_space_gets_the_hint_at_the_setting_for_it(heard):
    heard.postgres(OUTPUT, b'PANIC:  could not write to file "pg_wal/xlogtemp.30": No space le')
    heard.postgres(REPORTS, b"ft on device\nLOG:  server process (PID 30) was terminated\n")
    heard.postgres(END, b"")
    with pytest.raises(PostgresError) as caught:
        heard.follow()
    assert caught.value.hint == "raise `postgres_memory`"


def test_taking_all_empties_the_queue(heard):
    for number in range(100):
        heard.suite(OUTPUT, b"%d\n" % number)
        heard.postgres(OUTPUT, b"LOG: %d\n" % number)
    heard.suite(REPORTS, b'{"event": "pytest-ended"}\n')
    heard.streams.take_all()
    assert (len(heard.output), len(heard.log), len(heard.events)) == (100, 100, 1)
    assert heard.streams.take(0) is False


def test_taking_all_of_nothing_does_not_wait(heard):
    began = time.monotonic()
    heard.streams.take_all()
    assert time.monotonic() - began < TICK


def test_taking_all_tells_the_end_of_a_container(heard):
    heard.suite(OUTPUT, b"one\n")
    heard.suite(END, b"")
    with pytest.raises(EngineError, match="the suite container ended"):
        heard.streams.take_all()
    assert heard.output == [b"one\n"]
