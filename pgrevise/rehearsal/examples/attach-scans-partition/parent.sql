CREATE TABLE attempts (job_id bigint NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE attempts_2025 PARTITION OF attempts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE old_attempts (job_id bigint NOT NULL, day date NOT NULL);
