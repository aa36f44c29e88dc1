-- Connections that a server ended between two responses: a kind of failure of its own.

PRAGMA user_version = 10;

-- Failures of this kind. NULL: of runs from before there was one, which counted them with `reset`
ALTER TABLE runs ADD COLUMN failures_closed INTEGER;
ALTER TABLE replicas ADD COLUMN failures_closed INTEGER;
