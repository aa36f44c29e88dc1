//! Trials of a case become one row; what the baseline reached becomes a share.

use benchmark::case::Amount;
use benchmark::results::{Cell, Filter};
use benchmark::run::{Mark, Run};
use benchmark::stats::comparison::BEFORE_THE_BLOCKS;
use benchmark::store::Store;
use tempfile::TempDir;

use super::{read, real, take, text, whole};
use crate::fixture::{self, START_US, histogram};

/// A second trial of `fixture::run`: only its second replica, with a window of 1 s.
fn second_trial(run_id: &str) -> Run {
    let mut run = fixture::run(run_id, "campaign-1", "reqwest", "0.13.5");
    run.trial = 2;
    run.started_us = START_US + 10_000_000;
    run.ended_us = START_US + 11_000_000;
    run.replicas.remove(0);
    let result = run.replicas[0].result.as_mut().unwrap();
    result.window_end_ns = result.window_start_ns + 1_000_000_000;
    result.latency = histogram(&[(9_000, 3_000_000), (1_000, 20_000_000)]);
    result.resources.drained.peak_rss_bytes = 90_000_000;
    run.origin_cpu_share = Some(0.75);
    run.marks = vec!["noisy".into(), "littles_law".into()];
    if let Some(audit) = &mut run.audit {
        audit.peak_concurrency = 32;
    }
    run
}

async fn one_row(store: &Store) -> std::collections::BTreeMap<&'static str, Cell> {
    let mut rows = read(store, &Filter::default(), false).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[tokio::test]
async fn trials_are_pooled_by_the_rule_of_each_column() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    fixture::add(&store, &second_trial("run-2")).await;
    let row = &mut one_row(&store).await;
    take(
        row,
        &[
            ("run_id", text("run-1")),
            ("trials", whole(2)),
            ("runs", whole(2)),
            ("run_ids", text("run-1 run-2")),
            ("start_time", text("2025-11-21T04:40:01.000Z")),
            ("end_time", text("2025-11-21T04:40:11.000Z")),
            ("duration_seconds", real(3.5)),      // 2.5 + 1
            ("number_requests", whole(6_198)),    // 4,196 + 2,002
            ("number_successes", whole(3_190)),   // 2,190 + 1,000
            ("number_failures", whole(3_000)),    // 2,000 + 1,000
            ("failures_reset", whole(500)),       // 250 + 250
            ("number_censored", whole(8)),        // 6 + 2
            ("attempts_total", whole(6_251)),     // 4,228 + 2,002 + 1 + 20
            ("requests_per_second", real(938.0)), // (876 + 1,000) / 2, not 3,190 / 3.5
            ("requests_per_second_cv_percent", real(62.0 * 2.0_f64.sqrt() / 938.0 * 100.0)), // 938 ± 62
            ("requests_per_second_ci_percent", Cell::Empty), // 2 trials are not 5
            ("goodput_bytes_per_second", real(938_000.0)), // (876,000 + 1,000,000) / 2
            ("cpu_user_seconds", real(2.1)),      // 1.5 + 0.6
            ("cpu_system_seconds", real(0.98)),   // 0.69 + 0.29
            ("cpu_us_per_request", real(3_080_000.0 / 3_190.0)), // of the sums
            ("cpu_seconds_per_gb", real(3.08 / 0.003_19)),
            ("peak_rss_bytes", whole(90_000_000)),
            ("start_skew_ms", real(2.5)), // the second trial has one replica and so none
            ("clock_uncertainty_ns", whole(60_000)),
            ("recv_bytes_per_second_count", whole(8)),       // 5 + 3
            ("recv_bytes_per_second_mean", real(425_000.0)), // (2,200 + 800 + 200 + 200) / 8 kB
            ("memory_usage_bytes_mean", real(57_125_000.0)), // (270 + 187) / 8 MB
            // 12,190 samples: 1,190 of 1 ms, 800 of 2, 9,000 of 3, 150 of 4, 50 of 10, 1,000 of 20 ms
            ("latency_mean_ms", real(50_890.0 / 12_190.0)),
            ("latency_p50_ms", real(3.0)),
            ("latency_p90_ms", real(3.0)),   // rank 10,971 of 10,990
            ("latency_p95_ms", real(20.0)),  // rank 11,581
            ("latency_p999_ms", real(20.0)), // 12 samples lie beyond it, as in neither trial
            ("latency_max_ms", real(20.0)),
            ("failure_latency_p99_ms", real(30.0)), // rank 2,970 of 2,950 + 50
            ("origin_requests", whole(7_680)),
            ("origin_bytes", whole(4_500_000)),
            ("origin_connections", whole(132)),
            ("origin_peak_concurrency", whole(64)),
            ("origin_cpu_share", real(0.5)),
            ("verdict", text("valid")),
            ("marks", text("littles_law; noisy")),
            ("metrics_source", text("replica")),
        ],
    );
}

#[tokio::test]
async fn one_invalid_trial_makes_the_row_invalid() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    let mut second = second_trial("run-2");
    second.replicas.clear();
    second.invalid_reasons = vec!["no success".into(), "1 replica lost".into()];
    fixture::add(&store, &second).await;
    let row = &mut one_row(&store).await;
    take(
        row,
        &[
            ("trials", whole(2)),
            ("verdict", text("invalid")),
            ("invalid_reason", text("no success; 1 replica lost")),
            // What was measured is that of the first trial alone.
            ("requests_per_second", real(876.0)),
            ("latency_p50_ms", real(1.0)),
        ],
    );
}

/// A run before the blocks, which measures a capacity: with 10,000 successes, far off all others.
fn capacity_run(run_id: &str, library: &str) -> Run {
    Run { trial: BEFORE_THE_BLOCKS, ..with_rate(run_id, "campaign-1", library, 10_000) }
}

#[tokio::test]
async fn a_run_that_measures_a_capacity_is_in_no_row_of_the_blocks_and_spoils_none() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut bad = capacity_run("bad", "baseline");
    bad.invalid_reasons = vec!["noise".into()];
    // The case is in the blocks as well, and ran in them first.
    fixture::add(&store, &with_rate("run-1", "campaign-1", "baseline", 2_000)).await;
    fixture::add(&store, &bad).await;
    fixture::add(&store, &capacity_run("good", "baseline")).await;
    let second = with_rate("run-2", "campaign-1", "baseline", 3_000);
    fixture::add(&store, &Run { trial: 2, ..second }).await;
    fixture::add(&store, &with_rate("hyper", "campaign-1", "hyper", 1_500)).await;
    let rows = read(&store, &Filter::default(), false).await;
    let mut baseline = rows[0].clone();
    take(
        &mut baseline,
        &[
            ("trials", whole(2)),
            ("runs", whole(2)),
            ("run_id", text("run-1")),
            ("run_ids", text("run-1 run-2")),
            ("verdict", text("valid")),
            ("requests_per_second", real(1_000.0)), // (800 + 1,200) / 2
            ("number_successes", whole(5_000)),
            ("ceiling_share", real(1.0)),
        ],
    );
    assert_eq!(rows[1]["ceiling_share"], real(0.6));
    let replicas = read(&store, &Filter::default(), true).await;
    assert_eq!(replicas.len(), 5, "raw data shows every run");
}

#[tokio::test]
async fn a_capacity_whose_case_is_not_in_the_blocks_is_a_row_of_its_last_run() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let mut bad = capacity_run("bad", "hyper");
    bad.invalid_reasons = vec!["noise".into()];
    fixture::add(&store, &bad).await;
    fixture::add(&store, &capacity_run("good", "hyper")).await;
    take(
        &mut one_row(&store).await,
        &[
            ("trials", whole(1)),
            ("runs", whole(1)),
            ("run_ids", text("good")),
            ("verdict", text("valid")),
            ("requests_per_second", real(4_000.0)),
        ],
    );
}

#[tokio::test]
async fn an_interrupted_run_has_no_row() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    for run_id in ["run-2", "run-3"] {
        fixture::begin(&store, &fixture::run(run_id, "campaign-1", "reqwest", "0.13.5")).await;
    }
    fixture::begin(&store, &fixture::run("run-4", "campaign-1", "hyper", "1.12")).await;
    store.interrupt_run("run-2", START_US).await.unwrap();
    take(&mut one_row(&store).await, &[("run_ids", text("run-1"))]);
}

/// A run with another rate: so many successes in 2.5 s.
fn with_rate(run_id: &str, campaign_id: &str, library: &str, successes: u64) -> Run {
    let mut run = fixture::run(run_id, campaign_id, library, "1.0.0");
    run.replicas.remove(0);
    run.replicas[0].result.as_mut().unwrap().window.successes = successes;
    run
}

#[tokio::test]
async fn a_share_of_the_ceiling_needs_a_valid_baseline_of_the_same_case_and_campaign() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    store.begin_campaign(&fixture::campaign(2), &fixture::host()).await.unwrap();
    fixture::add(&store, &with_rate("hyper", "campaign-1", "hyper", 1_500)).await;
    // The mean of two trials: 4,000 / 2.5 and 2,000 / 2.5 are 1,200 requests/s.
    fixture::add(&store, &with_rate("baseline-1", "campaign-1", "baseline", 4_000)).await;
    fixture::add(&store, &with_rate("baseline-2", "campaign-1", "baseline", 2_000)).await;
    let mut other_case = with_rate("ureq", "campaign-1", "ureq", 1_500);
    other_case.case.load.concurrency = 1;
    fixture::add(&store, &other_case).await;
    let mut invalid = with_rate("reqwest", "campaign-1", "reqwest", 1_500);
    invalid.invalid_reasons = vec!["noise".into()];
    fixture::add(&store, &invalid).await;
    // The second campaign's baseline is invalid.
    fixture::add(&store, &with_rate("hyper-2", "campaign-2", "hyper", 1_500)).await;
    let mut invalid = with_rate("baseline-3", "campaign-2", "baseline", 9_000);
    invalid.invalid_reasons = vec!["noise".into()];
    fixture::add(&store, &invalid).await;

    let rows = read(&store, &Filter::default(), false).await;
    let shares: Vec<_> = rows.iter().map(|row| (row["run_id"].to_string(), row["ceiling_share"].clone())).collect();
    let expected = [
        ("hyper", real(0.5)), // 600 / 1,200
        ("baseline-1", real(1.0)),
        ("ureq", Cell::Empty),
        ("reqwest", Cell::Empty),
        ("hyper-2", Cell::Empty),
        ("baseline-3", Cell::Empty),
    ];
    assert_eq!(shares, expected.map(|(run_id, share)| (run_id.to_owned(), share)));

    assert!(
        rows.iter()
            .all(|row| row["ceiling_by"]
                == if row["ceiling_share"] == Cell::Empty { Cell::Empty } else { "rate".into() })
    );

    // Also where the filter hides the baseline itself.
    let filter = Filter { library: Some("hyper".to_owned()), ..Filter::default() };
    assert_eq!(read(&store, &filter, false).await[0]["ceiling_share"], real(0.5));
}

#[tokio::test]
async fn five_valid_trials_have_a_confidence_interval() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    for (trial, successes) in (1..).zip([2_450, 2_475, 2_500, 2_525, 2_550, 9_999]) {
        let mut run = with_rate(&format!("run-{trial}"), "campaign-1", "hyper", successes);
        run.trial = trial;
        if trial == 6 {
            run.invalid_reasons = vec!["noise".into()];
        }
        fixture::add(&store, &run).await;
    }
    let row = one_row(&store).await;
    let near = |name: &str, expected: f64| match row[name] {
        Cell::Real(actual) => assert!((actual - expected).abs() < 1e-5, "{name}: {actual} is not {expected}"),
        ref other => panic!("{name}: {other:?}"),
    };
    // Logarithms lie -0.020103, -0.009950, 0.000100, 0.010050, 0.019903
    // off their mean: s = 0.0158135; standard error s / sqrt(5) = 0.00707199; t(4) at 99 % = 4.604095.
    near("requests_per_second_ci_percent", 3.309_601);
    // The second replica's CPU time is the same in each trial, so that its spread per request is that of the successes.
    near("cpu_us_per_request_ci_percent", 3.309_601);
    // s = 25 x sqrt(10 / 4), mean 2,500
    near("requests_per_second_cv_percent", 1.581_139);
}

#[tokio::test]
async fn options_that_shape_the_load_keep_cases_apart() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    fixture::add(&store, &fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).await;
    let mut counted = fixture::run("run-2", "campaign-1", "reqwest", "0.13.5");
    counted.case.load.amount = Amount::Requests(5_000);
    fixture::add(&store, &counted).await;
    let rows = read(&store, &Filter::default(), false).await;
    let limits: Vec<_> = rows.iter().map(|row| row["requests_limit"].clone()).collect();
    assert_eq!(limits, [Cell::Empty, whole(5_000)]);
}

#[tokio::test]
async fn where_the_origin_was_at_its_limit_all_rows_of_the_workload_are_compared_by_cpu() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    // The same CPU time for fewer successes: 3 / 4 of the baseline's requests for each microsecond.
    fixture::add(&store, &with_rate("hyper", "campaign-1", "hyper", 3_000)).await;
    fixture::add(&store, &with_rate("baseline", "campaign-1", "baseline", 4_000)).await;
    // One that is near the origin's own rate: its row alone says that it was the origin's.
    let mut bound = with_rate("reqwest", "campaign-1", "reqwest", 4_200);
    bound.marks = vec![Mark::OriginBound { share: 0.95 }];
    fixture::add(&store, &bound).await;
    // Another workload, with a ceiling of its own, is compared by rate.
    for (run_id, library, successes) in [("ureq", "ureq", 1_000), ("baseline-2", "baseline", 2_000)] {
        let mut free = with_rate(run_id, "campaign-1", library, successes);
        free.case.load.concurrency = 1;
        fixture::add(&store, &free).await;
    }
    let rows = read(&store, &Filter::default(), false).await;
    let said: Vec<_> = rows.iter().map(|row| (row["ceiling_by"].to_string(), row["ceiling_share"].clone())).collect();
    let cpu = |of: &str| match rows.iter().find(|row| row["run_id"].to_string() == of).unwrap()["cpu_us_per_request"] {
        Cell::Real(cpu) => cpu,
        ref other => panic!("{other:?}"),
    };
    let expected = [
        ("cpu", real(cpu("baseline") / cpu("hyper"))),
        ("cpu", real(1.0)),
        ("cpu", real(cpu("baseline") / cpu("reqwest"))),
        ("rate", real(0.5)),
        ("rate", real(1.0)),
    ];
    assert_eq!(said, expected.map(|(by, share)| (by.to_owned(), share)));
    assert!(cpu("hyper") > cpu("baseline"), "{} {}", cpu("hyper"), cpu("baseline"));
}
