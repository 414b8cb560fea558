-- What every kind of object shares, and what guards the read: none of these rows is an object.

-- name: settle
-- Every setting that the server's rendering of a definition depends on, for this transaction only;
-- the search_path is set before that, to pg_catalog and then pg_temp, so that no temporary table
-- stands in for a system catalog while these queries are parsed. pg_get_viewdef locks what a view reads,
-- so a deadline is set where there is none.
SELECT set_config('quote_all_identifiers', 'off', true),
    set_config('DateStyle', 'ISO, MDY', true),
    set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true),
    set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
    set_config('lc_monetary', 'C', true), set_config('cursor_tuple_fraction', '1', true),
    set_config('jit', 'off', true),
    CASE current_setting('lock_timeout') WHEN '0' THEN set_config('lock_timeout', '10s', true) END;

-- name: put_first
-- The first schema read, put before pg_catalog: the server then writes its names unqualified.
SELECT set_config('search_path', quote_ident(%(schema)s) || ', pg_catalog, pg_temp', true);

-- name: first_schema
-- What the path begins with, as the server sees it.
SELECT current_schema() AS name;

-- name: find_schemas
-- The schemas of these names, and whether the reader may use them.
SELECT nspname::text AS name, oid::bigint AS oid, has_schema_privilege(oid, 'USAGE') AS usable
FROM pg_namespace WHERE nspname = ANY (%(names)s::text[]);

-- name: own_schemas
-- The schemas of these names; without names every schema that is not PostgreSQL's, "public" first.
SELECT nspname::text, oid::bigint FROM pg_namespace
WHERE CASE WHEN %(names)s::text[] <> '{}' THEN nspname = ANY (%(names)s::text[])
    ELSE nspname !~ '^pg_' AND nspname <> 'information_schema' END
ORDER BY nspname <> 'public', nspname;

-- name: hazards
-- Operators that would stand in for PostgreSQL's own in what pg_get_viewdef and pg_get_ruledef run
-- inside, while the schema comes first in search_path.
SELECT o.oid::regoperator::text AS name FROM pg_operator o
WHERE o.oprnamespace = ANY (%(schemas)s::oid[]) AND o.oprname = '='
    AND o.oprleft = o.oprright AND o.oprleft IN ('oid'::regtype, 'name'::regtype);

-- name: fingerprint
-- A digest that changes with every committed change of a definition in these schemas: the
-- transaction that wrote each row. VACUUM and ANALYZE update pg_class in place and do not change it.
SELECT md5(string_agg(v, ',' ORDER BY v)) AS digest FROM (
    SELECT 'c' || c.oid || ':' || c.xmin AS v FROM pg_class c
    WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'a' || a.attrelid || '.' || a.attnum || ':' || a.xmin FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'd' || d.oid || ':' || d.xmin FROM pg_attrdef d
    JOIN pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'k' || k.oid || ':' || k.xmin FROM pg_constraint k
    WHERE k.connamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'i' || i.indexrelid || ':' || i.xmin FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 't' || t.oid || ':' || t.xmin FROM pg_type t
    WHERE t.typnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'e' || e.oid || ':' || e.xmin FROM pg_enum e
    JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'p' || p.oid || ':' || p.xmin FROM pg_proc p
    WHERE p.pronamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'o' || o.oid || ':' || o.xmin FROM pg_operator o
    WHERE o.oprnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 's' || s.oid || ':' || s.xmin FROM pg_statistic_ext s
    WHERE s.stxnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'r' || r.oid || ':' || r.xmin FROM pg_rewrite r
    JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'g' || g.oid || ':' || g.xmin FROM pg_trigger g
    JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'y' || y.oid || ':' || y.xmin FROM pg_policy y
    JOIN pg_class c ON c.oid = y.polrelid WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL SELECT 'n' || n.oid || ':' || n.xmin FROM pg_namespace n
    WHERE n.oid = ANY (%(schemas)s::oid[])
) rows;

-- name: comments
-- Comments on what is not PostgreSQL's own, and on the schemas.
SELECT d.classoid::bigint AS catalog, d.objoid::bigint AS oid, d.objsubid AS sub, d.description AS comment
FROM pg_description d
WHERE (d.objoid >= 16384
        OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = ANY (%(schemas)s::oid[])))
    AND NOT (d.classoid = 'pg_namespace'::regclass AND d.objoid = 'public'::regnamespace
        AND d.description = 'standard public schema');

-- name: privileges
-- What was granted beyond, or revoked from, the privileges an object is born with: acldefault(), or
-- for a schema made by initdb those that initdb gave it (pg_init_privs). Left that way, the owner
-- and the privileges that a new major version adds do not show. `fact` is "grants" or "revocations".
WITH object AS (
    SELECT 'pg_class'::regclass::oid AS catalog, c.oid, 0 AS sub, c.relowner AS owner, c.relacl AS acl,
        acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS base
    FROM pg_class c WHERE c.relnamespace = ANY (%(schemas)s::oid[])
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, a.attnum, c.relowner, a.attacl, acldefault('c', c.relowner)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = ANY (%(schemas)s::oid[]) AND NOT a.attisdropped
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
    FROM pg_proc p WHERE p.pronamespace = ANY (%(schemas)s::oid[])
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner)
    FROM pg_type t WHERE t.typnamespace = ANY (%(schemas)s::oid[])
    UNION ALL
    SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl,
        coalesce(ip.initprivs, acldefault('n', n.nspowner))
    FROM pg_namespace n LEFT JOIN pg_init_privs ip
        ON ip.classoid = 'pg_namespace'::regclass AND ip.objoid = n.oid AND ip.objsubid = 0
    WHERE n.oid = ANY (%(schemas)s::oid[])
), item AS (
    SELECT o.catalog, o.oid, o.sub, o.owner, 'grants' AS fact, x.* FROM object o, LATERAL (
        SELECT * FROM aclexplode(o.acl) EXCEPT SELECT * FROM aclexplode(o.base)) x
    WHERE o.acl IS NOT NULL
    UNION ALL
    SELECT o.catalog, o.oid, o.sub, o.owner, 'revocations' AS fact, x.* FROM object o, LATERAL (
        SELECT * FROM aclexplode(o.base) EXCEPT SELECT * FROM aclexplode(o.acl)) x
    WHERE o.acl IS NOT NULL
)
SELECT i.catalog::bigint AS catalog, i.oid::bigint AS oid, i.sub,
    i.fact, i.privilege_type || CASE i.fact WHEN 'grants' THEN ' to ' ELSE ' from ' END
    || CASE i.grantee WHEN 0 THEN 'PUBLIC' WHEN i.owner THEN 'the owner'
        ELSE quote_ident(pg_get_userbyid(i.grantee)) END
    || CASE WHEN i.is_grantable THEN ' with grant option' ELSE '' END
    || CASE WHEN i.grantor = i.owner THEN '' ELSE ' by ' || quote_ident(pg_get_userbyid(i.grantor)) END
    AS privilege
FROM item i;

-- name: extension_members
-- Everything that an extension owns.
SELECT d.classid::bigint AS catalog, d.objid::bigint AS oid
FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass;

-- name: extension_dependents
-- What was told to go away with an extension (ALTER … DEPENDS ON EXTENSION), with its name.
SELECT d.classid::bigint AS catalog, d.objid::bigint AS oid, e.extname::text AS extension
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass;

-- name: role_names
-- The names of roles, for owners.
SELECT oid::bigint AS oid, quote_ident(rolname) AS name FROM pg_roles;

-- name: contents
-- Everything that PostgreSQL records as lying in these schemas, but for what is part of another
-- object (array types, multirange types, constructors of ranges), what an extension owns and shell
-- operators; then what has no schema of its own but hangs on what lies in them, of catalogs that no query above
-- reads, and security labels.
WITH inside AS (
    SELECT DISTINCT d.classid, d.objid FROM pg_depend d
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = ANY (%(schemas)s::oid[])
), hanging AS (
    SELECT DISTINCT d.classid, d.objid FROM pg_depend d
    JOIN inside i ON i.classid = d.refclassid AND i.objid = d.refobjid
    WHERE d.classid IN ('pg_transform'::regclass, 'pg_am'::regclass, 'pg_language'::regclass,
        'pg_foreign_data_wrapper'::regclass)
), found AS (
    SELECT * FROM inside UNION SELECT * FROM hanging
)
SELECT f.classid::bigint AS catalog, f.objid::bigint AS oid,
    pg_describe_object(f.classid, f.objid, 0) AS description
FROM found f
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = f.classid AND d.objid = f.objid
    AND d.deptype IN ('e', 'i') AND NOT (d.refclassid = f.classid AND d.refobjid = f.objid))
    AND NOT EXISTS (SELECT FROM pg_operator o WHERE f.classid = 'pg_operator'::regclass
        AND o.oid = f.objid AND o.oprcode = 0)
UNION ALL
SELECT 0, l.objoid::bigint, 'security label on ' || pg_describe_object(l.classoid, l.objoid, l.objsubid)
FROM pg_seclabel l JOIN inside i ON i.classid = l.classoid AND i.objid = l.objoid;
