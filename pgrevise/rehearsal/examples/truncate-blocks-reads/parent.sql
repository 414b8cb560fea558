CREATE TABLE heartbeats (worker text NOT NULL, seen_at timestamptz NOT NULL);
