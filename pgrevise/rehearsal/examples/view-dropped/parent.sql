CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    state text NOT NULL
);
CREATE VIEW open_jobs AS SELECT id FROM jobs WHERE state = 'open';
