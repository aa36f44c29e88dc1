//! When the phases of a run meet. Every edge is computed from the one instant that `start` names, not from a wake-up.

use std::time::Duration;

use super::arrivals::Arrivals;
use crate::options::Options;

/// The plan of a run, on CLOCK_MONOTONIC in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Warm-up begins.
    pub(crate) start_ns: u64,
    /// Warm-up ends; the window begins here, or, where it is counted, once the warm-up's requests are done.
    pub(crate) warmed_ns: u64,
    /// What ends the window.
    pub(crate) end: End,
    /// How long what was started in the window may still take.
    pub(crate) drain: Duration,
}

/// What ends the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// This instant.
    At(u64),
    /// So many requests.
    After(u64),
}

/// A part of the run that a slot goes through. A counted window opens for all slots at once: no request of the warm-up
/// reaches into it, so that `n` requests of a known delay take the time that arithmetic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Warm-up and window in one go: the instant of each request decides.
    Timed {
        /// The window ends.
        end_ns: u64,
    },
    /// The warm-up before a counted window.
    WarmUp,
    /// A counted window.
    Counted {
        /// Requests of the window.
        requests: u64,
    },
}

impl Schedule {
    /// The plan of a run that starts at 0. An open loop knows beforehand when so many requests have become due.
    pub(crate) fn of(options: &Options, arrivals: Option<Arrivals>) -> Self {
        let warmed_ns = options.warmup.as_nanos() as u64;
        let end = match (options.requests, arrivals) {
            (Some(requests), None) => End::After(requests),
            (Some(requests), Some(arrivals)) => End::At(warmed_ns + arrivals.window_ns(warmed_ns, requests)),
            (None, _) => End::At(warmed_ns + options.duration.as_nanos() as u64),
        };
        Self { start_ns: 0, warmed_ns, end, drain: options.drain }
    }

    /// The same plan, begun so much later.
    pub(crate) const fn after(self, start_ns: u64) -> Self {
        let end = match self.end {
            End::At(end_ns) => End::At(end_ns.saturating_add(start_ns)),
            End::After(requests) => End::After(requests),
        };
        Self { start_ns: self.start_ns + start_ns, warmed_ns: self.warmed_ns + start_ns, end, drain: self.drain }
    }

    /// The stages of every slot, in order.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        match self.end {
            End::At(end_ns) => vec![Stage::Timed { end_ns }],
            End::After(requests) if self.warmed_ns == self.start_ns => vec![Stage::Counted { requests }],
            End::After(requests) => vec![Stage::WarmUp, Stage::Counted { requests }],
        }
    }
}
