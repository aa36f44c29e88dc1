//! What cases are compared by.

use serde::Serialize;

use crate::stats::Summary;

/// A figure of a run by which cases are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Successes per second.
    Rate,
    /// CPU time, user and system, per success.
    Cpu,
    /// The 99th percentile of the latency of successes.
    P99,
}

impl Metric {
    /// Every metric, the one that survives a saturated network card in the middle.
    pub const ALL: [Self; 3] = [Self::Rate, Self::Cpu, Self::P99];

    /// Its name on screen, with its unit.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rate => "ok requests/s",
            Self::Cpu => "CPU us/request",
            Self::P99 => "p99 ms",
        }
    }

    /// Whether more of it is faster.
    #[must_use]
    pub const fn more_is_faster(self) -> bool {
        matches!(self, Self::Rate)
    }

    /// Whether an origin at its limit decides it, rather than the library (MEASUREMENT E 20).
    #[must_use]
    pub const fn needs_a_free_origin(self) -> bool {
        !matches!(self, Self::Cpu)
    }

    /// Its value in a run; `None` where it was not measured, or is nothing that has a logarithm.
    #[must_use]
    pub fn of(self, run: &Summary) -> Option<f64> {
        let value = match self {
            Self::Rate => run.requests_per_second(),
            Self::Cpu => run.cpu_us().zip(run.window).map(|(cpu_us, window)| cpu_us as f64 / window.successes as f64),
            Self::P99 => run.latencies.latency.p99,
        };
        value.filter(|value| value.is_finite() && *value > 0.0)
    }
}
