CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL,
    payload jsonb NOT NULL
);

CREATE MATERIALIZED VIEW queue_sizes AS SELECT queue, count(*) AS jobs FROM jobs GROUP BY queue;
CREATE UNIQUE INDEX ix_queue_sizes_queue ON queue_sizes (queue);
