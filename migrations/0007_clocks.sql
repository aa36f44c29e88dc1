-- The clock of each replica: its offset, by which the replica's instants were carried over to the harness's clock, and by how much that
-- may be wrong. NULL in rows of before, where all replicas were on the harness's host, and of a replica that was lost before.

PRAGMA user_version = 7;

ALTER TABLE replicas ADD COLUMN clock_offset_ns INTEGER; -- the replica's CLOCK_MONOTONIC less the harness's
ALTER TABLE replicas ADD COLUMN clock_uncertainty_ns INTEGER;
ALTER TABLE runs ADD COLUMN clock_uncertainty_ns INTEGER; -- the largest
