//! The ruler is tested: the origin delivers latencies from known distributions and stalls, and what each library reports is held
//! against what the origin delivered in that window (MEASUREMENT F).
//!
//! [`profile`] says what the origin does and for how long, [`truth`] compares, [`against`] lets other load generators look at the same truth.

mod against;
mod profile;
mod truth;

pub use against::{Tool, check, look};
pub use profile::{Loop, Profile, Scope, cases, profiles};
pub use truth::{Judged, Line, Reported, Stall, judge, judge_stall};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::case::{Case, RunnerName, case_key};
use crate::stats::decode_bytes;
use crate::store::{RunKey, Selection, Store};

/// What one case reported, beside the truth.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// Who reported: a library, or another load generator.
    pub who: String,
    /// What started it; `None` for another load generator.
    pub runner: Option<RunnerName>,
    /// What the origin did.
    pub profile: Profile,
    /// Which look at the case it is, from 1.
    pub look: u32,
    /// The comparison, or why there is none.
    pub judged: Result<Judged, String>,
}

impl Calibrated {
    /// Whether every percentile that was reported lies inside its band.
    #[must_use]
    pub fn inside(&self) -> bool {
        self.judged.as_ref().is_ok_and(Judged::inside)
    }
}

/// Holds each run of a campaign, one of each case, against what the origin delivered in it; a case that was not run is left out.
///
/// # Errors
/// A database that cannot be read.
pub async fn of_campaign(
    store: &Store,
    campaign_id: &str,
    cases: Vec<(Case, Profile)>,
) -> Result<Vec<(Case, Calibrated)>> {
    let selection = Selection { campaign_id: Some(campaign_id.to_owned()), ..Selection::default() };
    let stored = store.read_cases(&store.finished_cases(&selection).await?).await?;
    let mut calibrated = Vec::new();
    for (case, profile) in cases {
        let key = case_key(&case);
        let Some(run) = stored.iter().find(|stored| stored.case_key == key).and_then(|stored| stored.runs.last())
        else {
            continue;
        };
        let judged = match run.invalid_reasons.first() {
            Some(reason) => Err(format!("invalid: {reason}")),
            None => of_run(store, run.key, &profile).await?,
        };
        let (who, runner) = (case.library.clone(), Some(case.runner));
        calibrated.push((case, Calibrated { who, runner, profile, look: 1, judged }));
    }
    Ok(calibrated)
}

async fn of_run(store: &Store, run: RunKey, profile: &Profile) -> Result<Result<Judged, String>> {
    let histograms = store.read_histograms(&[run]).await?;
    let latency = match histograms.first() {
        Some(histograms) => decode_bytes(&histograms.latency)?,
        None => None,
    };
    let delivered = decode_bytes(&store.delivered_delays(run).await?)?;
    let Some(latency) = latency else { return Ok(Err("no latency was reported".to_owned())) };
    Ok(compare(profile, &Reported::of(&latency), delivered.as_ref()))
}

fn compare(profile: &Profile, reported: &Reported, delivered: Option<&Histogram<u64>>) -> Result<Judged, String> {
    if let Some(stall) = profile.stall {
        return Ok(judge_stall(reported, stall));
    }
    let delivered = delivered.ok_or("the origin delivered no delay")?;
    Ok(judge(reported, delivered, profile.latency()))
}
