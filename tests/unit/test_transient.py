"""Which failures are transient: by class, by SQLSTATE, by cause, and never a failed assertion."""

import http.client
import socket
from itertools import pairwise

import httpx
import psycopg
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from runner.core.transient import ASSERTION, DEFAULT_TRANSIENT, is_class_or_sqlstate
from runner.plugin.transient import describe, find_sqlstate, find_transient, list_causes

pytestmark = pytest.mark.unit


class Conflict(Exception):
    sqlstate = "40001"


class Wrapper(Exception):
    """As an object-relational mapper raises it: the driver's error is in `orig`, and may be the cause or not."""

    def __init__(self, orig=None):
        super().__init__("wrapped")
        self.orig = orig


def chain(*errors):
    """The first error, explicitly raised from the second, and so on."""
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def find(error):
    return find_transient(error, DEFAULT_TRANSIENT)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("error", "name"),
    [
        (Conflict(), "40001"),
        (psycopg.errors.DeadlockDetected("x"), "40P01"),
        (psycopg.errors.SerializationFailure("x"), "40001"),
        (psycopg.errors.TooManyConnections("x"), "53300"),
        (psycopg.errors.AdminShutdown("x"), "57P01"),
        (psycopg.errors.CannotConnectNow("x"), "57P03"),
        (psycopg.errors.ConnectionFailure("x"), "08"),
        (ConnectionRefusedError(), "builtins.ConnectionError"),
        (BrokenPipeError(), "builtins.ConnectionError"),
        (TimeoutError(), "builtins.TimeoutError"),
        (socket.gaierror(), "socket.gaierror"),
        (http.client.RemoteDisconnected(), "builtins.ConnectionError"),
        (httpx.ReadTimeout("x"), "httpx.TimeoutException"),
        (httpx.ConnectError("x"), "httpx.NetworkError"),
        (httpx.RemoteProtocolError("x"), "httpx.RemoteProtocolError"),
        (requests.exceptions.ConnectTimeout(), "requests.exceptions.ConnectionError"),
        (requests.exceptions.ReadTimeout(), "requests.exceptions.Timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_transient_by_default(error, name):
    assert find(error) == name


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("40001"),
        pytest.fail.Exception("x"),
        RuntimeError("connection refused"),
        OSError("connection refused"),
        ValueError(),
        KeyError("x"),
        psycopg.errors.UniqueViolation("x"),
        psycopg.errors.InsufficientPrivilege("x"),
        psycopg.errors.QueryCanceled("x"),
        psycopg.OperationalError('FATAL:  password authentication failed for user "x"'),
        psycopg.ProgrammingError("connection refused"),
        httpx.HTTPStatusError("500", request=None, response=None),
        requests.exceptions.HTTPError("500"),
        http.client.IncompleteRead(b""),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_not(error):
    assert find(error) == ""


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('connection to server at "127.0.0.1", port 5432 failed: FATAL:  sorry, too many clients already', "53300"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "53300"),
        ("FATAL:  the database system is starting up", "57P03"),
        ("FATAL:  the database system is shutting down", "57P03"),
        ("FATAL:  terminating connection due to administrator command", "57P01"),
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', "08006"),
        ("consuming input failed: server closed the connection unexpectedly", "08006"),
        ("connection timeout expired", "08006"),
        ("the connection is lost", "08006"),
        ("could not receive data from server: Connection reset by peer", "08006"),
        ("SSL SYSCALL error: EOF detected", "08006"),
        ('FATAL:  database "x" does not exist', ""),
    ],
)
def test_a_connection_that_failed_without_a_sqlstate_is_known_by_libpq_s_words(text, state):
    assert find_sqlstate(psycopg.OperationalError(text)) == state
    assert find_sqlstate(RuntimeError(text)) == ""


def test_a_real_refused_connection_is_transient():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else gets the port meanwhile.
        with pytest.raises(psycopg.OperationalError) as caught:
            psycopg.connect(f"host=127.0.0.1 port={taken.getsockname()[1]} dbname=x connect_timeout=5")
    assert find(caught.value) == "08"


class OldDriver(Exception):
    pgcode = "40P01"


def test_the_sqlstates_of_other_drivers_are_found():
    assert find_sqlstate(OldDriver()) == "40P01"
    assert find_sqlstate(Exception({"S": "ERROR", "C": "40001"})) == "40001"
    assert find_sqlstate(Exception({"S": "ERROR"})) == ""
    assert find_sqlstate(Exception()) == ""


@pytest.mark.parametrize("state", [None, 40001, b"40001"])
def test_an_attribute_that_is_no_text_is_no_sqlstate(state):
    error = RuntimeError()
    error.sqlstate = state
    assert (find_sqlstate(error), find(error)) == ("", "")


def test_an_error_counts_by_its_explicit_cause_and_by_what_a_mapper_keeps():
    assert find(chain(ValueError(), KeyError(), Conflict())) == "40001"
    assert find(Wrapper(orig=Conflict())) == "40001"
    assert find(chain(ValueError(), Wrapper(orig=Conflict()))) == "40001"
    assert find(Wrapper(orig="40001")) == ""


def test_what_was_only_being_handled_does_not_count():
    error = ValueError()
    error.__context__ = Conflict()
    assert find(error) == ""


def test_a_group_is_transient_only_if_each_member_is():
    assert find(ExceptionGroup("x", [Conflict(), TimeoutError()])) == "40001"
    assert find(ExceptionGroup("x", [TimeoutError(), ExceptionGroup("y", [Conflict()])])) == "builtins.TimeoutError"
    assert find(ExceptionGroup("x", [Conflict(), ValueError()])) == ""
    assert find(ExceptionGroup("x", [Conflict(), AssertionError()])) == ""
    assert find(chain(RuntimeError(), ExceptionGroup("x", [Conflict()]))) == "40001"
    assert find(chain(RuntimeError(), ExceptionGroup("x", [Conflict(), AssertionError()]))) == ""


@pytest.mark.security
def test_a_chain_that_leads_back_to_itself_has_an_end():
    first, second = ValueError(), KeyError()
    chain(first, second, first)
    assert [*list_causes(first)] == [first, second]
    assert find(first) == ""


ERRORS = st.sampled_from([ValueError, KeyError, RuntimeError, Wrapper, OSError])
TRANSIENT = st.sampled_from([Conflict, TimeoutError, ConnectionResetError])


def make_chain(kinds):
    return chain(*[kind() for kind in kinds])


@given(before=st.lists(ERRORS), transient=TRANSIENT, after=st.lists(ERRORS))
def test_one_transient_cause_anywhere_is_enough(before, transient, after):
    assert find(make_chain([*before, transient, *after])) != ""


@given(kinds=st.lists(ERRORS | TRANSIENT), at=st.integers(min_value=0, max_value=20))
def test_a_failed_assertion_anywhere_in_the_chain_is_never_transient(kinds, at):
    assert find(make_chain([*kinds[:at], AssertionError, *kinds[at:]])) == ""


def test_pytest_s_own_failure_is_an_assertion_too_whatever_it_was_raised_from():
    with pytest.raises(pytest.fail.Exception) as caught:
        pytest.fail("x")
    assert find(chain(caught.value, Conflict())) == ""
    assert find(chain(Conflict(), caught.value)) == ""


@given(kinds=st.lists(ERRORS, min_size=1))
def test_a_chain_without_a_declared_error_is_not_transient(kinds):
    assert find(make_chain(kinds)) == ""
    assert find_transient(make_chain([*kinds, Conflict]), []) == ""


@given(first=TRANSIENT, second=TRANSIENT)
def test_the_name_is_that_of_the_first_declared_error(first, second):
    assert find(make_chain([first, second])) == find(first())


class Own(Exception):
    """Declared by a project, by its full name."""


class Below(Own):
    pass


def test_a_class_is_declared_by_its_full_name_and_stands_for_its_subclasses():
    name = f"{__name__}.Own"
    assert find_transient(Own(), [name]) == name
    assert find_transient(Below(), [name]) == name
    assert find_transient(Own(), [f"{__name__}.Below"]) == ""


@pytest.mark.parametrize("name", ["Own", "nowhere.Own", f"{__name__}.Missing", f"{__name__}.pytestmark"])
def test_a_name_of_no_imported_class_matches_nothing(name):
    assert find_transient(Own(), [name]) == ""


@pytest.mark.parametrize(("declared", "found"), [("40001", "40001"), ("40", "40"), ("40P01", ""), ("4", "")])
def test_a_sqlstate_is_declared_whole_or_by_its_class(declared, found):
    assert find_transient(Conflict(), [declared]) == found


def test_an_error_is_described_by_its_class_and_the_first_sqlstate_of_its_causes():
    assert describe(ValueError("x")) == "ValueError"
    assert describe(Conflict()) == f"{__name__}.Conflict [40001]"
    assert describe(chain(ValueError(), Conflict())) == "ValueError [40001]"
    assert describe(psycopg.errors.DeadlockDetected()) == "psycopg.errors.DeadlockDetected [40P01]"


@pytest.mark.parametrize("name", DEFAULT_TRANSIENT)
def test_every_default_can_be_declared_and_is_no_assertion(name):
    assert is_class_or_sqlstate(name)
    assert name not in ASSERTION


@pytest.mark.parametrize("name", ["", "Error", "4000", "400011", "4000a", "a.b ", "a..b", ".a", "a.", "1.a", "a-b.c"])
def test_what_is_neither_a_full_name_nor_a_sqlstate_cannot_be_declared(name):
    assert not is_class_or_sqlstate(name)
