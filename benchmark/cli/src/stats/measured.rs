//! What statistics are made of: what one replica said, and what was seen of it.

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{ReplicaResult, Tick};

use super::samples::Samples;

/// What is known of a replica.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured<'a> {
    /// Its index in the run.
    pub index: u32,
    /// By how much the offset of its clock may be wrong, in nanoseconds.
    pub clock_uncertainty_ns: Option<u64>,
    /// What it measured; `None` where it was lost.
    pub result: Option<&'a ReplicaResult>,
    /// The requests it made to verify the target, where it failed before `ready` and so has no result.
    pub verify: Option<Counts>,
    /// Its ticks, in order.
    pub ticks: &'a [Tick],
    /// What Prometheus saw of its container.
    pub seen: Option<Totals>,
    /// Samples of the window as Prometheus saw them, to take the place of those from ticks.
    pub seen_samples: Option<&'a Samples>,
}

/// What Prometheus saw used of a container from `ready` to after the drain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Bytes received by the network devices, headers included.
    pub received_bytes: u64,
    /// Samples that the differences were taken over, both plateaus included; over replicas the smallest number.
    pub scrape_count: u64,
}
