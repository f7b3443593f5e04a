"""What only an open transaction sees, as SQL that puts it onto the committed state: tables with their rows, sequences.

All is asked within a savepoint of the transaction itself, which is as it was afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from . import catalog
from .open_transactions import StatementError, Transaction

LARGEST = 16_000_000
"""Bytes of a table that is read, and of a whole overlay."""

ROWS_AT_ONCE = 200
"""Rows that one INSERT has."""

REMOVAL = "DELETE FROM ONLY {name};"
INSERTION = "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE VALUES\n"
NO_COLUMN = "INSERT INTO {name} DEFAULT VALUES;"
ROWS = "SELECT {values} FROM ONLY {name}{own}"

NOBODY = 1 << 62
"""The number of a transaction that has changed nothing: greater than any."""


@dataclass
class Overlay:
    """What one transaction sees."""

    database: str
    blocks: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@dataclass
class Table:
    """A table that the transaction may have changed; `whole`: nobody else can read it."""

    oid: str
    name: str
    kind: str
    whole: bool
    new: bool
    size: int
    partition: str
    partitioned: str


class Reader:
    """Reads one transaction."""

    def __init__(self, transaction: Transaction, token: str, known: set[str]) -> None:
        """Read nothing yet.

        Args:
            transaction: that can be asked.
            token: stands before the name of each block, and in no row.
            known: tables that another transaction's overlay has already; of these only its own rows are added.
        """
        self._transaction, self._token, self._known = transaction, token, known
        self._overlay = Overlay(transaction.database)
        self._size = 0
        self._fields = {"number": str(NOBODY), "whole": "", "user": catalog.USER_SCHEMA}

    def read(self) -> Overlay:
        """The overlay, which has no blocks where the transaction has changed nothing.

        What Postgres refuses is a reason in `unseen`.
        """
        run, name = self._run, catalog.SAVEPOINT
        try:
            run(f"SAVEPOINT {name}")
            try:
                run(catalog.PREPARE)
                self._read()
            finally:
                run(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")
        except StatementError as error:
            self._overlay.blocks.clear()
            self._overlay.tables.clear()
            self._overlay.unseen.append(f"the open transaction of pid {self._transaction.pid}: {error}")
        return self._overlay

    def _run(self, statement: str) -> list[tuple[str | None, ...]]:
        return self._transaction.run(catalog.OWN + statement)

    def _ask(self, query: str, **fields: str) -> list[tuple[str, ...]]:
        rows = self._run(query.format_map(self._fields | fields))
        return [tuple(each or "" for each in row) for row in rows]

    def _add(self, name: str, sql: str) -> None:
        self._size += len(sql)
        if self._size > LARGEST:
            raise StatementError(f"it sees more than {LARGEST / 1e6:.0f} MB")
        self._overlay.blocks.append(f"\n-- {self._token} {name}\n{sql}\n")

    def _read(self) -> None:
        number = self._ask(catalog.NUMBER)[0][0]
        self._fields["number"] = number or str(NOBODY)
        tables = list(self._find_tables())
        self._fields["whole"] = ", ".join(each.oid for each in tables if each.whole)
        if not number:
            tables = [each for each in tables if each.whole]
        if not (number or tables):
            return
        self._add_each("schema", catalog.SCHEMAS)
        for query in catalog.TYPES:
            self._add_each("type", query)
        sequences = self._ask(catalog.SEQUENCES)
        for name, definition, kind, *_ in sequences:
            if kind != "i":
                self._add(f"sequence {name}", f"CREATE SEQUENCE IF NOT EXISTS {name} {definition};")
        self._add_each("function", catalog.FUNCTIONS)
        for table in tables:
            self._add_table(table)
        for sequence in sequences:
            self._add_sequence(*sequence)
        for query in catalog.AFTER_ROWS:
            self._add_each("", query)

    def _find_tables(self) -> Iterator[Table]:
        for oid, name, kind, whole, new, permanence, size, partition, partitioned in self._ask(catalog.CHANGED):
            if permanence == "t":
                self._overlay.unseen.append(f"the temporary table {name} of pid {self._transaction.pid} is not kept")
            else:
                yield Table(oid, name, kind, whole == "true", new == "true", int(size), partition, partitioned)

    def _add_each(self, kind: str, query: str) -> None:
        for name, sql in self._ask(query):
            self._add(f"{kind} {name}".strip(), sql)

    def _add_table(self, table: Table) -> None:
        columns = self._ask(catalog.COLUMNS, oid=table.oid)
        if (table.new or table.whole) and table.name not in self._known:
            self._add(f"table {table.name}", self._make_table(table, columns))
        if table.size > LARGEST:
            reason = f"has {table.size / 1e6:.0f} MB, more than {LARGEST / 1e6:.0f}"
            self._overlay.unseen.append(f"what the open transaction changed in {table.name}, which {reason}")
        elif table.kind == "r":
            self._add_rows(table, [name for name, _, _, _, generated, _ in columns if not generated])
        self._overlay.tables.append(table.name)
        self._known.add(table.name)

    def _make_table(self, table: Table, columns: list[tuple[str, ...]]) -> str:
        if table.partition:
            return f"CREATE TABLE IF NOT EXISTS {table.name}{table.partition}{table.partitioned};"
        parts = [make_column(*column) for column in columns]
        parts += [row[0] for row in self._ask(catalog.CONSTRAINTS, oid=table.oid)]
        return f"CREATE TABLE IF NOT EXISTS {table.name} (\n    " + ",\n    ".join(parts) + f"\n){table.partitioned};"

    def _add_rows(self, table: Table, columns: list[str]) -> None:
        """All rows in the place of those there are; of a table that is known, the transaction's own beside them."""
        is_known = table.name in self._known
        values = " || ', ' || ".join(f"quote_nullable({name}::text)" for name in columns) or "''"
        own = f" WHERE xmin::text::bigint >= {self._fields['number']}" if is_known else ""
        rows = [row[0] for row in self._ask(ROWS, values=values, name=table.name, own=own)]
        begin = INSERTION.format(name=table.name, columns=", ".join(columns))
        end = "\nON CONFLICT DO NOTHING;" if is_known else ";"
        parts = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
        if columns:
            statements = [begin + ",\n".join(f"({row})" for row in part) + end for part in parts]
        else:
            statements = [NO_COLUMN.format(name=table.name) for _ in rows]
        if not is_known:
            statements.insert(0, REMOVAL.format(name=table.name))
        self._add(f"rows of {table.name}", "\n".join(statements))

    def _add_sequence(self, name: str, _: str, kind: str, table: str, column: str, literal: str) -> None:
        last, called = self._ask(catalog.VALUES, name=name)[0]
        place = quote(name)
        if kind == "i":
            place = f"pg_catalog.pg_get_serial_sequence({quote(table)}, {literal})"
        owned = f"ALTER SEQUENCE {name} OWNED BY {table}.{column};\n" if kind == "a" else ""
        self._add(f"rows of {name}", f"{owned}SELECT pg_catalog.setval({place}, {last}, {called});")


def make_column(name: str, kind: str, required: str, identity: str, generated: str, default: str) -> str:
    """A column as CREATE TABLE has it."""
    text = f"{name} {kind}"
    if generated:
        return f"{text} GENERATED ALWAYS AS ({default}) STORED"
    if identity:
        return f"{text} GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    return text + (f" DEFAULT {default}" if default else "") + (" NOT NULL" if required == "true" else "")


def quote(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_overlay(transaction: Transaction, token: str, known: set[str]) -> Overlay:
    """What a transaction sees; a connection that is lost is a reason in `unseen` too."""
    overlay = Overlay(transaction.database)
    with suppress(Exception):
        return Reader(transaction, token, known).read()
    overlay.unseen.append(f"the open transaction of pid {transaction.pid}: its connection could not be asked")
    return overlay
