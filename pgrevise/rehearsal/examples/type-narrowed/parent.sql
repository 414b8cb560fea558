-- New notes are short; nobody has looked at the old ones yet.
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY,
    queue text,
    note text
);
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_note_short CHECK (length(note) <= 100) NOT VALID;
