BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE jobs (
	id INTEGER NOT NULL, 
	queue_id INTEGER NOT NULL, 
	payload TEXT DEFAULT '{}' NOT NULL, 
	done BOOLEAN DEFAULT 0 NOT NULL, priority INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id), 
	CONSTRAINT fk_jobs_queue_id FOREIGN KEY(queue_id) REFERENCES queues (id)
);
INSERT INTO "jobs" VALUES(1,1,'{"to": "a"}',0,0);
INSERT INTO "jobs" VALUES(2,1,'{}',1,0);
CREATE TABLE queues (
	id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	CONSTRAINT pk_queues PRIMARY KEY (id), 
	CONSTRAINT uq_queues_name UNIQUE (name)
);
INSERT INTO "queues" VALUES(1,'mail');
CREATE INDEX ix_jobs_queue_id_priority ON jobs (queue_id, priority);
COMMIT;
