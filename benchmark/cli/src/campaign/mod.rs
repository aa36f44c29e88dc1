//! A campaign: everything is built, then run after run is conducted, judged and stored, each in one transaction as it ends.

mod interrupts;
mod run;

use std::path::Path;

use anyhow::Result;

use crate::build::Builder;
use crate::coordinator::Coordinator;
use crate::event::{Event, Listener};
use crate::exit::Interrupted;
use crate::library::{self, Library};
use crate::machine;
use crate::plan::Plan;
use crate::record;
use crate::runner::{Processes, Runner};
use crate::stats::RunSummary;
use crate::store::{CampaignStatus, Store};
use interrupts::Interrupts;
use run::Conductor;

/// A run that was stored, with its figures.
pub type Finished = (record::Run, RunSummary);

/// What came of a campaign.
#[derive(Debug)]
pub struct Outcome {
    /// Its id.
    pub campaign_id: String,
    /// Every run that was stored.
    pub finished: Vec<Finished>,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

/// Runs a plan and records it in the database.
///
/// # Errors
/// When a test does not build, or the database cannot be written; an invalid run is none.
pub async fn run(
    root: &Path,
    libraries: &[Library],
    plan: &Plan,
    database: &Path,
    listener: &mut dyn Listener,
) -> Result<Outcome> {
    let store = Store::open(database).await?;
    store.mark_interrupted(machine::is_alive).await?;
    let mut interrupts = Interrupts::listen()?;
    let runner = Processes::new(plan.cpus.clone());
    let runs = plan.runs();
    let campaign = record::Campaign {
        campaign_id: uuid::Uuid::now_v7().to_string(),
        started_us: jiff::Timestamp::now().as_microsecond(),
        command: command_line(),
        seed: plan.seed,
        harness: harness(root).await,
        process: machine::this_process(),
    };
    listener.on(&Event::Planned {
        campaign_id: &campaign.campaign_id,
        runs: runs.len(),
        estimate: plan.estimate(),
        database,
        runner: runner.name(),
        cpus: &plan.cpus,
    });
    let builder = Builder::new(root).await?;
    tokio::select! {
        built = build(&builder, libraries, plan, listener) => built?,
        () = interrupts.first() => return Err(Interrupted.into()),
    }
    store.begin_campaign(&campaign, &machine::host()).await?;
    let mut programs = Vec::new();
    for case in &plan.cases {
        let build = builder.record(library::named(libraries, &case.library)?, case.test)?;
        store.add_build(&build).await?;
        programs.push((builder.program(&case.library, case.test), build.sha256));
    }
    // From here on the harness keeps to the origin's CPUs; the builds had all of them.
    plan.cpus.origin.confine_all_threads();
    let mut conductor = Conductor {
        store: &store,
        campaign_id: &campaign.campaign_id,
        seed: plan.seed,
        cpus: &plan.cpus,
        runner: &runner,
        coordinator: Coordinator::bind().await?,
        origin: None,
        interrupts: &mut interrupts,
    };
    let mut outcome = Outcome { campaign_id: campaign.campaign_id.clone(), finished: Vec::new(), interrupted: false };
    for (index, (trial, case)) in runs.into_iter().enumerate() {
        let (number, case, program) = (index + 1, &plan.cases[case], &programs[case]);
        listener.on(&Event::RunStarted { number, case });
        match conductor.run(case, trial, program, listener).await? {
            Some((run, summary)) => {
                listener.on(&Event::RunEnded { number, run: &run, summary: &summary });
                outcome.finished.push((run, summary));
            }
            None => {
                outcome.interrupted = true;
                break;
            }
        }
    }
    drop(conductor);
    let status = if outcome.interrupted { CampaignStatus::Interrupted } else { CampaignStatus::Finished };
    store.end_campaign(&campaign.campaign_id, status, jiff::Timestamp::now().as_microsecond()).await?;
    listener.on(&Event::Ended);
    Ok(outcome)
}

async fn build(builder: &Builder, libraries: &[Library], plan: &Plan, listener: &mut dyn Listener) -> Result<()> {
    let mut built: Vec<&str> = Vec::new();
    for case in &plan.cases {
        if built.contains(&case.library.as_str()) {
            continue;
        }
        built.push(&case.library);
        let library = library::named(libraries, &case.library)?;
        listener.on(&Event::Building { library: &library.name, doing: None });
        builder
            .build(library, |line| listener.on(&Event::Building { library: &library.name, doing: Some(line) }))
            .await?;
    }
    listener.on(&Event::Built);
    Ok(())
}

/// The command that repeats this campaign, quoted for a shell.
fn command_line() -> String {
    let quoted = std::env::args().enumerate().map(|(index, argument)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
        match argument {
            _ if index == 0 => "benchmark".to_owned(),
            argument if !argument.is_empty() && argument.chars().all(plain) => argument,
            argument => format!("'{}'", argument.replace('\'', r"'\''")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Version and revision of the harness, as the checkout knows them.
async fn harness(root: &Path) -> String {
    let git = |arguments: &'static [&'static str]| async move {
        let output = tokio::process::Command::new("git").args(arguments).current_dir(root).output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let version = env!("CARGO_PKG_VERSION");
    let Some(revision) = git(&["rev-parse", "--short=12", "HEAD"]).await else { return version.to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).await.is_some_and(|text| !text.is_empty());
    format!("{version} {revision}{}", if changed { "-dirty" } else { "" })
}
