CREATE TABLE attempts (job_id bigint, number integer);
CREATE UNIQUE INDEX pk_attempts ON attempts (job_id, number);
