-- What the generator has to know of a schema. Names come quoted as SQL needs them (format %I), types
-- and expressions in the server's own normal form. %(oids)s are tables.

-- name: wanted
-- Tables of these schemas that can be asked for. What an extension owns is left out.
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
    c.relispartition AS partition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
        AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname;

-- name: tables
-- These tables and all that they reference, step by step. A rewrite rule on INSERT forbids
-- ON CONFLICT.
WITH RECURSIVE reached (oid) AS (
    SELECT unnest(%(oids)s::oid[])
    UNION
    SELECT k.confrelid FROM pg_constraint k JOIN reached r ON k.conrelid = r.oid
    WHERE k.contype = 'f'
)
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name,
    format('%%I.%%I', n.nspname, c.relname) AS sql, quote_ident(c.relname) AS bare,
    EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type IN ('2', '3')) AS rules
FROM reached r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY n.nspname, c.relname;

-- name: columns
-- Their columns. "automatic" are those that PostgreSQL numbers itself. "inputs" are the columns that
-- a generated column is computed from.
SELECT a.attrelid::bigint AS "table", a.attnum AS number, a.attname AS name,
    quote_ident(a.attname) AS sql, a.atttypid::bigint AS type, a.atttypmod AS typmod,
    format_type(a.atttypid, a.atttypmod) AS type_sql, a.attnotnull AS not_null,
    a.attidentity <> '' OR (a.attgenerated = ''
        AND coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%', false)) AS automatic,
    a.attidentity = 'a' AS always,
    CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated,
    ARRAY(SELECT DISTINCT p.refobjsubid FROM pg_depend p WHERE a.attgenerated <> ''
        AND p.refclassid = 'pg_class'::regclass AND p.refobjid = a.attrelid
        AND p.refobjsubid NOT IN (0, a.attnum)
        AND ((p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid)
            OR (p.classid = 'pg_class'::regclass AND p.objid = a.attrelid
                AND p.objsubid = a.attnum))) AS inputs
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;

-- name: checks
-- CHECK constraints, but for those that are not enforced (18; read through JSON because the column
-- is not there before). "bodies" are those of the schema's functions that they call.
SELECT k.conrelid::bigint AS "table", k.conname AS name, pg_get_expr(k.conbin, k.conrelid) AS expression,
    coalesce(k.conkey, '{}') AS columns,
    ARRAY(SELECT coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) FROM pg_depend d
        JOIN pg_proc p ON p.oid = d.refobjid
        WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
            AND d.refclassid = 'pg_proc'::regclass ORDER BY p.oid) AS bodies
FROM pg_constraint k
WHERE k.contype = 'c' AND k.conrelid = ANY (%(oids)s::oid[])
    AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
ORDER BY k.conrelid, k.conname;

-- name: partitions
-- The leaves below these tables, or the table itself where it is a partition: each with the
-- condition that a row must meet to belong there. A partitioned table without leaves takes nothing.
SELECT root.oid::bigint AS "table", leaf.relname AS name,
    coalesce(pg_get_partition_constraintdef(leaf.oid), 'true') AS expression,
    ARRAY(SELECT DISTINCT d.refobjsubid FROM pg_partition_ancestors(leaf.oid) up (oid)
        JOIN pg_partitioned_table p ON p.partrelid = up.oid
        CROSS JOIN LATERAL (
            SELECT a.attname FROM unnest(p.partattrs::int2[]) u (n)
                JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = u.n
            UNION
            SELECT a.attname FROM pg_depend e
                JOIN pg_attribute a ON a.attrelid = e.refobjid AND a.attnum = e.refobjsubid
            WHERE e.classid = 'pg_class'::regclass AND e.objid = p.partrelid AND e.objsubid = 0
                AND e.refclassid = 'pg_class'::regclass AND e.refobjid = p.partrelid
                AND e.refobjsubid > 0 AND p.partexprs IS NOT NULL
        ) AS used
        JOIN LATERAL (SELECT a.attnum AS refobjsubid FROM pg_attribute a
            WHERE a.attrelid = root.oid AND a.attname = used.attname) d ON true) AS columns
FROM unnest(%(oids)s::oid[]) root (oid)
CROSS JOIN LATERAL pg_partition_tree(root.oid) tree
JOIN pg_class leaf ON leaf.oid = tree.relid
WHERE tree.isleaf AND leaf.relkind <> 'p'
ORDER BY root.oid, leaf.relname;

-- name: keys
-- Unique indexes and exclusion constraints: what may not be there twice. "columns" are those of the
-- keys, expressions included, the predicate's not. "expressions" is one text for each key column.
SELECT i.indrelid::bigint AS "table", c.relname AS name, i.indimmediate AS immediate,
    i.indisexclusion AS exclusion,
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false) FROM generate_series(1, i.indnkeyatts) n)
        AS expressions,
    i.indexprs IS NOT NULL AS computed,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    ARRAY(SELECT DISTINCT a.attnum FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped
            AND (a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                OR (i.indexprs IS NOT NULL AND EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                        AND d.refobjsubid = a.attnum)
                    -- The predicate's columns are among these: those of the keys are named there.
                    AND EXISTS (SELECT FROM generate_series(1, i.indnkeyatts) n
                        WHERE position(quote_ident(a.attname)
                            IN pg_get_indexdef(i.indexrelid, n, false)) > 0)))) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%(oids)s::oid[]) AND (i.indisunique OR i.indisexclusion)
ORDER BY i.indrelid, cardinality(i.indkey::int2[]), c.relname;

-- name: foreign_keys
-- Foreign keys, less those that a partition has from its parent and, from 18, those not enforced.
SELECT k.conrelid::bigint AS "table", k.conname AS name, k.confrelid::bigint AS target,
    k.conkey AS columns, k.condeferrable AS deferrable,
    ARRAY(SELECT quote_ident(a.attname) FROM unnest(k.confkey) WITH ORDINALITY u (n, o)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o) AS referenced
FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid = ANY (%(oids)s::oid[])
    AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
    AND NOT EXISTS (SELECT FROM pg_constraint above WHERE above.oid = k.conparentid
        AND above.conrelid = k.conrelid)
ORDER BY k.conrelid, k.conname;

-- name: types
-- The types of their columns and all that these are made of: elements, bases, subtypes, fields.
WITH RECURSIVE used (oid) AS (
    SELECT DISTINCT a.atttypid FROM pg_attribute a
    WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT part.oid FROM used u JOIN pg_type t ON t.oid = u.oid
    LEFT JOIN pg_range r ON r.rngtypid = t.oid
    LEFT JOIN pg_range m ON m.rngmultitypid = t.oid
    CROSS JOIN LATERAL (
        SELECT e.oid FROM pg_type e WHERE e.typarray = t.oid AND e.oid = t.typelem
        UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL SELECT r.rngsubtype WHERE t.typtype = 'r'
        UNION ALL SELECT m.rngtypid WHERE t.typtype = 'm'
        UNION ALL SELECT a.atttypid FROM pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) part
)
SELECT t.oid::bigint AS oid, t.typname AS name, format('%%I.%%I', n.nspname, t.typname) AS sql,
    t.typtype::text AS kind, t.typcategory::text AS category, t.typnotnull AS not_null,
    t.typbasetype::bigint AS base, t.typtypmod AS base_typmod,
    coalesce((SELECT e.oid::bigint FROM pg_type e WHERE e.typarray = t.oid AND e.oid = t.typelem), 0)
        AS element,
    coalesce(r.rngsubtype, m.rngtypid, 0)::bigint AS subtype,
    ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
        AS labels,
    ARRAY(SELECT a.atttypid::bigint || ' ' || a.atttypmod FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum) AS fields,
    ARRAY(SELECT pg_get_expr(k.conbin, 0) FROM pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname) AS checks
FROM used u JOIN pg_type t ON t.oid = u.oid JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_range m ON m.rngmultitypid = t.oid;
