//! What the harness does and sees while a run goes on: it tells the target when it begins and others of each tick, and looks around at
//! the window's edges.

use std::time::Instant;

use anyhow::Result;
use benchmark_protocol::message::{Phase, ReplicaResult, Tick};
use benchmark_protocol::origin::Begin;
use futures_util::future::BoxFuture;

use super::coordinator::{Hooks, Plateau};
use super::monitor::Watch;
use crate::campaign::{Event, Listener};
use crate::machine::{Cpus, busy_seconds, cpu_seconds_of};
use crate::run::Run;
use crate::target::Target;

/// Watches one run.
pub(super) struct Observer<'a, T> {
    run_id: &'a str,
    target: &'a T,
    /// Those of the replicas.
    cpus: Cpus,
    listener: &'a mut dyn Listener,
    watch: Watch,
    start_ns: Option<u64>,
    edges: Vec<Edge>,
}

/// CPU time used up to an instant, in seconds.
struct Edge {
    at: Instant,
    target: Option<f64>,
    harness: Option<f64>,
    busy: Option<f64>,
}

/// What was seen, once the run is over.
pub(super) struct Observed {
    pub(super) watch: Watch,
    /// When the warm-up began, on CLOCK_MONOTONIC.
    pub(super) start_ns: Option<u64>,
    edges: Vec<Edge>,
}

impl<'a, T: Target> Observer<'a, T> {
    pub(super) fn new(
        run_id: &'a str,
        target: &'a T,
        cpus: Cpus,
        listener: &'a mut dyn Listener,
        watch: Watch,
    ) -> Self {
        Self { run_id, target, cpus, listener, watch, start_ns: None, edges: Vec::new() }
    }

    pub(super) fn end(self) -> Observed {
        Observed { watch: self.watch, start_ns: self.start_ns, edges: self.edges }
    }
}

impl<T: Target> Hooks for Observer<'_, T> {
    async fn begin(&mut self, start_ns: u64, window_ns: u64) -> Result<()> {
        self.start_ns = Some(start_ns);
        self.target.begin(self.run_id, Begin { start_ns, window_ns }).await
    }

    fn ticked(&mut self, replica: u32, tick: &Tick) {
        // The first replica ticks at both edges of the window, and each second between them.
        if replica == 0 && tick.phase == Phase::Window {
            let target = self.target.cpu_seconds();
            let harness = cpu_seconds_of(std::process::id());
            self.edges.push(Edge { at: Instant::now(), target, harness, busy: busy_seconds(&self.cpus) });
        }
        self.watch.ticked(replica, tick);
        self.listener.on(&Event::Ticked { replica, tick });
    }

    fn settled(&mut self, plateau: Plateau) -> BoxFuture<'static, ()> {
        self.watch.settled(plateau)
    }
}

impl Observed {
    /// Enters in the run what target and harness used of the CPUs in its window. What is handed back is the CPU time of other programs
    /// on the replicas' CPUs, as a share of one CPU; `None` where origin and replicas share them, as the origin would count as one.
    pub(super) fn account_cpu(&self, run: &mut Run, target_cpus: Option<usize>, shared: bool) -> Option<f64> {
        let [from, .., to] = self.edges.as_slice() else { return None };
        let seconds = (to.at - from.at).as_secs_f64();
        let target = from.target.zip(to.target).zip(target_cpus);
        run.origin_cpu_share = target.map(|((from, to), cpus)| (to - from) / seconds / cpus as f64);
        run.harness_cpu_seconds = from.harness.zip(to.harness).map(|(from, to)| to - from);
        let results = run.replicas.iter().filter_map(|replica| replica.result.as_ref());
        let replicas: f64 = results.map(cpu_seconds_in_window).sum();
        let busy = from.busy.zip(to.busy).filter(|_| !shared);
        busy.map(|(from, to)| ((to - from - replicas) / seconds).max(0.0))
    }
}

fn cpu_seconds_in_window(result: &ReplicaResult) -> f64 {
    let edges = &result.resources;
    edges.window_end.cpu_us().saturating_sub(edges.window_start.cpu_us()) as f64 / 1e6
}
