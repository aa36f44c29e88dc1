//! Block after block: every run that is missing is run, stored and read back.

use anyhow::{Context, Result};

use super::capacity;
use super::cooling;
use super::event::{Event, Listener};
use super::interrupts::Interrupts;
use super::trials;
use crate::case::{Case, case_key};
use crate::plan::{Plan, capacity_case};
use crate::run::coordinator::Coordinator;
use crate::run::{Conductor, Monitor, Reason};
use crate::runner::{Program, Runner, Runners};
use crate::stats::comparison::BEFORE_THE_BLOCKS;
use crate::store::{Store, StoredRun};
use crate::target::{Place, Targets, sweep};

/// The blocks of a campaign.
pub(super) struct Blocks<'a> {
    pub(super) store: &'a Store,
    pub(super) campaign_id: &'a str,
    pub(super) plan: &'a Plan,
    /// For each case of the plan.
    pub(super) programs: Vec<Program>,
    pub(super) monitor: &'a Monitor,
    pub(super) interrupts: &'a mut Interrupts,
}

impl Blocks<'_> {
    /// Runs what is missing of them, or until the trials are enough. Whether a signal ended it.
    pub(super) async fn run(self, runner: &Runners, finished: usize, listener: &mut dyn Listener) -> Result<bool> {
        let Self { store, campaign_id, plan, .. } = self;
        tokio::select! {
            () = self.interrupts.first() => return Ok(true),
            () = sweep(&plan.cases, plan.sweep, listener) => {}
        }
        let address = plan.listen.unwrap_or_else(|| runner.host_address());
        let conductor = Conductor {
            store,
            campaign_id,
            seed: plan.seed,
            cpus: &plan.cpus,
            runner,
            coordinator: Coordinator::bind(address, runner.host_name(), runner.host_address()).await?,
            targets: Targets::new(Place {
                cpus: plan.cpus.origin.clone(),
                address: runner.host_address(),
                host_name: runner.host_name(),
            }),
            monitor: self.monitor,
            interrupts: self.interrupts,
        };
        let mut turns = Turns { conductor, number: finished, listener };
        let interrupted = turns.all(plan, &self.programs).await;
        turns.conductor.targets.stop().await;
        interrupted
    }
}

/// One run after the other.
struct Turns<'a> {
    conductor: Conductor<'a>,
    /// The place of the run that goes on, from 1. A run that is repeated keeps it.
    number: usize,
    listener: &'a mut dyn Listener,
}

impl Turns<'_> {
    /// Every turn that is not taken yet, block after block. Whether a signal ended it.
    async fn all(&mut self, plan: &Plan, programs: &[Program]) -> Result<bool> {
        let Conductor { store, campaign_id, .. } = self.conductor;
        let keys: Vec<String> = plan.cases.iter().map(case_key).collect();
        let until = plan.early_end();
        for trial in 1..=plan.trials {
            for (pass, index) in plan.block(trial) {
                let (case, program) = (&plan.cases[index], &programs[index]);
                if store.runs_of_trial(campaign_id, &keys[index], trial).await?.len() >= pass as usize {
                    // Of before the campaign stopped.
                    continue;
                }
                let Some(rate) = self.rate(case, program).await? else { return Ok(true) };
                self.number += 1;
                if self.take(case, (trial, rate), program).await?.is_none() {
                    return Ok(true);
                }
            }
            if let Some(until) = &until
                && trials::are_enough(store, campaign_id, until, trial).await?
            {
                break;
            }
        }
        Ok(false)
    }

    /// The rate of a case, with the runs that have to measure its capacity first; `None` where a signal ended one.
    async fn rate(&mut self, case: &Case, program: &Program) -> Result<Option<Result<Option<f64>, Reason>>> {
        let Some(closed) = capacity_case(case) else { return Ok(Some(capacity::rate(case, &[]))) };
        let key = case_key(&closed);
        let mut tries = self.tries(&key).await?;
        self.number += usize::from(tries.is_empty());
        while capacity::is_missing(&tries) {
            if self.take(&closed, (BEFORE_THE_BLOCKS, Ok(None)), program).await?.is_none() {
                return Ok(None);
            }
            tries = self.tries(&key).await?;
        }
        Ok(Some(capacity::rate(case, &tries)))
    }

    async fn tries(&self, closed_key: &str) -> Result<Vec<StoredRun>> {
        let Conductor { store, campaign_id, .. } = self.conductor;
        Ok(store.runs_of_trial(campaign_id, closed_key, BEFORE_THE_BLOCKS).await?)
    }

    /// Runs a case once, and reads back what was stored of it; `None` where a signal ended it.
    async fn take(
        &mut self,
        case: &Case,
        turn: (u32, Result<Option<f64>, Reason>),
        program: &Program,
    ) -> Result<Option<StoredRun>> {
        self.listener.on(&Event::RunStarted { number: self.number, case });
        cooling::cool_down(&mut self.conductor.interrupts.0, self.listener).await;
        let Some(run_id) = self.conductor.run(case, turn, program, self.listener).await? else { return Ok(None) };
        let stored = self.conductor.store.read_run(&run_id).await?;
        let run = stored.with_context(|| format!("run `{run_id}` was stored and is not there"))?;
        self.listener.on(&Event::RunEnded { number: self.number, run: &run });
        Ok(Some(run))
    }
}
