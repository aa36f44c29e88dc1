//! Every column of one run, computed on paper from the raw data of `fixture`: two replicas, windows of 2 s and 2.5 s.

use benchmark::case::{Arrivals, Rate};
use benchmark::results::{Cell, Filter};
use tempfile::TempDir;

use super::{read, real, take, text, whole};
use crate::fixture;

#[tokio::test]
async fn every_column_of_a_run_has_the_value_computed_by_hand() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    let mut rows = read(&store, &Filter::default(), false).await;
    assert_eq!(rows.len(), 1);
    let row = &mut rows[0];

    take(
        row,
        &[
            ("library_name", text("reqwest")),
            ("library_version", text("0.13.5")),
            ("test_name", text("fetch_range")),
            ("operation", Cell::Empty), // the whole
            ("parsed_by", Cell::Empty), // nothing comes as XML
            ("test_params", text(r#"{"object_size":"64MiB","objects":"8","request_size":"16KiB","signed":"false"}"#)),
            ("inject", text("latency=constant:20ms; error=503:1%")),
            ("replica_count", whole(2)),
            ("runner", text("process")),
            ("run_id", text("run-1")),
            ("trials", whole(1)),
            ("runs", whole(1)),
            ("run_ids", text("run-1")),
            ("campaign_id", text("campaign-1")),
            ("start_time", text("2025-11-21T04:40:01.000Z")),
            ("end_time", text("2025-11-21T04:40:03.500Z")),
            ("concurrency", whole(32)),
            ("requests_limit", Cell::Empty),
            ("pool_size", whole(16)),
            ("keep_alive", Cell::Flag(true)),
            ("keep_alive_timeout_seconds", real(1.5)),
            ("use_dns_cache", Cell::Flag(false)),
            ("timeout_seconds", real(30.0)),
            ("warmup_seconds", real(0.4)),
            ("threads", whole(1)),
            ("target", Cell::Empty),
            ("header", Cell::Empty),
            ("ca", Cell::Empty),
            ("seed", whole(18_446_744_073_709_551_615)),
            ("build_sha256", text("0123456789ab")),
            ("compiler", text("rustc 1.95.0")),
            ("host_name", text("bench-1")),
            ("cpu_model", text("Example CPU @ 2.0GHz")),
            ("cpus", whole(8)),
            ("kernel", text("6.1.0-40-amd64")),
            ("harness", text("0.1.0 (0a1b2c3)")),
            ("verdict", text("valid")),
            ("invalid_reason", Cell::Empty),
            ("marks", text("littles_law")),
            ("metrics_source", text("replica")),
            ("cpu_limit", real(1.5)),
            ("memory_limit_bytes", whole(67_108_864)),
            ("prometheus_refusal", text("as the fixture says")),
            ("twin", Cell::Flag(false)),
            ("build_features", text("reqwest 0.13.5")),
            ("build_target", text("x86_64-unknown-linux-gnu, crt-static")),
            ("lock_sha256", text("f00d")),
            ("memory_bytes", whole(32_000_000_000)),
            ("clock_source", text("tsc")),
            ("governor", Cell::Empty),
            ("cgroup", text("v2")),
            ("command", text("benchmark run-all --seed 7")),
            ("harness_cpu_seconds", real(0.125)),
            ("monitoring_cpu_seconds", Cell::Empty),
            // A closed loop.
            ("rate", Cell::Empty),
            ("arrivals", Cell::Empty),
            ("rate_asked_per_second", Cell::Empty),
            ("scheduled_requests", Cell::Empty),
            ("rate_achieved_share", Cell::Empty),
            ("service_time_p50_ms", Cell::Empty),
            ("service_time_p99_ms", Cell::Empty),
            ("scheduling_delay_p50_ms", Cell::Empty),
            ("scheduling_delay_p99_ms", Cell::Empty),
            ("scheduling_delay_max_ms", Cell::Empty),
        ],
    );

    // From ready (1 us user, 1 us system) to after the drain, replica 0: 1.4 + 0.5 + 1.999998 - 0.000002 = 3.899996 s; replica 1:
    // 1.6 + 0.49 + 1.999998 - 0.000002 = 4.089996 s; each received 1,000,000 bytes.
    take(
        row,
        &[
            ("prometheus_cpu_seconds", real(8.4)),
            ("prometheus_recv_bytes", whole(2_010_000)),
            ("cpu_difference_percent", real((8.4 / 7.989992 - 1.0) * 100.0)),
            ("recv_bytes_difference_percent", real((2_010_000.0 / 2_000_000.0 - 1.0) * 100.0)),
            ("scrape_count", whole(25)),
        ],
    );

    // Counts. Replica 0: 1,190 successes, 1,000 failures, 4 censored; replica 1: 1,000, 1,000 and 2.
    take(
        row,
        &[
            ("number_requests", whole(4_196)),
            ("number_successes", whole(2_190)),
            ("number_failures", whole(2_000)),
            ("failures_dns", whole(100)),
            ("failures_connect", whole(200)),
            ("failures_tls", whole(50)),
            ("failures_pool_wait", whole(40)),
            ("failures_timeout", whole(610)),
            ("failures_status", whole(500)),
            ("failures_short_body", whole(110)),
            ("failures_bad_bytes", whole(90)),
            ("failures_reset", whole(250)),
            ("failures_closed", whole(0)),
            ("failures_other", whole(50)),
            ("number_censored", whole(6)),
            // 4,196 in the windows, 1 + 1 to verify, 10 + 20 in the warm-ups
            ("attempts_total", whole(4_228)),
            // Those, but for 40 that waited for a socket in vain.
            ("requests_issued", whole(4_188)),
        ],
    );

    // Rates: over the longer of the two windows.
    take(
        row,
        &[
            ("duration_seconds", real(2.5)),
            ("requests_per_second", real(876.0)),            // 2,190 / 2.5
            ("requests_per_second_ci_percent", Cell::Empty), // one trial
            ("requests_per_second_cv_percent", Cell::Empty),
            ("cpu_us_per_request_ci_percent", Cell::Empty),
            ("failure_share", real(2_000.0 / 4_190.0)),
            ("success_received_bytes", whole(2_190_000)), // 1,190,000 + 1,000,000
            ("success_sent_bytes", whole(0)),
            ("goodput_bytes_per_second", real(876_000.0)), // 2,190,000 bytes / 2.5 s
            ("goodput_sent_bytes_per_second", real(0.0)),
        ],
    );

    // CPU between the edges of the windows. User: 0.9 + 0.6 s; system: 0.4 + 0.29 s; 2.19 s together.
    take(
        row,
        &[
            ("cpu_user_seconds", real(1.5)),
            ("cpu_system_seconds", real(0.69)),
            ("cpu_us_per_request", real(1_000.0)), // 2,190,000 us / 2,190
            ("cpu_seconds_per_gb", real(1_000.0)), // 2.19 s / 0.00219 GB
            ("peak_rss_bytes", whole(70_000_000)),
            ("start_skew_ms", real(2.5)),            // 602.5 - 600 ms
            ("clock_uncertainty_ns", whole(60_000)), // the second replica's
        ],
    );

    // Latency of 2,190 successes: 1,190 of 1 ms, 800 of 2 ms, 150 of 4 ms, 50 of 10 ms.
    take(
        row,
        &[
            ("latency_mean_ms", real(3_890.0 / 2_190.0)), // 1,190 + 1,600 + 600 + 500 ms
            ("latency_p50_ms", real(1.0)),                // rank 1,095 of 1,190
            ("latency_p90_ms", real(2.0)),                // rank 1,971 of 1,990
            ("latency_p95_ms", real(4.0)),                // rank 2,081 of 2,140
            ("latency_p99_ms", real(10.0)),               // rank 2,169
            ("latency_p999_ms", Cell::Empty),             // 2 samples lie beyond it
            ("latency_max_ms", real(10.0)),
            // 1,000 samples of the second replica: 980 of 0.5 ms, 20 of 3 ms
            ("ttfb_p50_ms", real(0.5)),
            ("ttfb_p99_ms", real(3.0)), // rank 990
            // 2,000 failures: 1,975 of 5 ms, 25 of 30 ms
            ("failure_latency_p50_ms", real(5.0)),
            ("failure_latency_p99_ms", real(30.0)), // rank 1,980
        ],
    );

    // Intervals. Replica 0: 700,000 bytes and 0.7 CPU s, then 300,000 bytes and 0.6 CPU s, 1 s each; 41 and 42 MB.
    // Replica 1: 800,000 bytes and 0.4 CPU s, 200,000 bytes and 0.4 CPU s, 1 s each, and in the last 0.5 s 100,000 bytes
    // and 0.1 CPU s; 61, 62 and 64 MB.
    take(
        row,
        &[
            // 700, 300, 800, 200, 200 kB/s: sorted 200 200 300 700 800; mean 2,200 / 5; deviations from 440 squared:
            // 57,600 x 2 + 19,600 + 67,600 + 129,600 = 332,000; / 4 = 83,000
            ("recv_bytes_per_second_count", whole(5)),
            ("recv_bytes_per_second_mean", real(440_000.0)),
            ("recv_bytes_per_second_std", real(83_000_f64.sqrt() * 1_000.0)),
            ("recv_bytes_per_second_min", real(200_000.0)),
            ("recv_bytes_per_second_25%", real(200_000.0)),
            ("recv_bytes_per_second_50%", real(300_000.0)),
            ("recv_bytes_per_second_75%", real(700_000.0)),
            ("recv_bytes_per_second_max", real(800_000.0)),
            // 0.7, 0.6, 0.4, 0.4, 0.2: mean 2.3 / 5; deviations from 0.46 squared:
            // 0.0576 + 0.0196 + 0.0036 x 2 + 0.0676 = 0.152; / 4 = 0.038
            ("cpu_seconds_count", whole(5)),
            ("cpu_seconds_mean", real(0.46)),
            ("cpu_seconds_std", real(0.038_f64.sqrt())),
            ("cpu_seconds_min", real(0.2)),
            ("cpu_seconds_25%", real(0.4)),
            ("cpu_seconds_50%", real(0.4)),
            ("cpu_seconds_75%", real(0.6)),
            ("cpu_seconds_max", real(0.7)),
            // per CPU s: 1,000, 500, 2,000, 500, 1,000 kB: mean 5,000 / 5; deviations from 1,000 squared:
            // 250,000 x 2 + 1,000,000 = 1,500,000; / 4 = 375,000
            ("recv_bytes_per_second_per_cpu_count", whole(5)),
            ("recv_bytes_per_second_per_cpu_mean", real(1_000_000.0)),
            ("recv_bytes_per_second_per_cpu_std", real(375_000_f64.sqrt() * 1_000.0)),
            ("recv_bytes_per_second_per_cpu_min", real(500_000.0)),
            ("recv_bytes_per_second_per_cpu_25%", real(500_000.0)),
            ("recv_bytes_per_second_per_cpu_50%", real(1_000_000.0)),
            ("recv_bytes_per_second_per_cpu_75%", real(1_000_000.0)),
            ("recv_bytes_per_second_per_cpu_max", real(2_000_000.0)),
            // 41, 42, 61, 62, 64 MB: mean 270 / 5; deviations from 54 squared: 169 + 144 + 49 + 64 + 100 = 526; / 4 = 131.5
            ("memory_usage_bytes_count", whole(5)),
            ("memory_usage_bytes_mean", real(54_000_000.0)),
            ("memory_usage_bytes_std", real(131.5_f64.sqrt() * 1e6)),
            ("memory_usage_bytes_min", real(41_000_000.0)),
            ("memory_usage_bytes_25%", real(42_000_000.0)),
            ("memory_usage_bytes_50%", real(61_000_000.0)),
            ("memory_usage_bytes_75%", real(62_000_000.0)),
            ("memory_usage_bytes_max", real(64_000_000.0)),
        ],
    );

    take(
        row,
        &[
            ("origin_requests", whole(3_840)),
            ("origin_answered", whole(2_230)),
            ("origin_taken_bytes", whole(0)),
            ("origin_bytes", whole(2_250_000)),
            ("origin_connections", whole(66)),
            ("origin_peak_concurrency", whole(64)),
            ("origin_cpu_share", real(0.25)),
            ("ceiling_share", Cell::Empty), // no baseline ran
            ("ceiling_by", Cell::Empty),
        ],
    );
    assert!(row.is_empty(), "columns without a golden value: {:?}", row.keys());
}

#[tokio::test]
async fn an_open_loop_has_columns_of_its_own() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.case.load.rate = Some(Rate::OfCapacity(0.5));
    run.case.load.arrivals = Arrivals::Poisson;
    run.rate_per_second = Some(1_250.0);
    for (replica, issued) in run.replicas.iter_mut().zip([1_490, 1_500]) {
        let result = replica.result.as_mut().unwrap();
        (result.scheduled, result.issued) = (Some(1_500), Some(issued));
        // Of 3,000 requests the 1,500th was served in 2 ms, the 2,970th in 8; it was issued 0.5 and 1 ms after it was due.
        result.service_time = Some(fixture::histogram(&[(1_400, 2_000_000), (100, 8_000_000)]));
        result.scheduling_delay = Some(fixture::histogram(&[(1_400, 500_000), (99, 1_000_000), (1, 30_000_000)]));
    }
    fixture::add(&store, &run).await;
    let mut rows = read(&store, &Filter::default(), false).await;
    let row = &mut rows[0];
    take(
        row,
        &[
            ("rate", text("50%")),
            ("arrivals", text("poisson")),
            ("rate_asked_per_second", real(1_250.0)),
            ("scheduled_requests", whole(3_000)),
            ("rate_achieved_share", real(2_990.0 / 3_000.0)),
            ("service_time_p50_ms", real(2.0)),
            ("service_time_p99_ms", real(8.0)),
            ("scheduling_delay_p50_ms", real(0.5)),
            ("scheduling_delay_p99_ms", real(1.0)),
            ("scheduling_delay_max_ms", real(30.0)),
        ],
    );
}

#[tokio::test]
async fn a_replica_has_its_own_counts_rates_and_percentiles() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    let mut rows = read(&store, &Filter::default(), true).await;
    assert_eq!(rows.len(), 2);
    let first = &mut rows[0];
    take(
        first,
        &[
            ("trial", whole(1)),
            ("replica_index", whole(0)),
            ("host_name", text("bench-1")),
            ("pid", whole(77)),
            ("container_id", text(&"c0".repeat(32))),
            ("failure", Cell::Empty),
            ("clock_offset_ns", Cell::Signed(-4_999_999_999_960)),
            ("clock_uncertainty_ns", whole(40_000)),
            ("verdict", text("valid")),
            ("number_requests", whole(2_194)), // 1,190 + 1,000 + 4
            ("number_successes", whole(1_190)),
            ("number_failures", whole(1_000)),
            ("failures_timeout", whole(610)),
            ("failures_status", whole(0)),
            ("attempts_total", whole(2_205)),  // and 1 to verify, 10 in the warm-up
            ("requests_issued", whole(2_165)), // but for 40 that waited for a socket in vain
            ("duration_seconds", real(2.0)),
            ("requests_per_second", real(595.0)),          // 1,190 / 2
            ("goodput_bytes_per_second", real(595_000.0)), // 1,190,000 / 2
            ("cpu_user_seconds", real(0.9)),
            ("cpu_system_seconds", real(0.4)),
            ("cpu_us_per_request", real(1_300_000.0 / 1_190.0)),
            ("cpu_seconds_per_gb", real(1.3 / 0.001_19)),
            ("peak_rss_bytes", whole(50_000_000)),
            ("latency_mean_ms", real(1.0)),
            ("latency_p99_ms", real(1.0)),
            ("latency_p999_ms", Cell::Empty),
            ("ttfb_p50_ms", Cell::Empty),
            ("failure_latency_p50_ms", real(5.0)),
            ("recv_bytes_per_second_count", whole(2)),
            ("recv_bytes_per_second_mean", real(500_000.0)),
            ("memory_usage_bytes_max", real(42_000_000.0)),
        ],
    );
    let second = &mut rows[1];
    take(
        second,
        &[
            ("replica_index", whole(1)),
            ("pid", whole(78)),
            ("number_successes", whole(1_000)),
            ("requests_per_second", real(400.0)), // 1,000 / 2.5
            ("latency_mean_ms", real(2.7)),       // (1,600 + 600 + 500) / 1,000
            ("latency_p50_ms", real(2.0)),
            ("latency_max_ms", real(10.0)),
            ("ttfb_p99_ms", real(3.0)),
            ("failure_latency_p99_ms", real(30.0)), // rank 990 of 975 + 25
            ("recv_bytes_per_second_count", whole(3)),
            ("cpu_seconds_min", real(0.2)),
        ],
    );
}

#[tokio::test]
async fn what_a_failed_run_did_not_measure_is_empty_and_not_zero() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::failed_run("run-1", "campaign-1")).await;
    for per_replica in [false, true] {
        let mut rows = read(&store, &Filter::default(), per_replica).await;
        assert_eq!(rows.len(), 1);
        let row = &mut rows[0];
        take(
            row,
            &[
                ("verdict", text("invalid")),
                ("invalid_reason", text("replica 0: verify: connection refused")),
                ("attempts_total", whole(3)), // the requests of verify
                ("requests_issued", whole(3)),
            ],
        );
        let measured = [
            "number_",
            "failures_",
            "failure_share",
            "success_",
            "requests_per",
            "goodput_",
            "recv_",
            "cpu_s",
            "cpu_u",
            "memory_usage",
            "prometheus_cpu",
            "prometheus_recv",
            "cpu_difference",
            "scrape_",
            "latency_",
            "ttfb_",
            "failure_latency_",
            "peak_rss",
            "start_skew",
            "duration_",
            "origin_",
            "ceiling_",
        ];
        for (name, cell) in row.iter().filter(|(name, _)| measured.iter().any(|prefix| name.starts_with(prefix))) {
            assert_eq!(*cell, Cell::Empty, "{name}");
        }
        if per_replica {
            take(row, &[("failure", text("verify: connection refused")), ("pid", whole(79))]);
        }
    }
}

#[tokio::test]
async fn a_run_without_successes_has_rates_of_zero_and_no_cost_per_request() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    for replica in &mut run.replicas {
        let result = replica.result.as_mut().unwrap();
        result.window.successes = 0;
        result.window.success_bytes = 0;
        result.latency = Default::default();
        result.first_byte = None;
    }
    run.replicas.truncate(1);
    fixture::add(&store, &run).await;
    let row = &mut read(&store, &Filter::default(), false).await[0];
    take(
        row,
        &[
            ("number_successes", whole(0)),
            ("number_requests", whole(1_004)),
            ("requests_per_second", real(0.0)),
            ("goodput_bytes_per_second", real(0.0)),
            ("cpu_us_per_request", Cell::Empty),
            ("cpu_seconds_per_gb", Cell::Empty),
            ("cpu_user_seconds", real(0.9)),
            ("latency_mean_ms", Cell::Empty),
            ("latency_max_ms", Cell::Empty),
            ("start_skew_ms", Cell::Empty), // one replica
        ],
    );
}
