//! `compare` and `rank`, from stored runs to words and exit codes; and what the rules behind them are worth.

mod command;
mod golden;
mod keys;
mod ranking;
mod refusals;
#[expect(dead_code, reason = "the example prints more than is tested")]
#[path = "../../examples/simulate/campaigns.rs"]
mod simulated;
mod simulation;

use std::path::Path;

use benchmark::compare::{Chosen, Report, Request, Sides, compare};
use benchmark::machine::Host;
use benchmark::run::Run;
use benchmark::stats::comparison::Metric;
use benchmark::store::Store;

use crate::fixture::{self, histogram};

/// What a run measures: successes in a window of 1 s, CPU time of that window, p99.
#[derive(Clone, Copy)]
struct Measured {
    successes: u64,
    cpu_us: u64,
    p99_us: u64,
}

/// A case of a campaign, its trials one after the other.
#[derive(Clone)]
struct Case {
    campaign: u32,
    library: &'static str,
    trials: Vec<Measured>,
}

/// So many runs around a rate, the same ones each time: they spread by 0.1 %, and use one CPU wholly.
fn case(campaign: u32, library: &'static str, rate: u64, trials: usize) -> Case {
    let offsets = [0, 6, 3, 9, 1, 7];
    let measured = |offset: &u64| {
        let successes = rate + rate * offset / 10_000;
        Measured { successes, cpu_us: 1_000_000, p99_us: 500_000_000 / successes }
    };
    Case { campaign, library, trials: offsets[..trials].iter().map(measured).collect() }
}

fn runs(case: &Case) -> Vec<Run> {
    let run = |(index, measured): (usize, &Measured)| {
        let (campaign, library) = (format!("campaign-{}", case.campaign), case.library);
        let trial = index as u32 + 1;
        let mut run = fixture::run(&format!("{campaign}-{library}-{trial}"), &campaign, library, "1.0.0");
        run.trial = trial;
        run.marks.clear();
        run.replicas.remove(0);
        let result = run.replicas[0].result.as_mut().unwrap();
        result.window_end_ns = result.window_start_ns + 1_000_000_000;
        result.window.successes = measured.successes;
        result.latency = histogram(&[(10_000, measured.p99_us * 1_000)]);
        let (from, to) = (&result.resources.window_start, &mut result.resources.window_end);
        to.cpu_user_us = from.cpu_user_us + measured.cpu_us;
        to.cpu_system_us = from.cpu_system_us;
        run
    };
    case.trials.iter().enumerate().map(run).collect()
}

/// A database with two campaigns on one host.
async fn store(folder: &Path) -> Store {
    store_on(folder, &fixture::host()).await
}

/// The same with the second campaign on that host.
async fn store_on(folder: &Path, second: &Host) -> Store {
    let store = fixture::store(folder).await;
    store.begin_campaign(&fixture::campaign(2), second).await.unwrap();
    store
}

async fn add(store: &Store, runs: impl IntoIterator<Item = Run>) {
    for run in runs {
        fixture::add(store, &run).await;
    }
}

fn campaigns() -> Sides {
    Sides::Campaigns(["campaign-1".to_owned(), "campaign-2".to_owned()])
}

fn libraries(a: &str, b: &str) -> Sides {
    Sides::Within { campaign: "campaign-1".to_owned(), sides: [a, b].map(Chosen::library) }
}

fn request(sides: Sides) -> Request {
    Request { sides, metrics: Metric::ALL.to_vec(), test: None, library: None, force: false }
}

async fn compared(store: &Store, sides: Sides) -> Report {
    compare(store, &request(sides)).await.unwrap()
}
