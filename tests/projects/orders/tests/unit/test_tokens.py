"""API tokens as plain values."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.tokens import bearer_token, is_expired, issue_token, token_digest

pytestmark = pytest.mark.unit

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_tokens_differ() -> None:
    assert issue_token() != issue_token()


def test_digest_is_sha256() -> None:
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER abc"])
def test_well_formed_headers(header: str) -> None:
    assert bearer_token(header) == "abc"


@pytest.mark.parametrize("header", [None, "", "abc", "Bearer", "Bearer ", "Bearer  abc", "Bearer a b", "Basic abc"])
def test_malformed_headers(header: str | None) -> None:
    assert bearer_token(header) is None


@pytest.mark.parametrize(
    ("expires_at", "expired"),
    [(None, False), (NOON + timedelta(seconds=1), False), (NOON, True), (NOON - timedelta(days=1), True)],
)
def test_expiry(expires_at: datetime | None, expired: bool) -> None:
    assert is_expired(expires_at, NOON) is expired
