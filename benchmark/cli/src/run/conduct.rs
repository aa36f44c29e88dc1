//! One run, from its announcement to its row in the database.

use std::time::Instant;

use anyhow::Result;
use benchmark_protocol::content::split_mix;
use benchmark_protocol::message::Object;

use super::abandoned::unless_abandoned;
use super::monitor::Monitor;
use super::observer::Observer;
use crate::campaign::{Interrupts, Listener};
use crate::case::{Amount, Case, OPTIONS, Told};
use crate::machine::CpuSplit;
use crate::metrics::Span;
use crate::run::coordinator::{Admission, Coordinator, Expected, asked, conduct};
use crate::run::verdict::{self, Surroundings};
use crate::run::{Reason, Run, summarise};
use crate::runner::{Job, Program, Replicas, Runner, Runners};
use crate::stats::RunSummary;
use crate::store::{NewRun, Store};
use crate::target::{Target, Targets};

/// What all runs of a campaign share.
pub(crate) struct Conductor<'a> {
    pub(crate) store: &'a Store,
    pub(crate) campaign_id: &'a str,
    pub(crate) seed: u64,
    pub(crate) cpus: &'a CpuSplit,
    pub(crate) runner: &'a Runners,
    pub(crate) coordinator: Coordinator,
    pub(crate) targets: Targets,
    pub(crate) monitor: &'a Monitor,
    pub(crate) interrupts: &'a mut Interrupts,
}

/// How an attempt at a run ended.
enum Attempt {
    /// With whatever came of it, and what was seen beside the replicas' own results.
    Ended(Surroundings),
    /// By a signal: nothing of it is kept.
    Interrupted,
}

impl Conductor<'_> {
    /// Runs a case once, at this rate where it is an open loop, and stores what came of it under the id that it returns; `None` where a
    /// signal ended it.
    pub(crate) async fn run(
        &mut self,
        case: &Case,
        (trial, rate): (u32, Result<Option<f64>, Reason>),
        program: &Program,
        listener: &mut dyn Listener,
    ) -> Result<Option<String>> {
        let mut run = self.new_run(case, trial, rate.as_ref().ok().copied().flatten());
        self.store.begin_run(&self.new_row(&run, program)).await?;
        let begun = Instant::now();
        let attempt = match rate {
            _ if self.interrupts.came() => Ok(Attempt::Interrupted),
            Ok(_) => {
                let attempt = self.attempt(&mut run, program, listener).await;
                self.clear(&run, listener).await;
                attempt
            }
            Err(reason) => {
                run.invalid_reasons.push(reason);
                Ok(Attempt::Ended(surroundings(self.cpus, case)))
            }
        };
        let surroundings = match attempt {
            Ok(Attempt::Ended(surroundings)) => surroundings,
            Ok(Attempt::Interrupted) => {
                self.store.interrupt_run(&run.run_id, jiff::Timestamp::now().as_microsecond()).await?;
                return Ok(None);
            }
            Err(error) => {
                run.invalid_reasons.push(format!("{error:#}").into());
                surroundings(self.cpus, case)
            }
        };
        run.wall_ns = begun.elapsed().as_nanos() as u64;
        label_window(&mut run);
        let summary = judge(&mut run, surroundings)?;
        self.store.finish_run(&run, &summary).await?;
        Ok(Some(run.run_id))
    }

    /// Everything between announcing the run and reading its audit.
    async fn attempt(&mut self, run: &mut Run, program: &Program, listener: &mut dyn Listener) -> Result<Attempt> {
        let mut target = self.targets.of(&run.case)?;
        let announced = tokio::select! {
            // Nothing of the run is worth waiting for yet.
            () = self.interrupts.first() => return Ok(Attempt::Interrupted),
            announced = target.announce(&run.run_id, run.seed, &run.case, listener) => announced,
        };
        let addresses = target.addresses(&run.run_id).join(",");
        let case = run.case.clone();
        let told = Told { case: &case, rate_per_second: run.rate_per_second, target: &addresses };
        let expected = expected(run, announced?, &told);
        let mut environment = environment(run, &told, &self.coordinator, &expected);
        let prefix = target.prefix(&run.run_id, &run.case);
        environment.extend(prefix.map(|prefix| ("BENCHMARK_PREFIX".to_owned(), prefix)));
        let shares = self.cpus.of_replicas(case.replicas, case.load.threads);
        let cpus = shares.united();
        let job = Job {
            run_id: run.run_id.clone(),
            environment,
            tokens: expected.admission.tokens().to_vec(),
            cpus: shares,
            case: run.case.clone(),
            program: program.clone(),
        };
        let mut replicas = self.runner.start(&job)?;
        let mut observer =
            Observer::new(&run.run_id, &target, cpus, listener, self.monitor.watch(&run.run_id, &run.case));
        let interrupts = &mut self.interrupts.0;
        let conducted = conduct(&self.coordinator, &expected, &mut replicas, &mut observer, interrupts).await;
        let observed = observer.end();
        if let Err(error) = replicas.remove().await {
            tracing::warn!("{error:#}");
        }
        run.replicas = conducted.replicas;
        run.invalid_reasons = conducted.reasons;
        if conducted.interrupted {
            return Ok(Attempt::Interrupted);
        }
        let foreign_load = observed.account_cpu(run, target.cpus(), self.cpus.shared());
        run.span = observed.start_ns.and_then(|start_ns| span(run, start_ns));
        let account = unless_abandoned(&self.interrupts.0, async {
            observed.watch.conclude(run).await;
            target.account(&run.run_id).await
        });
        let Some(account) = account.await else { return Ok(Attempt::Interrupted) };
        match account {
            Ok(audit) => run.audit = audit,
            Err(error) => run.invalid_reasons.push(Reason::Origin { error: format!("{error:#}") }),
        }
        let throttled_seconds = conducted.throttled_seconds;
        Ok(Attempt::Ended(Surroundings { foreign_load, throttled_seconds, ..surroundings(self.cpus, &case) }))
    }

    /// Removes what the run put at its target, unless a second signal ends that.
    async fn clear(&mut self, run: &Run, listener: &mut dyn Listener) {
        // A target that is none was said to be none by the attempt.
        let Ok(mut target) = self.targets.of(&run.case) else { return };
        unless_abandoned(&self.interrupts.0, target.clear(&run.run_id, &run.case, listener)).await;
    }

    fn new_run(&self, case: &Case, trial: u32, rate_per_second: Option<f64>) -> Run {
        let own_network = case.runner.capabilities().own_network;
        Run {
            run_id: uuid::Uuid::now_v7().to_string(),
            campaign_id: self.campaign_id.to_owned(),
            case: case.clone(),
            trial,
            seed: trial_seed(self.seed, trial),
            rate_per_second,
            harness_cpu_seconds: None,
            monitoring_cpu_seconds: None,
            started_us: jiff::Timestamp::now().as_microsecond(),
            ended_us: 0,
            replicas: Vec::new(),
            audit: None,
            origin_cpu_share: None,
            invalid_reasons: Vec::new(),
            marks: Vec::new(),
            metrics_source: if own_network { "replica_network" } else { "replica" }.to_owned(),
            prometheus_refusal: None,
            span: None,
            wall_ns: 0,
        }
    }

    fn new_row<'r>(&'r self, run: &'r Run, program: &'r Program) -> NewRun<'r> {
        NewRun {
            run_id: &run.run_id,
            campaign_id: self.campaign_id,
            case: &run.case,
            trial: run.trial,
            seed: run.seed,
            build_sha256: Some(&program.sha256),
            started_us: run.started_us,
        }
    }
}

/// What is known before a run.
fn surroundings(cpus: &CpuSplit, case: &Case) -> Surroundings {
    let shares = cpus.of_replicas(case.replicas, case.load.threads);
    let (client_cpus, wanted_cpus) = (shares.united().count(), shares.wanted);
    Surroundings { client_cpus, wanted_cpus, shared_cpus: cpus.shared(), ..Surroundings::default() }
}

/// Reduces what came of a run, and gives the verdict. A result that cannot be read is none.
fn judge(run: &mut Run, surroundings: Surroundings) -> Result<RunSummary> {
    let summary = summarise(run).or_else(|error| {
        run.invalid_reasons.push(error.to_string().into());
        run.replicas.iter_mut().for_each(|replica| replica.result = None);
        summarise(run)
    })?;
    if run.invalid_reasons.is_empty() {
        run.invalid_reasons = verdict::reasons(run, &summary);
    }
    run.marks = verdict::marks(run, &summary, surroundings);
    Ok(summary)
}

/// Trials of a case draw different requests; the cases of a block draw the same.
fn trial_seed(seed: u64, trial: u32) -> u64 {
    let mut state = seed ^ (u64::from(trial) << 32);
    split_mix(&mut state)
}

fn expected(run: &Run, objects: Vec<Object>, told: &Told<'_>) -> Expected {
    let load = &run.case.load;
    Expected {
        run_id: run.run_id.clone(),
        admission: Admission::draw(run.case.runner.capabilities().known, run.case.replicas),
        library: run.case.library.clone(),
        test: run.case.test.name().to_owned(),
        options: asked(OPTIONS, told),
        replicas: run.case.replicas,
        seed: run.seed,
        objects,
        ca: run.case.ca.as_ref().map(|ca| ca.pem().to_owned()),
        warm_up: load.warm_up,
        longest: match load.amount {
            Amount::Duration(window) => Some(window + load.drain),
            Amount::Requests(_) => None,
        },
    }
}

/// The flags of a test program, as variables: those of the run, and of every option that it gets.
fn environment(run: &Run, told: &Told<'_>, coordinator: &Coordinator, expected: &Expected) -> Vec<(String, String)> {
    let case = &run.case;
    let mut variables = vec![
        ("BENCHMARK_COORDINATOR".to_owned(), coordinator.address().to_string()),
        ("BENCHMARK_RUN_ID".to_owned(), expected.run_id.clone()),
        ("BENCHMARK_TEST".to_owned(), case.test.name().to_owned()),
        ("BENCHMARK_ORIGIN".to_owned(), case.target.is_none().to_string()),
    ];
    variables.extend(expected.admission.token().map(|token| ("BENCHMARK_TOKEN".to_owned(), token.to_owned())));
    variables.extend(OPTIONS.iter().filter_map(|option| Some((option.variable()?, option.told(told)?))));
    variables
}

/// Carries instants of CLOCK_MONOTONIC over to the wall clock, by one reading of both.
fn wall_clock() -> impl Fn(u64) -> i64 {
    let now_ns = benchmark_origin::clock::now_ns();
    let now_us = jiff::Timestamp::now().as_microsecond();
    move |at_ns| now_us - (now_ns.saturating_sub(at_ns) / 1_000).cast_signed()
}

/// Wall-clock labels of the window.
fn label_window(run: &mut Run) {
    let wall = wall_clock();
    let results = || run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    let started = results().map(|result| result.window_start_ns).min().map(&wall);
    let ended = results().map(|result| result.window_end_ns).max().map(wall);
    run.started_us = started.unwrap_or(run.started_us);
    run.ended_us = ended.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond());
}

/// Where the run's phases lie for all replicas: idle once the last is ready, at rest again once the last has drained.
fn span(run: &Run, start_ns: u64) -> Option<Span> {
    let wall = wall_clock();
    let results = || run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    Some(Span {
        ready_us: results().map(|result| result.resources.ready.at_ns).max().map(&wall)?,
        start_us: wall(start_ns),
        window_start_us: results().map(|result| result.window_start_ns).max().map(&wall)?,
        window_end_us: results().map(|result| result.window_end_ns).min().map(&wall)?,
        drained_us: results().map(|result| result.resources.drained.at_ns).max().map(&wall)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_of_trials_are_known() {
        let seeds = [(1, 0), (1, 1), (u64::MAX, 3)].map(|(seed, trial)| trial_seed(seed, trial));
        assert_eq!(
            seeds,
            [10_451_216_379_200_822_465, 2_324_861_979_054_413_167, 17_916_437_596_109_371_490],
            "other seeds are another workload: say why in the commit"
        );
    }
}
