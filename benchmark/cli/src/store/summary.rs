//! A summary as columns: the same ones in `runs` (all replicas) and in `replicas` (each).

use std::sync::LazyLock;

use benchmark_protocol::counts::{Counts, FailureKind};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

use crate::case::integer;
use crate::stats::{Latencies, Observation, Percentiles, Samples, Summary};

/// The value of one column.
enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Blob(Option<Vec<u8>>),
}

/// The columns' names, in the order in which [`bind`] binds them.
pub(super) static COLUMNS: LazyLock<Vec<String>> =
    LazyLock::new(|| columns(&Summary::default()).into_iter().map(|(name, _)| name).collect());

/// Binds the columns of a summary to the next parameters of a query.
pub(super) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    summary: &Summary,
) -> Query<'q, Sqlite, SqliteArguments> {
    columns(summary).into_iter().fold(query, |query, (_, value)| match value {
        Value::Integer(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Blob(value) => query.bind(value),
    })
}

/// Reads the columns of a summary.
pub(super) fn read(row: &SqliteRow) -> Result<Summary, sqlx::Error> {
    let whole = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(name)?.map(i64::unsigned_abs));
    let window = match whole("number_successes")? {
        None => None,
        Some(successes) => {
            let mut counts = Counts {
                attempts: whole("attempts_window")?.unwrap_or_default(),
                successes,
                censored: whole("number_censored")?.unwrap_or_default(),
                success_bytes: whole("success_bytes")?.unwrap_or_default(),
                sent_bytes: whole("sent_bytes")?.unwrap_or_default(),
                ..Counts::default()
            };
            for kind in FailureKind::ALL {
                counts.failures.set(kind, whole(&format!("failures_{kind}"))?.unwrap_or_default());
            }
            Some(counts)
        }
    };
    let percentiles = |name: &str| {
        let milliseconds = |which: &str| row.try_get(format!("{name}_{which}_ms").as_str());
        Ok::<_, sqlx::Error>(Percentiles {
            mean: milliseconds("mean")?,
            p50: milliseconds("p50")?,
            p90: milliseconds("p90")?,
            p95: milliseconds("p95")?,
            p99: milliseconds("p99")?,
            p999: milliseconds("p999")?,
            max: milliseconds("max")?,
        })
    };
    let samples = |name: &str| Ok::<_, sqlx::Error>(floats(row.try_get::<Option<&[u8]>, _>(name)?.unwrap_or_default()));
    Ok(Summary {
        window,
        attempts_total: whole("attempts_total")?,
        requests_issued: whole("requests_issued")?,
        never_left: whole("never_left")?,
        window_ns: whole("window_ns")?,
        cpu_user_us: whole("cpu_user_us")?,
        cpu_system_us: whole("cpu_system_us")?,
        peak_rss_bytes: whole("peak_rss_bytes")?,
        scheduled: whole("scheduled")?,
        issued: whole("issued")?,
        start_skew_ns: whole("start_skew_ns")?,
        clock_uncertainty_ns: whole("clock_uncertainty_ns")?,
        latencies: Latencies {
            latency: percentiles("latency")?,
            failure_latency: percentiles("failure_latency")?,
            first_byte: percentiles("ttfb")?,
            service_time: percentiles("service_time")?,
            scheduling_delay: percentiles("scheduling_delay")?,
        },
        samples: Samples {
            recv_bytes_per_second: samples("recv_bytes_per_second")?,
            cpu_seconds: samples("cpu_seconds")?,
            recv_bytes_per_second_per_cpu: samples("recv_bytes_per_second_per_cpu")?,
            memory_usage_bytes: samples("memory_usage_bytes")?,
        },
        observation: Observation {
            prometheus_cpu_seconds: row.try_get("prometheus_cpu_seconds")?,
            prometheus_recv_bytes: whole("prometheus_recv_bytes")?,
            own_cpu_seconds: row.try_get("own_cpu_seconds")?,
            own_recv_bytes: whole("own_recv_bytes")?,
            scrape_count: whole("scrape_count")?,
        },
    })
}

fn columns(summary: &Summary) -> Vec<(String, Value)> {
    let whole = |value: Option<u64>| Value::Integer(value.map(integer));
    let window = summary.window.as_ref();
    let mut columns = vec![
        ("number_requests".to_owned(), whole(summary.requests())),
        ("number_successes".to_owned(), whole(window.map(|window| window.successes))),
    ];
    for kind in FailureKind::ALL {
        columns.push((format!("failures_{kind}"), whole(window.map(|window| window.failures.of(kind)))));
    }
    for (name, value) in [
        ("number_censored", window.map(|window| window.censored)),
        ("success_bytes", window.map(|window| window.success_bytes)),
        ("sent_bytes", window.map(|window| window.sent_bytes)),
        ("attempts_window", window.map(|window| window.attempts)),
        ("attempts_total", summary.attempts_total),
        ("requests_issued", summary.requests_issued),
        ("never_left", summary.never_left),
        ("window_ns", summary.window_ns),
        ("cpu_user_us", summary.cpu_user_us),
        ("cpu_system_us", summary.cpu_system_us),
        ("peak_rss_bytes", summary.peak_rss_bytes),
        ("scheduled", summary.scheduled),
        ("issued", summary.issued),
        ("start_skew_ns", summary.start_skew_ns),
        ("clock_uncertainty_ns", summary.clock_uncertainty_ns),
    ] {
        columns.push((name.to_owned(), whole(value)));
    }
    let latencies = &summary.latencies;
    for (name, of) in [
        ("latency", &latencies.latency),
        ("failure_latency", &latencies.failure_latency),
        ("ttfb", &latencies.first_byte),
        ("service_time", &latencies.service_time),
        ("scheduling_delay", &latencies.scheduling_delay),
    ] {
        for (which, value) in [
            ("mean", of.mean),
            ("p50", of.p50),
            ("p90", of.p90),
            ("p95", of.p95),
            ("p99", of.p99),
            ("p999", of.p999),
            ("max", of.max),
        ] {
            columns.push((format!("{name}_{which}_ms"), Value::Real(value)));
        }
    }
    let samples = &summary.samples;
    for (name, values) in [
        ("recv_bytes_per_second", &samples.recv_bytes_per_second),
        ("cpu_seconds", &samples.cpu_seconds),
        ("recv_bytes_per_second_per_cpu", &samples.recv_bytes_per_second_per_cpu),
        ("memory_usage_bytes", &samples.memory_usage_bytes),
    ] {
        columns.push((name.to_owned(), Value::Blob(bytes(values))));
    }
    let observation = &summary.observation;
    columns.extend([
        ("prometheus_cpu_seconds".to_owned(), Value::Real(observation.prometheus_cpu_seconds)),
        ("prometheus_recv_bytes".to_owned(), whole(observation.prometheus_recv_bytes)),
        ("own_cpu_seconds".to_owned(), Value::Real(observation.own_cpu_seconds)),
        ("own_recv_bytes".to_owned(), whole(observation.own_recv_bytes)),
        ("scrape_count".to_owned(), whole(observation.scrape_count)),
    ]);
    columns
}

/// Samples as little-endian 64-bit floats; no samples are NULL.
pub(super) fn bytes(samples: &[f64]) -> Option<Vec<u8>> {
    (!samples.is_empty()).then(|| samples.iter().flat_map(|sample| sample.to_le_bytes()).collect())
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    let (samples, _) = bytes.as_chunks::<8>();
    samples.iter().map(|sample| f64::from_le_bytes(*sample)).collect()
}
