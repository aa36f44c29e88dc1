//! Latency against load, of synthetic runs.

use std::time::Duration;

use benchmark::case::{Arrivals, Rate};
use benchmark::report;
use benchmark::results::of_campaign;
use benchmark::run::Run;
use benchmark::stats::{Histograms, Latencies, RunSummary, Summary};
use benchmark_protocol::counts::Counts;
use hdrhistogram::Histogram;
use tempfile::TempDir;

use crate::fixture;

type Finished = (Run, RunSummary);

/// The sweep of a campaign with these runs.
async fn sweep(finished: &[Finished]) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    for (number, (run, summary)) in finished.iter().enumerate() {
        let run = Run { run_id: format!("run-{number}"), ..run.clone() };
        fixture::add_summed(&store, &run, summary).await;
    }
    report::sweep(&of_campaign(&store, "campaign-1").await.unwrap())
}

fn latencies(response: Duration, count: u64) -> Option<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).unwrap();
    histogram.record_n(response.as_nanos() as u64, count).unwrap();
    Some(histogram)
}

/// A run at a share of a capacity of 1,000/s for 10 s, with this response time and a service time of 1 ms.
fn finished(library: &str, percent: u32, response_us: u64) -> Finished {
    let mut run = fixture::run("run", "campaign-1", library, "1.0.0");
    run.case.load.rate = Some(Rate::OfCapacity(f64::from(percent) / 100.0));
    run.case.load.arrivals = Arrivals::Poisson;
    run.rate_per_second = Some(f64::from(percent) * 10.0);
    let requests = u64::from(percent) * 100;
    let total = Summary {
        window: Some(Counts { attempts: requests, successes: requests, ..Counts::default() }),
        window_ns: Some(10_000_000_000),
        cpu_user_us: Some(requests * 15),
        cpu_system_us: Some(requests * 5),
        scheduled: Some(requests),
        issued: Some(requests - requests / 100),
        ..Summary::default()
    };
    let histograms = Histograms {
        latency: latencies(Duration::from_micros(response_us), requests),
        service_time: latencies(Duration::from_millis(1), requests),
        ..Histograms::default()
    };
    let total = Summary { latencies: Latencies::of(&histograms), ..total };
    (run, RunSummary { total, histograms, ..RunSummary::default() })
}

fn invalid(mut finished: Finished) -> Finished {
    finished.0.invalid_reasons.push("rate: 97 %".into());
    finished
}

/// A queue of one server, M/M/1 with a service time of 1 ms: its knee is at a half.
fn queue(library: &str, percents: &[u32]) -> Vec<Finished> {
    percents.iter().map(|percent| finished(library, *percent, 100_000 / u64::from(100 - percent))).collect()
}

async fn knee_line(finished: &[Finished]) -> String {
    sweep(finished).await.unwrap().lines().last().unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_curve_is_shown_with_its_knee() {
    // In no order, as blocks run them.
    insta::assert_snapshot!(sweep(&queue("hyper", &[75, 25, 95, 50, 90])).await.unwrap());
}

#[tokio::test]
async fn the_knee_is_said_to_lie_outside_where_it_does() {
    assert!(
        knee_line(&queue("hyper", &[10, 20, 30]))
            .await
            .ends_with("no knee below the highest load measured, 30% (300/s)")
    );
    assert!(
        knee_line(&queue("hyper", &[60, 70, 80])).await.ends_with("at or below the lowest load measured, 60% (600/s)")
    );
    assert!(knee_line(&queue("hyper", &[50, 60])).await.ends_with("not known: it takes three valid loads"));
}

#[tokio::test]
async fn invalid_rows_have_no_part_in_the_knee() {
    let mut finished = queue("hyper", &[10, 20, 30]);
    finished.extend(queue("hyper", &[50]).into_iter().map(invalid));
    assert!(
        knee_line(&finished)
            .await
            .ends_with("no knee below the highest valid load, 30% (300/s); beyond it rows are invalid")
    );
    let all: Vec<Finished> = finished.into_iter().map(invalid).collect();
    assert!(knee_line(&all).await.ends_with("none of its loads is valid"));
}

#[tokio::test]
async fn curves_of_different_cases_are_kept_apart_and_named() {
    let mut finished = queue("hyper", &[25, 50, 75]);
    let mut wider = queue("hyper", &[10, 20, 30]);
    wider.iter_mut().for_each(|(run, _)| run.case.load.concurrency = 64);
    finished.extend(wider);
    let text = sweep(&finished).await.unwrap();
    assert!(text.contains("  hyper fetch_range 32") && text.contains(": 50% (500/s)"), "{text}");
    assert!(
        text.contains("  hyper fetch_range 64") && text.contains("no knee below the highest load measured, 30%"),
        "{text}"
    );
}

#[tokio::test]
async fn trials_of_a_load_are_one_row() {
    let finished = [queue("hyper", &[25, 50, 75]), queue("hyper", &[25, 50, 75])].concat();
    assert_eq!(sweep(&finished).await.unwrap().matches("┆ valid").count(), 3);
}

#[tokio::test]
async fn a_campaign_without_several_rates_has_no_sweep() {
    let mut closed = queue("hyper", &[50]);
    assert_eq!(sweep(&closed).await, None);
    closed.extend(queue("reqwest", &[75]));
    assert_eq!(sweep(&closed).await, None);
    closed.iter_mut().for_each(|(run, _)| run.case.load.rate = None);
    assert_eq!(sweep(&closed).await, None);
}
