//! Progress on a terminal: a bar over the runs, and the live rate of the one that goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use benchmark_protocol::message::{Phase, Tick};
use indicatif::{ProgressBar, ProgressStyle};

use super::naming::Naming;
use super::table::grouped;
use crate::campaign::{Event, Listener};
use crate::output::tell;

/// The live display.
pub(super) struct Progress {
    bar: ProgressBar,
    naming: Naming,
    title: String,
    /// The last two ticks of each replica.
    ticks: BTreeMap<u32, (Option<Tick>, Tick)>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { bar: ProgressBar::hidden(), naming: Naming::default(), title: String::new(), ticks: BTreeMap::new() }
    }

    fn begin(&mut self, runs: usize) {
        // The template is fixed, so that it is either always good or never.
        let style = ProgressStyle::with_template("{spinner} [{pos}/{len}] {elapsed} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = ProgressBar::new(runs as u64).with_style(style);
        self.bar.enable_steady_tick(Duration::from_millis(250));
    }

    fn live(&self) -> String {
        let mut rates: Option<(f64, f64)> = None;
        let mut phase = Phase::WarmUp;
        for (before, now) in self.ticks.values() {
            phase = now.phase;
            let Some(before) = before.filter(|before| before.phase == now.phase) else { continue };
            let seconds = now.elapsed_ns.saturating_sub(before.elapsed_ns) as f64 / 1e9;
            if seconds > 0.1 {
                let (requests, bytes) = rates.get_or_insert_default();
                *requests += now.counts.successes.saturating_sub(before.counts.successes) as f64 / seconds;
                *bytes += now.received_bytes.saturating_sub(before.received_bytes) as f64 / seconds;
            }
        }
        let phase = match phase {
            Phase::WarmUp => "warm-up",
            Phase::Window => "window",
            Phase::Drain => "drain",
        };
        let rates = rates.map(|(requests, bytes)| {
            format!(": {} ok requests/s, {} MB/s", grouped(requests, 0), grouped(bytes / 1e6, 1))
        });
        format!("{} {phase}{}", self.title, rates.unwrap_or_default())
    }
}

impl Listener for Progress {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Swept { leftovers } => tell!("{leftovers}"),
            Event::LeftAtTarget { leftover } => self.bar.println(super::left(leftover)),
            Event::RemovedFromTarget { leftover } => self.bar.println(format!("removed {leftover}")),
            Event::Planned { runs, cases, .. } => {
                self.naming = Naming::among(*cases);
                tell!("{}", super::opening(event).unwrap_or_default());
                self.begin(*runs);
            }
            Event::Building { library, doing } => {
                self.bar.set_message(format!("building {library}: {}", doing.unwrap_or("looking what is stale")));
            }
            Event::Built => self.bar.set_message("built"),
            Event::RunStarted { case, .. } => {
                self.ticks.clear();
                self.title = self.naming.title(case);
                self.bar.set_message(format!("{}: getting ready", self.title));
            }
            Event::Cooling { sockets, most } => {
                self.bar.set_message(format!("{}: waiting, {sockets} closed sockets linger ({most} may)", self.title))
            }
            Event::Preparing { done, total } => {
                self.bar.set_message(format!("{}: putting objects, {done} of {total}", self.title));
            }
            Event::Removing { gone } => self.bar.set_message(format!("{}: removing objects, {gone} gone", self.title)),
            Event::Ticked { replica, tick } => {
                let before = self.ticks.get(replica).map(|(_, last)| *last);
                self.ticks.insert(*replica, (before, **tick));
                self.bar.set_message(self.live());
            }
            Event::RunEnded { number, run } => {
                self.bar.println(format!("{}: {}", self.title, super::ending(run)));
                self.bar.set_position(*number as u64);
            }
            Event::Ended => self.bar.finish_and_clear(),
        }
    }
}
