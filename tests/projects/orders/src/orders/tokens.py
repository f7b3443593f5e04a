"""API tokens, of which only digests are stored."""

import hashlib
import secrets
from datetime import datetime

SCHEME = "bearer"


def issue_token() -> str:
    """Return a new random token."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Return the digest under which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_token(header: str | None) -> str | None:
    """Return the token of an Authorization header, if there is a well-formed one."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != SCHEME or not token or token != token.strip() or " " in token:
        return None
    return token


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a token with this expiry is no longer valid."""
    return expires_at is not None and expires_at <= now
