-- Imported jobs have negative numbers, and some of them no queue.
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text,
    note text,
    CONSTRAINT ck_jobs_own_queue CHECK (queue IS NOT NULL OR id < 0)
);
