CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE VIEW open_jobs AS SELECT id FROM jobs WHERE state <> 'done';
GRANT SELECT ON open_jobs TO pg_monitor;
