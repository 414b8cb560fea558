CREATE TABLE queues (
    name text CONSTRAINT pk_queues PRIMARY KEY
);
