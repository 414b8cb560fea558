CREATE DOMAIN priority AS integer;
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    priority priority NOT NULL
);
CREATE TABLE schedules (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_schedules PRIMARY KEY,
    priority priority NOT NULL
);
