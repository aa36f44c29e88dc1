//! The way of a campaign, from its plan to its last run.

use std::path::Path;

use anyhow::Result;

use super::blocks::Blocks;
use super::build::{Built, build};
use super::choice::{self, Containers};
use super::event::{Event, Listener};
use super::interrupts::Interrupts;
use super::own_cost::{self, OwnCost};
use super::record::Campaign;
use super::resume::{self, Resumed};
use super::trials;
use crate::case::Case;
use crate::exit::Interrupted;
use crate::library::Library;
use crate::machine::{self, Cpus};
use crate::plan::Plan;
use crate::run::Monitor;
use crate::runner::{Compose, Processes, Runners};
use crate::store::{CampaignStatus, Store};

/// What came of a campaign; its runs are in the database.
#[derive(Debug)]
pub struct Outcome {
    /// Its id.
    pub campaign_id: String,
    /// Its cases, in the order in which they were asked for; within a block they ran at random.
    pub cases: Vec<Case>,
    /// Whether a signal ended it.
    pub interrupted: bool,
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
    resumed: Option<&Resumed>,
    listener: &mut dyn Listener,
) -> Result<Outcome> {
    let store = Store::open(database).await?;
    store.mark_interrupted(machine::is_dead).await?;
    let containers = choice::choose(&mut plan, listener).await?;
    let interrupts = Interrupts::listen()?;
    let campaign = Campaign::new(root, &plan, resumed).await;
    let finished = match resumed {
        Some(resumed) => resume::take(&store, resumed, &campaign.process, &plan).await?,
        None => 0,
    };
    let way = Way { root, libraries, plan: &plan, store: &store, campaign: &campaign, interrupts };
    let went = way.go(containers, resumed.is_some(), finished, listener).await;
    let status = match &went {
        Ok(Went { interrupted: false, .. }) => CampaignStatus::Finished,
        _ => CampaignStatus::Interrupted,
    };
    let ended = store.end_campaign(&campaign.campaign_id, status, jiff::Timestamp::now().as_microsecond()).await;
    // What went wrong on the way counts; a campaign that did not come to its beginning has no end to record.
    let Went { interrupted, own_cost } = went?;
    ended?;
    listener.on(&Event::Ended);
    Ok(Outcome { campaign_id: campaign.campaign_id, cases: plan.cases, interrupted, own_cost })
}

/// What every stage of the way has at hand.
struct Way<'a> {
    root: &'a Path,
    libraries: &'a [Library],
    plan: &'a Plan,
    store: &'a Store,
    campaign: &'a Campaign,
    interrupts: Interrupts,
}

/// How the way ended.
struct Went {
    interrupted: bool,
    own_cost: Option<OwnCost>,
}

impl Way<'_> {
    /// From here on the plan is fixed.
    async fn go(
        mut self,
        containers: Option<Containers>,
        is_begun: bool,
        finished: usize,
        listener: &mut dyn Listener,
    ) -> Result<Went> {
        let Self { root, libraries, plan, store, campaign, .. } = self;
        let gateway = match &containers {
            Some(containers) => containers.engine.host_gateway().await,
            None => None,
        };
        let campaign_id = &campaign.campaign_id;
        let mut monitor = Monitor::start(plan.prometheus.as_deref(), campaign_id, &Vec::from_iter(gateway)).await?;
        self.announce(&monitor, containers.is_some(), finished, listener);

        let engine = containers.as_ref().map(|containers| &containers.engine);
        let Built { builder, programs } = tokio::select! {
            built = build(root, libraries, &plan.cases, engine, listener) => built?,
            () = self.interrupts.first() => return Err(Interrupted.into()),
        };
        if !is_begun {
            store.begin_campaign(campaign, &machine::host()).await?;
        }
        for program in &programs {
            store.add_build(&program.record).await?;
        }
        let allowed = Cpus::allowed();
        let own_cost = tokio::select! {
            cost = own_cost::known(store, campaign_id, &builder, libraries, plan, listener) => cost?,
            () = self.interrupts.first() => None,
        };

        // The harness keeps to the origin's CPUs while runs go on; builds, before and after, have all of them.
        plan.cpus.origin.confine_all_threads();
        let mut runners = Runners { processes: Processes::new(plan.cpus.clone()), compose: None };
        if let Some(Containers { engine, tool }) = containers {
            let compose = Compose::new(engine, tool, root, plan.cpus.clone(), campaign_id).await?;
            monitor.also_listen(compose.gateway());
            runners.compose = Some(compose);
        }
        let programs = programs.into_iter().map(|built| built.program).collect();
        let blocks = Blocks { store, campaign_id, plan, programs, monitor: &monitor, interrupts: &mut self.interrupts };
        let interrupted = blocks.run(&runners, finished, listener).await;
        if let Some(compose) = runners.compose
            && let Err(error) = compose.close().await
        {
            tracing::warn!("{error:#}");
        }
        let interrupted = interrupted?;
        allowed.confine_all_threads();

        if !interrupted && let Some(mark) = trials::noise(store, campaign_id).await? {
            store.mark_campaign(campaign_id, &mark).await?;
        }
        Ok(Went { interrupted, own_cost })
    }

    fn announce(&self, monitor: &Monitor, in_containers: bool, finished: usize, listener: &mut dyn Listener) {
        let graphs = monitor.graphs(in_containers);
        let mut runners: Vec<&str> = self.plan.cases.iter().map(|case| case.runner.name()).collect();
        runners.sort_unstable();
        runners.dedup();
        listener.on(&Event::Planned {
            campaign_id: &self.campaign.campaign_id,
            cases: &self.plan.cases,
            runs: self.plan.runs(),
            finished,
            estimate: self.plan.estimate(),
            database: self.store.path(),
            runner: &runners.join(" and "),
            cpus: &self.plan.cpus,
            metrics_port: monitor.port(),
            graphs: graphs.as_deref(),
            noise: &self.campaign.noise,
        });
    }
}
