CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    state text NOT NULL
);
CREATE FUNCTION tell_workers() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NOTIFY jobs; RETURN NULL; END';
CREATE TRIGGER tell_workers AFTER INSERT ON jobs EXECUTE FUNCTION tell_workers();
