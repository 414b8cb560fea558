-- The rarer kinds: operators, casts, collations, text search; extensions; default privileges.
-- The meaning of the columns is told at the head of relations.sql.

-- name: operators
-- Operators. A shell operator is only named by another one and has no function: it is left out. Up to
-- 17 DROP OPERATOR leaves its oid behind in the operators that named it, hence the look-ups.
SELECT 'operator' AS kind, ARRAY[n.nspname::text, o.oprname::text] AS path,
    '(' || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', '
        || format_type(o.oprright, NULL) || ')' AS signature,
    'pg_operator'::regclass::oid::bigint AS catalog, o.oid::bigint AS oid, o.oprowner::bigint AS owner,
    o.oprcode::oid::regprocedure::text AS "function",
    format_type(o.oprresult, NULL) AS "result",
    (SELECT c.oid::regoperator::text FROM pg_operator c WHERE c.oid = o.oprcom)
        AS "commutator",
    (SELECT c.oid::regoperator::text FROM pg_operator c WHERE c.oid = o.oprnegate)
        AS "negator",
    CASE WHEN o.oprrest <> 0 THEN o.oprrest::text END AS "restriction estimator",
    CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::text END AS "join estimator",
    o.oprcanmerge AS "can merge", o.oprcanhash AS "can hash"
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]) AND o.oprcode <> 0;

-- name: casts
-- Casts from or to a type of these schemas. A cast has no schema and no owner of its own.
SELECT 'cast' AS kind, ARRAY[]::text[] AS path,
    format_type(k.castsource, NULL) || ' AS ' || format_type(k.casttarget, NULL) AS signature,
    'pg_cast'::regclass::oid::bigint AS catalog, k.oid::bigint AS oid,
    CASE k.castmethod WHEN 'f' THEN k.castfunc::regprocedure::text WHEN 'i' THEN 'through text'
        ELSE 'binary coercible' END AS "method",
    CASE k.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END AS "context"
FROM pg_cast k
JOIN pg_type s ON s.oid = k.castsource
JOIN pg_type t ON t.oid = k.casttarget
WHERE (s.typnamespace = ANY (%(schemas)s::oid[]) OR t.typnamespace = ANY (%(schemas)s::oid[]))
    -- PostgreSQL makes the cast of a range type to its multirange type itself.
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = k.oid
        AND d.deptype = 'i');

-- name: collations
-- Collations. The locale's column is colliculocale in 15 and 16, colllocale since 17 and, for ICU in
-- 14, collcollate; collicurules is there since 16. The recorded version of the operating system's or
-- ICU's data is the server's, not the schema's.
SELECT 'collation' AS kind, ARRAY[n.nspname::text, c.collname::text] AS path,
    'pg_collation'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, c.collowner::bigint AS owner,
    CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' END AS "provider",
    coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale',
        CASE c.collprovider WHEN 'i' THEN c.collcollate END) AS "locale",
    CASE c.collprovider WHEN 'c' THEN c.collcollate END AS "order",
    CASE c.collprovider WHEN 'c' THEN c.collctype END AS "character classes",
    to_jsonb(c) ->> 'collicurules' AS "rules",
    NOT c.collisdeterministic AS "nondeterministic"
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: text_search_dictionaries
-- Dictionaries of text search.
SELECT 'text search dictionary' AS kind, ARRAY[n.nspname::text, d.dictname::text] AS path,
    'pg_ts_dict'::regclass::oid::bigint AS catalog, d.oid::bigint AS oid, d.dictowner::bigint AS owner,
    CASE WHEN pg_ts_template_is_visible(t.oid) THEN '' ELSE quote_ident(tn.nspname) || '.' END
        || quote_ident(t.tmplname) AS "template",
    d.dictinitoption AS "options"
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: text_search_configurations
-- Configurations of text search, each token type with its dictionaries in order.
SELECT 'text search configuration' AS kind, ARRAY[n.nspname::text, c.cfgname::text] AS path,
    'pg_ts_config'::regclass::oid::bigint AS catalog, c.oid::bigint AS oid, c.cfgowner::bigint AS owner,
    CASE WHEN pg_ts_parser_is_visible(p.oid) THEN '' ELSE quote_ident(pn.nspname) || '.' END
        || quote_ident(p.prsname) AS "parser",
    (SELECT array_agg(k.alias || ': ' || m.mapdict::regdictionary::text ORDER BY k.alias, m.mapseqno)
     FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype
     WHERE m.mapcfg = c.oid) AS "mappings"
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: extensions
-- Extensions that were installed into these schemas. What they own is left out elsewhere.
SELECT 'extension' AS kind, ARRAY[n.nspname::text, e.extname::text] AS path,
    'pg_extension'::regclass::oid::bigint AS catalog, e.oid::bigint AS oid, e.extowner::bigint AS owner,
    e.extversion AS "version"
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);

-- name: default_privileges
-- ALTER DEFAULT PRIVILEGES IN SCHEMA. Those for all schemas belong to the database.
SELECT 'default privileges' AS kind, ARRAY[n.nspname::text] AS path,
    ' on ' || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
        WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE d.defaclobjtype::text END
        || CASE WHEN d.defaclrole = n.nspowner THEN ''
            ELSE ' made by ' || quote_ident(pg_get_userbyid(d.defaclrole)) END AS signature,
    'pg_default_acl'::regclass::oid::bigint AS catalog, d.oid::bigint AS oid,
    (SELECT array_agg(g ORDER BY g) FROM (
        SELECT x.privilege_type || ' to ' || CASE x.grantee WHEN 0 THEN 'PUBLIC'
            WHEN d.defaclrole THEN 'the owner' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
            || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END AS g
        FROM aclexplode(d.defaclacl) x) granted) AS "grants"
FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE n.oid = ANY (%(schemas)s::oid[]);
