-- What random cases found, cut down to what matters: the last statement of a case is the one under
-- test. The head says on which major and seed it was first seen, and what it was.

-- case: 14, seed 10: a shell operator was read as an operator, which no dump brings back
CREATE OPERATOR =#= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===);
COMMENT ON SCHEMA s IS 'restored';

-- case: 14, seed 48: up to 17 a dropped operator stays behind in those that named it
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
CREATE OPERATOR =#= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===);
DROP OPERATOR === (integer, integer);

-- case: 17, seed 2088: the same with a shell operator, which a dump does name
CREATE OPERATOR =#= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===);
DROP OPERATOR === (integer, integer);

-- case: 18, seed 56: a dump does not bring back that a child's column is not compressed
CREATE TABLE t1 (c2 text);
CREATE TABLE h1 (k integer) INHERITS (t1);
ALTER TABLE ONLY t1 ALTER COLUMN c2 SET COMPRESSION pglz;

-- case: 18, seed 1024: a dump does not bring back the order of a child's columns
CREATE TABLE t1 (c1 integer);
CREATE TABLE h1 (k integer) INHERITS (t1);
ALTER TABLE t1 ADD COLUMN "C 4" integer;

-- case: 16, seed 1054: up to 17 a child can drop an inherited NOT NULL, and no dump says so
CREATE TABLE t1 (c1 integer NOT NULL);
CREATE TABLE h1 (c1 integer) INHERITS (t1);
ALTER TABLE h1 ALTER COLUMN c1 DROP NOT NULL;

-- case: 18, seed 2014: a dump makes a child's inherited NOT NULL its own
CREATE TABLE t1 (c1 integer CONSTRAINT odd NOT NULL);
CREATE TABLE h1 (k integer) INHERITS (t1);
ALTER TABLE h1 ADD COLUMN l integer;

-- case: 17, seed 3030: a dump does not bring back that a partitioned table's index is invalid
CREATE TABLE p1 (a integer) PARTITION BY RANGE (a);
CREATE TABLE r1 PARTITION OF p1 DEFAULT;
CREATE INDEX i1 ON ONLY p1 (a);
DROP TABLE r1;

-- case: 17, seed 1056: a dump does not bring back that a child's copy of a constraint is valid
CREATE TABLE t1 (a integer);
ALTER TABLE t1 ADD CONSTRAINT k3 CHECK (a > 0) NOT VALID;
CREATE TABLE h1 (k integer) INHERITS (t1);
