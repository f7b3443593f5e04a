"""Secrets taken out of what is kept of a failed test, by the names of variables and by what tokens look like. Pure.

It cannot be complete. What is told as a secret by its name is found wherever its value stands; what looks like one is
found by its shape; too much rather than too little.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

REDACTED = "[redacted]"

SECRET_NAME = re.compile(
    r"PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|PRIVATE_?KEY|SIGNING_?KEY"
    r"|(?:^|_)(?:PASS|PWD|KEYS?|AUTH|AUTHORIZATION|PAT|JWT|COOKIES?|BEARER|SALT|DSN)(?:_|\d|$)",
    re.IGNORECASE,
)
"""Names of variables whose values are secrets. `PWD` alone is the folder that a shell is in."""

HARMLESS_NAMES = frozenset({"PWD", "OLDPWD"})

SHORTEST = 6
"""Characters of a value that is looked for everywhere: a shorter one is part of other words."""

WORDS = frozenset(
    {"postgres", "password", "secret", "localhost", "disabled", "enabled", "default", "testing", "changeme"}
)
"""Values that are words of every text."""

URL_PASSWORD = re.compile(r"""(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'"<>\\]*:)(?P<password>[^\s'"<>\\]+)@""")

SHAPES = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\Z)", re.DOTALL
    ),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"),
    re.compile(r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}"),
    re.compile(r"\b[rs]k_(?:live|test)_\w{8,}|\bsk-[\w-]{20,}|\bAIza[\w-]{30,}|\bnpm_\w{30,}|\bpypi-[\w-]{20,}"),
    re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"),
    re.compile(r"\b[0-9a-f]{32}-(?:gw\d+|master|runner_template)\b"),
    re.compile(r"SCRAM-SHA-256\$\d+:[\w+/=]+\$[\w+/=]+:[\w+/=]+"),
)
"""Whole tokens, as their makers document them; and the passwords of our own slots (core/slots.py)."""

NAMED = (
    re.compile(r"(?P<before>\b(?:Bearer|Basic|Token)\s+)(?P<secret>[\w.~+/=-]{8,})", re.IGNORECASE),
    re.compile(r"(?P<before>\bPASSWORD\s+(?:E|U&)?')(?P<secret>(?:[^']|'')+)(?=')", re.IGNORECASE),
    re.compile(
        r"(?P<before>\b[\w.-]*(?:passwo?r?d|passphrase|secret|token|api_?key|credential)[\w.-]*[\"']?\s*[:=]\s*[bru]?[\"'])"
        r"(?P<secret>[^\"'\s][^\"'\n]*)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<before>\b(?:ssl)?passw(?:or)?d=)(?P<secret>[^\s'\"&;,)(]+)", re.IGNORECASE),
)
"""Secrets that what stands before them tells: in headers, in SQL, in a quoted value, in a connection string."""


class Redactor:
    """Knows the secrets of some environments."""

    def __init__(self, environments: Iterable[Mapping[str, str]]) -> None:
        """Collect values of variables with secret names, and passwords in addresses.

        Args:
            environments: such as the caller's, and what the project sets.
        """
        found = {form for each in environments for value in find_secrets(each) for form in list_forms(value)}
        # The longest first: one may be part of another.
        known = sorted(found, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def hide_values(self, text: str) -> str:
        """A text without the values that are known as secrets; for data, in which nothing else may be changed."""
        return self._known.sub(REDACTED, text) if self._known else text

    def redact(self, text: str) -> str:
        """A text without secrets."""
        text = self.hide_values(text)
        for shape in SHAPES:
            text = shape.sub(REDACTED, text)
        text = URL_PASSWORD.sub(rf"\g<before>{REDACTED}@", text)
        for named in NAMED:
            text = named.sub(rf"\g<before>{REDACTED}", text)
        return text

    def redact_bytes(self, data: bytes) -> bytes:
        """The same for a file, whatever its encoding."""
        return self.redact(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def hide_bytes(self, data: bytes) -> bytes:
        """A file without the values that are known as secrets, whatever its encoding."""
        return self.hide_values(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def redact_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Variables with all their names, and without secret values."""
        return {
            name: REDACTED if value and is_secret(name) else self.redact(value)
            for name, value in sorted(environment.items())
        }


def is_secret(name: str) -> bool:
    """Whether the name of a variable tells that its value is a secret."""
    return name not in HARMLESS_NAMES and SECRET_NAME.search(name) is not None


def find_secrets(environment: Mapping[str, str]) -> set[str]:
    """The values that are to be found wherever they stand."""
    found = {value for name, value in environment.items() if is_secret(name)}
    found |= {password for value in environment.values() for password in find_passwords(value)}
    return {value for value in found if len(value) >= SHORTEST and value.lower() not in WORDS and not value.isspace()}


def find_passwords(text: str) -> set[str]:
    """The passwords in addresses, as they stand there and as they are meant; `{password}` is a place for one."""
    found = {each["password"] for each in URL_PASSWORD.finditer(text)} - {"{password}"}
    return found | {unquote(each) for each in found}


def list_forms(value: str) -> set[str]:
    """A value as it may stand in texts: as it is, in an address, in SQL, in a literal of Python or JSON."""
    literal = value.encode("unicode_escape", errors="surrogatepass").decode() if not value.isascii() else value
    plain = {value, value.strip(), quote(value, safe="", errors="replace"), value.replace("'", "''"), literal}
    escaped = {value.replace("\\", "\\\\").replace("\n", "\\n").replace(char, "\\" + char) for char in "'\""}
    return {each for each in plain | escaped if len(each) >= SHORTEST}
