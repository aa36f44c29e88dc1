//! A campaign: everything is built, then run after run is conducted, judged and stored, each in one transaction as it ends.

mod capacity;
mod choice;
mod cooling;
mod event;
mod interrupts;
mod own_cost;
mod record;
mod resume;
mod trials;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use benchmark_protocol::test::Test;

use crate::case::Case;
use crate::exit::Interrupted;
use crate::library::{self, BASELINE, Build, Builder, Image, Library, pack_library};
use crate::machine::{self, Cpus};
use crate::plan::Plan;
use crate::run::coordinator::Coordinator;
use crate::run::{Conductor, Monitor, Reason, Run};
use crate::runner::{Compose, Engine, Processes, Program, Runner, Runners};
use crate::stats::RunSummary;
use crate::stats::comparison::{BEFORE_THE_BLOCKS, CONFIDENCE, LEAST_TRIALS, Until};
use crate::store::{CampaignStatus, Store};
use crate::target::{Place, Targets};
use capacity::Capacities;
use choice::Containers;

pub use event::{Event, Listener};
pub(crate) use interrupts::Interrupts;
pub use own_cost::OwnCost;
pub use record::Campaign;
pub use trials::trials_of;

/// A run that was stored, with its figures.
pub type Finished = (Run, RunSummary);

/// What came of a campaign.
#[derive(Debug)]
pub struct Outcome {
    /// Its id.
    pub campaign_id: String,
    /// Every run that was stored, in the order of the plan's cases.
    pub finished: Vec<Finished>,
    /// Whether a signal ended it.
    pub interrupted: bool,
    /// The level of its intervals.
    pub interval_level: f64,
    /// What the harness itself costs, where that is known.
    pub own_cost: Option<OwnCost>,
}

/// Runs a plan and records it in the database, as a campaign of its own or as the rest of one that stopped.
///
/// # Errors
/// When a test does not build, or the database cannot be written; an invalid run is none.
pub async fn run(
    root: &Path,
    libraries: &[Library],
    mut plan: Plan,
    database: &Path,
    resumed: Option<&str>,
    listener: &mut dyn Listener,
) -> Result<Outcome> {
    let store = Store::open(database).await?;
    store.mark_interrupted(machine::is_alive).await?;
    let containers = choice::choose(&mut plan, listener).await?;
    let mut interrupts = Interrupts::listen()?;
    let campaign = Campaign {
        campaign_id: resumed.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned),
        started_us: jiff::Timestamp::now().as_microsecond(),
        command: command_line(),
        arguments: std::env::args().skip(1).collect(),
        interval_level: until(&plan).map_or(CONFIDENCE, |until| until.level()),
        noise: machine::noise_sources(),
        seed: plan.seed,
        harness: harness(root).await,
        process: machine::this_process(),
    };
    let finished = match resumed {
        Some(campaign_id) => resume::finished(&store, campaign_id, &plan).await?,
        None => Vec::new(),
    };
    let addresses = match &containers {
        Some(containers) => containers.engine.host_gateway().await,
        None => None,
    };
    let monitor = Monitor::start(plan.prometheus.as_deref(), &campaign.campaign_id, &Vec::from_iter(addresses)).await?;
    let graphs = monitor.graphs(containers.is_some());
    listener.on(&Event::Planned {
        campaign_id: &campaign.campaign_id,
        cases: &plan.cases,
        runs: plan.runs(),
        finished: finished.len(),
        estimate: plan.estimate(),
        database,
        runner: &runners(&plan),
        cpus: &plan.cpus,
        metrics_port: monitor.port(),
        graphs: graphs.as_deref(),
        noise: &campaign.noise,
    });
    let builder = Builder::new(root).await?;
    let engine = containers.as_ref().map(|containers| &containers.engine);
    let programs = tokio::select! {
        built = build(&builder, libraries, &plan, engine, listener) => built?,
        () = interrupts.first() => return Err(Interrupted.into()),
    };
    match resumed {
        Some(campaign_id) => store.resume_campaign(campaign_id, &campaign.process).await?,
        None => store.begin_campaign(&campaign, &machine::host()).await?,
    }
    for build in &programs {
        store.add_build(&build.record).await?;
    }
    let own_cost = tokio::select! {
        cost = own_cost(&store, &campaign.campaign_id, &builder, libraries, &plan, listener) => cost?,
        () = interrupts.first() => None,
    };
    // The harness keeps to the origin's CPUs while runs go on; builds, before and after, have all of them.
    let allowed = Cpus::allowed();
    plan.cpus.origin.confine_all_threads();
    let campaign_id = &campaign.campaign_id;
    let mut parts = Parts { store: &store, campaign_id, plan: &plan, programs, monitor, interrupts: &mut interrupts };
    let mut runners = Runners { processes: Processes::new(plan.cpus.clone()), compose: None };
    if let Some(Containers { engine, tool }) = containers {
        let compose = Compose::new(engine, tool, root, plan.cpus.clone(), campaign_id).await?;
        parts.monitor.also_listen(compose.gateway());
        runners.compose = Some(compose);
    }
    let outcome = parts.conduct(&runners, finished, listener).await;
    if let Some(compose) = runners.compose
        && let Err(error) = compose.close().await
    {
        tracing::warn!("{error:#}");
    }
    let mut outcome = outcome?;
    allowed.confine_all_threads();
    let noise = trials::noise(&plan.cases, &outcome.finished).filter(|_| !outcome.interrupted);
    if let Some(mark) = &noise {
        store.mark_campaign(campaign_id, mark).await?;
        // Runs of before a crash may have it from then.
        let has = |run: &Run| run.marks.iter().any(|known| known.name() == mark.name());
        let unmarked = outcome.finished.iter_mut().filter(|(run, _)| !has(run));
        unmarked.for_each(|(run, _)| run.marks.push(mark.clone()));
    }
    // People read them in the order in which they were asked for; within a block they ran at random.
    outcome.finished.sort_by_cached_key(|(run, _)| (plan.cases.iter().position(|case| *case == run.case), run.trial));
    outcome.own_cost = own_cost;
    outcome.interval_level = campaign.interval_level;
    let status = if outcome.interrupted { CampaignStatus::Interrupted } else { CampaignStatus::Finished };
    store.end_campaign(campaign_id, status, jiff::Timestamp::now().as_microsecond()).await?;
    listener.on(&Event::Ended);
    Ok(outcome)
}

/// What the harness costs the baseline: as it is known of this machine and build, else measured where the campaign is one to rank by.
async fn own_cost(
    store: &Store,
    campaign_id: &str,
    builder: &Builder,
    libraries: &[Library],
    plan: &Plan,
    listener: &mut dyn Listener,
) -> Result<Option<OwnCost>> {
    let measures = |case: &&Case| case.library == BASELINE && case.test == Test::FetchRange;
    if plan.cases.iter().find(measures).is_none() {
        return Ok(None);
    }
    let baseline = library::named(libraries, BASELINE)?;
    let program = builder.record(baseline, Test::FetchRange)?.sha256;
    let known = store.own_cost(campaign_id, &program).await?;
    if known.is_some() || (plan.trials as usize) < LEAST_TRIALS {
        return Ok(known);
    }
    listener.on(&Event::Building { library: BASELINE, doing: Some("measuring what the harness itself costs") });
    match own_cost::measure(builder, baseline, &plan.cpus).await {
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

/// What the runs of a campaign are made of, whatever starts them.
struct Parts<'a> {
    store: &'a Store,
    campaign_id: &'a str,
    plan: &'a Plan,
    /// For each case of the plan.
    programs: Vec<Built>,
    monitor: Monitor,
    interrupts: &'a mut Interrupts,
}

impl Parts<'_> {
    async fn conduct(
        &mut self,
        runner: &Runners,
        finished: Vec<Finished>,
        listener: &mut dyn Listener,
    ) -> Result<Outcome> {
        let (plan, programs) = (self.plan, &self.programs);
        let address = plan.listen.unwrap_or_else(|| runner.host_address());
        let mut conductor = Conductor {
            store: self.store,
            campaign_id: self.campaign_id,
            seed: plan.seed,
            cpus: &plan.cpus,
            runner,
            coordinator: Coordinator::bind(address, runner.host_name(), runner.host_address()).await?,
            targets: Targets::new(Place {
                cpus: plan.cpus.origin.clone(),
                address: runner.host_address(),
                host_name: runner.host_name(),
            }),
            monitor: &self.monitor,
            interrupts: self.interrupts,
        };
        let outcome = Outcome {
            campaign_id: self.campaign_id.to_owned(),
            finished,
            interrupted: false,
            interval_level: CONFIDENCE,
            own_cost: None,
        };
        let outcome = blocks(plan, programs, &mut conductor, outcome, listener).await;
        conductor.targets.stop().await;
        outcome
    }
}

/// Conducts every run of a plan that is not there yet, block after block.
async fn blocks(
    plan: &Plan,
    programs: &[Built],
    conductor: &mut Conductor<'_>,
    mut outcome: Outcome,
    listener: &mut dyn Listener,
) -> Result<Outcome> {
    let mut capacities = Capacities::default();
    for (run, summary) in outcome.finished.iter().filter(|(run, _)| run.trial == BEFORE_THE_BLOCKS) {
        capacities.add(run.case.clone(), rate_of(run, summary));
    }
    let until = until(plan);
    for trial in 1..=plan.trials {
        let passes =
            (1..=plan.passes).flat_map(|pass| plan.pass(trial, pass).into_iter().map(move |index| (pass, index)));
        for (pass, index) in passes {
            let (case, program) = (&plan.cases[index], &programs[index].program);
            let runs = outcome.finished.iter().filter(|(run, _)| (run.trial, &run.case) == (trial, case)).count();
            if runs >= pass as usize {
                // Of before the campaign stopped.
                continue;
            }
            if let Some(closed) = capacities.missing(case) {
                let turn = (BEFORE_THE_BLOCKS, Ok(None));
                let Some(rate) = attempt(conductor, &closed, turn, program, &mut outcome, listener).await? else {
                    return Ok(outcome);
                };
                capacities.add(closed, rate);
            }
            let turn = (trial, capacities.rate(case));
            if attempt(conductor, case, turn, program, &mut outcome, listener).await?.is_none() {
                return Ok(outcome);
            }
        }
        if until.as_ref().is_some_and(|until| trials::are_enough(until, trial, &plan.cases, &outcome.finished)) {
            break;
        }
    }
    Ok(outcome)
}

/// The runners of a plan, by name.
fn runners(plan: &Plan) -> String {
    let mut names: Vec<&str> = plan.cases.iter().map(|case| case.runner.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" and ")
}

/// When the campaign may end early.
fn until(plan: &Plan) -> Option<Until> {
    plan.until.map(|share| Until::new(share, plan.trials))
}

/// Successes a second of a run, or why there are none.
fn rate_of(run: &Run, summary: &RunSummary) -> Result<f64, Reason> {
    match (run.invalid_reasons.first(), summary.total.requests_per_second()) {
        (None, Some(rate)) => Ok(rate),
        (reason, _) => Err(reason.cloned().unwrap_or(Reason::NoWindow)),
    }
}

/// Runs a case once; its rate, or why it has none. `None` where a signal ended it.
async fn attempt(
    conductor: &mut Conductor<'_>,
    case: &Case,
    (trial, rate): (u32, Result<Option<f64>, Reason>),
    program: &Program,
    outcome: &mut Outcome,
    listener: &mut dyn Listener,
) -> Result<Option<Result<f64, Reason>>> {
    let number = outcome.finished.len() + 1;
    listener.on(&Event::RunStarted { number, case });
    cooling::cool_down(&mut conductor.interrupts.0, listener).await;
    let Some((run, summary)) = conductor.run(case, (trial, rate), program, listener).await? else {
        outcome.interrupted = true;
        return Ok(None);
    };
    listener.on(&Event::RunEnded { number, run: &run, summary: &summary });
    let rate = rate_of(&run, &summary);
    outcome.finished.push((run, summary));
    Ok(Some(rate))
}

/// A test that was built.
struct Built {
    record: Build,
    program: Program,
}

/// Builds what the plan needs, and packs it where the replicas will be containers. In the order of the plan's cases.
async fn build(
    builder: &Builder,
    libraries: &[Library],
    plan: &Plan,
    engine: Option<&Engine>,
    listener: &mut dyn Listener,
) -> Result<Vec<Built>> {
    let mut images: HashMap<&str, Option<Image>> = HashMap::new();
    for case in &plan.cases {
        if images.contains_key(case.library.as_str()) {
            continue;
        }
        let library = library::named(libraries, &case.library)?;
        listener.on(&Event::Building { library: &library.name, doing: None });
        builder
            .build(library, |line| listener.on(&Event::Building { library: &library.name, doing: Some(line) }))
            .await?;
        let image = match engine {
            Some(engine) => {
                listener.on(&Event::Building { library: &library.name, doing: Some("packing the image") });
                Some(pack_library(engine, &library.name, &builder.files(library)).await?)
            }
            None => None,
        };
        images.insert(&case.library, image);
    }
    listener.on(&Event::Built);
    let built = plan.cases.iter().map(|case| {
        let library = library::named(libraries, &case.library)?;
        let record = builder.record(library, case.test)?;
        let image_tag = images.get(case.library.as_str()).cloned().flatten().map(|image| image.tag);
        let command = builder.command(library, case.test);
        Ok(Built { program: Program { command, image_tag, sha256: record.sha256.clone() }, record })
    });
    built.collect()
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
