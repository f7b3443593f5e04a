"""What a person sees at a real terminal, and what a pipe gets."""

import subprocess
import sys

import pexpect
import pytest
from commands import NOTHING_LEFT, Make, make_environment, run
from terminals import open_terminal

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PASSING = {"tests/test_one.py": "def test_one():\n    pass\n"}


def test_a_terminal_gets_colours_times_and_the_count_as_its_last_line(make_project: Make) -> None:
    terminal = open_terminal(make_project(PASSING), "run", "-n", "2")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert "\x1b[32m" in terminal.before
    assert "1 passed" in terminal.before
    assert terminal.before.splitlines()[-1] == NOTHING_LEFT


def test_a_terminal_with_no_color_and_a_pipe_get_plain_text(make_project: Make) -> None:
    folder = make_project(PASSING)
    terminal = open_terminal(folder, "run", "-n", "0", NO_COLOR="1")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert "\x1b[32m" not in terminal.before
    ended = run(folder, "run", "-n", "0")
    assert "\x1b" not in ended.stdout + ended.stderr


def test_ctrl_c_at_the_terminal_ends_the_run_in_order(make_project: Make) -> None:
    folder = make_project(
        {"tests/test_sleep.py": "import time\n\ndef test_sleeps():\n    print('x')\n    time.sleep(60)\n"}
    )
    terminal = open_terminal(folder, "run", "-n", "0", "--", "-s")
    terminal.expect("x\r\n")
    terminal.sendintr()
    terminal.expect(pexpect.EOF, timeout=10)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "error:\x1b[0m the run was ended by SIGINT" in terminal.before
    assert terminal.before.splitlines()[-1] == NOTHING_LEFT


def test_a_reader_that_goes_away_ends_the_run_in_order(make_project: Make) -> None:
    many = "import pytest\n\n@pytest.mark.parametrize('n', range(200))\ndef test_n(n):\n    print('y' * 5000)\n"
    folder = make_project({"tests/test_many.py": many})
    command = f"{sys.executable} -m runner run -n 0 -- -s | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=make_environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "141"
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == NOTHING_LEFT
