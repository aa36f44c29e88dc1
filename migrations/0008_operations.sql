-- Operations: what became of a run's requests by what they did, where its test has several; bytes that were sent; who reads XML answers;
-- what the origin answered and took. NULL in rows of before, where nothing was sent and nothing kept.

PRAGMA user_version = 8;

-- Requests of the window, by operation: of a run as a whole (no `replica_index`; histograms merged, HDR V2), and of each replica as it
-- said it (HDR V2 with DEFLATE). `censored` belongs to calls, and is 0 unless a replica says otherwise.
CREATE TABLE operation_results (
    id               INTEGER PRIMARY KEY,
    run_id           INTEGER NOT NULL REFERENCES runs (id),
    replica_index    INTEGER,          -- NULL: all replicas
    operation        TEXT    NOT NULL, -- as `library.toml` names it
    attempts         INTEGER NOT NULL,
    successes        INTEGER NOT NULL,
    failures         TEXT    NOT NULL CHECK (json_valid(failures)), -- by kind: '{}' where nothing failed
    censored         INTEGER NOT NULL,
    success_bytes    INTEGER NOT NULL,
    sent_bytes       INTEGER NOT NULL,
    latency          BLOB,
    failure_latency  BLOB
) STRICT;

-- Apart, so that whoever reads runs finds theirs without passing by those of replicas.
CREATE UNIQUE INDEX operation_results_of_runs ON operation_results (run_id, operation) WHERE replica_index IS NULL;
CREATE UNIQUE INDEX operation_results_of_replicas ON operation_results (run_id, replica_index, operation)
    WHERE replica_index IS NOT NULL;

ALTER TABLE runs ADD COLUMN sent_bytes INTEGER;     -- body bytes of the window's successes, sent
ALTER TABLE replicas ADD COLUMN sent_bytes INTEGER;
ALTER TABLE ticks ADD COLUMN sent_bytes INTEGER;

ALTER TABLE library_builds ADD COLUMN parses INTEGER CHECK (parses IN (0, 1)); -- whether the library reads XML answers itself

ALTER TABLE audits ADD COLUMN operations TEXT CHECK (json_valid(operations)); -- requests by operation: an object of numbers
ALTER TABLE audits ADD COLUMN answered TEXT CHECK (json_valid(answered));     -- good answers written whole, by operation
ALTER TABLE audits ADD COLUMN taken_bytes INTEGER;                            -- body bytes of requests that were taken
