CREATE TABLE queues (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_queues PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue_id bigint NOT NULL
);
CREATE INDEX ix_jobs_queue_id ON jobs (queue_id);
