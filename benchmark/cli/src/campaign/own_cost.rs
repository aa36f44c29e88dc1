//! What the harness itself costs: the baseline with recording and without, and the same client in a loop without the SDK, taking turns on the
//! replicas' CPUs against an origin of their own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use benchmark_protocol::message::ReplicaResult;
use benchmark_protocol::origin::{Announcement, Contract};
use serde::Deserialize;
use tokio::process::Command;

use super::event::{Event, Listener};
use crate::case::Case;
use crate::library::{self, BASELINE, Builder, Library};
use crate::machine::CpuSplit;
use crate::plan::Plan;
use crate::runner::output_of;
use crate::stats::comparison::LEAST_TRIALS;
use crate::store::Store;
use crate::target::{OriginProcess, Place};

/// What is asked.
const TEST: &str = "fetch_range";

/// Each contender has so many turns; its figure is their median.
const TURNS: usize = 5;

/// The flags of each.
const CONTENDERS: [&[&str]; 3] = [&[], &["--recording", "false"], BARE];

/// The loop without the SDK.
const BARE: &[&str] = &["--bare"];

/// Requests in flight.
const CONCURRENCY: &str = "32";

/// How long one turn may take in all.
const LIMIT: Duration = Duration::from_secs(20);

/// CPU time per request of the baseline's fetch_range of 16 KiB, user and system, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnCost {
    /// As it is measured in every campaign.
    pub recorded_us: f64,
    /// With counts alone: no latency is kept.
    pub unrecorded_us: f64,
    /// The same client in a loop without the SDK: requests made beforehand, nothing drawn, timed, judged or recorded.
    pub bare_us: f64,
}

/// What the harness costs the baseline: as it is known of this machine and build, else measured where the campaign is one to rank by.
pub(super) async fn known(
    store: &Store,
    campaign_id: &str,
    builder: &Builder,
    libraries: &[Library],
    plan: &Plan,
    listener: &mut dyn Listener,
) -> Result<Option<OwnCost>> {
    let measures = |case: &&Case| case.library == BASELINE && case.test.name() == TEST;
    let Some(case) = plan.cases.iter().find(measures) else { return Ok(None) };
    let baseline = library::named(libraries, BASELINE)?;
    let program = builder.record(baseline, case.test)?.sha256;
    let known = store.own_cost(campaign_id, &program).await?;
    if known.is_some() || (plan.trials as usize) < LEAST_TRIALS {
        return Ok(known);
    }
    listener.on(&Event::Building { library: BASELINE, doing: Some("measuring what the harness itself costs") });
    match measure(builder, baseline, &plan.cpus).await {
        Ok(cost) => {
            store.add_own_cost(campaign_id, &program, &cost, jiff::Timestamp::now().as_microsecond()).await?;
            Ok(Some(cost))
        }
        // No reason not to measure what was asked for.
        Err(error) => {
            tracing::warn!("the harness's own cost is not known: {error:#}");
            Ok(None)
        }
    }
}

/// Measures it in some 20 s.
///
/// # Errors
/// When the program does not run, or the origin does not start.
async fn measure(builder: &Builder, baseline: &Library, cpus: &CpuSplit) -> Result<OwnCost> {
    let test = builder.command(baseline).program;
    let origin = OriginProcess::start(&Place::loopback(&cpus.origin)).await?;
    let bucket = uuid::Uuid::now_v7().to_string();
    let contract = Contract { objects: 64, object_size: 64 << 20, ..Contract::default() };
    origin.announce(&bucket, &Announcement { seed: 1, contract, inject: Vec::new() }).await?;
    let url = origin.bucket_url(&bucket);
    let mut figures: [Vec<f64>; CONTENDERS.len()] = Default::default();
    for turn in 0..TURNS {
        for contender in (0..CONTENDERS.len()).map(|place| (place + turn) % CONTENDERS.len()) {
            let load = ["--test", TEST, "--target", &url, "--origin", "--concurrency", CONCURRENCY];
            let length = ["--warmup", "300ms", "--duration", "1s"];
            let arguments = [&load[..], &length, CONTENDERS[contender]].concat();
            let output = run(&test, &arguments, cpus).await?;
            figures[contender].push(if CONTENDERS[contender] == BARE { of_bare(&output)? } else { of_test(&output)? });
        }
    }
    let [recorded_us, unrecorded_us, bare_us] = figures.map(median);
    Ok(OwnCost { recorded_us, unrecorded_us, bare_us })
}

async fn run(program: &Path, arguments: &[&str], cpus: &CpuSplit) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments);
    output_of(command, cpus, LIMIT).await
}

fn of_test(output: &str) -> Result<f64> {
    let result: ReplicaResult = serde_json::from_str(output).context("a test's result is unreadable")?;
    let edges = &result.resources;
    let cpu_us = edges.window_end.cpu_us().saturating_sub(edges.window_start.cpu_us());
    per_request(cpu_us, result.window.successes)
}

fn of_bare(output: &str) -> Result<f64> {
    #[derive(Deserialize)]
    struct Bare {
        requests: u64,
        cpu_user_us: u64,
        cpu_system_us: u64,
    }
    let bare: Bare = serde_json::from_str(output).context("the bare loop's result is unreadable")?;
    per_request(bare.cpu_user_us + bare.cpu_system_us, bare.requests)
}

fn per_request(cpu_us: u64, requests: u64) -> Result<f64> {
    if requests == 0 { bail!("no request succeeded") } else { Ok(cpu_us as f64 / requests as f64) }
}

/// The middle one of an odd number of figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_of_the_bare_loop_is_user_and_system() {
        let line = r#"{"requests":4,"bytes":65536,"seconds":1.0,"cpu_user_us":10,"cpu_system_us":22}"#;
        assert_eq!(of_bare(line).unwrap(), 8.0);
        assert!(of_bare(&line.replace(":4,", ":0,")).is_err());
    }

    #[test]
    fn the_median_heeds_no_outlier() {
        assert_eq!(median(vec![3.0, 100.0, 1.0, 2.0, 2.5]), 2.5);
    }
}
