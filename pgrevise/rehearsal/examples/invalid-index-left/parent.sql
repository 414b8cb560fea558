CREATE TABLE attempts (
    job_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    CONSTRAINT pk_attempts PRIMARY KEY (job_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE attempts_2025 PARTITION OF attempts
    FOR VALUES FROM ('2025-01-01+00') TO ('2026-01-01+00');
