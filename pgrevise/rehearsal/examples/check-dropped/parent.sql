CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL CONSTRAINT ck_jobs_state CHECK (state IN ('queued', 'done'))
);
