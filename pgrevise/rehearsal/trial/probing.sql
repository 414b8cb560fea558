-- What a probe asks about the tables it reads and writes. None of it waits for a table's lock.

-- name: described
-- A table by its name, or by ``oid`` when it was renamed: how it is called now, what it is, the
-- columns of its narrowest key, and a column that an UPDATE may set to itself. One that no index
-- holds is taken first, which is the cheapest write.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
    (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM (SELECT x.indkey FROM pg_catalog.pg_index x
            WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indimmediate
                AND x.indpred IS NULL AND x.indexprs IS NULL
            ORDER BY x.indisprimary DESC, x.indnatts LIMIT 1) x
        CROSS JOIN LATERAL pg_catalog.unnest(x.indkey::smallint[])
            WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS key,
    (SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = '' AND a.attidentity <> 'a'
        ORDER BY EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid
            AND a.attnum = ANY (x.indkey::smallint[])), a.attnum LIMIT 1) AS settable
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = coalesce(pg_catalog.to_regclass(%(table)s::text),
    pg_catalog.to_regclass('public.' || %(table)s::text), %(oid)s::oid);
