"""The result of `setup` as SQL: what a superuser prepares, and what each slot's own role then makes. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runner.core.overlay import Block, split_dump

END = "\n-- ephemeral-runner: end of the snapshot "
LAST_WORDS = "\n--\n-- PostgreSQL database dump complete\n"
"""Of pg_dump, behind the last object whichever that is."""

BOUNDARY = "-- ephemeral-runner: from here on as the slot's role\n"


@dataclass(frozen=True)
class Script:
    """SQL that makes what `setup` made.

    Attributes:
        preamble: for a superuser, once for each database.
        body: for the role of the slot; in schema mode it names the schema `runner_template`.
    """

    preamble: str = ""
    body: str = ""

    def as_text(self) -> str:
        """Both parts as the text of a file, which ends with what tells whether it is whole."""
        text = self.preamble + BOUNDARY + self.body
        return f"{text}{END}{make_digest(text)}\n"


def parse_script(text: str) -> Script | None:
    """The script in a file's text, or None where it is not a whole one."""
    whole, _, digest = text.rpartition(END)
    preamble, boundary, body = whole.partition(BOUNDARY)
    return Script(preamble, body) if boundary and digest.strip() == make_digest(whole) else None


def make_digest(text: str) -> str:
    """64 hex digits over a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_snapshot_key(setup: Iterable[str], inputs: Mapping[str, bytes], environment: Iterable[str]) -> str:
    """16 hex digits over all that decides what `setup` makes.

    Args:
        setup: the commands, in order.
        inputs: the files that `setup_inputs` matches, by path.
        environment: the images, the kind of slot, and whatever else the commands run in.
    """
    digest = hashlib.sha256()
    for parts in ([*setup], [*environment]):
        digest.update(f"{len(parts)};".encode())
        for text in parts:
            digest.update(f"{len(text)}:{text}".encode())
    for name in sorted(inputs):
        digest.update(f"{len(name)}:{name}:{len(inputs[name])}:".encode() + inputs[name])
    return digest.hexdigest()[:16]


def strip_schema(body: str, schema: str) -> str:
    """The body without the statement that makes its schema, which the slot's role may not do."""
    return re.sub(rf"^CREATE SCHEMA {re.escape(schema)};\n", "", body, count=1, flags=re.MULTILINE)


def subtract(dump: str, known: str) -> str:
    """A dump without the objects that another one has just so."""
    head, blocks = split_dump(cut_end(dump))
    there = {*map(simplify, split_dump(cut_end(known))[1])}
    return head + "".join(make_section(each) for each in blocks if simplify(each) not in there)


def simplify(block: Block) -> Block:
    """A block without what pg_dump sets for the one behind it, which is the default."""
    return Block(block.name, re.sub(r"^SET default_\w+ = .*;\n", "", block.sql, flags=re.MULTILINE).strip())


def cut_end(dump: str) -> str:
    """A dump without its last words, which would be part of its last object."""
    before, found, _ = dump.rpartition(LAST_WORDS)
    return before if found else dump


def make_section(block: Block) -> str:
    """A block with its name above it, for people."""
    return f"--\n-- {block.name}\n--\n{block.sql}"
