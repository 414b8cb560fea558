CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE FUNCTION next_job(queue text) RETURNS bigint LANGUAGE sql
    AS $$ SELECT min(id) FROM jobs WHERE jobs.queue = $1 $$;
