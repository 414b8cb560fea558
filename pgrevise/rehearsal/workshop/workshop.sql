-- What a rehearsal asks of its working database between passages, and when one does not end.

-- name: sessions
-- Every session in this database but our own: what it does, what it waits for, whom it waits for.
-- A backend that waits for a lock has exactly one that is not granted (manual, pg_locks).
SELECT a.pid, a.state, a.query, a.wait_event_type, a.wait_event,
    pg_catalog.pg_blocking_pids(a.pid) AS blockers, l.mode, l.locktype,
    CASE WHEN l.relation IS NOT NULL THEN l.relation::pg_catalog.regclass::text END AS relation
FROM pg_catalog.pg_stat_activity a
LEFT JOIN pg_catalog.pg_locks l ON l.pid = a.pid AND NOT l.granted
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
    AND a.backend_type = 'client backend'
ORDER BY a.backend_start;

-- name: version_tables
-- Where a table of Alembic's of this name is: in the schema that env.py names, else wherever the
-- search path of its connection put it, which need not be ours.
SELECT n.nspname::text FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %(table)s AND c.relkind IN ('r', 'p')
    AND n.nspname = coalesce(nullif(%(schema)s, ''), n.nspname) AND n.nspname !~ '^pg_'
ORDER BY 1;

-- name: tables_like_a_version_table
-- Tables with the one column that Alembic's has, whatever env.py called them, that may be read.
SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
GROUP BY 1, 2 HAVING pg_catalog.array_agg(a.attname::text) = '{version_num}'
ORDER BY 1, 2;
