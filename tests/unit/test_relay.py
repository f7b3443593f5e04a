"""What the lease passes on of the server's log (images/base/relay.py): all but statements, and all of it at the end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

LEASE = Path(__file__).parents[2] / "images/base/lease.py"

HEAD = "2026-11-27 10:00:01.000 UTC [7] gw0@suite [unknown] "
STATEMENT = f"{HEAD}LOG:  statement: INSERT INTO item\n\tVALUES (1)\n"
EXECUTED = f"{HEAD}LOG:  execute <unnamed>: INSERT INTO item\n\tVALUES ($1)\n{HEAD}DETAIL:  Parameters: $1 = 'a\n\tb'\n"
ERROR = f"{HEAD}ERROR:  refused\n{HEAD}DETAIL:  why\n\tmore\n{HEAD}STATEMENT:  INSERT\n\tINTO x\n"
MESSAGE = f"{HEAD}LOG:  ephemeral-runner: LOG:  statement: of nobody\n"


def relay(tmp_path, script, *, patience=20, pieces=None, path=None):
    """What standard output has when a command has written to the log."""
    log = path or tmp_path / "server.log"
    environ = {**os.environ, "EPHEMERAL_RUNNER_LOG": str(log), "LOG": str(log)}
    for number, piece in enumerate(pieces or []):
        (tmp_path / str(number)).write_text(piece)
    process = subprocess.Popen(
        [sys.executable, LEASE, "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env=environ,
    )
    try:
        said = process.stdout.read().decode()
        assert process.wait(patience) == 3
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait(patience)
    return said, log


@pytest.mark.parametrize("pause", ["true", "sleep 0.06"])
def test_statements_stay_in_the_file_and_all_else_is_passed_on(tmp_path, pause):
    pieces = [
        "starting\n",
        STATEMENT,
        ERROR,
        EXECUTED,
        EXECUTED + STATEMENT,
        MESSAGE,
        STATEMENT + ERROR + EXECUTED,
        MESSAGE,
    ]
    script = "; ".join(f'cat {number} >> "$LOG"; {pause}' for number in range(len(pieces))) + "; exit 3"
    said, log = relay(tmp_path, script, pieces=pieces)
    assert said == "starting\n" + ERROR + MESSAGE + ERROR + MESSAGE
    assert log.read_text() == "".join(pieces)


def test_a_message_that_comes_in_pieces_is_told_apart_all_the_same(tmp_path):
    whole = STATEMENT + EXECUTED + ERROR + EXECUTED + MESSAGE
    pieces = [whole[start : start + 40] for start in range(0, len(whole), 40)]
    script = "; ".join(f'cat {number} >> "$LOG"; sleep 0.03' for number in range(len(pieces))) + "; exit 3"
    assert relay(tmp_path, script, pieces=pieces)[0] == ERROR + MESSAGE


def test_the_last_words_of_a_server_that_dies_are_passed_on(tmp_path):
    assert relay(tmp_path, 'printf "FATAL:  no\\nspace left" >> "$LOG"; exit 3')[0] == "FATAL:  no\nspace left"


def test_a_large_log_gives_the_memory_of_its_oldest_part_back(tmp_path):
    lines = STATEMENT * 20_000
    script = 'for each in $(seq 16); do cat 0 >> "$LOG"; done; sleep 0.5; cat 1 >> "$LOG"; exit 3'
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        pytest.skip("no file system in memory")
    path = memory / f"ephemeral-runner-test-{os.getpid()}.log"
    try:
        said, log = relay(tmp_path, script, pieces=[lines, MESSAGE], path=path)
        found = log.stat()
        assert said == MESSAGE
        assert found.st_size == 16 * len(lines) + len(MESSAGE)
        assert found.st_blocks * 512 < 18 * 1024 * 1024
        assert log.read_bytes().endswith(MESSAGE.encode())
        assert log.read_bytes().startswith(b"\0")
    finally:
        path.unlink()


def test_servers_beside_the_first_one_are_heard_as_well(tmp_path):
    script = 'mkdir gw0; cat 0 >> gw0/server.log; sleep 0.5; cat 1 >> gw0/server.log; cat 2 >> "$LOG"; exit 3'
    said, _ = relay(tmp_path, script, pieces=["first\n" + STATEMENT, "second\n", "third\n"])
    assert sorted(said.splitlines()) == ["first", "second", "third"]
