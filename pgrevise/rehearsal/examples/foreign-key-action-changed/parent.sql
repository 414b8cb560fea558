CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE TABLE attempts (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_attempts PRIMARY KEY,
    job_id bigint NOT NULL CONSTRAINT fk_attempts_job_id REFERENCES jobs ON DELETE CASCADE
);
CREATE INDEX ix_attempts_job_id ON attempts (job_id);
