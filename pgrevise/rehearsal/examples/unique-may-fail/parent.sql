CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    code bigint GENERATED ALWAYS AS (id * 10) STORED,
    note text
);
