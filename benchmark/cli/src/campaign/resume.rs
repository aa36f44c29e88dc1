//! Going on with a campaign that stopped: what it has is read back, and only what is missing is run.

use anyhow::Result;

use super::Finished;
use crate::case::Case;
use crate::case::case_key;
use crate::exit::Usage;
use crate::machine;
use crate::plan::Plan;
use crate::run::Run;
use crate::stats::{Histograms, RunSummary, decode_bytes};
use crate::store::{RunKey, Selection, Store, StoredCase, StoredHistograms, StoredRun};

/// Reads the finished runs of a campaign, as runs of the plan's cases.
///
/// # Errors
/// [`Usage`] where the campaign ran something that is not in the plan (another version, another runner), or on another machine.
pub(super) async fn finished(store: &Store, campaign_id: &str, plan: &Plan) -> Result<Vec<Finished>> {
    let selection = Selection { campaign_id: Some(campaign_id.to_owned()), ..Selection::default() };
    let ids = store.finished_cases(&selection).await?;
    let known: Vec<(String, Case)> =
        plan.cases.iter().cloned().chain(plan.capacities()).map(|case| (case_key(&case), case)).collect();
    let mut finished = Vec::new();
    for stored in store.read_cases(&ids).await? {
        check_host(&stored)?;
        let Some((_, case)) = known.iter().find(|(key, _)| *key == stored.case_key) else {
            let StoredCase { library, library_version, test, runner, .. } = &stored;
            return Err(Usage(format!(
                "campaign {campaign_id} cannot go on: it ran {library} {library_version} {test} with runner {runner}, which is not in \
                 its plan any more (another version, suite or runner)"
            ))
            .into());
        };
        let keys: Vec<RunKey> = stored.runs.iter().map(|run| run.key).collect();
        let histograms = store.read_histograms(&keys).await?;
        for (run, histograms) in stored.runs.iter().zip(&histograms) {
            finished.push(restore(campaign_id, case, run, histograms)?);
        }
    }
    Ok(finished)
}

/// A campaign whose trials come from two machines compares nothing.
fn check_host(stored: &StoredCase) -> Result<(), Usage> {
    let host = machine::host();
    if (&stored.host_name, &stored.cpu_model, stored.cpus) == (&host.name, &host.cpu_model, host.cpus) {
        return Ok(());
    }
    Err(Usage(format!(
        "campaign {} ran on `{}` ({}, {} CPUs) and can go on only there: this is `{}` ({}, {} CPUs)",
        stored.campaign_id, stored.host_name, stored.cpu_model, stored.cpus, host.name, host.cpu_model, host.cpus
    )))
}

/// A run as far as tables and comparisons need it: what its replicas said in detail stays in the database.
fn restore(campaign_id: &str, case: &Case, run: &StoredRun, histograms: &StoredHistograms) -> Result<Finished> {
    let restored = Run {
        run_id: run.run_id.clone(),
        campaign_id: campaign_id.to_owned(),
        case: case.clone(),
        trial: run.trial,
        seed: run.seed.parse().unwrap_or_default(),
        rate_per_second: run.rate_per_second,
        started_us: run.started_us,
        ended_us: run.ended_us.unwrap_or(run.started_us),
        replicas: Vec::new(),
        audit: None,
        origin_cpu_share: run.origin_cpu_share,
        harness_cpu_seconds: run.harness_cpu_seconds,
        monitoring_cpu_seconds: run.monitoring_cpu_seconds,
        invalid_reasons: run.invalid_reasons.clone(),
        marks: run.marks.clone(),
        metrics_source: run.metrics_source.clone().unwrap_or_default(),
        prometheus_refusal: run.prometheus_refusal.clone(),
        span: None,
        wall_ns: 0,
    };
    let summary = RunSummary {
        total: run.summary.clone(),
        replicas: Vec::new(),
        histograms: Histograms {
            latency: decode_bytes(&histograms.latency)?,
            failure_latency: decode_bytes(&histograms.failure_latency)?,
            first_byte: decode_bytes(&histograms.first_byte)?,
            service_time: decode_bytes(&histograms.service_time)?,
            scheduling_delay: decode_bytes(&histograms.scheduling_delay)?,
        },
    };
    Ok((restored, summary))
}
