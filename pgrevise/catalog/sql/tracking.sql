-- What `tracking` asks at each look: which rows are new, which objects hang on them.

-- name: look
-- For each watch the number of its rows, and those that are new: their key and the object (catalog and
-- oid) that they belong to. A row is new when it was written by a transaction from %(horizon)s on;
-- of the watches in %(listed)s every row is given. `horizon` is where the next look begins. `print` is
-- the same when the same versions of the same rows are there; of relations it is what the queries
-- read of them, since PostgreSQL rewrites their rows for its own book-keeping too. It is taken only
-- when %(printed)s.
-- `rare` is a watch of whatever makes a full read necessary; its rows belong to no object.
-- Rows below 16384 are initdb's.
WITH h AS MATERIALIZED (
    SELECT age(%(horizon)s::text::xid) AS age, %(listed)s::text[] AS listed,
        %(printed)s::bool AS printed, age('3'::xid)::bigint AS oldest
)
SELECT 'horizon' AS watch, pg_snapshot_xmax(pg_current_snapshot())::xid::text::bigint AS rows,
    NULL::numeric AS print, NULL::text[] AS found
UNION ALL
-- Relations; a TOAST table stands for the table whose number its name ends in.
SELECT 'relations' AS watch, count(*) AS rows,
    sum(hashtextextended(concat(r.oid, ' ', r.relname, ' ', r.relnamespace, ' ', r.relowner, ' ',
        r.relkind, r.relpersistence, r.relrowsecurity, r.relforcerowsecurity, r.relreplident,
        r.reltoastrelid, ' ', r.relam, ' ', r.reltablespace, ' ', r.reloftype, ' ', r.relacl, ' ',
        r.reloptions, ' ', r.relpartbound), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_class'::regclass::oid || ' ' || CASE r.relkind WHEN 't' THEN substr(r.relname, 10)::oid ELSE r.oid END)
        FILTER (WHERE age(r.xmin) <= h.age OR 'relations' = ANY (h.listed)) AS found
FROM h, pg_class r WHERE r.oid >= 16384
UNION ALL
-- Columns. One that is dropped stays behind as a row that nothing reads.
SELECT 'columns' AS watch, 0 AS rows,
    sum(hashint8extended((r.attrelid::bigint << 32) + h.oldest - age(r.xmin), r.attnum)) FILTER (WHERE h.printed AND NOT r.attisdropped) AS print,
    array_agg(r.attrelid || ' ' || 'pg_class'::regclass::oid || ' ' || r.attrelid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'columns' = ANY (h.listed)) AS found
FROM h, pg_attribute r WHERE r.attrelid >= 16384
UNION ALL
-- Defaults of columns.
SELECT 'defaults' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_class'::regclass::oid || ' ' || r.adrelid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'defaults' = ANY (h.listed)) AS found
FROM h, pg_attrdef r
UNION ALL
-- Constraints.
SELECT 'constraints' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_constraint'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'constraints' = ANY (h.listed)) AS found
FROM h, pg_constraint r WHERE r.oid >= 16384
UNION ALL
-- What makes a relation an index.
SELECT 'indexes' AS watch, count(*) AS rows,
    sum(hashint8extended((r.indexrelid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.indexrelid || ' ' || 'pg_class'::regclass::oid || ' ' || r.indexrelid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'indexes' = ANY (h.listed)) AS found
FROM h, pg_index r WHERE r.indexrelid >= 16384
UNION ALL
-- Inheritance and partitions.
SELECT 'parents' AS watch, count(*) AS rows,
    sum(hashint8extended((r.inhrelid::bigint << 32) + h.oldest - age(r.xmin), r.inhparent::bigint)) FILTER (WHERE h.printed) AS print,
    array_agg(r.inhrelid || '.' || r.inhparent || ' ' || 'pg_class'::regclass::oid || ' ' || r.inhrelid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'parents' = ANY (h.listed)) AS found
FROM h, pg_inherits r
UNION ALL
-- What makes a relation a sequence.
SELECT 'sequences' AS watch, count(*) AS rows,
    sum(hashint8extended((r.seqrelid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.seqrelid || ' ' || 'pg_class'::regclass::oid || ' ' || r.seqrelid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'sequences' = ANY (h.listed)) AS found
FROM h, pg_sequence r
UNION ALL
-- The column that a sequence belongs to.
SELECT 'ownership' AS watch, count(*) AS rows,
    sum(hashint8extended((r.objid::bigint << 32) + r.refobjid::bigint, r.refobjsubid)) FILTER (WHERE h.printed) AS print,
    array_agg(r.objid || '.' || r.refobjid || '.' || r.refobjsubid || '.' || r.deptype::text || ' ' || 'pg_class'::regclass::oid || ' ' || r.objid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'ownership' = ANY (h.listed)) AS found
FROM h, pg_depend r WHERE r.classid = 'pg_class'::regclass AND r.objid >= 16384
    AND r.refclassid = 'pg_class'::regclass AND r.refobjsubid > 0
UNION ALL
-- Types, those of the rows of tables too.
SELECT 'types' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_type'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'types' = ANY (h.listed)) AS found
FROM h, pg_type r WHERE r.oid >= 16384
UNION ALL
-- Labels of enums.
SELECT 'labels' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_type'::regclass::oid || ' ' || r.enumtypid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'labels' = ANY (h.listed)) AS found
FROM h, pg_enum r
UNION ALL
-- Triggers.
SELECT 'triggers' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_trigger'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'triggers' = ANY (h.listed)) AS found
FROM h, pg_trigger r
UNION ALL
-- Triggers once more, for the constraint that they enforce.
SELECT 'constraint_triggers' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_constraint'::regclass::oid || ' ' || r.tgconstraint)
        FILTER (WHERE age(r.xmin) <= h.age OR 'constraint_triggers' = ANY (h.listed)) AS found
FROM h, pg_trigger r WHERE r.tgconstraint <> 0
UNION ALL
-- Rules.
SELECT 'rules' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_rewrite'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'rules' = ANY (h.listed)) AS found
FROM h, pg_rewrite r WHERE r.oid >= 16384
UNION ALL
-- Rules once more, for the view or table that they belong to.
SELECT 'view_rules' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_class'::regclass::oid || ' ' || r.ev_class)
        FILTER (WHERE age(r.xmin) <= h.age OR 'view_rules' = ANY (h.listed)) AS found
FROM h, pg_rewrite r WHERE r.oid >= 16384
UNION ALL
-- Policies.
SELECT 'policies' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_policy'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'policies' = ANY (h.listed)) AS found
FROM h, pg_policy r
UNION ALL
-- Extended statistics.
SELECT 'statistics' AS watch, count(*) AS rows,
    sum(hashint8extended((r.oid::bigint << 32) + h.oldest - age(r.xmin), 0)) FILTER (WHERE h.printed) AS print,
    array_agg(r.oid || ' ' || 'pg_statistic_ext'::regclass::oid || ' ' || r.oid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'statistics' = ANY (h.listed)) AS found
FROM h, pg_statistic_ext r
UNION ALL
-- Comments.
SELECT 'comments' AS watch, count(*) AS rows,
    sum(hashint8extended((r.objoid::bigint << 32) + h.oldest - age(r.xmin), r.objsubid)) FILTER (WHERE h.printed) AS print,
    array_agg(r.classoid || '.' || r.objoid || '.' || r.objsubid || ' ' || r.classoid::oid || ' ' || r.objoid)
        FILTER (WHERE age(r.xmin) <= h.age OR 'comments' = ANY (h.listed)) AS found
FROM h, pg_description r WHERE r.objoid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_proc 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_proc r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_operator 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_operator r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_cast 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_cast r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_collation 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_collation r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_ts_config 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_ts_config r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_ts_dict 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_ts_dict r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_opclass 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_opclass r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_opfamily 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_opfamily r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_extension 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_extension r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_default_acl 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_default_acl r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_foreign_server 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_foreign_server r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_foreign_data_wrapper 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_foreign_data_wrapper r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_language 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_language r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_am 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_am r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_conversion 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_conversion r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_transform 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_transform r WHERE r.oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_aggregate 0 ' || r.aggfnoid::oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_aggregate r WHERE r.aggfnoid::oid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_ts_config_map 0 ' || r.mapcfg) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_ts_config_map r WHERE r.mapcfg >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_range 0 ' || r.rngtypid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_range r WHERE r.rngtypid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_foreign_table 0 ' || r.ftrelid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_foreign_table r WHERE r.ftrelid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_partitioned_table 0 ' || r.partrelid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_partitioned_table r WHERE r.partrelid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_seclabel 0 ' || r.objoid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_seclabel r WHERE r.objoid >= 16384
UNION ALL
SELECT 'rare', count(*), 0,
      array_agg('pg_namespace 0 ' || r.oid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_namespace r WHERE r.nspname !~ '^pg_' AND r.nspname <> 'information_schema'
UNION ALL
-- What belongs to extensions or goes away with them.
SELECT 'rare', count(*), 0,
   array_agg('pg_depend 0 ' || r.objid) FILTER (WHERE age(r.xmin) <= h.age)
FROM h, pg_depend r WHERE r.refclassid = 'pg_extension'::regclass AND r.refobjid >= 16384;

-- name: dependents
-- These objects and all that depends on them, step by step: their definitions may name them.
-- `form` is the kind of a relation or type (relkind, typtype), NULL when it is gone. `hidden` tells
-- whether it has a name that PostgreSQL's own catalog has too.
WITH RECURSIVE affected (catalog, oid) AS (
    SELECT * FROM unnest(%(catalogs)s::oid[], %(oids)s::oid[])
    UNION
    SELECT d.classid, d.objid FROM pg_depend d
    JOIN affected a ON d.refclassid = a.catalog AND d.refobjid = a.oid
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

-- name: schemas
-- The schemas of these names; without names every schema that is not PostgreSQL's, "public" first.
SELECT nspname::text, oid::bigint FROM pg_namespace
WHERE CASE WHEN %(names)s::text[] <> '{}' THEN nspname = ANY (%(names)s::text[])
    ELSE nspname !~ '^pg_' AND nspname <> 'information_schema' END
ORDER BY nspname <> 'public', nspname;
