"""How long a test waits for a database of its own, with the template of the sample project `orders`."""

import re
from pathlib import Path

import pytest
from commands import run

pytestmark = [pytest.mark.engine, pytest.mark.performance, pytest.mark.xdist_group("orders")]

MEASURING = """
import statistics, time, psycopg, pytest

SECONDS = []

@pytest.fixture
def timed(request):
    began = time.perf_counter()
    url = request.getfixturevalue("fresh_database")
    SECONDS.append(time.perf_counter() - began)
    return url

@pytest.mark.parametrize("number", range(60))
def test_writes(timed, number):
    with psycopg.connect(timed) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (0,)
        connection.execute("INSERT INTO customers (email, name) VALUES ('ada@example.com', 'Ada')")

def test_tell(capsys):
    with capsys.disabled():
        print(f"median {statistics.median(SECONDS) * 1000:.1f} ms, first {SECONDS[0] * 1000:.1f} ms")
"""


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_a_fresh_database_has_a_median_of_at_most_15_ms(orders: Path, isolation: str) -> None:
    (orders / "tests" / "test_fresh.py").write_text(MEASURING)
    ended = run(orders, "run", "tests/test_fresh.py", "-n", "0", "--isolation", isolation)
    assert ended.exit_code == 0, ended.stdout
    told = re.search(r"median ([\d.]+) ms, first ([\d.]+) ms", ended.stdout)
    assert told is not None
    print(isolation, told[0])
    assert float(told[1]) <= 15
