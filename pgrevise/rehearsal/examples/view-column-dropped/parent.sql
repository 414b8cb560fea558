CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE VIEW open_jobs AS SELECT id, queue, state FROM jobs WHERE state <> 'done';
