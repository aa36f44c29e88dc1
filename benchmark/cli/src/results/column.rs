//! Every column of `get-results`, in order: its name, its unit, where it comes from and how it is derived. The one place
//! that says so; docs/RESULTS.md is written from it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use benchmark_protocol::counts::FailureKind;
use benchmark_protocol::operation::{ByOperation, Operation};
use benchmark_protocol::tests::Test;

use super::cell::Cell;
use super::row::Row;
use crate::case::{CaseOption, Csv, OPTIONS, named};
use crate::stats::comparison::{Metric, variation};
use crate::stats::{Family, Percentiles};
use crate::store::{StoredAudit, StoredRun};

/// Which rows have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One row per case and one row per replica alike.
    Both,
    /// One row per case only.
    Case,
    /// One row per replica only.
    Replica,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// The unit of its values; empty for names, texts and plain counts.
    pub unit: &'static str,
    /// Which rows have it.
    pub scope: Scope,
    /// What it is: its source, and the formula where it is derived.
    pub source: &'static str,
    /// How the trials of a case become one value.
    pub pooled: &'static str,
    /// What its value in a row is.
    value: Of,
    /// Whether only a whole has it: the row of an operation has nothing there.
    of_whole: bool,
}

/// Where the value of a column is from.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// It is derived from the row.
    Row(fn(&Row) -> Cell),
    /// It is the case's option of this name.
    Option(&'static str),
    /// Every option with a column that stands nowhere else.
    OtherOptions,
}

impl Column {
    /// Its value in a row.
    #[must_use]
    pub fn cell(&self, row: &Row) -> Cell {
        match self.value {
            _ if self.of_whole && row.operation.is_some() => Cell::Empty,
            Of::Row(cell) => cell(row),
            Of::Option(name) => row.case.settings.get(name).into(),
            Of::OtherOptions => Cell::Empty,
        }
    }

    /// The column of an option.
    fn of_option(option: &CaseOption) -> Option<Self> {
        let Csv { name, unit, source } = option.csv?;
        Some(Self {
            name,
            unit,
            scope: Scope::Both,
            source,
            pooled: SAME,
            value: Of::Option(option.name),
            of_whole: false,
        })
    }
}

/// The columns of one row per case, or of one row per replica.
pub fn columns(per_replica: bool) -> impl Iterator<Item = &'static Column> {
    let left_out = if per_replica { Scope::Case } else { Scope::Replica };
    COLUMNS.iter().filter(move |column| column.scope != left_out)
}

/// The columns as the table of docs/RESULTS.md.
#[must_use]
pub fn markdown(per_replica: bool) -> String {
    let mut table = String::from("| column | unit | what it is | several trials |\n| --- | --- | --- | --- |\n");
    for column in columns(per_replica) {
        let pooled = if per_replica { "" } else { column.pooled };
        writeln!(table, "| `{}` | {} | {} | {pooled} |", column.name, column.unit, column.source)
            .expect("writing to a string does not fail");
    }
    table
}

const SAME: &str = "the same for all";
const FIRST: &str = "of the first";
const SUM: &str = "sum";
const MEAN: &str = "mean of the trials";
const LARGEST: &str = "largest";
const UNITED: &str = "united with `; `";
const TOGETHER: &str = "all samples together";
const MERGED: &str = "histograms merged";
const RATIO: &str = "ratio of the sums";

const fn column(
    name: &'static str,
    unit: &'static str,
    source: &'static str,
    pooled: &'static str,
    cell: fn(&Row) -> Cell,
) -> Column {
    Column { name, unit, scope: Scope::Both, source, pooled, value: Of::Row(cell), of_whole: false }
}

/// The place of the column of an option, which the table of options describes.
const fn option(name: &'static str) -> Column {
    Column { value: Of::Option(name), ..OTHER_OPTIONS }
}

/// The place of the columns of all other options.
const OTHER_OPTIONS: Column = Column {
    name: "",
    unit: "",
    scope: Scope::Both,
    source: "",
    pooled: SAME,
    value: Of::OtherOptions,
    of_whole: false,
};

/// A column that says of a run what cannot be told apart by operation.
const fn whole(column: Column) -> Column {
    Column { of_whole: true, ..column }
}

const fn case(column: Column) -> Column {
    Column { scope: Scope::Case, ..column }
}

const fn replica(column: Column) -> Column {
    Column { scope: Scope::Replica, ..column }
}

/// One `failures_<kind>` column.
macro_rules! failures {
    ($name:literal, $kind:ident, $source:literal) => {
        column(concat!("failures_", $name), "requests", $source, SUM, |row| {
            row.figures.window.map(|window| window.failures.of(FailureKind::$kind)).into()
        })
    };
}

/// One column of a family.
macro_rules! of_family {
    ($family:ident, $unit:literal, $name:literal, $source:expr, $field:ident) => {
        column(concat!(stringify!($family), "_", $name), $unit, $source, TOGETHER, |row| {
            let family: &Family = &row.figures.$family;
            family.$field.into()
        })
    };
}

/// One column of a distribution of latencies.
macro_rules! percentile {
    ($name:literal, $distribution:ident, $field:ident, $source:expr) => {
        column($name, "ms", $source, MERGED, |row| {
            let distribution: &Percentiles = &row.figures.latencies.$distribution;
            distribution.$field.into()
        })
    };
}

static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let placed = |option: &CaseOption| {
        LAYOUT.iter().any(|column| matches!(column.value, Of::Option(name) if name == option.name))
    };
    let columns = LAYOUT.iter().flat_map(|column| match column.value {
        Of::Row(_) => vec![*column],
        Of::Option(name) => named(name).and_then(Column::of_option).into_iter().collect(),
        Of::OtherOptions => OPTIONS.iter().filter(|option| !placed(option)).filter_map(Column::of_option).collect(),
    });
    columns.collect()
});

/// The columns in their order; those of options are filled in from their table.
static LAYOUT: &[Column] = &[
    column("library_name", "", "the measured library", SAME, |row| row.case.library.as_str().into()),
    column("test_name", "", "the workload", SAME, |row| row.case.test.as_str().into()),
    column(
        "operation",
        "",
        "the operation that the row is about, where the test has several: its rows follow that of the whole, where this is empty",
        SAME,
        |row| row.operation.map(Operation::name).into(),
    ),
    column("test_params", "", "the test's own parameters, as a JSON object in text", SAME, |row| {
        row.case.params.as_str().into()
    }),
    option("inject"),
    option("replicas"),
    option("runner"),
    column("run_id", "", "the run (UUIDv7), the label of its containers", FIRST, |row| {
        first(row).run_id.as_str().into()
    }),
    replica(column("trial", "", "which trial of the case the run belongs to, from 1", "", |row| {
        first(row).trial.into()
    })),
    replica(column("replica_index", "", "the replica's index in the run, from 0", "", |row| {
        row.replica.as_ref().map(|replica| replica.index).into()
    })),
    replica(column("host_name", "", "the host name that the replica gave", "", |row| {
        row.replica.as_ref().and_then(|replica| replica.host_name.clone()).into()
    })),
    replica(column("pid", "", "the process id that the replica gave, in its own namespace", "", |row| {
        row.replica.as_ref().and_then(|replica| replica.pid).into()
    })),
    replica(column("container_id", "", "the container that the replica ran in", "", |row| {
        row.replica.as_ref().and_then(|replica| replica.container_id.clone()).into()
    })),
    replica(column(
        "cpu_list",
        "",
        "the CPUs that the replica might run on, as it read them: one for each of its `threads`",
        "",
        |row| row.replica.as_ref().and_then(|replica| replica.cpu_list.clone()).into(),
    )),
    replica(column("failure", "", "how the replica ended where that was not good", "", |row| {
        row.replica.as_ref().and_then(|replica| replica.failure.clone()).into()
    })),
    case(column("trials", "trials", "trials that have a finished run", "their number", |row| {
        let trials: BTreeSet<u32> = row.runs().iter().map(|run| run.trial).collect();
        (trials.len() as u64).into()
    })),
    case(column("runs", "runs", "finished runs: `trials` x `--passes`", "their number", |row| {
        (row.runs().len() as u64).into()
    })),
    case(column("run_ids", "", "every `run_id`, joined by spaces", "all", |row| {
        row.runs().iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>().join(" ").into()
    })),
    column("campaign_id", "", "the campaign (UUIDv7): all runs of one command", SAME, |row| {
        row.case.campaign_id.as_str().into()
    }),
    column("twin", "", "whether the case is the second of an A/A pair: the baseline once more", SAME, |row| {
        row.case.twin.into()
    }),
    column("start_time", "", "wall clock at the window's start, RFC 3339 in UTC", "earliest", |row| {
        row.runs().iter().map(|run| run.started_us).min().map_or(Cell::Empty, Cell::instant)
    }),
    column("end_time", "", "wall clock at the window's end, RFC 3339 in UTC", "latest", |row| {
        row.runs().iter().filter_map(|run| run.ended_us).max().map_or(Cell::Empty, Cell::instant)
    }),
    column(
        "duration_seconds",
        "s",
        "length of the window: the longest of the run's replicas, CLOCK_MONOTONIC",
        SUM,
        |row| row.figures.duration_seconds.into(),
    ),
    column(
        "number_requests",
        "requests",
        "requests (of a test whose calls have several: calls) started in the window: number_successes + number_failures + \
         number_censored; of an operation: its requests that came to an end",
        SUM,
        |row| row.figures.requests.into(),
    ),
    column(
        "number_successes",
        "requests",
        "those whose status, length, range and sampled content were what was asked for",
        SUM,
        |row| row.figures.window.map(|window| window.successes).into(),
    ),
    column("number_failures", "requests", "those that failed: the sum of the failures_* columns", SUM, |row| {
        row.figures.window.map(|window| window.failures.total()).into()
    }),
    failures!("dns", Dns, "the host name did not resolve"),
    failures!("connect", Connect, "no connection could be opened"),
    failures!("tls", Tls, "the TLS handshake failed"),
    failures!("pool_wait", PoolWait, "no socket of the pool became free in time"),
    failures!("timeout", Timeout, "the last byte had not arrived within timeout_seconds"),
    failures!("status", Status, "the status was not the one asked for"),
    failures!("short_body", ShortBody, "the body ended before its announced length"),
    failures!("bad_bytes", BadBytes, "length, range or content were not what was asked for"),
    failures!("reset", Reset, "the peer reset the connection"),
    failures!(
        "closed",
        Closed,
        "the peer ended a connection that had carried responses before this one's head had come: a server that closes unannounced"
    ),
    failures!("other", Other, "anything else"),
    whole(column(
        "number_censored",
        "requests",
        "those that had neither succeeded nor failed when the drain ended; empty for an operation, as it is the call that is cut off",
        SUM,
        |row| row.figures.window.map(|window| window.censored).into(),
    )),
    column("failure_share", "share", "number_failures / (number_successes + number_failures)", RATIO, |row| {
        row.figures.failure_share.into()
    }),
    column("requests_per_second", "requests/s", "number_successes / duration_seconds", MEAN, |row| {
        row.figures.requests_per_second.into()
    }),
    case(column(
        "requests_per_second_ci_percent",
        "%",
        "half-width of its 99 % confidence interval over the valid trials (Student t on logarithms; with `--until` the wider one that \
         ended the campaign); empty below 5",
        "over the trials",
        |row| half_width_percent(row, Metric::Rate),
    )),
    case(column(
        "requests_per_second_cv_percent",
        "%",
        "spread of the valid trials: sample standard deviation / mean x 100; empty below 2",
        "over the trials",
        |row| variation(&row.trials.values(Metric::Rate)).map(|share| share * 100.0).into(),
    )),
    column("success_received_bytes", "bytes", "body bytes of successes, received", SUM, |row| {
        row.figures.window.map(|window| window.success_bytes).into()
    }),
    column("success_sent_bytes", "bytes", "body bytes of successes, sent: content of objects alone", SUM, |row| {
        row.figures.window.map(|window| window.sent_bytes).into()
    }),
    column("goodput_bytes_per_second", "bytes/s", "success_received_bytes / duration_seconds", MEAN, |row| {
        row.figures.goodput_bytes_per_second.into()
    }),
    column("goodput_sent_bytes_per_second", "bytes/s", "success_sent_bytes / duration_seconds", MEAN, |row| {
        row.figures.goodput_sent_bytes_per_second.into()
    }),
    of_family!(recv_bytes_per_second, "", "count", "samples: one per replica and second of the window", count),
    of_family!(
        recv_bytes_per_second,
        "bytes/s",
        "mean",
        "mean of the samples: bytes received between two ticks, or two scrapes / the time between them (of one replica); \
         see metrics_source",
        mean
    ),
    of_family!(recv_bytes_per_second, "bytes/s", "std", "their sample standard deviation (divisor n - 1)", std),
    of_family!(recv_bytes_per_second, "bytes/s", "min", "the smallest", min),
    of_family!(recv_bytes_per_second, "bytes/s", "25%", "first quartile, interpolated linearly as pandas does", p25),
    of_family!(recv_bytes_per_second, "bytes/s", "50%", "median", p50),
    of_family!(recv_bytes_per_second, "bytes/s", "75%", "third quartile", p75),
    of_family!(recv_bytes_per_second, "bytes/s", "max", "the largest", max),
    of_family!(cpu_seconds, "", "count", "samples: one per replica and second of the window", count),
    of_family!(
        cpu_seconds,
        "CPU s/s",
        "mean",
        "mean of the samples: CPU time, user and system, used between two ticks, or two scrapes / the time between them (of one replica)",
        mean
    ),
    of_family!(cpu_seconds, "CPU s/s", "std", "their sample standard deviation", std),
    of_family!(cpu_seconds, "CPU s/s", "min", "the smallest", min),
    of_family!(cpu_seconds, "CPU s/s", "25%", "first quartile", p25),
    of_family!(cpu_seconds, "CPU s/s", "50%", "median", p50),
    of_family!(cpu_seconds, "CPU s/s", "75%", "third quartile", p75),
    of_family!(cpu_seconds, "CPU s/s", "max", "the largest", max),
    of_family!(
        recv_bytes_per_second_per_cpu,
        "",
        "count",
        "samples: one per replica and second of the window in which CPU time was counted",
        count
    ),
    of_family!(
        recv_bytes_per_second_per_cpu,
        "bytes/CPU s",
        "mean",
        "mean of the samples: bytes received between two ticks, or two scrapes / CPU time used between them (of one replica)",
        mean
    ),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "std", "their sample standard deviation", std),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "min", "the smallest", min),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "25%", "first quartile", p25),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "50%", "median", p50),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "75%", "third quartile", p75),
    of_family!(recv_bytes_per_second_per_cpu, "bytes/CPU s", "max", "the largest", max),
    of_family!(memory_usage_bytes, "", "count", "samples: one per replica and second of the window", count),
    of_family!(
        memory_usage_bytes,
        "bytes",
        "mean",
        "mean of the samples: the resident set at each tick that ends an interval (of one replica); from Prometheus: cAdvisor's \
         container_memory_usage_bytes",
        mean
    ),
    of_family!(memory_usage_bytes, "bytes", "std", "their sample standard deviation", std),
    of_family!(memory_usage_bytes, "bytes", "min", "the smallest", min),
    of_family!(memory_usage_bytes, "bytes", "25%", "first quartile", p25),
    of_family!(memory_usage_bytes, "bytes", "50%", "median", p50),
    of_family!(memory_usage_bytes, "bytes", "75%", "third quartile", p75),
    of_family!(memory_usage_bytes, "bytes", "max", "the largest", max),
    percentile!("latency_mean_ms", latency, mean, "mean latency of successes, from issue to the last byte"),
    percentile!("latency_p50_ms", latency, p50, "median; empty below 20 successes (fewer than 10 lie beyond it)"),
    percentile!("latency_p90_ms", latency, p90, "90th percentile; empty below 100 successes"),
    percentile!("latency_p95_ms", latency, p95, "95th percentile; empty below 200 successes"),
    percentile!("latency_p99_ms", latency, p99, "99th percentile; empty below 1,000 successes"),
    percentile!("latency_p999_ms", latency, p999, "99.9th percentile; empty below 10,000 successes"),
    percentile!("latency_max_ms", latency, max, "the largest"),
    percentile!(
        "service_time_p50_ms",
        service_time,
        p50,
        "open loop: median time of successes from issue to the last byte"
    ),
    percentile!("service_time_p99_ms", service_time, p99, "99th percentile of the same"),
    percentile!(
        "scheduling_delay_p50_ms",
        scheduling_delay,
        p50,
        "open loop: median time from due instant to issue, of all requests of the window that were issued"
    ),
    percentile!("scheduling_delay_p99_ms", scheduling_delay, p99, "99th percentile of the same"),
    percentile!("scheduling_delay_max_ms", scheduling_delay, max, "the largest"),
    percentile!(
        "ttfb_p50_ms",
        first_byte,
        p50,
        "median time to the first byte of a sample of the successes (one in 8, all of them where `--requests` is 10,000 or less), where the library shows it"
    ),
    percentile!("ttfb_p99_ms", first_byte, p99, "99th percentile of the same"),
    percentile!(
        "failure_latency_p50_ms",
        failure_latency,
        p50,
        "median latency of failures, which are in no other latency"
    ),
    percentile!("failure_latency_p99_ms", failure_latency, p99, "99th percentile of the same"),
    column(
        "cpu_user_seconds",
        "CPU s",
        "user CPU time of the window (rusage at its edges), summed over replicas",
        SUM,
        |row| row.figures.cpu_user_seconds.into(),
    ),
    column("cpu_system_seconds", "CPU s", "system CPU time of the window, summed over replicas", SUM, |row| {
        row.figures.cpu_system_seconds.into()
    }),
    column(
        "cpu_us_per_request",
        "CPU us",
        "(cpu_user_seconds + cpu_system_seconds) x 10^6 / number_successes",
        RATIO,
        |row| row.figures.cpu_us_per_request.into(),
    ),
    case(column(
        "cpu_us_per_request_ci_percent",
        "%",
        "half-width of its 99 % confidence interval over the valid trials (Student t on logarithms; with `--until` the wider one that \
         ended the campaign); empty below 5",
        "over the trials",
        |row| half_width_percent(row, Metric::Cpu),
    )),
    column(
        "cpu_seconds_per_gb",
        "CPU s/GB",
        "(cpu_user_seconds + cpu_system_seconds) / ((success_received_bytes + success_sent_bytes) / 10^9)",
        RATIO,
        |row| row.figures.cpu_seconds_per_gb.into(),
    ),
    column(
        "peak_rss_bytes",
        "bytes",
        "the largest resident set that any replica ever had, read after the drain",
        LARGEST,
        |row| row.figures.peak_rss_bytes.into(),
    ),
    case(column(
        "start_skew_ms",
        "ms",
        "from the first replica's first request to the last one's; empty for one replica",
        LARGEST,
        |row| row.figures.start_skew_ms.into(),
    )),
    replica(column(
        "clock_offset_ns",
        "ns",
        "the replica's CLOCK_MONOTONIC less the harness's, by the least of several round trips just before the start",
        "",
        |row| row.replica.as_ref().and_then(|replica| replica.clock_offset_ns).into(),
    )),
    column(
        "clock_uncertainty_ns",
        "ns",
        "half of the least of several round trips: by how much the offset of a replica's clock may be wrong, either way; start_skew_ms by up to twice as much",
        LARGEST,
        |row| row.figures.clock_uncertainty_ns.into(),
    ),
    option("concurrency"),
    option("rate"),
    option("arrivals"),
    whole(case(column(
        "rate_asked_per_second",
        "requests/s",
        "requests that were to become due each second, over all replicas",
        MEAN,
        |row| row.rate_asked().into(),
    ))),
    column("scheduled_requests", "requests", "open loop: requests that were due in the window", SUM, |row| {
        row.figures.scheduled.into()
    }),
    column(
        "rate_achieved_share",
        "share",
        "open loop: of scheduled_requests, the share that was issued before the window's end",
        RATIO,
        |row| row.figures.achieved_share.into(),
    ),
    option("requests"),
    option("pool_size"),
    option("keep_alive"),
    option("keep_alive_timeout"),
    option("use_dns_cache"),
    option("timeout"),
    option("warmup"),
    option("threads"),
    option("cpus"),
    option("memory"),
    option("target"),
    OTHER_OPTIONS,
    column("attempts_total", "calls", "calls started in verify, warm-up and window", SUM, |row| {
        row.figures.attempts_total.into()
    }),
    column(
        "requests_issued",
        "requests",
        "requests that went to the library in all phases: what the audit is held against, as a call may have several",
        SUM,
        |row| row.figures.requests_issued.into(),
    ),
    case(column(
        "origin_requests",
        "requests",
        "the audit: requests whose head the origin parsed, in all phases",
        SUM,
        |row| audited(row, |audit| Some(audit.requests), |audit| audit.operations),
    )),
    case(column(
        "origin_answered",
        "requests",
        "the audit: good answers that the origin wrote whole, in all phases",
        SUM,
        |row| audited(row, |audit| Some(audit.answered?.total()), |audit| audit.answered),
    )),
    whole(case(column(
        "origin_bytes",
        "bytes",
        "the audit: body bytes of intact responses, in all phases",
        SUM,
        |row| audits(row).map(|audit| audit.intact_bytes).reduce(|a, b| a + b).into(),
    ))),
    whole(case(column(
        "origin_taken_bytes",
        "bytes",
        "the audit: body bytes of requests that came whole, were the object's and were answered so, in all phases",
        SUM,
        |row| audits(row).filter_map(|audit| audit.taken_bytes).reduce(|a, b| a + b).into(),
    ))),
    whole(case(column("origin_connections", "connections", "the audit: connections accepted", SUM, |row| {
        audits(row).map(|audit| audit.connections).reduce(|a, b| a + b).into()
    }))),
    whole(case(column(
        "origin_peak_concurrency",
        "requests",
        "the audit: most requests under way at once",
        LARGEST,
        |row| audits(row).map(|audit| audit.peak_concurrency).max().into(),
    ))),
    whole(case(column(
        "origin_cpu_share",
        "share",
        "CPU time that the origin used in the window / (duration x its CPUs), from its own rusage",
        MEAN,
        |row| mean(row, |run| run.origin_cpu_share),
    ))),
    whole(case(column("harness_cpu_seconds", "CPU s", "CPU time that the harness used in the window", SUM, |row| {
        total(row, |run| run.harness_cpu_seconds)
    }))),
    whole(case(column(
        "monitoring_cpu_seconds",
        "CPU s",
        "CPU time that cAdvisor and Prometheus used in the window, by their own counters",
        SUM,
        |row| total(row, |run| run.monitoring_cpu_seconds),
    ))),
    column("seed", "", "`--seed` of the campaign, which every draw of its runs comes from", SAME, |row| {
        row.case.campaign_seed.parse::<u64>().ok().into()
    }),
    column("library_version", "", "version of the library", SAME, |row| row.case.library_version.as_str().into()),
    column(
        "parsed_by",
        "",
        "who reads XML answers, as pages of listings and ids of uploads come: the `library` itself, or the `sdk` for it; empty where no \
         operation is answered so",
        UNITED,
        parsed_by,
    ),
    column("build_sha256", "", "SHA-256 of the measured program, its first 12 digits", "united with `; `", |row| {
        united(row, |run| run.build_sha256.as_deref().map(short))
    }),
    column("compiler", "", "`rustc --version` of the measured program", UNITED, |row| {
        united(row, |run| run.compiler.as_deref())
    }),
    column("build_target", "", "target triple and flags of the compiler", UNITED, |row| {
        united(row, |run| run.target.as_deref())
    }),
    column(
        "build_features",
        "",
        "the pinned crates that the program links, with versions and features",
        UNITED,
        |row| united(row, |run| run.features.as_deref()),
    ),
    column("lock_sha256", "", "SHA-256 of the Cargo.lock of the build, its first 12 digits", UNITED, |row| {
        united(row, |run| run.lock_sha256.as_deref().map(short))
    }),
    case(column("host_name", "", "the machine's name", SAME, |row| row.case.host_name.as_str().into())),
    column("cpu_model", "", "the machine's CPU", SAME, |row| row.case.cpu_model.as_str().into()),
    column(
        "cpus",
        "CPUs",
        "CPUs that the harness could use: those of its affinity mask, or fewer where its control group has a quota",
        SAME,
        |row| row.case.cpus.into(),
    ),
    column("memory_bytes", "bytes", "the machine's main memory", SAME, |row| {
        row.case.memory_bytes.unsigned_abs().into()
    }),
    column("clock_source", "", "what the kernel reads CLOCK_MONOTONIC from", SAME, |row| {
        row.case.clock_source.clone().into()
    }),
    column("governor", "", "frequency governor of the first CPU; empty where there is none", SAME, |row| {
        row.case.governor.clone().into()
    }),
    column("cgroup", "", "version of the machine's control groups", SAME, |row| row.case.cgroup.clone().into()),
    column("kernel", "", "the machine's kernel", SAME, |row| row.case.kernel.as_str().into()),
    column("harness", "", "version and revision of benchmark; `-dirty` where the checkout had changes", SAME, |row| {
        row.case.harness.as_str().into()
    }),
    case(column("command", "", "the command that repeats the campaign", SAME, |row| row.case.command.as_str().into())),
    case(column(
        "ceiling_share",
        "share",
        "requests_per_second / that of library `baseline` in the same campaign, the case otherwise equal; where `ceiling_by` is `cpu`, \
         the baseline's cpu_us_per_request / the row's; empty without such a row, or where either is invalid",
        "of the means",
        |row| row.ceiling.map(|ceiling| ceiling.share).into(),
    )),
    case(column(
        "ceiling_by",
        "",
        "what `ceiling_share` compares: `rate`, or `cpu` for all rows of a workload where the origin was at its limit in a run of any of \
         them (mark origin_bound); empty where there is no share",
        SAME,
        |row| row.ceiling.map(|ceiling| ceiling.by.name()).into(),
    )),
    column("verdict", "", "of the run: `valid` or `invalid`", "valid only if all are", |row| {
        if row.is_valid() { "valid" } else { "invalid" }.into()
    }),
    column("invalid_reason", "", "why it is invalid; empty for a valid one", UNITED, |row| {
        united(row, |run| &run.invalid_reasons)
    }),
    column("marks", "", "what a careful reader of a valid row should know", UNITED, |row| {
        united(row, |run| &run.marks)
    }),
    whole(column(
        "metrics_source",
        "",
        "where the families (*_mean, *_std, ...) come from: `replica` is body bytes and the replicas' own counters, \
         `replica_network` the counters of their network devices instead of body bytes, `prometheus` raw cAdvisor samples",
        UNITED,
        |row| united(row, |run| run.metrics_source.as_deref()),
    )),
    column(
        "prometheus_cpu_seconds",
        "CPU s",
        "CPU time, user and system, between cAdvisor's idle and final plateau (raw samples): of verify's end, warm-up, window and drain",
        "sum, where all have it",
        |row| row.figures.observation.prometheus_cpu_seconds.into(),
    ),
    column(
        "prometheus_recv_bytes",
        "bytes",
        "bytes received by the containers' network devices between the same two plateaus, headers included",
        "sum, where all have it",
        |row| row.figures.observation.prometheus_recv_bytes.into(),
    ),
    column(
        "cpu_difference_percent",
        "%",
        "(prometheus_cpu_seconds / the replicas' own CPU time from `ready` to after the drain - 1) x 100",
        RATIO,
        |row| row.figures.observation.cpu_difference_percent().into(),
    ),
    column(
        "recv_bytes_difference_percent",
        "%",
        "(prometheus_recv_bytes / bytes of the network devices as the replicas read them at `ready` and after the drain - 1) x 100",
        RATIO,
        |row| row.figures.observation.recv_bytes_difference_percent().into(),
    ),
    column(
        "scrape_count",
        "samples",
        "raw samples of the CPU counter from plateau to plateau, over all replicas",
        "sum, where all have it",
        |row| row.figures.observation.scrape_count.into(),
    ),
    whole(column(
        "prometheus_refusal",
        "",
        "why there are no totals from Prometheus where one was asked: a plateau or a replica is missing",
        UNITED,
        |row| united(row, |run| run.prometheus_refusal.as_deref()),
    )),
];

fn first(row: &Row) -> &StoredRun {
    // A row without a run does not exist: cases are selected by their finished runs.
    &row.runs()[0]
}

fn audits(row: &Row) -> impl Iterator<Item = &StoredAudit> {
    row.runs().iter().filter_map(|run| run.audit.as_ref())
}

/// What the audits say of the whole, or of the operation that the row is about.
fn audited(
    row: &Row,
    of_whole: impl Fn(&StoredAudit) -> Option<u64>,
    by_operation: impl Fn(&StoredAudit) -> Option<ByOperation>,
) -> Cell {
    let number = |audit: &StoredAudit| match row.operation {
        None => of_whole(audit),
        Some(operation) => Some(by_operation(audit)?[operation]),
    };
    audits(row).filter_map(number).reduce(|a, b| a + b).into()
}

fn parsed_by(row: &Row) -> Cell {
    let of_test = || Test::named(&row.case.test).map(|test| test.operations()).unwrap_or_default();
    let asked = row.operation.map_or_else(|| of_test().to_vec(), |operation| vec![operation]);
    if !asked.into_iter().any(Operation::is_answered_in_xml) {
        return Cell::Empty;
    }
    united(row, |run| run.parses.map(|parses| if parses { "library" } else { "sdk" }))
}

fn mean(row: &Row, value: impl Fn(&StoredRun) -> Option<f64>) -> Cell {
    crate::stats::mean(row.runs().iter().filter_map(value)).into()
}

fn total(row: &Row, value: impl Fn(&StoredRun) -> Option<f64>) -> Cell {
    row.runs().iter().filter_map(value).reduce(|a, b| a + b).into()
}

/// As many digits of a hash as tell it from any other that a person meets.
fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

fn half_width_percent(row: &Row, metric: Metric) -> Cell {
    row.interval(metric).map(|interval| interval.half_width() * 100.0).into()
}

/// The distinct texts of the runs in their order, joined by `; `.
fn united<'r, I: IntoIterator<Item: ToString>>(row: &'r Row, said: impl Fn(&'r StoredRun) -> I) -> Cell {
    let mut distinct: Vec<String> = Vec::new();
    for text in row.runs().iter().flat_map(said).map(|said| said.to_string()) {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    if distinct.is_empty() { Cell::Empty } else { distinct.join("; ").into() }
}
