//! What happens in a campaign, told as it happens. Terminal progress and plain lines listen; so may whatever comes later.

use std::path::Path;
use std::time::Duration;

use benchmark_protocol::message::Tick;

use crate::case::Case;
use crate::runner::Leftovers;
use crate::store::StoredRun;
use crate::target::LeftOver;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// What a dead harness had left was removed.
    Swept {
        /// What it was.
        leftovers: Leftovers,
    },
    /// The campaign is about to begin.
    Planned {
        /// Its id.
        campaign_id: &'a str,
        /// What is run.
        cases: &'a [Case],
        /// How many runs it has at most.
        runs: usize,
        /// How many of them are finished, where it goes on.
        finished: usize,
        /// How long they will take.
        estimate: Duration,
        /// Where they are recorded.
        database: &'a Path,
        /// What starts the replicas.
        runner: &'a str,
        /// CPUs of origin and harness, then of the replicas.
        cpus: &'a crate::machine::CpuSplit,
        /// Where the live metrics are served.
        metrics_port: Option<u16>,
        /// The link to the campaign's graphs, where there is a Prometheus.
        graphs: Option<&'a str>,
        /// Sources of noise, each with the way out.
        noise: &'a [String],
    },
    /// The programs of a library are being built.
    Building {
        /// The library.
        library: &'a str,
        /// What cargo says that it is at.
        doing: Option<&'a str>,
    },
    /// All programs are built.
    Built,
    /// The next run waits until closed connections have gone.
    Cooling {
        /// Sockets in TIME_WAIT.
        sockets: u64,
        /// As many of them may be there.
        most: u64,
    },
    /// A run begins.
    RunStarted {
        /// Its place, from 1.
        number: usize,
        /// What is run.
        case: &'a Case,
    },
    /// What a run needs is put at a target that is not ours.
    Preparing {
        /// Objects that are there.
        done: u64,
        /// Objects that will be.
        total: u64,
    },
    /// What a run put there is removed.
    Removing {
        /// Objects and pending uploads that are gone.
        gone: u64,
    },
    /// Something of a run that is over, or may be, lies at a target.
    LeftAtTarget {
        /// What it is.
        leftover: &'a LeftOver,
    },
    /// It was removed.
    RemovedFromTarget {
        /// What it was.
        leftover: &'a LeftOver,
    },
    /// A replica told its counters.
    Ticked {
        /// Its index.
        replica: u32,
        /// The counters.
        tick: &'a Tick,
    },
    /// A run was stored.
    RunEnded {
        /// Its place, from 1.
        number: usize,
        /// What came of it, read back.
        run: &'a StoredRun,
    },
    /// No more runs.
    Ended,
}

/// Whoever wants to know.
pub trait Listener {
    /// Something happened.
    fn on(&mut self, event: &Event<'_>);
}
