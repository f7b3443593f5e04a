"""What an open transaction has changed or made, asked of Postgres's catalog in that transaction. SQL as text.

Which tables it may have changed is told by the locks that it holds until its end; which objects it made, by their rows
in the catalog, which have its number or a later one: those of its savepoints.
"""

from __future__ import annotations

OWN = "/* ephemeral-runner */ "
"""Begins our statements, so that the lines of a test in Postgres's log have none of them (core/statements.py)."""

SAVEPOINT = "ephemeral_runner_kept"

PREPARE = (
    "SET LOCAL client_min_messages = error; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '1s';"
    " SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = postgres;"
    " SET LOCAL bytea_output = hex; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on;"
    # Every name is written with its schema then.
    " SET LOCAL search_path = ''"
)

NUMBER = "SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text"

USER_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
"""Stands where the others have `{user}`; `n` is the schema."""

CHANGED = """
SELECT c.oid::text, format('%I.%I', n.nspname, c.relname), c.relkind::text, l.whole::text,
    (c.xmin::text::bigint >= {number})::text, c.relpersistence::text, pg_table_size(c.oid)::text,
    CASE WHEN c.relispartition THEN (SELECT format(' PARTITION OF %s %s', inhparent::regclass,
        pg_get_expr(c.relpartbound, c.oid)) FROM pg_inherits WHERE inhrelid = c.oid) END,
    CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END
FROM (
    SELECT relation, bool_or(mode = 'AccessExclusiveLock') AS whole FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND mode IN
        ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    GROUP BY relation
) l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND ({user} OR c.relpersistence = 't')
ORDER BY c.relispartition, c.oid
"""
"""Oid, name, kind, whether nobody else can read it, whether it is new, permanence, bytes, and of partitions."""

COLUMNS = """
SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> t.typcollation
        THEN (SELECT format(' COLLATE %I.%I', n.nspname, l.collname) FROM pg_collation l
            JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) ELSE '' END,
    a.attnotnull::text, a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

CONSTRAINTS = """
SELECT format('CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE conrelid = {oid} AND contype IN ('p', 'u', 'c', 'x') AND conparentid = 0 AND conislocal ORDER BY contype, oid
"""

SEQUENCES = """
SELECT format('%I.%I', n.nspname, c.relname), format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s'
    ' CACHE %s%s', format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
    CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END), d.deptype::text, d.refobjid::regclass::text,
    quote_ident(a.attname), quote_literal(a.attname)
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE {user} AND (c.xmin::text::bigint >= {number} OR d.refobjid = ANY (ARRAY[{whole}]::oid[])
    OR c.oid IN (SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'))
ORDER BY c.oid
"""
"""Name, definition, `i` of an identity or `a` of a column's default, that table, that column as a name and as text."""

VALUES = "SELECT last_value::pg_catalog.text, is_called::pg_catalog.text FROM {name}"

TYPES = (
    """SELECT format('%I.%I', n.nspname, t.typname), format('CREATE TYPE %I.%I AS ENUM (%s);', n.nspname, t.typname,
        (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'e' AND t.xmin::text::bigint >= {number} AND {user} ORDER BY t.oid""",
    """SELECT format('%I.%I', n.nspname, t.typname), format('CREATE TYPE %I.%I AS (%s);', n.nspname, t.typname,
        (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped))
    FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE c.relkind = 'c' AND t.xmin::text::bigint >= {number} AND {user} ORDER BY t.oid""",
    """SELECT format('%I.%I', n.nspname, t.typname), format('CREATE DOMAIN %I.%I AS %s%s%s%s;', n.nspname, t.typname,
        format_type(t.typbasetype, t.typtypmod), ' DEFAULT ' || t.typdefault,
        CASE WHEN t.typnotnull THEN ' NOT NULL' END,
        (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '') FROM pg_constraint
        WHERE contypid = t.oid AND contype = 'c'))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'd' AND t.xmin::text::bigint >= {number} AND {user} ORDER BY t.oid""",
)
"""Each of these and of the following: names, and what makes the objects."""

SCHEMAS = """
SELECT quote_ident(n.nspname), format('CREATE SCHEMA IF NOT EXISTS %I;', n.nspname) FROM pg_namespace n
WHERE n.xmin::text::bigint >= {number} AND {user}
"""

FUNCTIONS = """
SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) || ';'
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p') AND p.xmin::text::bigint >= {number} AND {user} ORDER BY p.oid
"""

AFTER_ROWS = (
    """SELECT format('index %I.%I', n.nspname, c.relname), pg_get_indexdef(c.oid) || ';'
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE (c.xmin::text::bigint >= {number} OR i.indrelid = ANY (ARRAY[{whole}]::oid[])) AND {user}
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND conrelid = i.indrelid)
        AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) ORDER BY c.oid""",
    """SELECT format('foreign key %I of %s', k.conname, k.conrelid::regclass),
        format('ALTER TABLE %s ADD CONSTRAINT %I %s;', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND {user} AND (k.xmin::text::bigint >= {number}
        OR k.conrelid = ANY (ARRAY[{whole}]::oid[]) OR k.confrelid = ANY (ARRAY[{whole}]::oid[])) ORDER BY k.oid""",
    """SELECT format('view %I.%I', n.nspname, c.relname),
        format('CREATE OR REPLACE VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND c.xmin::text::bigint >= {number} AND {user} ORDER BY c.oid""",
    """SELECT format('trigger %I of %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid) || ';'
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND {user}
        AND (t.xmin::text::bigint >= {number} OR t.tgrelid = ANY (ARRAY[{whole}]::oid[])) ORDER BY t.oid""",
)
