-- What `tracking` asks at each look: which rows are new, which objects hang on them. The parts in
-- braces are filled in from the tables of `watches`.

-- name: look
-- What every part of a look compares with, the parts, and where the next look begins. A row is new
-- when it was written by a transaction from %(horizon)s on; of the watches in %(listed)s every row is
-- given.
WITH h AS MATERIALIZED (
    SELECT age(%(horizon)s::text::xid) AS age, %(listed)s::text[] AS listed
)
SELECT 'horizon' AS watch, pg_snapshot_xmax(pg_current_snapshot())::xid::text::bigint AS rows,
    NULL::text[] AS found
UNION ALL {parts};

-- name: watched
-- One watch, as one part of a look: the number of its rows, and those that are new: their key and
-- the object (catalog and oid) that they belong to.
SELECT {watch} AS watch, count(*) AS rows,
    array_agg({key} || ' ' || {owner_catalog} || ' ' || {owner})
        FILTER (WHERE age(r.xmin) <= h.age OR {watch} = ANY (h.listed)) AS found
FROM h, {catalog} r WHERE {condition};

-- name: rare
-- The same of what makes a full read necessary when it changes; its rows belong to no object.
SELECT 'rare', count(*), array_agg({key} || ' 0 0') FILTER (WHERE age(r.xmin) <= h.age)
FROM h, {catalog} r WHERE {condition};

-- name: dependents
-- These objects and all that depends on them, step by step: their definitions may name them. What
-- depends by a rule is the view, by a default the table, though pg_depend says it of neither.
-- `form` is the kind of a relation or type (relkind, typtype), NULL when it is gone. `hidden` tells
-- whether it has a name that PostgreSQL's own catalog has too.
WITH RECURSIVE affected (catalog, oid) AS (
    SELECT * FROM unnest(%(catalogs)s::oid[], %(oids)s::oid[])
    UNION
    SELECT n.catalog, n.oid FROM affected a CROSS JOIN LATERAL (
        SELECT d.classid, d.objid FROM pg_depend d
        WHERE d.refclassid = a.catalog AND d.refobjid = a.oid
        UNION ALL
        SELECT 'pg_class'::regclass, r.ev_class FROM pg_rewrite r
        WHERE a.catalog = 'pg_rewrite'::regclass AND r.oid = a.oid
        UNION ALL
        SELECT 'pg_class'::regclass, f.adrelid FROM pg_attrdef f
        WHERE a.catalog = 'pg_attrdef'::regclass AND f.oid = a.oid
    ) n (catalog, oid)
)
SELECT a.catalog::bigint, a.oid::bigint, c.relkind::text AS form,
    EXISTS (SELECT FROM pg_class p WHERE p.relname = c.relname
        AND p.relnamespace = 'pg_catalog'::regnamespace) AS hidden
FROM affected a LEFT JOIN pg_class c ON c.oid = a.oid
    AND c.relnamespace = ANY (%(schemas)s::oid[])
WHERE a.catalog = 'pg_class'::regclass
UNION ALL
SELECT a.catalog, a.oid, CASE WHEN t.typrelid = 0 OR c.relkind = 'c' THEN t.typtype::text END,
    EXISTS (SELECT FROM pg_type p WHERE p.typname = t.typname
        AND p.typnamespace = 'pg_catalog'::regnamespace)
FROM affected a LEFT JOIN pg_type t ON t.oid = a.oid
    AND t.typnamespace = ANY (%(schemas)s::oid[])
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE a.catalog = 'pg_type'::regclass
UNION ALL
SELECT a.catalog, a.oid, '', false FROM affected a
WHERE a.catalog NOT IN ('pg_class'::regclass, 'pg_type'::regclass);

-- name: has_privileges
-- Whether anything was granted or revoked on these objects.
SELECT EXISTS (SELECT FROM pg_class WHERE oid = ANY (%(oids)s::oid[]) AND relacl IS NOT NULL)
    OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = ANY (%(oids)s::oid[]) AND attacl IS NOT NULL)
    OR EXISTS (SELECT FROM pg_type WHERE oid = ANY (%(oids)s::oid[]) AND typacl IS NOT NULL) AS found;

-- name: catalog_numbers
-- The oids of the system catalogs.
SELECT relname::text, oid::bigint FROM pg_class
WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r';
