//! Rows of operations, computed on paper: two trials of `mixed`, the first of two replicas (windows of 2 s and 2.5 s), the second of one
//! (1 s).

use benchmark::report::table;
use benchmark::results::{Cell, Filter, Format, Output, of_campaign, write};
use benchmark::run::{Run, summarise};
use benchmark::store::Store;
use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::OperationResult;
use benchmark_protocol::operation::{ByOperation, Operation};
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;
use tempfile::TempDir;

use super::{read, real, take, text, whole};
use crate::fixture::{self, histogram};

const MS: u64 = 1_000_000;

/// Requests of an operation: so many values of so many nanoseconds, the failures of one kind, and bytes received and sent.
fn said(
    operation: Operation,
    latency: &[(u64, u64)],
    (kind, failed): (FailureKind, &[(u64, u64)]),
    [success_bytes, sent_bytes]: [u64; 2],
) -> OperationResult {
    let number = |values: &[(u64, u64)]| values.iter().map(|(number, _)| number).sum::<u64>();
    let mut counts = Counts { successes: number(latency), success_bytes, sent_bytes, ..Counts::default() };
    counts.failures.set(kind, number(failed));
    counts.attempts = counts.successes + number(failed);
    OperationResult { operation, counts, latency: histogram(latency), failure_latency: histogram(failed) }
}

fn by_operation(numbers: &[(Operation, u64)]) -> ByOperation {
    let mut sums = ByOperation::default();
    numbers.iter().for_each(|(operation, number)| sums[*operation] = *number);
    sums
}

fn mixed(run_id: &str) -> Run {
    let mut run = fixture::run(run_id, "campaign-1", "reqwest", "0.13.5");
    run.case.test = Test::named("mixed").unwrap();
    run.case.params = Values::new(run.case.test.parameters(), []).unwrap();
    run
}

fn first_trial() -> Run {
    use Operation::{Get, Head, Put};
    let mut run = mixed("run-1");
    let [first, second] = run.replicas.as_mut_slice() else { panic!("two replicas") };
    // In another order than the test has them.
    first.result.as_mut().unwrap().operations = vec![
        said(Put, &[(150, 2 * MS), (50, 4 * MS)], (FailureKind::Status, &[(2, 5 * MS)]), [0, 200_000]),
        said(Get, &[(400, MS)], (FailureKind::Reset, &[]), [400_000, 0]),
    ];
    first.result.as_mut().unwrap().window.sent_bytes = 200_000;
    second.result.as_mut().unwrap().operations = vec![
        said(Get, &[(500, MS), (100, 3 * MS)], (FailureKind::Reset, &[]), [600_000, 0]),
        said(Head, &[(100, MS / 2)], (FailureKind::Reset, &[]), [0, 0]),
    ];
    let audit = run.audit.as_mut().unwrap();
    audit.operations = by_operation(&[(Get, 1_010), (Put, 210), (Head, 101)]);
    audit.answered = by_operation(&[(Get, 1_005), (Put, 204), (Head, 101)]);
    audit.taken_bytes = 204_000;
    run
}

fn second_trial() -> Run {
    use Operation::{Get, Put};
    let mut run = mixed("run-2");
    run.trial = 2;
    run.replicas.remove(0);
    let result = run.replicas[0].result.as_mut().unwrap();
    result.window_end_ns = result.window_start_ns + 1_000 * MS;
    result.window.sent_bytes = 300_000;
    result.operations = vec![
        said(Get, &[(1_000, 2 * MS)], (FailureKind::Reset, &[(10, 30 * MS)]), [1_000_000, 0]),
        said(Put, &[(300, 2 * MS)], (FailureKind::Reset, &[]), [0, 300_000]),
    ];
    let audit = run.audit.as_mut().unwrap();
    audit.operations = by_operation(&[(Get, 1_020), (Put, 305)]);
    audit.answered = by_operation(&[(Get, 1_002), (Put, 301)]);
    audit.taken_bytes = 301_000;
    run
}

async fn two_trials(folder: &TempDir) -> Store {
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &first_trial()).await;
    fixture::add(&store, &second_trial()).await;
    store
}

#[tokio::test]
async fn operations_are_pooled_over_replicas_and_trials() {
    let folder = TempDir::new().unwrap();
    let store = two_trials(&folder).await;
    let mut rows = read(&store, &Filter::default(), false).await;
    let names: Vec<_> = rows.iter().map(|row| row["operation"].clone()).collect();
    assert_eq!(names, [Cell::Empty, text("get"), text("put"), text("head")], "the test's order");
    // The whole is that of its calls.
    take(
        &mut rows[0],
        &[
            ("number_successes", whole(3_190)),
            ("success_sent_bytes", whole(500_000)),
            ("goodput_sent_bytes_per_second", real(190_000.0)), // (200,000 / 2.5 + 300,000 / 1) / 2
            ("origin_requests", whole(7_680)),
            ("origin_answered", whole(2_613)), // 1,310 + 1,303
            ("origin_taken_bytes", whole(505_000)),
            ("parsed_by", text("sdk")), // a page of a listing
            ("cpu_us_per_request", real(3_080_000.0 / 3_190.0)),
        ],
    );
    take(
        &mut rows[1],
        &[
            ("library_name", text("reqwest")),
            ("test_name", text("mixed")),
            ("run_ids", text("run-1 run-2")),
            ("trials", whole(2)),
            ("duration_seconds", real(3.5)),
            ("number_requests", whole(2_010)), // 400 + 600 + 1,000 + 10
            ("number_successes", whole(2_000)),
            ("number_failures", whole(10)),
            ("failures_reset", whole(10)),
            ("failures_status", whole(0)),
            ("failure_share", real(10.0 / 2_010.0)),
            ("requests_per_second", real(700.0)), // (1,000 / 2.5 + 1,000 / 1) / 2
            ("success_received_bytes", whole(2_000_000)),
            ("success_sent_bytes", whole(0)),
            ("goodput_bytes_per_second", real(700_000.0)),
            ("goodput_sent_bytes_per_second", real(0.0)),
            // 900 of 1 ms, 1,000 of 2, 100 of 3
            ("latency_mean_ms", real(1.6)),
            ("latency_p50_ms", real(2.0)), // rank 1,000
            ("latency_p90_ms", real(2.0)), // rank 1,800 of 1,900
            ("latency_p95_ms", real(2.0)),
            ("latency_p99_ms", real(3.0)), // rank 1,980
            ("latency_p999_ms", Cell::Empty),
            ("latency_max_ms", real(3.0)),
            ("failure_latency_p50_ms", Cell::Empty), // 10 samples
            ("origin_requests", whole(2_030)),       // 1,010 + 1,020
            ("origin_answered", whole(2_007)),
            ("verdict", text("valid")),
            ("marks", text("littles_law")),
            ("parsed_by", Cell::Empty), // nobody reads XML for a get
        ],
    );
    take(
        &mut rows[2],
        &[
            ("number_successes", whole(500)), // 200 + 300
            ("number_failures", whole(2)),
            ("failures_status", whole(2)),
            ("failure_share", real(2.0 / 502.0)),
            ("requests_per_second", real(190.0)), // (200 / 2.5 + 300 / 1) / 2
            ("success_received_bytes", whole(0)),
            ("success_sent_bytes", whole(500_000)),
            ("goodput_sent_bytes_per_second", real(190_000.0)),
            ("latency_mean_ms", real(2.2)), // (300 + 200 + 600) / 500
            ("latency_p50_ms", real(2.0)),
            ("latency_p90_ms", real(2.0)), // rank 450, the last of them
            ("latency_p95_ms", real(4.0)), // rank 475
            ("latency_p99_ms", Cell::Empty),
            ("latency_max_ms", real(4.0)),
            ("origin_requests", whole(515)),
        ],
    );
    // The second trial had none: a rate of 0, and no latency.
    take(
        &mut rows[3],
        &[
            ("number_successes", whole(100)),
            ("requests_per_second", real(20.0)), // (100 / 2.5 + 0) / 2
            ("failure_share", real(0.0)),
            ("latency_p50_ms", real(0.5)),
            ("latency_p90_ms", real(0.5)),
            ("duration_seconds", real(3.5)),
        ],
    );
}

#[tokio::test]
async fn what_only_a_whole_has_is_empty_and_not_zero() {
    let folder = TempDir::new().unwrap();
    let store = two_trials(&folder).await;
    for per_replica in [false, true] {
        for row in read(&store, &Filter::default(), per_replica).await.into_iter().skip(1) {
            if row["operation"] == Cell::Empty {
                continue;
            }
            let of_whole = [
                "number_censored",
                "recv_",
                "cpu_s",
                "cpu_u",
                "cpu_d",
                "memory_usage_",
                "ttfb_",
                "service_",
                "scheduling_",
                "peak_",
                "start_skew",
                "attempts_",
                "requests_issued",
                "requests_per_second_",
                "scheduled_",
                "rate_",
                "origin_bytes",
                "origin_taken",
                "origin_connections",
                "origin_peak",
                "origin_cpu",
                "harness_cpu",
                "monitoring_",
                "ceiling_",
                "metrics_source",
                "prometheus_",
                "scrape_",
            ];
            for (name, cell) in row.iter().filter(|(name, _)| of_whole.iter().any(|prefix| name.starts_with(prefix))) {
                assert_eq!(*cell, Cell::Empty, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_replica_has_rows_of_what_it_did() {
    let folder = TempDir::new().unwrap();
    let store = two_trials(&folder).await;
    let mut rows = read(&store, &Filter::default(), true).await;
    let names: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {} {}", row["run_id"], row["replica_index"], row["operation"]).trim_end().to_owned())
        .collect();
    let expected = [
        "run-1 0",
        "run-1 0 get",
        "run-1 0 put",
        "run-1 1",
        "run-1 1 get",
        "run-1 1 head",
        "run-2 1",
        "run-2 1 get",
        "run-2 1 put",
    ];
    assert_eq!(names, expected);
    take(
        &mut rows[1],
        &[
            ("requests_per_second", real(200.0)), // 400 / 2
            ("success_received_bytes", whole(400_000)),
            ("latency_max_ms", real(1.0)),
            ("pid", whole(77)),
        ],
    );
    take(
        &mut rows[4],
        &[
            ("requests_per_second", real(240.0)), // 600 / 2.5
            ("latency_mean_ms", real(8.0 / 6.0)), // (500 + 300) / 600
            ("latency_p90_ms", real(3.0)),        // rank 540
        ],
    );
}

#[tokio::test]
async fn an_operation_of_an_invalid_run_is_invalid_too() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = first_trial();
    run.invalid_reasons = vec!["noise".into()];
    fixture::add(&store, &run).await;
    for row in read(&store, &Filter::default(), false).await {
        assert_eq!((&row["verdict"], &row["invalid_reason"]), (&text("invalid"), &text("noise")));
    }
}

#[tokio::test]
async fn a_test_of_one_operation_keeps_one_row() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    let rows = read(&store, &Filter::default(), false).await;
    assert_eq!((rows.len(), &rows[0]["operation"], &rows[0]["parsed_by"]), (1, &Cell::Empty, &Cell::Empty));
}

#[tokio::test]
async fn cpu_time_per_gb_counts_bytes_both_ways() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.replicas[1].result.as_mut().unwrap().window.sent_bytes = 1_000_000;
    fixture::add(&store, &run).await;
    take(
        &mut read(&store, &Filter::default(), false).await[0],
        &[
            ("success_received_bytes", whole(2_190_000)),
            ("success_sent_bytes", whole(1_000_000)),
            ("goodput_bytes_per_second", real(876_000.0)),
            ("goodput_sent_bytes_per_second", real(400_000.0)), // 1,000,000 / 2.5
            ("cpu_seconds_per_gb", real(2.19 / 0.003_19)),
        ],
    );
}

#[tokio::test]
async fn formats_have_them_as_rows() {
    let folder = TempDir::new().unwrap();
    let store = two_trials(&folder).await;
    for (format, needle) in [
        (Format::Csv, "\nreqwest,mixed,put,"),
        (Format::Json, "\n{\"library_name\":\"reqwest\",\"test_name\":\"mixed\",\"operation\":\"put\","),
        (Format::Markdown, "\n| reqwest | mixed | put | "),
    ] {
        let out = folder.path().join("out");
        let rows = write(&store, &Filter::default(), format, false, &Output::File(out.clone())).await.unwrap();
        let text = std::fs::read_to_string(out).unwrap();
        assert_eq!(rows, 4);
        assert!(text.contains(needle), "{text}");
    }
}

#[tokio::test]
async fn the_screen_sets_them_in_below_their_row() {
    let folder = TempDir::new().unwrap();
    let store = two_trials(&folder).await;
    insta::assert_snapshot!(table(&of_campaign(&store, "campaign-1").await.unwrap()), @"
    ┌─────────┬────────┬───────────────┬──────┬────────┬────────┬────────────────┬──────────┬─────────┬────────────┬──────────────────┐
    │ library ┆ test   ┆ ok requests/s ┆ MB/s ┆ p50 ms ┆ p99 ms ┆ CPU us/request ┆ CPU-s/GB ┆ peak MB ┆ of ceiling ┆ verdict          │
    ╞═════════╪════════╪═══════════════╪══════╪════════╪════════╪════════════════╪══════════╪═════════╪════════════╪══════════════════╡
    │ reqwest ┆ mixed  ┆           938 ┆  1.1 ┆  2.001 ┆ 10.002 ┆         965.52 ┆  834.688 ┆    70.0 ┆          - ┆ valid, see notes │
    │         ┆   get  ┆           700 ┆  0.7 ┆  2.001 ┆  3.000 ┆              - ┆        - ┆       - ┆          - ┆                  │
    │         ┆   put  ┆           190 ┆  0.2 ┆  2.001 ┆      - ┆              - ┆        - ┆       - ┆          - ┆                  │
    │         ┆   head ┆            20 ┆  0.0 ┆  0.500 ┆      - ┆              - ┆        - ┆       - ┆          - ┆                  │
    └─────────┴────────┴───────────────┴──────┴────────┴────────┴────────────────┴──────────┴─────────┴────────────┴──────────────────┘
    ");
}

#[test]
fn an_unreadable_histogram_of_an_operation_is_named() {
    let mut run = first_trial();
    run.replicas[1].result.as_mut().unwrap().operations[0].latency = histogram(&[(1, 1)]);
    assert!(summarise(&run).is_ok());
    run.replicas[1].result.as_mut().unwrap().operations[0].latency.0 = "rubbish".to_owned();
    let error = summarise(&run).unwrap_err().to_string();
    assert!(error.starts_with("replica 1: latency of an operation of its result is no HDR histogram"), "{error}");
}
