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

use benchmark_protocol::message::Histogram as Wire;

use crate::case::{Case, RunnerName};
use crate::run::Run;
use crate::stats::{RunSummary, decode};

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

/// Holds a run against what the origin delivered in it.
#[must_use]
pub fn of_run(profile: &Profile, run: &Run, summary: &RunSummary) -> Calibrated {
    let Case { library, runner, .. } = &run.case;
    let judged = match run.invalid_reasons.first() {
        Some(reason) => Err(format!("invalid: {reason}")),
        None => {
            let delivered = run.audit.as_ref().and_then(|audit| audit.delays_delivered.as_ref());
            summary
                .histograms
                .latency
                .as_ref()
                .ok_or_else(|| "no latency was reported".to_owned())
                .and_then(|latency| compare(profile, &Reported::of(latency), delivered))
        }
    };
    Calibrated { who: library.clone(), runner: Some(*runner), profile: profile.clone(), look: 1, judged }
}

fn compare(profile: &Profile, reported: &Reported, delivered: Option<&Wire>) -> Result<Judged, String> {
    if let Some(stall) = profile.stall {
        return Ok(judge_stall(reported, stall));
    }
    let delivered = delivered.map(decode).transpose().map_err(|error| error.to_string())?.flatten();
    let delivered = delivered.ok_or("the origin delivered no delay")?;
    Ok(judge(reported, &delivered, profile.latency()))
}
