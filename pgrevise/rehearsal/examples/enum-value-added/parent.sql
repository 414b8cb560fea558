CREATE TYPE job_state AS ENUM ('queued', 'done');
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    state job_state NOT NULL
);
