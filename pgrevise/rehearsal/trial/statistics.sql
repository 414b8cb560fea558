-- What is read of a database for its statistics: sizes and row counts, no value of any row.
-- Only catalogs and the statistics views are read, which every role may, on a standby too.

-- name: tables
-- Every table and materialized view that is not PostgreSQL's own, by its name as SQL writes it.
-- ``parent`` is the partitioned table that it is a partition of. ``estimated`` is what the planner
-- would say: the rows for each page at the last VACUUM or ANALYZE times the pages of now; where
-- there was none, ``counted`` may know. Sizes wait for a table that is locked exclusively.
SELECT c.oid, i.inhparent AS parent, c.relkind::text AS kind,
    CASE WHEN n.nspname = 'public' THEN pg_catalog.quote_ident(c.relname)
        ELSE pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
    END AS name,
    CASE WHEN pg_catalog.pg_relation_size(c.oid) = 0 THEN 0
        WHEN c.reltuples >= 0 AND c.relpages > 0
        THEN pg_catalog.round((c.reltuples / c.relpages * (pg_catalog.pg_relation_size(c.oid)
            / pg_catalog.current_setting('block_size')::bigint))::numeric)::bigint
    END AS estimated,
    pg_catalog.pg_stat_get_live_tuples(c.oid) AS counted,
    coalesce(pg_catalog.pg_table_size(c.oid), 0) AS bytes,
    coalesce(pg_catalog.pg_indexes_size(c.oid), 0) AS index_bytes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY name;

-- name: tables_without_waiting
-- The same from pg_class alone, as of the last VACUUM or ANALYZE: for a database in which a table
-- is locked exclusively.
SELECT c.oid, i.inhparent AS parent, c.relkind::text AS kind,
    CASE WHEN n.nspname = 'public' THEN pg_catalog.quote_ident(c.relname)
        ELSE pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
    END AS name,
    CASE WHEN c.reltuples >= 0 AND c.relpages > 0
        THEN pg_catalog.round(c.reltuples::numeric)::bigint END AS estimated,
    pg_catalog.pg_stat_get_live_tuples(c.oid) AS counted,
    (c.relpages + coalesce(t.relpages, 0))
        * pg_catalog.current_setting('block_size')::bigint AS bytes,
    (SELECT coalesce(sum(x.relpages), 0)::bigint FROM pg_catalog.pg_index y
        JOIN pg_catalog.pg_class x ON x.oid = y.indexrelid WHERE y.indrelid = c.oid)
        * pg_catalog.current_setting('block_size')::bigint AS index_bytes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY name;

-- name: version_tables
-- Alembic's version tables, whatever they are called: one column, and it may be read.
SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
GROUP BY 1, 2 HAVING pg_catalog.array_agg(a.attname::text) = '{version_num}'
ORDER BY 1, 2;
