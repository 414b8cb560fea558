-- What `moments` asks of the rows of the system catalogs.

-- name: catalogs
-- The system catalogs of one database that hold definitions, by name; the others hold data. `query`
-- is which of the queries below counts its rows. Those of initdb's are passed over where they have
-- numbers and are by far the most.
SELECT c.relname::text, c.oid::bigint, CASE
        WHEN c.relname = 'pg_class' THEN 'all_relations'
        WHEN c.relname IN ('pg_constraint', 'pg_namespace', 'pg_type') THEN 'all_rows'
        WHEN a.attname = 'oid' THEN 'numbered_rows'
        ELSE 'all_rows'
    END AS query
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
    AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject',
        'pg_largeobject_metadata')
ORDER BY c.relname;

-- name: next
-- Where the numbers of transactions are.
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint;

-- name: counters
-- Where the numbers of transactions are, how many rows were inserted, updated and deleted in each of
-- these catalogs since the server counts, and the same, in one sum, of the witness.
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next,
    array_agg(pg_stat_get_tuples_inserted(u.oid)) AS inserted,
    array_agg(pg_stat_get_tuples_updated(u.oid)) AS updated,
    array_agg(pg_stat_get_tuples_deleted(u.oid)) AS deleted,
    (SELECT sum(pg_stat_get_tuples_inserted(w.oid) + pg_stat_get_tuples_updated(w.oid)
            + pg_stat_get_tuples_deleted(w.oid))::bigint
        FROM (SELECT to_regclass(%(witness)s)::oid AS oid) w) AS witness
FROM unnest(%(catalogs)s::oid[]) u (oid);

-- name: since
-- How old the oldest row is that counts as new.
SELECT age(%(since)s::text::xid8::xid) AS age;

-- name: new_rows
-- How many rows of one catalog are new, as one part of a UNION. Of which object a row is, from
-- `owner`, is quicker to ask than its age, and those of initdb's are most of the rows.
SELECT {number} AS number, NULL::bigint AS rows, count(*) AS new, NULL::jsonb AS contents
FROM {catalog} r WHERE {owner} >= {first} AND age(r.xmin) <= (SELECT age FROM since);

-- name: all_rows
-- The same, and how many rows there are.
SELECT {number}, count(*), count(*) FILTER (WHERE age(r.xmin) <= (SELECT age FROM since)),
    NULL::jsonb
FROM {catalog} r;

-- name: numbered_rows
-- The same without the rows of initdb's.
SELECT {number}, count(*), count(*) FILTER (WHERE age(r.xmin) <= (SELECT age FROM since)),
    NULL::jsonb
FROM {catalog} r WHERE r.oid >= 16384;

-- name: new_relations
-- The new rows of relations. PostgreSQL rewrites their rows for its own book-keeping too, so what
-- they say is given, as far as a definition is made of it.
SELECT {number}, NULL::bigint, 0, jsonb_object_agg(r.oid, (r.relname, r.relnamespace,
        r.relowner, r.relkind, r.relpersistence, r.relrowsecurity, r.relforcerowsecurity,
        r.relreplident, r.reltoastrelid, r.relam, r.reltablespace, r.reloftype, r.relacl,
        r.reloptions, r.relpartbound)::text)
FROM {catalog} r WHERE {owner} >= {first} AND age(r.xmin) <= (SELECT age FROM since);

-- name: all_relations
-- The same, and how many relations there are.
SELECT {number}, (SELECT count(*) FROM {catalog}), 0, jsonb_object_agg(r.oid, (r.relname, r.relnamespace,
        r.relowner, r.relkind, r.relpersistence, r.relrowsecurity, r.relforcerowsecurity,
        r.relreplident, r.reltoastrelid, r.relam, r.reltablespace, r.reloftype, r.relacl,
        r.reloptions, r.relpartbound)::text)
FROM {catalog} r WHERE age(r.xmin) <= (SELECT age FROM since);
