CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    attempts integer NOT NULL DEFAULT 0,
    queue varchar(30) NOT NULL
);
