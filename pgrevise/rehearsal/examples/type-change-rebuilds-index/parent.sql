CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    due_at timestamp NOT NULL
);
CREATE INDEX ix_jobs_due_at ON jobs (due_at);
