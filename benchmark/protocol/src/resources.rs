//! What a process used up to an instant: absolute counters, so that any two of them may be subtracted.

use serde::{Deserialize, Serialize};

/// Counters of one process at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// When they were read, on CLOCK_MONOTONIC, in nanoseconds.
    pub at_ns: u64,
    /// User CPU time since the process began, in microseconds.
    pub cpu_user_us: u64,
    /// System CPU time since the process began, in microseconds.
    pub cpu_system_us: u64,
    /// Resident set size now, in bytes (a gauge).
    pub rss_bytes: u64,
    /// Largest resident set size so far, in bytes.
    pub peak_rss_bytes: u64,
    /// Context switches that the process made by waiting.
    pub voluntary_switches: u64,
    /// Context switches forced upon it.
    pub involuntary_switches: u64,
    /// Counters of the network devices, where the process has a network namespace of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// Counters summed over the network devices of a namespace, the loopback left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Bytes received, headers included.
    pub received_bytes: u64,
    /// Bytes sent, headers included.
    pub sent_bytes: u64,
}

impl Resources {
    /// User and system CPU time together, in microseconds.
    #[must_use]
    pub const fn cpu_us(&self) -> u64 {
        self.cpu_user_us.saturating_add(self.cpu_system_us)
    }
}
