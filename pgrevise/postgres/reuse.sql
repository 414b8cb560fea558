-- What a template's databases begin as, and how one that was used is proved or made to be that.
-- When each of these is asked is in reuse.py; what is in braces comes from reuse_baseline.py.

-- name: is_fit
-- Whether databases of this kind can be put back: we may do all that it takes, all tables are
-- heaps, whose rows carry xmin, no trigger looks at TRUNCATE (tgtype 32), and no library that was
-- loaded at server start can keep anything about a database outside of it.
SELECT current_setting('is_superuser') = 'on'
    AND current_setting('shared_preload_libraries') = ''
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
        WHERE c.relkind IN ('r', 'm', 't') AND a.amname <> 'heap'
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0
    );

-- name: tables
-- Every table and materialized view of the database, catalogs among them, and the bytes of each.
-- What is TOASTed is reached through them.
SELECT c.oid::bigint, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind::text,
    n.nspname = 'pg_catalog', pg_catalog.pg_relation_size(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relisshared AND n.nspname <> 'pg_toast'
ORDER BY c.oid;

-- name: ties
-- What has to be emptied together: what references a table, its partitions and its parents.
SELECT confrelid::bigint, conrelid::bigint FROM pg_catalog.pg_constraint WHERE contype = 'f'
UNION SELECT i.inhparent::bigint, i.inhrelid::bigint FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p')
UNION SELECT i.inhrelid::bigint, i.inhparent::bigint FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p');

-- name: sequences
SELECT c.oid::bigint, pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' ORDER BY c.oid;

-- name: figures
-- By table: the planner's figures, its own, its indexes' and those of its TOAST table, that
-- TRUNCATE would not leave as they are.
SELECT t.oid::bigint, c.oid::bigint, c.relpages, c.reltuples
FROM pg_catalog.pg_class t
CROSS JOIN LATERAL (
    SELECT t.oid UNION ALL SELECT t.reltoastrelid
    UNION ALL SELECT indexrelid FROM pg_catalog.pg_index
    WHERE indrelid IN (t.oid, t.reltoastrelid)
) AS part (oid)
JOIN pg_catalog.pg_class c ON c.oid = part.oid
WHERE t.relkind = 'r' AND NOT t.relisshared AND t.relnamespace <> 'pg_catalog'::regnamespace
    AND (c.relpages <> 0 OR c.reltuples <> -1);

-- name: in_place
-- What VACUUM, ANALYZE and CREATE INDEX write into pg_class without a new version of the row, so
-- that no xmin tells of it. Frozen transaction ids are left out: TRUNCATE renews them.
SELECT pg_catalog.bit_xor(pg_catalog.hash_record_extended(ROW(
    oid, relpages, reltuples, relallvisible, relhasindex, relhasrules, relhastriggers
), 0)) FROM pg_catalog.pg_class;

-- name: baseline
-- What was written about a template when it was built.
SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database
WHERE datname = %s;

-- name: databases
-- Of each database: the version of its row, what else is kept about it outside of it, the first
-- transaction id not yet assigned, and how many sessions there are in it. Dependencies are those
-- on owners of what is in it: one that is new has a greater xmin than any that was there. What is
-- counted last does not come with a clone.
SELECT d.datname::text, d.oid::bigint, d.xmin::text, pg_catalog.concat_ws(' ',
    d.datdba, d.datconnlimit, d.datallowconn, d.dattablespace, d.datacl, (
        SELECT pg_catalog.concat_ws(' ', count(*), sum(s.xmin::text::bigint))
        FROM pg_catalog.pg_shdepend s WHERE s.dbid = d.oid
    ),
    (SELECT count(*) FROM pg_catalog.pg_db_role_setting WHERE setdatabase = d.oid),
    (SELECT count(*) FROM pg_catalog.pg_shdescription
        WHERE objoid = d.oid AND classoid = 'pg_database'::regclass),
    (SELECT count(*) FROM pg_catalog.pg_shseclabel
        WHERE objoid = d.oid AND classoid = 'pg_database'::regclass),
    (SELECT count(*) FROM pg_catalog.pg_subscription WHERE subdbid = d.oid),
    (SELECT count(*) FROM pg_catalog.pg_get_replication_slots() WHERE datoid = d.oid),
    (SELECT count(*) FROM pg_catalog.pg_prepared_xact() WHERE dbid = d.oid)
), pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint, (
    SELECT count(*) FROM pg_catalog.pg_stat_get_activity(NULL) a WHERE a.datid = d.oid
)
FROM pg_catalog.pg_database d WHERE d.datname = ANY(%s);

-- name: end_sessions
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_get_activity(NULL) a JOIN pg_catalog.pg_database d ON d.oid = a.datid
WHERE d.datname = ANY(%s);

-- name: changed
-- The tables whose files changed in size; NULL when a row of the others was changed.
-- A row that was there can only vanish and whatever is new has a new xmin, so that rows are the
-- same when none is new and their number is. A file grows before a row gets into it. Dropped
-- tables need no thought: their rows in pg_class would be missing.
SELECT CASE WHEN found.number = {number} AND found.news = 0 THEN (
    SELECT coalesce(string_agg(c.oid::text, ' '), '')
    FROM unnest({tables}::oid[], {sizes}::bigint[]) AS told (oid, size)
    JOIN pg_class c ON c.oid = told.oid
    WHERE told.size <> (pg_stat_file(CASE
        -- pg_relation_filepath would look up each relation by itself.
        WHEN c.reltablespace = 0 AND (SELECT dattablespace = {default} FROM pg_database
            WHERE oid = {database})
        THEN {folder} || c.relfilenode ELSE pg_relation_filepath(c.oid)
    END)).size
) END
FROM (
    SELECT count(*), count(*) FILTER (WHERE age(x) <= (SELECT age({since}::xid)))
    FROM ({rows}) AS present (x)
) AS found (number, news);

-- name: figures_again
-- What TRUNCATE has renewed becomes what CREATE TABLE and CREATE INDEX left.
UPDATE pg_class c SET relpages = told.pages, reltuples = told.number
FROM unnest({owners}::oid[], {pages}::integer[], {numbers}::real[]) AS told (oid, pages, number)
WHERE c.oid = told.oid;

-- name: begin_again
-- Sequences are not transactional, so all are set. The id of this transaction is the last one
-- before the database is handed out; none where a table was vacuumed or analyzed.
SELECT count(setval(told.oid, told.value, told.is_called))
FROM unnest({oids}::oid[], {values}::bigint[], {called}::boolean[]) AS told (oid, value, is_called);
SELECT pg_stat_reset();
SELECT CASE WHEN ({in_place}) = {hash} THEN pg_current_xact_id()::text END;
