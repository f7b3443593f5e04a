"""`runner shell --failed` and `runner bundle`: a failed test's database long after its environment is gone."""

import io
import json
import re
import shutil
import tarfile
from pathlib import Path

import pexpect
import pytest
from commands import NOTHING_LEFT, Ended, Make, run
from terminals import open_terminal

from runner.project.compression import zstd
from runner.report.bundle import SOURCES

pytestmark = [pytest.mark.engine, pytest.mark.e2e]

HALFWAY = """
from sqlalchemy import text

from orders.models import Customer


def test_fails_halfway(shop, session_factory):
    with session_factory.begin() as other:
        other.add(Customer(id=7, email="committed@example.com", name="Committed"))
    shop.add(Customer(id=8, email="open@example.com", name="Open"))
    shop.flush()
    print("halfway")
    shop.execute(text("update products set name = 'Half' where id = 1"))
    assert shop.get(Customer, 8).name == "Closed"
"""

TWO = """
import os
import psycopg
import pytest


@pytest.fixture
def connection():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS seen (test text)")
        yield connection


@pytest.mark.parametrize("name", ["a/b [c] 😀", "plain"])
def test_fails(connection, name):
    connection.execute("INSERT INTO seen VALUES (%s)", [name])
    assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)
"""

ASKED = "select string_agg(name, ',' order by id) from customers"


def psql(folder: Path, statement: str, *args: str) -> Ended:
    return run(folder, "shell", "--failed", *args, "--", "psql", "-Atc", statement)


def fail(folder: Path, *args: str, **changes: str) -> Path:
    ended = run(folder, "run", "-n", "2", "--json", *args, **changes)
    assert ended.exit_code == 1, ended.stderr
    return Path(json.loads(ended.stdout)["results"])


@pytest.mark.smoke
@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_the_rows_that_a_failed_test_had_written_are_there_again(orders: Path, tmp_path: Path, isolation: str) -> None:
    (orders / "tests" / "test_halfway.py").write_text(HALFWAY)
    results = fail(orders, "tests/test_halfway.py", "--isolation", isolation)
    ended = psql(orders, ASKED)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == "Ada,Bob,Committed,Open\n"
    assert ended.last_line == NOTHING_LEFT

    # What has changed since does not matter to a bundle, nor does the folder.
    ended = run(orders, "bundle", "-o", str(tmp_path / "it.tar.zst"), "--json")
    assert json.loads(ended.stdout)["failures"] == ["tests/test_halfway.py::test_fails_halfway"]
    shutil.rmtree(orders / "tests")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    from_bundle = psql(elsewhere, "select name from products order by id", "--from", str(tmp_path / "it.tar.zst"))
    assert from_bundle.stdout == "Half\nPlate\n", from_bundle.stderr
    assert [*elsewhere.iterdir()] == []
    assert (results / "failures").is_dir(), "nothing that was kept is lost"


def test_a_test_runs_again_on_a_clean_slot_and_on_the_kept_state(make_project: Make) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    fail(folder, "tests/test_two.py", "--", "-k", "plain")
    (folder / "tests" / "test_two.py").write_text(TWO.replace("== (0,)", "== (1,)"))
    clean = run(folder, "shell", "--failed", "--", "rerun", "-q")
    assert "1 passed" in clean.stdout, clean.stdout
    twice = run(folder, "shell", "--failed", "--", "sh", "-c", "rerun -q; rerun -q")
    assert twice.stdout.count("1 passed") == 2, "each time on a clean slot"
    here = run(folder, "shell", "--failed", "--", "rerun", "--here", "-q")
    assert "(2,) == (1,)" in here.stdout, "the kept row is there"
    as_it_was = run(folder, "shell", "--failed", "--copy", "--", "rerun", "-q")
    assert "(1,) == (0,)" in as_it_was.stdout, "a copy has the files of that run"


def test_a_database_that_was_too_large_is_told_and_its_slot_is_as_before_any_test(make_project: Make) -> None:
    large = TWO.replace("(test text)", "AS SELECT repeat(i::text, 20) AS test FROM generate_series(1, 60000) AS i")
    folder = make_project({"tests/test_two.py": large}, "kept_megabytes = 1")
    fail(folder, "-n", "0", "--", "-k", "plain")
    ended = psql(folder, "select current_user, to_regclass('seen') is null")
    assert ended.stdout == "master|t\n", ended.stderr
    assert "note      the database is not kept: it has " in ended.stderr
    assert "note      no database was kept, so this slot is as before any test" in ended.stderr
    here = run(folder, "shell", "--failed", "--", "rerun", "--here", "-q")
    assert "1 failed" in here.stdout


def test_a_test_that_was_renamed_since_is_told(make_project: Make) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    fail(folder, "-n", "0", "--", "-k", "plain")
    (folder / "tests" / "test_two.py").write_text(TWO.replace("test_fails", "test_renamed"))
    ended = run(folder, "shell", "--failed", "--", "rerun", "-q")
    assert ended.exit_code == 5
    assert "no longer there: tests/test_two.py::test_fails[plain]; with --copy the files are those" in ended.stderr


def test_one_of_several_failures_is_chosen_by_a_part_of_its_id(make_project: Make) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    fail(folder, "-n", "0")
    assert psql(folder, "select test from seen", "plain").stdout.splitlines()[-1] == "plain"
    odd = psql(folder, "select test from seen limit 1", "tests/test_two.py::test_fails[a/b [c] \\U0001f600]")
    assert odd.stdout == "a/b [c] 😀\n", odd.stderr
    again = run(folder, "shell", "--failed", "a/b", "--", "rerun", "-q")
    assert "1 failed" in again.stdout
    assert "test_fails[a/b [c]" in again.stdout
    several = psql(folder, "select 1")
    assert several.exit_code == 90
    assert several.error.startswith("error: 2 failures are kept\ncause: tests/test_two.py::test_fails[a/b [c] ")
    assert several.error.endswith("hint:  name one: `runner shell --failed TEST`")
    unknown = psql(folder, "select 1", "no such")
    assert unknown.error.startswith("error: no kept failure of a test `no such`\ncause: there are `tests/test_two.py::")


def test_a_person_is_shown_what_happened(orders: Path) -> None:
    (orders / "tests" / "test_halfway.py").write_text(HALFWAY)
    fail(orders, "tests/test_halfway.py")
    shell = open_terminal(orders, "shell", "--failed", rows=60, columns=200)
    shell.expect(r"failure   tests/test_halfway.py::test_fails_halfway\r\n +call, attempt 1, on gw\d")
    shell.expect("AssertionError")
    shell.expect("its last statements, as Postgres logged them:")
    shell.expect("update products set name = 'Half' where id = 1")
    shell.expect("again     `rerun` on a clean slot, `rerun --here` on the kept state")
    shell.expect(r"orders\S* gw\d:\S* ?[$#] ")
    shell.sendline("grep -c halfway /run/runner/files/failure/output.txt; rerun -q 2>&1 | tail -1")
    shell.expect("1 failed", timeout=60)
    shell.expect(r"orders\S* gw\d:\S* ?[$#] ")
    shell.sendeof()
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 0
    assert shell.before.splitlines()[-1] == NOTHING_LEFT


@pytest.mark.security
def test_planted_secrets_are_in_no_file_of_a_bundle(make_project: Make, tmp_path: Path) -> None:
    secrets = {"PAYMENT_TOKEN": "tok-5e4c1d1f7a", "SERVICE_PASSWORD": "h%nter2 'quoted'"}
    code = "import os\n\n\ndef test_leaks():\n"
    code += "".join(f"    print({value!r})\n" for value in secrets.values())
    code += "    print(os.environ['PGPASSWORD'], os.environ['PAYMENT_TOKEN'])\n"
    code += "    assert not os.environ['SERVICE_PASSWORD']\n"
    folder = make_project(
        {"tests/test_leaks.py": code, "notes.txt": secrets["PAYMENT_TOKEN"]},
        'pass_environment = ["PAYMENT_TOKEN", "SERVICE_PASSWORD"]',
    )
    fail(folder, **secrets)
    ended = run(folder, "bundle", "-o", str(tmp_path / "b.tar.zst"), **secrets)
    assert ended.exit_code == 0, ended.stderr
    packed = zstd.decompress((tmp_path / "b.tar.zst").read_bytes())
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for each in archive:
            contents[each.name] = archive.extractfile(each).read()
    contents["sources"] = zstd.decompress(contents.pop(SOURCES))
    for value in secrets.values():
        assert [name for name, content in contents.items() if value.encode() in content] == []
    own = re.compile(rb"[0-9a-f]{32}-(gw\d|master)")
    assert [name for name, content in contents.items() if own.search(content)] == [], "the slot's own password"
    assert b"[redacted]" in contents["sources"]
    assert {"run.json", "junit.xml", "suite.log", "rerun/rerun.json"} <= contents.keys()


def test_a_bundle_that_is_damaged_or_none_is_refused(make_project: Make, tmp_path: Path) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    fail(folder, "-n", "0", "--", "-k", "plain")
    whole = tmp_path / "whole.tar.zst"
    run(folder, "bundle", "-o", str(whole))
    bad = tmp_path / "bad.tar.zst"
    for content in (whole.read_bytes()[:-40], b"no bundle", zstd.compress(b"no archive"), b""):
        bad.write_bytes(content)
        ended = psql(folder, "select 1", "--from", str(bad))
        assert ended.exit_code == 90
        assert ended.error == (
            f"error: cannot read the bundle `{bad}`\n"
            "cause: it is no bundle, or it is damaged\nhint:  make it again: `runner bundle`"
        )
    missing = psql(folder, "select 1", "--from", str(tmp_path / "none"))
    assert missing.error == f"error: cannot read the bundle `{tmp_path}/none`\ncause: no such file or directory"
    assert psql(folder, "select 1", "--from", str(whole)).stdout == "1\n"
    results = shutil.copytree(folder / ".runner" / "latest", tmp_path / "downloaded")
    shutil.rmtree(folder / ".runner")
    assert psql(folder, "select count(*) from seen", "--from", str(results)).stdout == "1\n"


def change_record(folder: Path, **changes: str) -> None:
    path = folder / ".runner" / "latest" / "rerun" / "rerun.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_another_architecture_and_an_image_that_is_gone_are_told(make_project: Make) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    results = fail(folder, "-n", "0", "--", "-k", "plain")
    change_record(folder, architecture="riscv64")
    other = psql(folder, "select 1")
    assert other.exit_code == 92
    assert other.error.startswith(
        f"error: cannot have the image of the run `{results.name}`\ncause: it is of the architecture `riscv64`"
    )
    change_record(folder, architecture=json.loads((results / "run.json").read_text())["architecture"])
    change_record(folder, suite="ephemeral-runner/suite-small:0000000000000000")
    gone = psql(folder, "select 1")
    assert gone.exit_code == 92
    assert gone.error.startswith(
        "error: cannot have the image `ephemeral-runner/suite-small:0000000000000000`\ncause: the engine does not have"
    )
    assert gone.last_line == NOTHING_LEFT


def test_a_run_without_failures_or_that_is_gone_is_told(make_project: Make) -> None:
    folder = make_project({"tests/test_two.py": TWO})
    assert psql(folder, "select 1").error == "error: no run has left results here\nhint:  `runner run` makes one"
    first = fail(folder, "-n", "0", "--", "-k", "plain")
    run(folder, "run", "-n", "0", "--json", "tests/test_two.py", "--", "--collect-only")
    passed = psql(folder, "select 1")
    assert passed.error == f"error: the last run has kept no failure\nhint:  the newest that did: `--run {first.name}`"
    assert psql(folder, "select count(*) from seen", "--run", first.name).stdout == "1\n"
    gone = psql(folder, "select 1", "--run", "19990101-000000-000000")
    assert gone.exit_code == 90
    assert "no results of a run `19990101-000000-000000`" in gone.error
    record = next((first / "failures").glob("*/failure.json"))
    whole = record.read_text()
    for content in (
        "{",
        whole.replace('"schema"', '"bogus"'),
        whole.replace('"databases": []', '"databases": ["../x"]'),
    ):
        record.write_text(content)
        damaged = psql(folder, "select 1", "--run", first.name)
        assert damaged.error.startswith(f"error: cannot read what the run `{first.name}` has kept\ncause: its `failure")
    record.write_text(whole)
    (first / "rerun" / "sources.tar.zst").unlink()
    lost = psql(folder, "select 1", "--run", first.name)
    assert lost.error.startswith(f"error: cannot repeat the run `{first.name}`\ncause: no such file or directory: `")
    assert [*(first / "failures").iterdir()], "what is still there stays"
