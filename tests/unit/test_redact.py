"""Secrets do not survive what is kept of a failed test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.redact import REDACTED, Redactor, is_secret

pytestmark = [pytest.mark.unit, pytest.mark.security]

NOTHING = Redactor([])

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc+/=\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "MYSQL_PASSWD",
        "api_key",
        "APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "STRIPE_KEY",
        "KEY",
        "KEY_2",
        "DJANGO_SECRET",
        "GOOGLE_CREDENTIALS",
        "BASIC_AUTH",
        "AUTHORIZATION",
        "SENTRY_DSN",
        "SSH_PASSPHRASE",
        "FTP_PWD",
        "GH_PAT",
    ],
)
def test_a_name_tells_that_a_value_is_secret(name):
    assert is_secret(name)
    assert NOTHING.redact_environment({name: "x"}) == {name: REDACTED}


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "PATH", "GIT_AUTHOR_NAME", "KEYBOARD", "MONKEY", "HOME", "COMPASS"])
def test_other_names_tell_nothing(name):
    assert not is_secret(name)
    assert NOTHING.redact_environment({name: "a value"}) == {name: "a value"}


def test_an_empty_value_stays_empty():
    assert NOTHING.redact_environment({"TOKEN": ""}) == {"TOKEN": ""}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("key ghp_16C7e42F292c6912E7710c838347Ae178B4a!", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("github_pat_11ABCDEFG0abcdefghijkl_x", "github_pat_11ABCDEFG0abcdefghijkl_x"),
        ("glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"),
        ("xoxb-123456789012-abcdef", "xoxb-123456789012-abcdef"),
        ("sk_live_abcdefgh12345678", "sk_live_abcdefgh12345678"),
        (f"cookie={JWT};", JWT),
        (f"x\n{KEY}\ny", "MIIEow"),
        (f"PEM = {KEY!r}", "MIIEow"),
        ("-----BEGIN PRIVATE KEY-----\ncut in the middle", "cut in the middle"),
        ("Authorization: Bearer abc.def-ghi_123", "abc.def-ghi_123"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("ALTER ROLE gw0 PASSWORD 'it''s mine'", "it''s mine"),
        ("create user x with encrypted password E'hidden\\n'", "hidden"),
        ('{"password": "hidden one", "user": "x"}', "hidden one"),
        ("connect(user='x', password='hidden')", "hidden"),
        ("self.api_key = 'hidden'", "hidden"),
        ("host=x password=hidden dbname=y", "hidden"),
        ("postgresql://user:hid/d#n?@host/db", "hid/d#n?"),
        ("redis://:hidden@redis:6379/0", "hidden"),
        ("postgresql+psycopg://u:a@b@host/db", "a@b"),
        ("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", "c3RvcmVk"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text, secret):
    redacted = NOTHING.redact(text)
    assert secret not in redacted
    assert REDACTED in redacted
    assert NOTHING.redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "assert total == 12",
        "the token is missing",
        "password = form.get(field)",
        "postgresql://host:5432/db",
        "user@example.org",
        "INSERT INTO item (secret) VALUES (NULL)",
        "http://localhost:8000/a?b=c",
        "SELECT 'a:b' FROM t WHERE key = 1",
    ],
)
def test_other_text_stays(text):
    assert NOTHING.redact(text) == text


def test_a_value_is_found_wherever_it_stands_and_however_it_is_written():
    redactor = Redactor([{"API_TOKEN": "it's a\nse/cret"}, {"DATABASE_URL": "postgresql://u:p%40ss-word@h/d"}])
    text = (
        "a it's a\nse/cret b it''s a\nse/cret c it%27s%20a%0Ase%2Fcret d 'it\\'s a\\nse/cret' e p@ss-word f p%40ss-word"
    )
    assert (
        redactor.hide_values(text) == f"a {REDACTED} b {REDACTED} c {REDACTED} d '{REDACTED}' e {REDACTED} f {REDACTED}"
    )


def test_short_values_and_words_are_not_looked_for_everywhere():
    redactor = Redactor([{"TOKEN": "abc", "DB_PASSWORD": "postgres", "SECRET": "      "}])
    assert redactor.hide_values("abc postgres       ") == "abc postgres       "
    assert redactor.redact_environment({"TOKEN": "abc"}) == {"TOKEN": REDACTED}


def test_in_data_only_known_values_are_taken_out():
    redactor = Redactor([{"TOKEN": "a-known-value"}])
    assert (
        redactor.hide_values("('AKIAIOSFODNN7EXAMPLE', 'a-known-value')") == f"('AKIAIOSFODNN7EXAMPLE', '{REDACTED}')"
    )


def test_files_of_any_encoding_are_redacted():
    redactor = Redactor([{"TOKEN": "a-known-value"}])
    assert redactor.redact_bytes(b"\xff\x00 a-known-value \xe9") == b"\xff\x00 [redacted] \xe9"


@given(st.text(), st.text(), st.text(min_size=6).filter(lambda text: not text.isspace()))
def test_no_known_value_survives_in_any_surroundings(before, after, secret):
    redactor = Redactor([{"TOKEN": secret}])
    kept = redactor.redact(before + secret + after)
    if secret.lower() not in {"postgres", "password", "secret"} and secret not in REDACTED + before + after:
        assert secret not in kept.replace(REDACTED, "\0")


@given(st.text())
def test_redacting_never_fails_and_twice_is_once(text):
    once = NOTHING.redact(text)
    assert NOTHING.redact(once) == once
    assert NOTHING.redact_bytes(text.encode()).decode() == once
