-- Everything a campaign leaves behind. One row of `cases` is one row of `get-results`.
--
-- Wall-clock instants and CPU times are microseconds (`_us`); what CLOCK_MONOTONIC measured stays in its nanoseconds
-- (`_ns`), so that rates computed here equal those computed from the messages. NULL is "not measured", never 0.
-- Seeds are 64 bits unsigned, more than SQLite's integers hold: decimal text.

PRAGMA application_id = 0x424E4348; -- "BNCH": tells our database from any other SQLite file
PRAGMA user_version = 1;            -- the number of the newest migration

CREATE TABLE hosts (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    cpu_model     TEXT    NOT NULL,
    cpus          INTEGER NOT NULL,
    memory_bytes  INTEGER NOT NULL,
    kernel        TEXT    NOT NULL,
    clock_source  TEXT,
    governor      TEXT,
    cgroup        TEXT
) STRICT;

CREATE TABLE campaigns (
    id            INTEGER PRIMARY KEY,
    campaign_id   TEXT    NOT NULL UNIQUE,
    host_id       INTEGER NOT NULL REFERENCES hosts (id),
    status        TEXT    NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
    started_us    INTEGER NOT NULL,
    ended_us      INTEGER,
    command       TEXT    NOT NULL,
    seed          TEXT    NOT NULL,
    harness       TEXT    NOT NULL,
    -- who runs it: a campaign whose process is gone was interrupted
    boot_id       TEXT    NOT NULL,
    pid           INTEGER NOT NULL,
    start_ticks   INTEGER NOT NULL
) STRICT;

CREATE INDEX campaigns_by_start ON campaigns (started_us);

CREATE TABLE library_builds (
    id               INTEGER PRIMARY KEY,
    sha256           TEXT NOT NULL UNIQUE,
    library          TEXT NOT NULL,
    library_version  TEXT NOT NULL,
    test             TEXT NOT NULL,
    lock_sha256      TEXT NOT NULL,
    compiler         TEXT NOT NULL,
    target           TEXT NOT NULL
) STRICT;

-- A case as it occurs in one campaign. `case_key` is equal for equal cases of any campaign; `workload_key` is the
-- same without library and version: what a library and the baseline have in common.
CREATE TABLE cases (
    id                     INTEGER PRIMARY KEY,
    campaign_id            INTEGER NOT NULL REFERENCES campaigns (id),
    case_key               TEXT    NOT NULL,
    workload_key           TEXT    NOT NULL,
    library                TEXT    NOT NULL,
    library_version        TEXT    NOT NULL,
    test                   TEXT    NOT NULL,
    params                 TEXT    NOT NULL CHECK (json_valid(params)),
    inject                 TEXT    NOT NULL, -- specs joined by '; '
    replicas               INTEGER NOT NULL,
    runner                 TEXT    NOT NULL,
    target                 TEXT,             -- NULL: the origin
    endpoint               TEXT,
    concurrency            INTEGER NOT NULL,
    duration_us            INTEGER,          -- either this
    requests               INTEGER,          -- or that
    warm_up_us             INTEGER NOT NULL,
    drain_us               INTEGER NOT NULL,
    pool_size              INTEGER NOT NULL,
    keep_alive             INTEGER NOT NULL CHECK (keep_alive IN (0, 1)),
    keep_alive_timeout_us  INTEGER NOT NULL,
    use_dns_cache          INTEGER NOT NULL CHECK (use_dns_cache IN (0, 1)),
    timeout_us             INTEGER NOT NULL,
    threads                INTEGER NOT NULL,
    CHECK ((duration_us IS NULL) <> (requests IS NULL)),
    UNIQUE (campaign_id, case_key)
) STRICT;

CREATE INDEX cases_by_campaign ON cases (campaign_id);

-- From `number_requests` on: the summary of the window over all replicas, written once as the run finishes. The
-- samples are little-endian 64-bit floats, one per replica and second.
CREATE TABLE runs (
    id                 INTEGER PRIMARY KEY,
    run_id             TEXT    NOT NULL UNIQUE,
    case_id            INTEGER NOT NULL REFERENCES cases (id),
    build_id           INTEGER REFERENCES library_builds (id),
    trial              INTEGER NOT NULL,
    seed               TEXT    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
    started_us         INTEGER NOT NULL,
    ended_us           INTEGER,
    wall_ns            INTEGER,
    valid              INTEGER CHECK (valid IN (0, 1)),
    invalid_reasons    TEXT CHECK (json_valid(invalid_reasons)),
    marks              TEXT CHECK (json_valid(marks)),
    metrics_source     TEXT,
    origin_cpu_share   REAL,

    number_requests      INTEGER,
    number_successes     INTEGER,
    failures_dns         INTEGER,
    failures_connect     INTEGER,
    failures_tls         INTEGER,
    failures_pool_wait   INTEGER,
    failures_timeout     INTEGER,
    failures_status      INTEGER,
    failures_short_body  INTEGER,
    failures_bad_bytes   INTEGER,
    failures_reset       INTEGER,
    failures_other       INTEGER,
    number_censored      INTEGER,
    success_bytes        INTEGER,
    attempts_window      INTEGER,
    attempts_total       INTEGER,
    never_left           INTEGER,
    window_ns            INTEGER,
    cpu_user_us          INTEGER,
    cpu_system_us        INTEGER,
    peak_rss_bytes       INTEGER,
    start_skew_ns        INTEGER,
    latency_mean_ms      REAL,
    latency_p50_ms       REAL,
    latency_p90_ms       REAL,
    latency_p95_ms       REAL,
    latency_p99_ms       REAL,
    latency_p999_ms      REAL,
    latency_max_ms       REAL,
    failure_latency_mean_ms  REAL,
    failure_latency_p50_ms   REAL,
    failure_latency_p90_ms   REAL,
    failure_latency_p95_ms   REAL,
    failure_latency_p99_ms   REAL,
    failure_latency_p999_ms  REAL,
    failure_latency_max_ms   REAL,
    ttfb_mean_ms         REAL,
    ttfb_p50_ms          REAL,
    ttfb_p90_ms          REAL,
    ttfb_p95_ms          REAL,
    ttfb_p99_ms          REAL,
    ttfb_p999_ms         REAL,
    ttfb_max_ms          REAL,
    recv_bytes_per_second          BLOB,
    cpu_seconds                    BLOB,
    recv_bytes_per_second_per_cpu  BLOB,
    memory_usage_bytes             BLOB,
    CHECK ((status = 'finished') = (valid IS NOT NULL)),
    CHECK (valid IS NULL OR (valid = 1) = (invalid_reasons = '[]'))
) STRICT;

CREATE INDEX runs_by_case ON runs (case_id, status);

-- The merged histograms of a run (HDR V2, nanoseconds): apart, so that reading rows never touches them.
CREATE TABLE run_histograms (
    run_id           INTEGER PRIMARY KEY REFERENCES runs (id),
    latency          BLOB,
    failure_latency  BLOB,
    first_byte       BLOB
) STRICT;

-- What each replica said: facts and raw counters first, then its own summary in the columns of `runs`.
CREATE TABLE replicas (
    id                 INTEGER PRIMARY KEY,
    run_id             INTEGER NOT NULL REFERENCES runs (id),
    replica_index      INTEGER NOT NULL,
    host_name          TEXT,
    pid                INTEGER,
    container_id       TEXT,
    failure            TEXT,
    has_result         INTEGER NOT NULL CHECK (has_result IN (0, 1)),
    library_version    TEXT,
    threads            INTEGER,
    first_request_ns   INTEGER,
    window_start_ns    INTEGER,
    window_end_ns      INTEGER,
    verify             TEXT CHECK (json_valid(verify)),          -- counts, as in the message `result`
    warm_up            TEXT CHECK (json_valid(warm_up)),
    resources          TEXT CHECK (json_valid(resources)),       -- at ready, window_start, window_end and drained
    failure_samples    TEXT CHECK (json_valid(failure_samples)),

    number_requests      INTEGER,
    number_successes     INTEGER,
    failures_dns         INTEGER,
    failures_connect     INTEGER,
    failures_tls         INTEGER,
    failures_pool_wait   INTEGER,
    failures_timeout     INTEGER,
    failures_status      INTEGER,
    failures_short_body  INTEGER,
    failures_bad_bytes   INTEGER,
    failures_reset       INTEGER,
    failures_other       INTEGER,
    number_censored      INTEGER,
    success_bytes        INTEGER,
    attempts_window      INTEGER,
    attempts_total       INTEGER,
    never_left           INTEGER,
    window_ns            INTEGER,
    cpu_user_us          INTEGER,
    cpu_system_us        INTEGER,
    peak_rss_bytes       INTEGER,
    start_skew_ns        INTEGER,
    latency_mean_ms      REAL,
    latency_p50_ms       REAL,
    latency_p90_ms       REAL,
    latency_p95_ms       REAL,
    latency_p99_ms       REAL,
    latency_p999_ms      REAL,
    latency_max_ms       REAL,
    failure_latency_mean_ms  REAL,
    failure_latency_p50_ms   REAL,
    failure_latency_p90_ms   REAL,
    failure_latency_p95_ms   REAL,
    failure_latency_p99_ms   REAL,
    failure_latency_p999_ms  REAL,
    failure_latency_max_ms   REAL,
    ttfb_mean_ms         REAL,
    ttfb_p50_ms          REAL,
    ttfb_p90_ms          REAL,
    ttfb_p95_ms          REAL,
    ttfb_p99_ms          REAL,
    ttfb_p999_ms         REAL,
    ttfb_max_ms          REAL,
    recv_bytes_per_second          BLOB,
    cpu_seconds                    BLOB,
    recv_bytes_per_second_per_cpu  BLOB,
    memory_usage_bytes             BLOB,
    UNIQUE (run_id, replica_index)
) STRICT;

-- Its histograms as they arrived (HDR V2 with DEFLATE, nanoseconds).
CREATE TABLE replica_histograms (
    replica_id       INTEGER PRIMARY KEY REFERENCES replicas (id),
    latency          BLOB,
    failure_latency  BLOB,
    first_byte       BLOB
) STRICT;

CREATE TABLE ticks (
    replica_id               INTEGER NOT NULL REFERENCES replicas (id),
    number                   INTEGER NOT NULL, -- from 0, in the order of arrival
    phase                    TEXT    NOT NULL CHECK (phase IN ('warm_up', 'window', 'drain')),
    elapsed_ns               INTEGER NOT NULL,
    attempts                 INTEGER NOT NULL,
    successes                INTEGER NOT NULL,
    failures                 TEXT    NOT NULL, -- by kind, as JSON: '{}' where nothing failed
    censored                 INTEGER NOT NULL,
    success_bytes            INTEGER NOT NULL,
    received_bytes           INTEGER NOT NULL,
    in_flight                INTEGER NOT NULL,
    at_ns                    INTEGER NOT NULL,
    cpu_user_us              INTEGER NOT NULL,
    cpu_system_us            INTEGER NOT NULL,
    rss_bytes                INTEGER NOT NULL,
    peak_rss_bytes           INTEGER NOT NULL,
    voluntary_switches       INTEGER NOT NULL,
    involuntary_switches     INTEGER NOT NULL,
    network_received_bytes   INTEGER,
    network_sent_bytes       INTEGER,
    PRIMARY KEY (replica_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE audits (
    run_id                INTEGER PRIMARY KEY REFERENCES runs (id),
    requests              INTEGER NOT NULL,
    intact_bytes          INTEGER NOT NULL,
    connections           INTEGER NOT NULL,
    open_connections      INTEGER NOT NULL,
    peak_concurrency      INTEGER NOT NULL,
    out_of_contract       INTEGER NOT NULL,
    injected_errors       INTEGER NOT NULL,
    injected_truncations  INTEGER NOT NULL,
    injected_resets       INTEGER NOT NULL,
    throttled             INTEGER NOT NULL,
    delays_drawn          BLOB,
    delays_delivered      BLOB,
    cpu_user_us           INTEGER NOT NULL,
    cpu_system_us         INTEGER NOT NULL,
    at_ns                 INTEGER NOT NULL
) STRICT;
