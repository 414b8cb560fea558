-- What hangs on a table: constraints (those of domains too), triggers, rules, policies, statistics.
-- The meaning of the columns is told at the head of relations.sql.

-- name: constraints
-- Constraints but for those of constraint triggers (they are triggers) and the copies of a foreign
-- key that PostgreSQL keeps for partitions. The definition's tail (deferrability, validity,
-- enforcement) is taken off and said as facts; nothing that precedes it can end in these words.
-- conenforced and NOT NULL constraints on tables are there since 18.
SELECT
    'constraint' AS kind,
    ARRAY[n.nspname::text, coalesce(c.relname, t.typname)::text, con.conname::text] AS path,
    ARRAY[CASE WHEN t.oid IS NOT NULL THEN 'domain' WHEN c.relkind = 'f' THEN 'foreign table'
        ELSE 'table' END, n.nspname::text, coalesce(c.relname, t.typname)::text] AS parent,
    'pg_constraint'::regclass::oid::bigint AS catalog, con.oid::bigint AS oid,
    CASE con.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
        WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' WHEN 'n' THEN 'not null' END AS "type",
    regexp_replace(pg_get_constraintdef(con.oid),
        '( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT ENFORCED| NOT VALID)?$', '') AS "definition",
    con.condeferrable AS "deferrable",
    con.condeferred AS "initially deferred",
    NOT con.convalidated AND coalesce((to_jsonb(con) ->> 'conenforced')::bool, true) AS "not valid",
    NOT (to_jsonb(con) ->> 'conenforced')::bool AS "not enforced",
    con.connoinherit AND con.contype IN ('c', 'n') AS "not inherited by children",
    con.coninhcount > 0 AND NOT con.conislocal AS "inherited only",
    tg.fires AS "fires"
FROM pg_constraint con
LEFT JOIN (
    SELECT tgconstraint, string_agg(DISTINCT CASE tgenabled WHEN 'D' THEN 'disabled'
        WHEN 'R' THEN 'on a replica' ELSE 'always' END, ', ') AS fires
    FROM pg_trigger WHERE tgenabled <> 'O' GROUP BY tgconstraint
) tg ON tg.tgconstraint = con.oid
LEFT JOIN pg_class c ON c.oid = con.conrelid
LEFT JOIN pg_type t ON t.oid = con.contypid
JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
WHERE n.oid = ANY (%(schemas)s::oid[]) AND con.contype <> 't'
    AND NOT (con.contype = 'f' AND con.conparentid <> 0);

-- name: triggers
-- Triggers that somebody wrote, and their copies on partitions (up to 14 those are marked internal).
-- The pretty form is the one that leaves the table's name unqualified.
SELECT
    'trigger' AS kind,
    ARRAY[n.nspname::text, c.relname::text, tg.tgname::text] AS path,
    ARRAY[CASE c.relkind WHEN 'v' THEN 'view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
        n.nspname::text, c.relname::text] AS parent,
    'pg_trigger'::regclass::oid::bigint AS catalog, tg.oid::bigint AS oid,
    pg_get_triggerdef(tg.oid, true) AS "definition",
    CASE tg.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on a replica' WHEN 'A' THEN 'always' END
        AS "fires",
    tg.tgparentid <> 0 AS "inherited"
FROM pg_trigger tg
JOIN pg_class c ON c.oid = tg.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint con ON con.oid = tg.tgconstraint
WHERE n.oid = ANY (%(schemas)s::oid[])
    AND (NOT tg.tgisinternal OR (tg.tgparentid <> 0 AND coalesce(con.contype, 't') = 't'));

-- name: rules
-- Rewrite rules but for the one that makes a view a view.
SELECT
    'rule' AS kind,
    ARRAY[n.nspname::text, c.relname::text, r.rulename::text] AS path,
    ARRAY[CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
        n.nspname::text, c.relname::text] AS parent,
    'pg_rewrite'::regclass::oid::bigint AS catalog, r.oid::bigint AS oid,
    pg_get_ruledef(r.oid, true) AS "definition",
    CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on a replica' WHEN 'A' THEN 'always' END
        AS "fires"
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]) AND r.rulename <> '_RETURN';

-- name: policies
-- Policies of row-level security.
SELECT
    'policy' AS kind,
    ARRAY[n.nspname::text, c.relname::text, p.polname::text] AS path,
    ARRAY['table', n.nspname::text, c.relname::text] AS parent,
    'pg_policy'::regclass::oid::bigint AS catalog, p.oid::bigint AS oid,
    CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
        WHEN 'd' THEN 'delete' ELSE 'all' END AS "command",
    NOT p.polpermissive AS "restrictive",
    (SELECT array_agg(coalesce(quote_ident(ro.rolname), 'PUBLIC') ORDER BY ro.rolname)
     FROM unnest(p.polroles) o LEFT JOIN pg_roles ro ON ro.oid = o) AS "roles",
    pg_get_expr(p.polqual, p.polrelid) AS "USING",
    pg_get_expr(p.polwithcheck, p.polrelid) AS "WITH CHECK"
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: statistics
-- Extended statistics. stxstattarget is -1 up to 16 and NULL since 17 for "the default".
SELECT
    'statistics' AS kind,
    ARRAY[n.nspname::text, s.stxname::text] AS path,
    ARRAY[CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
        cn.nspname::text, c.relname::text] AS parent,
    'pg_statistic_ext'::regclass::oid::bigint AS catalog, s.oid::bigint AS oid, s.stxowner::bigint AS owner,
    c.oid::regclass::text AS "table",
    pg_get_statisticsobjdef_columns(s.oid) AS "columns and expressions",
    (SELECT array_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv'
        ELSE 'expressions' END ORDER BY k) FROM unnest(s.stxkind) k) AS "kinds",
    NULLIF(s.stxstattarget, -1) AS "statistics target"
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class c ON c.oid = s.stxrelid
JOIN pg_namespace cn ON cn.oid = c.relnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);
