-- Types and routines: enums, domains, composite and range types, functions, procedures, aggregates.
-- The meaning of the columns is told at the head of relations.sql.

-- name: enums
-- Enumerated types with their labels in order.
SELECT 'enum' AS kind, ARRAY[n.nspname::text, t.typname::text] AS path,
    'pg_type'::regclass::oid::bigint AS catalog, t.oid::bigint AS oid, t.typowner::bigint AS owner,
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
        AS "labels"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]) AND t.typtype = 'e';

-- name: domains
-- Domains; their constraints are read with those of tables.
SELECT 'domain' AS kind, ARRAY[n.nspname::text, t.typname::text] AS path,
    'pg_type'::regclass::oid::bigint AS catalog, t.oid::bigint AS oid, t.typowner::bigint AS owner,
    format_type(t.typbasetype, t.typtypmod) AS "type",
    CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS "collation",
    t.typnotnull AS "NOT NULL",
    coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS "default"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type b ON b.oid = t.typbasetype
WHERE n.oid = ANY (%(schemas)s::oid[]) AND t.typtype = 'd';

-- name: composite_types
-- Stand-alone composite types; the row types of tables belong to their tables.
SELECT 'composite type' AS kind, ARRAY[n.nspname::text, t.typname::text] AS path,
    'pg_type'::regclass::oid::bigint AS catalog, t.oid::bigint AS oid, t.typowner::bigint AS owner,
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columns"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
WHERE n.oid = ANY (%(schemas)s::oid[]) AND t.typtype = 'c';

-- name: range_types
-- Range types, each with its multirange type. rngmultitypid is there since 14.
SELECT 'range type' AS kind, ARRAY[n.nspname::text, t.typname::text] AS path,
    'pg_type'::regclass::oid::bigint AS catalog, t.oid::bigint AS oid, t.typowner::bigint AS owner,
    format_type(r.rngsubtype, NULL) AS "subtype",
    CASE WHEN r.rngcollation NOT IN (0, s.typcollation) THEN r.rngcollation::regcollation::text END
        AS "collation",
    CASE WHEN NOT o.opcdefault THEN CASE WHEN pg_opclass_is_visible(o.oid) THEN ''
        ELSE quote_ident(ocn.nspname) || '.' END || quote_ident(o.opcname) END AS "operator class",
    CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END AS "canonical function",
    CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END AS "difference function",
    format_type(r.rngmultitypid, NULL) AS "multirange type"
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_range r ON r.rngtypid = t.oid
JOIN pg_type s ON s.oid = r.rngsubtype
JOIN pg_opclass o ON o.oid = r.rngsubopc
JOIN pg_namespace ocn ON ocn.oid = o.opcnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]) AND t.typtype = 'r';

-- name: routines
-- Functions, window functions and procedures. A body in SQL-standard form is the server's own
-- rendering; a body that is a string is that string, schema names in it included.
SELECT
    CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
    ARRAY[n.nspname::text, p.proname::text] AS path,
    '(' || oidvectortypes(p.proargtypes) || ')' AS signature,
    'pg_proc'::regclass::oid::bigint AS catalog, p.oid::bigint AS oid, p.proowner::bigint AS owner,
    pg_get_function_arguments(p.oid) AS "arguments",
    pg_get_function_result(p.oid) AS "result",
    l.lanname AS "language",
    p.prokind = 'w' AS "window",
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS "volatility",
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS "parallel",
    p.proisstrict AS "strict",
    p.prosecdef AS "security definer",
    p.proleakproof AS "leakproof",
    CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END
        THEN p.procost::text END AS "cost",
    CASE WHEN p.prorows NOT IN (0, 1000) THEN p.prorows::text END AS "rows",
    CASE WHEN p.prosupport <> 0 THEN p.prosupport::regproc::text END AS "support function",
    (SELECT array_agg(format_type(o, NULL) ORDER BY i)
     FROM unnest(p.protrftypes) WITH ORDINALITY u (o, i)) AS "transforms",
    p.proconfig AS "settings",
    coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS "body",
    p.probin AS "library"
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE n.oid = ANY (%(schemas)s::oid[]) AND p.prokind <> 'a'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.deptype = 'i');

-- name: aggregates
-- Aggregate functions. A function's oid of 0 means that there is none.
SELECT
    'aggregate' AS kind,
    ARRAY[n.nspname::text, p.proname::text] AS path,
    '(' || oidvectortypes(p.proargtypes) || ')' AS signature,
    'pg_proc'::regclass::oid::bigint AS catalog, p.oid::bigint AS oid, p.proowner::bigint AS owner,
    pg_get_function_arguments(p.oid) AS "arguments",
    pg_get_function_result(p.oid) AS "result",
    CASE a.aggkind WHEN 'o' THEN 'ordered-set' WHEN 'h' THEN 'hypothetical-set' END AS "sort",
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS "parallel",
    a.aggtransfn::regprocedure::text AS "transition function",
    format_type(a.aggtranstype, NULL) AS "state type",
    NULLIF(a.aggtransspace, 0) AS "state size",
    a.agginitval AS "initial value",
    CASE WHEN a.aggfinalfn <> 0 THEN a.aggfinalfn::regprocedure::text END AS "final function",
    a.aggfinalextra AS "final function's extra arguments",
    CASE a.aggfinalmodify WHEN 'r' THEN 'read-only' WHEN 's' THEN 'shareable' ELSE 'read-write' END
        AS "final function's effect",
    CASE WHEN a.aggcombinefn <> 0 THEN a.aggcombinefn::regprocedure::text END AS "combine function",
    CASE WHEN a.aggserialfn <> 0 THEN a.aggserialfn::regprocedure::text END AS "serialize function",
    CASE WHEN a.aggdeserialfn <> 0 THEN a.aggdeserialfn::regprocedure::text END AS "deserialize function",
    CASE WHEN a.aggmtransfn <> 0 THEN a.aggmtransfn::regprocedure::text END AS "moving transition function",
    CASE WHEN a.aggminvtransfn <> 0 THEN a.aggminvtransfn::regprocedure::text END AS "moving inverse function",
    CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS "moving state type",
    NULLIF(a.aggmtransspace, 0) AS "moving state size",
    a.aggminitval AS "moving initial value",
    CASE WHEN a.aggmfinalfn <> 0 THEN a.aggmfinalfn::regprocedure::text END AS "moving final function",
    a.aggmfinalextra AS "moving final function's extra arguments",
    CASE WHEN a.aggmfinalfn <> 0 THEN CASE a.aggmfinalmodify WHEN 'r' THEN 'read-only'
        WHEN 's' THEN 'shareable' ELSE 'read-write' END END AS "moving final function's effect",
    CASE WHEN a.aggsortop <> 0 THEN a.aggsortop::regoperator::text END AS "sort operator"
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE n.oid = ANY (%(schemas)s::oid[]);
