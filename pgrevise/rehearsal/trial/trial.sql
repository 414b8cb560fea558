-- What a trial asks of the working database: which tables there are, and what their rows are told
-- apart by.

-- name: tables
-- The tables that the project made: schema and name, bare and as SQL writes them. Partitions are
-- among them; "public" comes first, as it does where names are written.
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name,
    CASE WHEN n.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END
        || pg_catalog.quote_ident(c.relname) AS label,
    c.relkind = 'p' AS is_partitioned
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
ORDER BY n.nspname <> 'public', n.nspname, c.relname;

-- name: partitions
-- Partitions, and the table that each is part of, both as SQL writes them.
SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END
        || pg_catalog.quote_ident(c.relname),
    CASE WHEN rn.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(rn.nspname) || '.' END
        || pg_catalog.quote_ident(r.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class r ON r.oid = pg_catalog.pg_partition_root(c.oid)
JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p');

-- name: columns
-- The columns of a table. A number is never given twice, and a column that is renamed keeps its own.
SELECT a.attnum::int AS number, a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;

-- name: keys
-- The columns that tell every row of a table from every other: the primary key first, then unique
-- indexes on columns that may not be NULL. "indkey" counts from 0 and ends with columns that are
-- only included.
SELECT (SELECT pg_catalog.array_agg(k::int ORDER BY place)
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u (k, place)
        WHERE place <= i.indnkeyatts) AS columns
FROM pg_catalog.pg_index i
WHERE i.indrelid = %(oid)s AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
            AND NOT a.attnotnull)
ORDER BY NOT i.indisprimary, i.indexrelid;

-- name: widths
-- How many rows a table has, how large they are on average, and how many indexes it has. {table} is
-- its name, {oid} its number.
SELECT pg_catalog.count(*), coalesce(pg_catalog.avg(pg_catalog.pg_column_size(t.*)), 0)::float8,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index i WHERE i.indrelid = {oid})
FROM {table} t;
