-- Containers: their limits, and what Prometheus said of them beside the replicas' own counters.
--
-- The two are compared over the same span, from `ready` to after the drain: `own_*` are the replicas' counters over it,
-- `prometheus_*` differences of raw cAdvisor samples between the idle and the final plateau. All four are NULL together with
-- `scrape_count` where a plateau or a replica is missing; `prometheus_refusal` then says which.

PRAGMA user_version = 2;

ALTER TABLE cases ADD COLUMN cpu_limit REAL;             -- CPUs of a container; NULL: no limit
ALTER TABLE cases ADD COLUMN memory_limit_bytes INTEGER; -- of a container; NULL: no limit

ALTER TABLE runs ADD COLUMN prometheus_cpu_seconds REAL;
ALTER TABLE runs ADD COLUMN prometheus_recv_bytes INTEGER;
ALTER TABLE runs ADD COLUMN own_cpu_seconds REAL;
ALTER TABLE runs ADD COLUMN own_recv_bytes INTEGER;
ALTER TABLE runs ADD COLUMN scrape_count INTEGER;
ALTER TABLE runs ADD COLUMN prometheus_refusal TEXT;

ALTER TABLE replicas ADD COLUMN prometheus_cpu_seconds REAL;
ALTER TABLE replicas ADD COLUMN prometheus_recv_bytes INTEGER;
ALTER TABLE replicas ADD COLUMN own_cpu_seconds REAL;
ALTER TABLE replicas ADD COLUMN own_recv_bytes INTEGER;
ALTER TABLE replicas ADD COLUMN scrape_count INTEGER;

-- The window in wall-clock time is in `runs`; this is where Prometheus looks for the plateaus, in microseconds since the epoch.
ALTER TABLE runs ADD COLUMN ready_us INTEGER;
ALTER TABLE runs ADD COLUMN start_us INTEGER;
ALTER TABLE runs ADD COLUMN drained_us INTEGER;
