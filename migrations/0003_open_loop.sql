-- Open loop, A/A pairs, the harness's own cost, and what a campaign needs to go on after a crash.

PRAGMA user_version = 3;

ALTER TABLE campaigns ADD COLUMN arguments TEXT CHECK (json_valid(arguments)); -- of the command, to plan it again: an array of texts
ALTER TABLE campaigns ADD COLUMN interval_level REAL; -- of the intervals that are shown; NULL: 0.99. Higher where the campaign may end early
ALTER TABLE campaigns ADD COLUMN noise TEXT CHECK (json_valid(noise));         -- sources of noise found at its start: an array of texts

-- What recording and the SDK cost a request of the baseline on this machine: once for each build of it.
CREATE TABLE own_costs (
    host_id        INTEGER NOT NULL REFERENCES hosts (id),
    program_sha256 TEXT    NOT NULL,
    measured_us    INTEGER NOT NULL,
    recorded_us    REAL    NOT NULL,
    unrecorded_us  REAL    NOT NULL,
    bare_us        REAL    NOT NULL,
    PRIMARY KEY (host_id, program_sha256)
) STRICT, WITHOUT ROWID;

ALTER TABLE library_builds ADD COLUMN features TEXT; -- of the measured library, as its test enables them

ALTER TABLE cases ADD COLUMN rate TEXT;     -- `1000` a second or `50%` of the capacity; NULL: closed loop
ALTER TABLE cases ADD COLUMN arrivals TEXT; -- `constant` or `poisson`; NULL: closed loop
ALTER TABLE cases ADD COLUMN twin INTEGER NOT NULL DEFAULT 0 CHECK (twin IN (0, 1)); -- the second of an A/A pair

ALTER TABLE runs ADD COLUMN rate_per_second REAL; -- that was asked for, over all replicas
ALTER TABLE runs ADD COLUMN harness_cpu_seconds REAL;    -- CPU time of the harness in the window
ALTER TABLE runs ADD COLUMN monitoring_cpu_seconds REAL; -- CPU time of cAdvisor and Prometheus in the window

ALTER TABLE run_histograms ADD COLUMN service_time BLOB;
ALTER TABLE run_histograms ADD COLUMN scheduling_delay BLOB;
ALTER TABLE replica_histograms ADD COLUMN service_time BLOB;
ALTER TABLE replica_histograms ADD COLUMN scheduling_delay BLOB;

ALTER TABLE runs ADD COLUMN scheduled INTEGER; -- requests that were due in the window
ALTER TABLE runs ADD COLUMN issued INTEGER;    -- those of them that were issued before its end
ALTER TABLE runs ADD COLUMN service_time_mean_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_p50_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_p90_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_p95_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_p99_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_p999_ms REAL;
ALTER TABLE runs ADD COLUMN service_time_max_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_mean_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_p50_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_p90_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_p95_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_p99_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_p999_ms REAL;
ALTER TABLE runs ADD COLUMN scheduling_delay_max_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduled INTEGER; -- requests that were due in the window
ALTER TABLE replicas ADD COLUMN issued INTEGER;    -- those of them that were issued before its end
ALTER TABLE replicas ADD COLUMN service_time_mean_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_p50_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_p90_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_p95_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_p99_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_p999_ms REAL;
ALTER TABLE replicas ADD COLUMN service_time_max_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_mean_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_p50_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_p90_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_p95_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_p99_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_p999_ms REAL;
ALTER TABLE replicas ADD COLUMN scheduling_delay_max_ms REAL;
