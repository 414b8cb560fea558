-- What the property test builds schemas from and alters them with: one statement a line.
-- `{word}` is one of the names of that pool, `[a|b]` one of these (they do not nest), `@15` at the
-- start of a line means "from that major on". A statement that the server refuses is passed over.

-- class: enums
CREATE TYPE {enum} AS ENUM ('[a|b|c]', 'x', 'y''s');
ALTER TYPE {enum} ADD VALUE '[d|e]' [BEFORE|AFTER] 'x';
ALTER TYPE {enum} RENAME VALUE '[a|x|z]' TO '[x|z]';
ALTER TYPE {enum} RENAME TO {enum};
DROP TYPE {enum};

-- class: domains
CREATE DOMAIN {domain} AS [integer|text|numeric(5,2)|varchar(9)|integer NOT NULL|integer DEFAULT 4 NOT NULL];
CREATE DOMAIN {domain} AS [integer DEFAULT 3|text COLLATE "C"|text DEFAULT 'a' CONSTRAINT k0 CHECK (value <> 'z')];
ALTER DOMAIN {domain} ADD [|CONSTRAINT k1] CHECK (VALUE IS [DISTINCT FROM NULL|NOT NULL]) [|NOT VALID];
ALTER DOMAIN {domain} VALIDATE CONSTRAINT [k1|k2];
ALTER DOMAIN {domain} RENAME CONSTRAINT [k0|k1] TO [k1|k2];
ALTER DOMAIN {domain} DROP CONSTRAINT [k0|k1|k2];
ALTER DOMAIN {domain} [SET NOT NULL|DROP NOT NULL];
ALTER DOMAIN {domain} [SET DEFAULT NULL|SET DEFAULT '7'|DROP DEFAULT];
DROP DOMAIN {domain};

-- class: composite types
CREATE TYPE {composite} AS (x integer, y [text|text COLLATE "C"|varchar(3)], "Z z" {domain});
CREATE TYPE {composite} AS (c1 integer, c2 text, c3 integer);
CREATE TYPE {composite} AS ();
ALTER TYPE {composite} ADD ATTRIBUTE [x|w] [integer|text];
ALTER TYPE {composite} DROP ATTRIBUTE [x|w|y];
ALTER TYPE {composite} ALTER ATTRIBUTE [x|y] TYPE [bigint|text|text COLLATE "C"|varchar(4)];
ALTER TYPE {composite} RENAME ATTRIBUTE [x|w] TO [x|w];
DROP TYPE {composite};

-- class: range types
CREATE TYPE {range} AS RANGE (subtype = [float8|integer|date]);
CREATE TYPE {range} AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = m1);
CREATE TYPE {range} AS RANGE (subtype = text, collation = "C");
CREATE TYPE {range} AS RANGE (subtype = text, subtype_opclass = text_pattern_ops);
DROP TYPE {range};

-- class: tables
CREATE [|UNLOGGED] TABLE {table} (c1 [integer|bigint|serial], c2 [text|varchar(10)|{enum}], c3 [integer|{domain}] DEFAULT 1);
CREATE TABLE {table} (c1 integer GENERATED [ALWAYS|BY DEFAULT] AS IDENTITY [|(START 5 INCREMENT 2)] PRIMARY KEY, c2 text, c3 timestamptz DEFAULT now());
CREATE TABLE {table} (c1 integer, c2 text, c3 integer[], "C 4" numeric(8,2) DEFAULT 0.5) WITH (fillfactor = 60);
CREATE TABLE {table} (c1 [integer|bigint], c2 integer, c3 integer GENERATED ALWAYS AS (c1 * 2) STORED);
@18 CREATE TABLE {table} (c1 integer, c2 text, c3 bigint GENERATED ALWAYS AS (c1 + 1) [|STORED|VIRTUAL]);
CREATE TABLE {table} OF {composite};
ALTER TABLE {table} RENAME TO {table};
ALTER TABLE {table} OF {composite};
ALTER TABLE {table} NOT OF;
ALTER TABLE {table} SET [LOGGED|UNLOGGED];
DROP TABLE {table} CASCADE;

-- class: table options
ALTER TABLE {table} SET ([fillfactor = 50|fillfactor = 90|autovacuum_enabled = off|parallel_workers = 2|toast_tuple_target = 200]);
ALTER TABLE {table} SET ([toast.autovacuum_enabled = off|toast.autovacuum_vacuum_threshold = 9]);
ALTER TABLE {table} RESET ([fillfactor|autovacuum_enabled|parallel_workers|toast.autovacuum_enabled]);
ALTER TABLE {table} REPLICA IDENTITY [FULL|NOTHING|DEFAULT];
ALTER TABLE {table} REPLICA IDENTITY USING INDEX {index};
ALTER TABLE {table} CLUSTER ON {index};
ALTER TABLE {table} SET WITHOUT CLUSTER;
ALTER TABLE {table} [ENABLE|DISABLE|FORCE|NO FORCE] ROW LEVEL SECURITY;

-- class: inheritance
CREATE TABLE {child} ([|k integer|c1 integer]) INHERITS ({table});
CREATE TABLE {child} (c1 integer, c2 text, c3 integer, k integer);
ALTER TABLE {child} [INHERIT|NO INHERIT] {table};
ALTER TABLE {child} ADD COLUMN [k|l|c2] [integer|text];
ALTER TABLE {child} ALTER COLUMN c1 [SET NOT NULL|DROP NOT NULL|SET DEFAULT 9|DROP DEFAULT];
DROP TABLE {child};

-- class: partitions
CREATE TABLE {parted} (p1 integer, p2 text, p3 timestamptz) PARTITION BY [RANGE (p1)|RANGE (p1, p3)|LIST (p2)|LIST (lower(p2))|HASH (p1)];
CREATE TABLE {part} PARTITION OF {parted} DEFAULT;
CREATE TABLE {part} PARTITION OF {parted} FOR VALUES FROM ([1|5]) TO ([10|20|MAXVALUE]);
CREATE TABLE {part} PARTITION OF {parted} FOR VALUES IN ('a', 'b');
CREATE TABLE {part} PARTITION OF {parted} FOR VALUES WITH (MODULUS 4, REMAINDER [0|1]);
CREATE TABLE {part} PARTITION OF {parted} FOR VALUES IN ('c') PARTITION BY RANGE (p1);
CREATE TABLE {part} (p1 integer [|DEFAULT 4], p2 text, p3 timestamptz);
CREATE TABLE {part} (p3 timestamptz, p2 text, p1 integer);
ALTER TABLE {parted} ATTACH PARTITION {part} DEFAULT;
ALTER TABLE {parted} ATTACH PARTITION {part} FOR VALUES FROM (30) TO (40);
ALTER TABLE {parted} DETACH PARTITION {part};
ALTER TABLE {part} ALTER p1 SET DEFAULT [1|2];
ALTER TABLE {parted} ALTER [p1|p2] [SET NOT NULL|DROP NOT NULL|SET DEFAULT '8'|DROP DEFAULT];
ALTER TABLE [ONLY|] {parted} ADD COLUMN p4 integer [|DEFAULT 3];
ALTER TABLE {parted} DROP COLUMN p4;
ALTER TABLE {parted} ADD CONSTRAINT pk PRIMARY KEY (p1[|, p3]);
ALTER TABLE {parted} ADD CONSTRAINT ck CHECK (p1 > [1|2]);
ALTER TABLE {part} ADD CONSTRAINT ck CHECK (p1 > [1|2]);
ALTER TABLE {parted} DROP CONSTRAINT [pk|ck];
CREATE INDEX {index} ON [|ONLY] {parted} ([p1|p2|p3]);
CREATE INDEX {index} ON {part} ([p1|p2]);
ALTER INDEX {index} ATTACH PARTITION {index};
CREATE TRIGGER {trigger} AFTER INSERT ON {parted} FOR EACH ROW EXECUTE FUNCTION trigger_function();
ALTER TABLE [|ONLY] {parted} [DISABLE|ENABLE|ENABLE ALWAYS|ENABLE REPLICA] TRIGGER {trigger};
ALTER TABLE {part} [DISABLE|ENABLE|ENABLE ALWAYS] TRIGGER {trigger};
ALTER TABLE {table} ADD CONSTRAINT fkp FOREIGN KEY (c1) REFERENCES {parted} (p1);
ALTER TABLE {parted} ADD CONSTRAINT fkq FOREIGN KEY (p1) REFERENCES {table} (c1) [|ON DELETE CASCADE];
ALTER TABLE {parted} DROP CONSTRAINT fkq;
DROP TABLE {part} CASCADE;
DROP TABLE {parted} CASCADE;

-- class: columns
ALTER TABLE {table} ADD COLUMN {column} [integer|text|bigint DEFAULT 5|jsonb DEFAULT '{}'|{enum}|{domain}|{composite}|{range}|interval DEFAULT '1 day'|smallserial];
ALTER TABLE {table} ADD COLUMN {column} [bool NOT NULL DEFAULT true|text COLLATE "C"|uuid DEFAULT gen_random_uuid()|int4range|integer ARRAY DEFAULT '{1,2}'|bit(3)|time(2)];
ALTER TABLE {table} ADD COLUMN {column} integer GENERATED ALWAYS AS (length([c2|textcat(c2, 'a')])) STORED;
ALTER TABLE {table} ADD COLUMN {column} bigint GENERATED [ALWAYS|BY DEFAULT] AS IDENTITY [|(CACHE 5)|(MAXVALUE 99 CYCLE)|(SEQUENCE NAME {sequence})];
ALTER TABLE {table} DROP COLUMN {column} CASCADE;
ALTER TABLE {table} RENAME COLUMN {column} TO {column};
ALTER TABLE {table} ALTER COLUMN {column} TYPE [integer|bigint|text|varchar(20)|numeric(9,1)|timestamp(3)] USING NULL;
ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE ["C"|"POSIX"|"default"];
ALTER TABLE {table} ALTER COLUMN {column} [SET NOT NULL|DROP NOT NULL];
ALTER TABLE {table} ALTER COLUMN {column} [SET DEFAULT 1|SET DEFAULT NULL|SET DEFAULT now()|SET DEFAULT 'a'|SET DEFAULT '2020-02-02 12:00 CET'::timestamptz|DROP DEFAULT];
ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT [nextval('q1')|1 + 1|random()|-1|1.50|f1(1)];
ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE [PLAIN|EXTERNAL|EXTENDED|MAIN];
ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION [pglz|lz4|default];
ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS [0|100|-1];
ALTER TABLE {table} ALTER COLUMN {column} SET (n_distinct = [5|-1]);
ALTER TABLE {table} ALTER COLUMN {column} SET (n_distinct_inherited = 3);
ALTER TABLE {table} ALTER COLUMN {column} RESET (n_distinct);
ALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION;
@17 ALTER TABLE {table} ALTER COLUMN {column} SET EXPRESSION AS (length([c2|textcat(c2, 'b')]));
ALTER TABLE {table} ALTER COLUMN {column} ADD GENERATED [ALWAYS|BY DEFAULT] AS IDENTITY;
ALTER TABLE {table} ALTER COLUMN {column} SET GENERATED [ALWAYS|BY DEFAULT];
ALTER TABLE {table} ALTER COLUMN {column} SET [INCREMENT 3|START 7|MINVALUE -5|MAXVALUE 1000|CACHE 4|CYCLE];
ALTER TABLE {table} ALTER COLUMN {column} DROP IDENTITY;

-- class: constraints
ALTER TABLE {table} ADD [|CONSTRAINT {constraint}] PRIMARY KEY (c1) [|DEFERRABLE|WITH (fillfactor = 40)|INCLUDE (c3)];
ALTER TABLE {table} ADD [|CONSTRAINT {constraint}] UNIQUE ([c1|c2|c1, c3]) [|DEFERRABLE INITIALLY DEFERRED|DEFERRABLE];
@15 ALTER TABLE {table} ADD CONSTRAINT {constraint} UNIQUE NULLS NOT DISTINCT (c1);
ALTER TABLE {table} ADD CONSTRAINT {constraint} UNIQUE USING INDEX {index};
ALTER TABLE {table} ADD [|CONSTRAINT {constraint}] CHECK ([c1 > 0|c2 IS NOT NULL OR c3 IS NULL|c1 IN (1, 2)|c1 BETWEEN 1 AND 5]) [|NOT VALID|NO INHERIT];
@18 ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK (c1 > 0) NOT ENFORCED;
ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ([c1|c3]) REFERENCES {table} (c1) [|ON DELETE CASCADE|ON DELETE SET NULL ON UPDATE CASCADE|MATCH FULL|NOT VALID|DEFERRABLE|DEFERRABLE INITIALLY DEFERRED];
@15 ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY (c1, c3) REFERENCES {table} (c1, c3) ON DELETE SET NULL (c3);
@18 ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY (c3) REFERENCES {table} (c1) NOT ENFORCED;
@18 ALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {column} [|NO INHERIT|NOT VALID];
@18 ALTER TABLE {table} ALTER CONSTRAINT {constraint} [ENFORCED|NOT ENFORCED|INHERIT|NO INHERIT];
ALTER TABLE {table} ADD CONSTRAINT {constraint} EXCLUDE USING [gist (int4range(c1, c1) WITH &&)|btree (c1 WITH =) WHERE (c1 > 3)];
ALTER TABLE {table} ALTER CONSTRAINT {constraint} [DEFERRABLE|NOT DEFERRABLE|DEFERRABLE INITIALLY DEFERRED];
ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};
ALTER TABLE {table} RENAME CONSTRAINT {constraint} TO {constraint};
ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE;

-- class: indexes
CREATE [|UNIQUE] INDEX {index} ON {table} ([c1|c1 DESC|c1 NULLS FIRST|c1 DESC NULLS LAST|c2|c2, c1|lower(c2::text)|(c1 + 1)]);
CREATE INDEX {index} ON {table} ([c2 text_pattern_ops|c2 varchar_pattern_ops|c2 COLLATE "C"|c2 COLLATE "POSIX" DESC|(c2 COLLATE "C")|lower(c2) COLLATE "C"]);
CREATE INDEX {index} ON {table} (c1) [INCLUDE (c2)|INCLUDE (c2, c3)|WHERE c1 > 0|WHERE c2 IS NOT NULL|WITH (fillfactor = 50)|WITH (deduplicate_items = off)];
CREATE INDEX {index} ON {table} USING [hash (c1)|brin (c1)|brin (c1 int4_minmax_multi_ops)|brin (c1 int4_bloom_ops (n_distinct_per_range = 200))];
CREATE INDEX {index} ON {table} USING gin ([c3|c3 array_ops|to_tsvector('english', c2)]) [|WITH (fastupdate = off)];
@15 CREATE UNIQUE INDEX {index} ON {table} (c1) NULLS NOT DISTINCT;
CREATE INDEX {index} ON {matview} (a);
ALTER INDEX {index} SET (fillfactor = [40|80]);
ALTER INDEX {index} RESET (fillfactor);
ALTER INDEX {index} ALTER COLUMN 1 SET STATISTICS [10|-1];
ALTER INDEX {index} RENAME TO {index};
DROP INDEX {index} CASCADE;

-- class: sequences
CREATE [|UNLOGGED] SEQUENCE {sequence} [|AS smallint|START 10|INCREMENT -1|INCREMENT 2 CYCLE|MINVALUE 5 MAXVALUE 50|CACHE 10];
ALTER SEQUENCE {sequence} [START 4|INCREMENT 5|NO MAXVALUE|MAXVALUE 70|CYCLE|NO CYCLE|CACHE 3|AS integer|AS bigint];
ALTER SEQUENCE {sequence} OWNED BY [NONE|t1.c1|t2.c1];
@15 ALTER SEQUENCE {sequence} SET [LOGGED|UNLOGGED];
ALTER SEQUENCE {sequence} RENAME TO {sequence};
DROP SEQUENCE {sequence} CASCADE;

-- class: views
CREATE OR REPLACE VIEW {view} [|WITH (security_barrier)|WITH (check_option = local)] AS SELECT [c1 AS a|c1 + 1 AS a] FROM {table} [|WHERE c1 > 1|WHERE c2 IS NULL];
CREATE VIEW {view} AS SELECT x.c1 AS a, count(*) AS n FROM {table} x LEFT JOIN {table} y USING (c1) GROUP BY x.c1;
CREATE RECURSIVE VIEW {view} (a) AS SELECT 1 UNION ALL SELECT a + 1 FROM {view} WHERE a < 5;
@15 ALTER VIEW {view} SET (security_invoker = [true|false]);
ALTER VIEW {view} SET (security_barrier = [true|false]);
ALTER VIEW {view} RESET (security_barrier);
ALTER VIEW {view} ALTER COLUMN a [SET DEFAULT 5|DROP DEFAULT];
ALTER VIEW {view} RENAME COLUMN [a|b] TO [a|b];
DROP VIEW {view} CASCADE;

-- class: materialised views
CREATE MATERIALIZED VIEW {matview} [|WITH (fillfactor = 50)] AS SELECT [1 AS a|2 AS a|c1 AS a FROM t1|c1 AS a FROM t2] WITH NO DATA;
ALTER MATERIALIZED VIEW {matview} SET (fillfactor = [60|70]);
ALTER MATERIALIZED VIEW {matview} ALTER COLUMN a SET STATISTICS [10|20];
ALTER MATERIALIZED VIEW {matview} CLUSTER ON {index};
REFRESH MATERIALIZED VIEW {matview};
DROP MATERIALIZED VIEW {matview} CASCADE;

-- class: functions
CREATE OR REPLACE FUNCTION {function}([integer|a integer|a integer DEFAULT 2|a integer, VARIADIC b text ARRAY]) RETURNS [integer|bigint] LANGUAGE sql [|IMMUTABLE|STABLE STRICT|SECURITY DEFINER|PARALLEL SAFE|LEAKPROOF|COST 7] AS 'select 1';
CREATE OR REPLACE FUNCTION {function}([text|a text, OUT b integer]) [|SET search_path = s, pg_temp|SET work_mem = '1MB' SET search_path FROM CURRENT] LANGUAGE plpgsql AS $$ BEGIN b := [1|2]; END $$;
CREATE OR REPLACE FUNCTION {function}(a bigint) RETURNS SETOF integer LANGUAGE sql [|ROWS 5] BEGIN ATOMIC SELECT [c1|c1 + 1] FROM {table}; END;
CREATE OR REPLACE FUNCTION {function}(a {table}) RETURNS TABLE (x integer, y text) LANGUAGE sql AS 'select 1, null';
CREATE OR REPLACE FUNCTION {function}(a {domain}, b {enum}) RETURNS {composite} LANGUAGE plpgsql AS 'begin return null; end';
ALTER FUNCTION {function}(integer) [IMMUTABLE|STABLE|VOLATILE|STRICT|CALLED ON NULL INPUT|PARALLEL RESTRICTED|COST 9|SET work_mem = '2MB'|RESET ALL|SECURITY INVOKER];
CREATE OR REPLACE PROCEDURE {procedure}(a integer, INOUT b text) LANGUAGE [plpgsql|sql] [|SECURITY DEFINER] AS '[begin end|select null::text]';
CREATE AGGREGATE {aggregate}(integer) (SFUNC = int4pl, STYPE = integer [|, INITCOND = '0'|, PARALLEL = SAFE|, SSPACE = 9|, COMBINEFUNC = int4pl]);
CREATE AGGREGATE {aggregate}(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer);
CREATE AGGREGATE {aggregate}(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
DROP FUNCTION {function};
DROP ROUTINE {function}(integer);
DROP PROCEDURE {procedure};
DROP AGGREGATE {aggregate}(integer);

-- class: triggers
CREATE [|CONSTRAINT] TRIGGER {trigger} AFTER [INSERT|UPDATE OF c1|UPDATE OF c1, c2 OR DELETE] ON {table} FOR EACH ROW [|WHEN (pg_trigger_depth() = 0)] EXECUTE FUNCTION trigger_function([|'a', 'b''c']);
CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.c1 IS DISTINCT FROM NEW.c1 [|AND NEW.c1 > 1|OR NEW.c1 = 0 AND OLD.c1 > 3]) EXECUTE FUNCTION trigger_function();
CREATE TRIGGER {trigger} AFTER INSERT ON {table} REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION trigger_function();
CREATE TRIGGER {trigger} INSTEAD OF INSERT ON {view} FOR EACH ROW EXECUTE FUNCTION trigger_function();
CREATE CONSTRAINT TRIGGER {trigger} AFTER DELETE ON {table} DEFERRABLE INITIALLY [DEFERRED|IMMEDIATE] FOR EACH ROW EXECUTE FUNCTION trigger_function();
ALTER TABLE {table} [DISABLE|ENABLE|ENABLE REPLICA|ENABLE ALWAYS] TRIGGER {trigger};
ALTER TRIGGER {trigger} ON {table} RENAME TO {trigger};
DROP TRIGGER {trigger} ON {table};

-- class: rules
CREATE OR REPLACE RULE {rule} AS ON [INSERT|UPDATE|DELETE] TO {table} [|WHERE (SELECT true)] DO [ALSO|INSTEAD] [NOTHING|NOTIFY x|SELECT 1];
CREATE OR REPLACE RULE {rule} AS ON INSERT TO {view} DO INSTEAD INSERT INTO {table} (c1) VALUES (new.a);
ALTER TABLE {table} [DISABLE|ENABLE|ENABLE ALWAYS] RULE {rule};
ALTER RULE {rule} ON {table} RENAME TO {rule};
DROP RULE {rule} ON {table};

-- class: policies
CREATE POLICY {policy} ON {table} [|AS RESTRICTIVE] [|FOR SELECT|FOR DELETE|FOR ALL] [|TO PUBLIC|TO pg_monitor, pg_read_all_data|TO CURRENT_USER] USING (c1 > [1|2]);
CREATE POLICY {policy} ON {table} FOR INSERT WITH CHECK (c1 IN (SELECT c1 FROM {table}));
ALTER POLICY {policy} ON {table} [TO pg_monitor|TO PUBLIC|USING (c1 > 5)|WITH CHECK (c1 = 1)];
ALTER POLICY {policy} ON {table} RENAME TO {policy};
DROP POLICY {policy} ON {table};

-- class: statistics objects
CREATE STATISTICS {statistics} [|(ndistinct)|(mcv, dependencies)] ON [c1, c2|c1, c3|c1, (c1 + 1)|c2, c1] FROM {table};
CREATE STATISTICS {statistics} ON (c1 * 2) FROM {table};
ALTER STATISTICS {statistics} SET STATISTICS [50|0|-1];
ALTER STATISTICS {statistics} RENAME TO {statistics};
DROP STATISTICS {statistics};

-- class: privileges
GRANT [SELECT|INSERT, UPDATE|ALL|SELECT (c1)|UPDATE (c1, c2)] ON {table} TO [PUBLIC|pg_monitor|postgres] [|WITH GRANT OPTION];
REVOKE [SELECT|INSERT, UPDATE|ALL|SELECT (c1)|GRANT OPTION FOR SELECT] ON {table} FROM [PUBLIC|pg_monitor|postgres];
GRANT [USAGE|ALL] ON SEQUENCE {sequence} TO [PUBLIC|pg_monitor];
REVOKE ALL ON SEQUENCE {sequence} FROM [PUBLIC|pg_monitor|postgres];
[GRANT|REVOKE] EXECUTE ON FUNCTION {function} [TO|FROM] [PUBLIC|pg_monitor|postgres];
GRANT EXECUTE ON ROUTINE {aggregate}(integer) TO pg_monitor;
REVOKE EXECUTE ON ROUTINE {aggregate}(integer) FROM PUBLIC;
GRANT SELECT ON [{view}|{matview}] TO [PUBLIC|pg_monitor];
REVOKE ALL ON [{view}|{matview}] FROM [PUBLIC|pg_monitor];
REVOKE USAGE ON TYPE [{enum}|{domain}|{composite}|{range}] FROM PUBLIC;
GRANT USAGE ON TYPE [{enum}|{domain}|{composite}|{range}] TO [PUBLIC|pg_monitor];
GRANT [USAGE|CREATE|ALL] ON SCHEMA s TO [PUBLIC|pg_monitor];
REVOKE [USAGE|CREATE|ALL] ON SCHEMA s FROM [PUBLIC|pg_monitor];
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT [SELECT ON TABLES|USAGE ON SEQUENCES|EXECUTE ON FUNCTIONS|USAGE ON TYPES] TO [PUBLIC|pg_monitor] [|WITH GRANT OPTION];
ALTER DEFAULT PRIVILEGES IN SCHEMA s REVOKE [SELECT ON TABLES|USAGE ON SEQUENCES|EXECUTE ON FUNCTIONS|USAGE ON TYPES] FROM [PUBLIC|pg_monitor];

-- class: comments
COMMENT ON TABLE {table} IS [NULL|'one'|'it''s'];
COMMENT ON COLUMN {table}.{column} IS [NULL|'one'|E'two\nlines'];
COMMENT ON CONSTRAINT {constraint} ON {table} IS [NULL|'one'];
COMMENT ON CONSTRAINT [k0|k1] ON DOMAIN {domain} IS 'one';
COMMENT ON INDEX {index} IS [NULL|'one'];
COMMENT ON SEQUENCE {sequence} IS 'one';
COMMENT ON TYPE [{enum}|{composite}|{range}] IS [NULL|'one'];
COMMENT ON DOMAIN {domain} IS 'one';
COMMENT ON COLUMN {composite}.[x|y] IS [NULL|'one'];
COMMENT ON VIEW {view} IS [NULL|'one'];
COMMENT ON COLUMN {view}.a IS [NULL|'one'];
COMMENT ON MATERIALIZED VIEW {matview} IS 'one';
COMMENT ON FUNCTION {function}(integer) IS [NULL|'one'];
COMMENT ON PROCEDURE {procedure} IS 'one';
COMMENT ON AGGREGATE {aggregate}(integer) IS 'one';
COMMENT ON TRIGGER {trigger} ON {table} IS [NULL|'one'];
COMMENT ON RULE {rule} ON {table} IS 'one';
COMMENT ON POLICY {policy} ON {table} IS 'one';
COMMENT ON STATISTICS {statistics} IS 'one';
COMMENT ON SCHEMA s IS [NULL|'one'];

-- class: extensions
CREATE EXTENSION IF NOT EXISTS [hstore|citext|pg_trgm] SCHEMA s;
ALTER TABLE {table} ADD COLUMN {column} [hstore|citext];
CREATE INDEX {index} ON {table} USING [gin (c2 gin_trgm_ops)|gist (c2 gist_trgm_ops)|gist (c2 gist_trgm_ops (siglen = 32))];
COMMENT ON EXTENSION [hstore|citext] IS 'one';
ALTER INDEX {index} [|NO] DEPENDS ON EXTENSION [hstore|citext];
ALTER FUNCTION {function}(integer) [|NO] DEPENDS ON EXTENSION [hstore|citext];
ALTER TRIGGER {trigger} ON {table} [|NO] DEPENDS ON EXTENSION [hstore|citext];
ALTER MATERIALIZED VIEW {matview} DEPENDS ON EXTENSION [hstore|citext];
DROP EXTENSION [hstore|citext|pg_trgm] CASCADE;

-- class: the rarer kinds
CREATE OPERATOR [===|=#=] (LEFTARG = integer, RIGHTARG = integer, FUNCTION = [int4eq|int4ne] [|, COMMUTATOR = ===|, HASHES, RESTRICT = eqsel]);
DROP OPERATOR [===|=#=] (integer, integer);
CREATE CAST ([{enum}|{composite}] AS [{domain}|integer|{composite}]) WITH INOUT [|AS ASSIGNMENT|AS IMPLICIT];
DROP CAST ([{enum}|{composite}] AS [{domain}|integer|{composite}]);
CREATE COLLATION [l1|l2] (locale = '[C|POSIX]');
DROP COLLATION [l1|l2] CASCADE;
CREATE TEXT SEARCH DICTIONARY d1 (TEMPLATE = [simple|synonym], [stopwords = english|accept = false|synonyms = synonym_sample]);
CREATE TEXT SEARCH CONFIGURATION [g1|g2] (COPY = [english|simple]);
ALTER TEXT SEARCH CONFIGURATION [g1|g2] ALTER MAPPING FOR [word|asciiword, int] WITH [simple|english_stem, simple|d1];
ALTER TEXT SEARCH CONFIGURATION [g1|g2] DROP MAPPING IF EXISTS FOR [email|url];
DROP TEXT SEARCH CONFIGURATION [g1|g2];
CREATE FOREIGN TABLE ft (c1 integer OPTIONS (a '1'), c2 text) SERVER remote OPTIONS (b '[1|2]');
ALTER FOREIGN TABLE ft OPTIONS ([SET b '3'|DROP b|ADD c 'x']);
ALTER FOREIGN TABLE ft ALTER c1 OPTIONS ([SET a '2'|DROP a]);
DROP FOREIGN TABLE ft;

-- class: replaced under the same name
DROP INDEX IF EXISTS i8; CREATE INDEX i8 ON fixed ([c1|c1 DESC|c1 NULLS FIRST|c2, c1|lower(c2)|c2 text_pattern_ops|c2 COLLATE "C"]);
DROP INDEX IF EXISTS i7; CREATE INDEX i7 ON fixed (c1) [|WHERE c1 > 0|WHERE c1 > 1];
DROP INDEX IF EXISTS i6; CREATE [|UNIQUE] INDEX i6 ON fixed (c1) [|INCLUDE (c3)|WITH (fillfactor = 50)];
DROP INDEX IF EXISTS i8; CREATE INDEX i8 ON fixed USING [hash (c1)|brin (c1)|gist (int4range(c1, c3))];
ALTER TABLE fixed DROP CONSTRAINT IF EXISTS k9; ALTER TABLE fixed ADD CONSTRAINT k9 [CHECK (c1 > 0)|CHECK (c1 > 1)|CHECK (c1 > 0) NOT VALID|UNIQUE (c1)|UNIQUE (c1) DEFERRABLE|UNIQUE (c1, c3)|CHECK (c1 > 0) NO INHERIT];
ALTER TABLE fixed DROP CONSTRAINT IF EXISTS k8; ALTER TABLE fixed ADD CONSTRAINT k8 FOREIGN KEY (c1) REFERENCES fixed_too (c1) [|ON DELETE CASCADE|ON DELETE SET NULL|ON UPDATE CASCADE|MATCH FULL|DEFERRABLE|DEFERRABLE INITIALLY DEFERRED|NOT VALID];
ALTER TABLE fixed DROP COLUMN c2, ADD COLUMN c2 [text|text NOT NULL|varchar(5)|text DEFAULT 'a'|text DEFAULT 'b'|text COLLATE "C"|text GENERATED ALWAYS AS (c1::text) STORED];
CREATE OR REPLACE VIEW v9 AS SELECT c1 AS a, [c3|c1 + c3|c3 * 2] AS b FROM fixed [|WHERE c1 > 1|WHERE c1 > 2|ORDER BY 1|LIMIT 5];
DROP MATERIALIZED VIEW IF EXISTS m9; CREATE MATERIALIZED VIEW m9 AS SELECT [c1|c3] AS a FROM fixed;
CREATE OR REPLACE FUNCTION f9(a integer [|DEFAULT 1|DEFAULT 2]) RETURNS integer LANGUAGE [sql|sql STRICT|sql STABLE|sql SECURITY DEFINER|sql COST 3] [|SET work_mem = '1MB'|SET work_mem = '2MB'] AS 'select [1|2]';
CREATE OR REPLACE TRIGGER g9 [BEFORE|AFTER] [INSERT|UPDATE|UPDATE OF c1] ON fixed FOR EACH [ROW|STATEMENT] EXECUTE FUNCTION trigger_function([|'a'|'b']);
CREATE OR REPLACE RULE u9 AS ON [INSERT|UPDATE|DELETE] TO fixed_too DO [ALSO|INSTEAD] [NOTHING|NOTIFY x|NOTIFY y];
DROP POLICY IF EXISTS o9 ON fixed; CREATE POLICY o9 ON fixed [|AS RESTRICTIVE] FOR [ALL|UPDATE] TO [PUBLIC|pg_monitor] USING (c1 > [1|2]) [|WITH CHECK (c1 > 3)];
DROP STATISTICS IF EXISTS s9; CREATE STATISTICS s9 [|(mcv)|(ndistinct, mcv)] ON [c1, c2|c1, c3|c1, (c1 + 1)] FROM fixed;
CREATE OR REPLACE AGGREGATE a9(integer) (SFUNC = [int4pl|int4larger], STYPE = integer [|, INITCOND = '0'|, INITCOND = '1'|, PARALLEL = SAFE]);
DROP TYPE IF EXISTS e9; CREATE TYPE e9 AS ENUM ([|'a'|'b'|'a', 'b'|'b', 'a']);
DROP TYPE IF EXISTS z9; CREATE TYPE z9 AS RANGE (subtype = [integer|date|text|text, collation = "C"|text, subtype_opclass = text_pattern_ops]);
DROP SEQUENCE IF EXISTS q9; CREATE SEQUENCE q9 [|AS integer|START 3|MINVALUE 0|CACHE 2];
DROP TABLE IF EXISTS r9; CREATE TABLE r9 PARTITION OF fixed_parts FOR VALUES FROM ([1|2]) TO ([5|6]);
