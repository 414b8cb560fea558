-- What a database has of the tables that released code knows. Parameters are as SQLAlchemy's text()
-- writes them, since any driver may run these.

-- name: tables
-- Every relation, with its kind and the name that reports have for it; is_found is whether a name
-- without a schema means it.
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
    pg_catalog.pg_table_is_visible(c.oid) AS is_found,
    CASE WHEN n.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END
        || pg_catalog.quote_ident(c.relname) AS written
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)';

-- name: referring
-- The foreign keys to a table, but for those that its partitions have of theirs (conparentid).
SELECT n.nspname::text AS schema, c.relname::text AS name,
    (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number
    ) AS columns,
    (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY k (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number
    ) AS referred
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class t ON t.oid = f.confrelid
JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0 AND s.nspname = :schema AND t.relname = :name
ORDER BY 1, 2, f.conname;
