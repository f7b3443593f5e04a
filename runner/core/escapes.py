"""Takes a terminal's escape sequences out of a stream of bytes that comes in pieces. Pure."""

import re

SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][ -~]|[ -',-Z\\^-~])")
"""Control sequences, operating system commands, character sets, and single characters (ECMA-48)."""

LONGEST = 4096
"""Bytes of a sequence that is still open; more are no sequence."""


class EscapeFilter:
    """Passes on what is text; a sequence may be cut in two."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The text in the next piece."""
        text = SEQUENCE.sub(b"", self._held + data)
        start = text.rfind(b"\x1b", -LONGEST)
        # An operating system command may end with two bytes of which the first is an escape too.
        opening = text.rfind(b"\x1b]", -LONGEST)
        start = opening if 0 <= opening < start else start
        self._held = text[start:] if start >= 0 else b""
        return text[:start] if start >= 0 else text

    def end(self) -> bytes:
        """What was held back, and is no sequence after all."""
        held, self._held = self._held, b""
        return held
