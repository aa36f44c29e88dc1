-- Where a campaign's harness runs: whoever cannot see its process from there cannot say that it is dead.

PRAGMA user_version = 6;

ALTER TABLE campaigns ADD COLUMN place TEXT; -- PID namespace, host and machine id; NULL: not kept
