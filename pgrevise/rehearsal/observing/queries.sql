-- What a rehearsal asks PostgreSQL while it looks on. Everything that runs on the project's own
-- connection is qualified, since its search path may be anything.

-- name: relations
-- Everything that was there before: tables, indexes, views, sequences, with the file that each is
-- stored in (0 for what has none) and, for an index, its table. TOAST (namespace 99) belongs to its
-- table, and temporary ones of other sessions to nobody.
SELECT c.oid::bigint, c.relname::text,
    CASE WHEN n.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END
        || pg_catalog.quote_ident(c.relname), c.relkind::text, coalesce(i.indrelid, 0)::bigint,
    c.relfilenode::bigint
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.oid >= 16384 AND c.relnamespace <> 99 AND n.nspname !~ '^pg_(toast_)?temp_';

-- name: look
-- What the transaction holds and has done so far, asked in it after each statement: one row for
-- each relation of interest, or a single one with NULLs. Of interest is what was there before (its
-- oid is at most {newest}), an index on that, and whatever rows were written to; the rest is left
-- out before anything is joined, since a transaction may hold thousands of locks.
-- The counts are of the session since it last reported them, which it does between transactions
-- (PostgreSQL 17 manual, 27.2.2 Viewing Statistics); they grow at empty tables too.
-- `xid` is NULL until the transaction writes; `rewrites` is what the event trigger left.
WITH held AS MATERIALIZED (
    SELECT l.relation AS oid, pg_catalog.string_agg(DISTINCT l.mode, ',') AS modes
    FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
        AND l.relation >= 16384 AND l.database = {database}
        AND (l.relation <= {newest}
            OR pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation)
                + pg_catalog.pg_stat_get_xact_tuples_updated(l.relation)
                + pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation) > 0
            OR l.relation IN (SELECT x.indexrelid FROM pg_catalog.pg_index x
                WHERE x.indexrelid > {newest} AND x.indrelid <= {newest}))
    GROUP BY l.relation
), found AS (
    SELECT h.oid::bigint AS oid, h.modes, c.relname::text AS bare,
        CASE WHEN n.nspname = 'public' THEN '' WHEN n.nspname ~ '^pg_temp_' THEN 'pg_temp.'
            ELSE pg_catalog.quote_ident(n.nspname) || '.' END
            || pg_catalog.quote_ident(c.relname) AS name,
        c.relkind::text AS kind, i.indrelid::bigint AS index_of, c.relfilenode::bigint AS file,
        pg_catalog.pg_stat_get_xact_numscans(h.oid) AS scans,
        pg_catalog.pg_stat_get_xact_tuples_inserted(h.oid) AS inserted,
        pg_catalog.pg_stat_get_xact_tuples_updated(h.oid) AS updated,
        pg_catalog.pg_stat_get_xact_tuples_deleted(h.oid) AS deleted
    FROM held h LEFT JOIN pg_catalog.pg_class c ON c.oid = h.oid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = h.oid
    WHERE c.relnamespace IS DISTINCT FROM 99
)
SELECT s.*, f.* FROM (
    SELECT pg_catalog.current_setting('lock_timeout') AS lock_timeout,
        pg_catalog.current_setting('pgrevise.rewrites', true) AS rewrites,
        (pg_catalog.pg_current_wal_insert_lsn() - '0/0')::bigint AS position,
        (extract(epoch FROM pg_catalog.transaction_timestamp()) * 1000000)::bigint AS began,
        pg_catalog.pg_current_xact_id_if_assigned()::text::bigint AS xid
) s LEFT JOIN found f ON true;

-- name: glance
-- The first columns of `look`, for a statement that cannot concern what was there before.
SELECT pg_catalog.current_setting('lock_timeout'),
    pg_catalog.current_setting('pgrevise.rewrites', true),
    (pg_catalog.pg_current_wal_insert_lsn() - '0/0')::bigint,
    (extract(epoch FROM pg_catalog.transaction_timestamp()) * 1000000)::bigint,
    pg_catalog.pg_current_xact_id_if_assigned()::text::bigint;

-- name: counts
-- The counts of these relations, where a transaction begins: the session may not have reported
-- those of earlier ones yet.
SELECT o.oid::bigint, pg_catalog.pg_stat_get_xact_numscans(o.oid),
    pg_catalog.pg_stat_get_xact_tuples_inserted(o.oid),
    pg_catalog.pg_stat_get_xact_tuples_updated(o.oid),
    pg_catalog.pg_stat_get_xact_tuples_deleted(o.oid)
FROM pg_catalog.unnest('{{oids}}'::oid[]) o (oid);

-- name: settle
-- What a watched session is told once: to tell its client of temporary files.
SELECT pg_catalog.set_config('client_min_messages', 'log', false)
FROM pg_catalog.set_config('log_temp_files', '0', false);

-- name: timeouts
-- What is in force before a statement is held open.
SELECT pg_catalog.current_setting('lock_timeout'), pg_catalog.current_setting('statement_timeout');

-- name: set_timeouts
-- Set them, for the session, as `timeouts` told them or to 0.
SELECT pg_catalog.set_config('lock_timeout', '{lock}', false),
    pg_catalog.set_config('statement_timeout', '{statement}', false);

-- name: now
-- Which database this is, its newest relation, and where its log of changes ends.
SELECT (SELECT oid::bigint FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database()),
    (SELECT coalesce(pg_catalog.max(oid::bigint), 16383) FROM pg_catalog.pg_class),
    (pg_catalog.pg_current_wal_insert_lsn() - '0/0')::bigint;

-- name: outcomes
-- What became of transactions: "committed", "aborted", "in progress", NULL when too old to know.
SELECT x::bigint, pg_catalog.pg_xact_status(x::text::xid8)
FROM pg_catalog.unnest(%(xids)s::bigint[]) x;

-- name: waiting
-- Which of these sessions the backend waits for, and for how many seconds so far. What it waits for
-- outside a table of locks (a snapshot that is too old) is the lock on the transaction of its holder.
SELECT h, (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8
    FROM pg_locks l WHERE l.pid = %(pid)s AND NOT l.granted)
FROM unnest(pg_blocking_pids(%(pid)s)) h WHERE h = ANY (%(holders)s);

-- name: locks_of
-- The locks of another session in this database; one that it still waits for counts as taken.
SELECT l.relation::bigint, l.mode FROM pg_locks l
WHERE l.pid = %(pid)s AND l.locktype = 'relation' AND l.relation >= 16384
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: family
-- These relations, with the tables of those that are indexes, and all their partitions and parents.
WITH RECURSIVE kin (oid) AS (
    SELECT coalesce(i.indrelid, o) FROM unnest(%(oids)s::oid[]) o
    LEFT JOIN pg_index i ON i.indexrelid = o
    UNION
    SELECT CASE WHEN h.inhparent = k.oid THEN h.inhrelid ELSE h.inhparent END
    FROM kin k JOIN pg_inherits h ON k.oid IN (h.inhparent, h.inhrelid)
)
SELECT format('%%I.%%I', n.nspname, c.relname)
FROM kin k JOIN pg_class c ON c.oid = k.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') ORDER BY c.relkind, c.oid;

-- name: scans
-- How often each table was scanned in full, of what sessions have reported.
SELECT oid::bigint, pg_stat_get_numscans(oid) FROM pg_class WHERE oid = ANY (%(oids)s::oid[]);

-- name: report_counts
-- Make the session report its counts once it is idle (PostgreSQL 15 and later).
SELECT pg_catalog.pg_stat_force_next_flush();

-- name: trigger_exists
-- Whether the database was prepared before.
SELECT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'pgrevise_rewrites');

-- name: trigger_function
-- Collects why tables are rewritten, as oid:reason, in a setting that ends with the transaction. It
-- lies among PostgreSQL's own functions, where nothing that reads a schema looks.
CREATE OR REPLACE FUNCTION pg_catalog.pgrevise_rewrites() RETURNS event_trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('pgrevise.rewrites',
        coalesce(pg_catalog.current_setting('pgrevise.rewrites', true), '') || ','
        || pg_catalog.pg_event_trigger_table_rewrite_oid()::text || ':'
        || pg_catalog.pg_event_trigger_table_rewrite_reason()::text, true);
END $$;

-- name: trigger
-- PostgreSQL 17 manual, 38.1 Overview of Event Trigger Behavior: table_rewrite comes just before an
-- ALTER TABLE or ALTER TYPE rewrites; CLUSTER, VACUUM FULL and TRUNCATE do not tell.
CREATE EVENT TRIGGER pgrevise_rewrites ON table_rewrite
    EXECUTE FUNCTION pg_catalog.pgrevise_rewrites();
