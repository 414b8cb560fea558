CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE POLICY own_queue ON jobs USING (queue = current_setting('app.queue'));
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
