CREATE TABLE jobs (
    id bigint CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL
);
