-- What the rollout asks PostgreSQL about locks and indexes.

-- name: lock_holder
-- The session that holds the advisory lock `key`, a bigint: its halves are classid and objid
-- (PostgreSQL 17 manual, 52.12 pg_locks).
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'),
       coalesce(host(a.client_addr), 'local')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = %(key)s;

-- name: blockers
-- The sessions that a backend waits for, with the age of their transactions in seconds.
SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(state, ''),
       coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8,
       left(regexp_replace(coalesce(query, ''), '\s+', ' ', 'g'), 100)
FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%(pid)s));

-- name: index_by_name
-- The index of that name beside a table, and whether it is finished.
SELECT i.indexrelid, i.indisvalid AND i.indisready, n.nspname, c.relname
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class t ON t.oid = %(table)s::regclass
WHERE c.relnamespace = t.relnamespace AND c.relname = (parse_ident(%(index)s))[1];

-- name: index_shape
-- Everything that makes an index what it is, but for its name and its table's.
SELECT a.amname, i.indisunique, to_jsonb(i) ->> 'indnullsnotdistinct', i.indnkeyatts,
       (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n)
        FROM generate_series(1, i.indnatts) n),
       i.indclass::text, i.indcollation::text, i.indoption::text,
       pg_get_expr(i.indpred, i.indrelid, true), c.reloptions
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE i.indexrelid = %(oid)s;

-- name: invalid_indexes
-- Indexes of the schemas on the search path that are not used, since building them failed; one
-- that is being built now is left out (PostgreSQL 17 manual, 27.4.4). Of another role's session
-- it may be hidden which index it builds; nothing is said of any until it is done.
SELECT c.relname, t.relname
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname = ANY (current_schemas(false))
  AND NOT EXISTS (
      SELECT FROM pg_stat_progress_create_index p
      WHERE p.datname = current_database() AND coalesce(p.index_relid, i.indexrelid) = i.indexrelid
  )
ORDER BY t.relname, c.relname;
