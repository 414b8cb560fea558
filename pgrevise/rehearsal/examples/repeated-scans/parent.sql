CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL,
    payload jsonb NOT NULL
);

ALTER TABLE jobs ADD CONSTRAINT ck_jobs_state CHECK (state <> '') NOT VALID;
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_queue CHECK (queue <> '') NOT VALID;
