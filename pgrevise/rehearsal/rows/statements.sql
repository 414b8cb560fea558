-- What is asked while rows are planned and what writes them. `$name` stands for SQL that was composed:
-- names as the server quoted them, its own expressions, casts, numbers, literals.

-- name: settings
-- Values are written and read as text, so their form may not depend on who asks. Constraints that
-- could wait until the commit are checked with each statement, where a failure can be told.
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL client_min_messages = 'error';
SET CONSTRAINTS ALL IMMEDIATE

-- name: texts
-- These texts as values of a type, in its own form, which must be such a text again: a rounded
-- timestamp may be past the end.
SELECT ((v::$type)::text::$type)::text FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS u (v, o) ORDER BY o

-- name: samples
-- What formulas give for some row numbers.
SELECT $values FROM unnest(%(points)s::bigint[]) WITH ORDINALITY AS s (i, o) ORDER BY o

-- name: satisfied
-- Which of these rows meet which conditions. The rows are called what the table is called, because a
-- condition may name it.
SELECT $conditions FROM (
    SELECT *$generated FROM (
        SELECT $casts, pgrevise_row FROM unnest($arrays) WITH ORDINALITY AS u ($names, pgrevise_row)
    ) AS $table
) AS $table ORDER BY pgrevise_row

-- name: count
-- How many rows a table has.
SELECT count(*) FROM $table

-- name: keys
-- The keys that foreign keys can repeat, numbered from 0. Where several foreign keys share columns,
-- the rows of their targets that agree in these.
CREATE TEMPORARY TABLE $name ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY $columns) - 1 AS n, * FROM (
    SELECT DISTINCT $values FROM $targets WHERE $present ORDER BY $columns LIMIT $limit
) AS keys

-- name: index_keys
-- The key of a given number is looked up once for each row.
ALTER TABLE $name ADD PRIMARY KEY (n)

-- name: key_samples
-- A few keys, spread over all of them.
SELECT $texts FROM $name WHERE n %% greatest($count / 24, 1) = 0 ORDER BY n LIMIT 24

-- name: insert
-- The rows of these numbers.
INSERT INTO $table ($columns) $overriding
SELECT $values FROM generate_series($first::bigint, $last::bigint) AS s (i) $lookups
$conflict

-- name: insert_some
-- Those rows of these numbers that meet the conditions.
INSERT INTO $table ($columns) $overriding
SELECT $columns FROM (
    SELECT *$generated FROM (
        SELECT $values FROM generate_series($first::bigint, $last::bigint) AS s (i) $lookups
    ) AS $bare
) AS $bare WHERE $conditions LIMIT $most
$conflict

-- name: lookup
-- OFFSET 0 keeps the planner from turning this into a join that gives the rows another order.
LEFT JOIN LATERAL (SELECT * FROM $name WHERE n = $index OFFSET 0) AS $name ON true

-- name: insert_default
-- One row of nothing but defaults, for a table whose columns PostgreSQL fills itself.
INSERT INTO $table DEFAULT VALUES

-- name: close_circle
-- The second step of a foreign key that waited for its target: the nth row gets the $position key of
-- those that agree in the columns which are set already.
WITH keys AS (
    SELECT $referenced, row_number() OVER ($groups ORDER BY $order) AS n,
        count(*) OVER ($groups) AS total
    FROM $target AS k WHERE $present
), numbered AS (
    SELECT tableoid AS part, ctid AS place$fixed,
        row_number() OVER ($own_groups ORDER BY tableoid, ctid) AS r
    FROM $table AS t
)
UPDATE $table AS t SET $assignments
FROM numbered JOIN keys ON keys.n = $position $agree
WHERE t.tableoid = numbered.part AND t.ctid = numbered.place

-- name: look
-- How many rows, and how many values and different values each column has, in the first of them.
SELECT count(*), $counts FROM (SELECT * FROM $table LIMIT 5000) AS a_few

-- name: distinct
-- How many different keys the formula gives.
SELECT count(DISTINCT ($expressions)) FROM (
    SELECT $value AS $column FROM generate_series(0, 199) AS s (i)
) AS $table
