CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text NOT NULL,
    label text GENERATED ALWAYS AS ('job of ' || queue) STORED
);
