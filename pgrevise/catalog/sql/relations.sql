-- Tables, views, sequences, their columns and indexes.
-- Every query here answers for the schemas whose oids are in %(schemas)s. Its columns `kind`, `path`,
-- `signature`, `parent`, `catalog`, `oid` and `sub` say which object a row is about; each other column
-- is a fact, named as a person would name it. NULL, false and {} mean "nothing to say".

-- name: schemas_read
-- The schemas themselves. initdb's own comment on "public" is nobody's decision: it is left out.
SELECT 'schema' AS kind, ARRAY[n.nspname::text] AS path,
    'pg_namespace'::regclass::oid::bigint AS catalog, n.oid::bigint AS oid,
    n.nspowner::bigint AS owner
FROM pg_namespace n
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: tables
-- Ordinary, partitioned and foreign tables.
SELECT
    CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
    ARRAY[n.nspname::text, c.relname::text] AS path,
    'pg_class'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, c.relowner::bigint AS owner,
    CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS "persistence",
    am.amname AS "access method",
    ts.spcname AS "tablespace",
    (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o) AS "options",
    (SELECT array_agg(o ORDER BY o) FROM unnest(toast.reloptions) o) AS "TOAST options",
    CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'an index' END
        AS "replica identity",
    c.relrowsecurity AS "row-level security",
    c.relforcerowsecurity AS "row-level security for the owner",
    pg_get_partkeydef(c.oid) AS "partition key",
    pg_get_expr(c.relpartbound, c.oid) AS "partition bound",
    (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
     FROM pg_inherits i WHERE i.inhrelid = c.oid) AS "parent tables",
    EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhdetachpending)
        AS "detach pending",
    CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "row type",
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columns",
    fs.srvname AS "foreign server",
    (SELECT array_agg(o ORDER BY o) FROM unnest(ft.ftoptions) o) AS "foreign options"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
WHERE c.relnamespace = ANY (%(schemas)s::oid[]) AND c.relkind IN ('r', 'p', 'f');

-- name: views
-- Views and materialised views. Whether one is populated is its data, not its schema.
SELECT
    CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
    ARRAY[n.nspname::text, c.relname::text] AS path,
    'pg_class'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, c.relowner::bigint AS owner,
    pg_get_viewdef(c.oid) AS "definition",
    am.amname AS "access method",
    ts.spcname AS "tablespace",
    (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o) AS "options",
    (SELECT array_agg(o ORDER BY o) FROM unnest(toast.reloptions) o) AS "TOAST options",
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columns"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
WHERE c.relnamespace = ANY (%(schemas)s::oid[]) AND c.relkind IN ('v', 'm');

-- name: columns
-- Columns of tables and views, and the attributes of composite types. Collation and storage are
-- said only where they are not the type's own; attstattarget is -1 up to 16 and NULL since 17 for
-- "the default".
SELECT
    CASE c.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END AS kind,
    ARRAY[n.nspname::text, c.relname::text, a.attname::text] AS path,
    ARRAY[CASE c.relkind WHEN 'c' THEN 'composite type' WHEN 'v' THEN 'view' WHEN 'f' THEN 'foreign table'
        WHEN 'm' THEN 'materialized view' ELSE 'table' END, n.nspname::text, c.relname::text] AS parent,
    'pg_class'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, a.attnum AS sub,
    format_type(a.atttypid, a.atttypmod) AS "type",
    CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN a.attcollation::regcollation::text END
        AS "collation",
    a.attnotnull AS "NOT NULL",
    CASE a.attgenerated WHEN '' THEN pg_get_expr(d.adbin, d.adrelid) END AS "default",
    CASE a.attgenerated WHEN 's' THEN pg_get_expr(d.adbin, d.adrelid) || ' STORED'
        WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' VIRTUAL' END AS "generated",
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS "identity",
    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain'
        WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END AS "storage",
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS "compression",
    NULLIF(a.attstattarget, -1) AS "statistics target",
    (SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o) AS "options",
    (SELECT array_agg(o ORDER BY o) FROM unnest(a.attfdwoptions) o) AS "foreign options",
    NOT a.attislocal AS "inherited only"
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = ANY (%(schemas)s::oid[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
    AND a.attnum > 0 AND NOT a.attisdropped;

-- name: sequences
-- Sequences, those of serial and identity columns too. The current value is data.
SELECT
    'sequence' AS kind,
    ARRAY[n.nspname::text, c.relname::text] AS path,
    CASE WHEN t.oid IS NOT NULL
        THEN ARRAY['column', tn.nspname::text, t.relname::text, a.attname::text] END AS parent,
    'pg_class'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, c.relowner::bigint AS owner,
    CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS "persistence",
    format_type(s.seqtypid, NULL) AS "type",
    s.seqstart AS "start", s.seqincrement AS "increment", s.seqmin AS "minimum", s.seqmax AS "maximum",
    s.seqcache AS "cache", s.seqcycle AS "cycle",
    CASE d.deptype WHEN 'a' THEN t.oid::regclass::text || '.' || quote_ident(a.attname) END AS "owning column",
    CASE d.deptype WHEN 'i' THEN t.oid::regclass::text || '.' || quote_ident(a.attname) END AS "identity column"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relnamespace = ANY (%(schemas)s::oid[]) AND c.relkind = 'S';

-- name: indexes
-- Indexes, taken apart, so that a difference can be named. A key is its column or expression, then
-- what is not the default: collation, operator class and its options, order. indnullsnotdistinct
-- is there since 15.
SELECT
    'index' AS kind,
    ARRAY[n.nspname::text, c.relname::text] AS path,
    CASE WHEN con.oid IS NOT NULL
        THEN ARRAY['constraint', tn.nspname::text, t.relname::text, con.conname::text]
        ELSE ARRAY[CASE t.relkind WHEN 'm' THEN 'materialized view' ELSE 'table' END,
            tn.nspname::text, t.relname::text] END AS parent,
    'pg_class'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid,
    t.oid::regclass::text AS "table",
    am.amname AS "method",
    i.indisunique AS "unique",
    (SELECT array_agg(
        pg_get_indexdef(c.oid, k::int, false)
        || CASE WHEN i.indcollation[k - 1] NOT IN (0, coalesce(ta.attcollation, 100))
            THEN ' COLLATE ' || i.indcollation[k - 1]::regcollation::text ELSE '' END
        || CASE WHEN oc.opcdefault AND (kt.typtype = 'p' OR oc.opcintype = ia.atttypid
                OR (oc.opcintype = 'text'::regtype AND ta.atttypid = 'varchar'::regtype))
                AND ia.attoptions IS NULL
            THEN '' ELSE ' ' || CASE WHEN pg_opclass_is_visible(oc.oid) THEN ''
                ELSE quote_ident(ocn.nspname) || '.' END || quote_ident(oc.opcname) END
        || coalesce('(' || array_to_string(ia.attoptions, ', ') || ')', '')
        || CASE i.indoption[k - 1] & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
            WHEN 3 THEN ' DESC' ELSE '' END ORDER BY k)
     FROM generate_series(1, i.indnkeyatts) k
     JOIN pg_attribute ia ON ia.attrelid = c.oid AND ia.attnum = k
     JOIN pg_opclass oc ON oc.oid = i.indclass[k - 1]
     JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
     JOIN pg_type kt ON kt.oid = oc.opcintype
     LEFT JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = i.indkey[k - 1]
        AND i.indkey[k - 1] > 0) AS "keys",
    (SELECT array_agg(pg_get_indexdef(c.oid, k, false) ORDER BY k)
     FROM generate_series(i.indnkeyatts + 1, i.indnatts) k) AS "INCLUDE",
    pg_get_expr(i.indpred, i.indrelid) AS "WHERE",
    (to_jsonb(i) ->> 'indnullsnotdistinct')::bool AS "NULLS NOT DISTINCT",
    (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o) AS "options",
    ts.spcname AS "tablespace",
    i.indisprimary AS "primary key",
    NOT i.indimmediate AS "deferrable",
    con.conname AS "constraint",
    NOT i.indisvalid AS "invalid",
    NOT i.indisready AS "not ready",
    i.indisclustered AS "clustered",
    i.indisreplident AS "replica identity",
    (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = c.oid) AS "parent index",
    (SELECT array_agg(ia.attnum || ': ' || ia.attstattarget ORDER BY ia.attnum) FROM pg_attribute ia
     WHERE ia.attrelid = c.oid AND ia.attstattarget >= 0) AS "statistics targets"
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_constraint con ON con.conindid = c.oid AND con.conrelid = t.oid
    AND con.contype IN ('p', 'u', 'x')
WHERE c.relnamespace = ANY (%(schemas)s::oid[]);
