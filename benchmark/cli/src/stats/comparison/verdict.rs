//! What an interval says.

use std::fmt;

use serde::{Serialize, Serializer};

use super::interval::Interval;
use super::metric::Metric;
use super::{LEAST_TRIALS, THRESHOLD};

/// Of the second of two cases, relative to the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies beyond the threshold, on the good side: more requests per second, less CPU time, a lower p99.
    Faster,
    /// The whole interval lies beyond the threshold, on the bad side.
    Slower,
    /// The whole interval lies within the threshold.
    Same,
    /// Nothing of this can be said.
    Undecided(Doubt),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The interval reaches to both sides of the threshold: more trials would narrow it.
    Wide,
    /// Fewer than [`LEAST_TRIALS`].
    FewTrials,
    /// The origin was at its limit: what was measured is the origin, and only CPU time may be compared.
    OriginBound,
}

impl Verdict {
    /// What the interval of a ratio says by this metric.
    pub(super) fn of(metric: Metric, ratio: &Interval) -> Self {
        let (less, more) = (1.0 / (1.0 + THRESHOLD), 1.0 + THRESHOLD);
        let faster = |is_more: bool| if is_more == metric.more_is_faster() { Self::Faster } else { Self::Slower };
        if ratio.low > more {
            faster(true)
        } else if ratio.high < less {
            faster(false)
        } else if ratio.low >= less && ratio.high <= more {
            Self::Same
        } else {
            Self::Undecided(Doubt::Wide)
        }
    }

    /// Whether it tells the two apart.
    #[must_use]
    pub const fn is_different(self) -> bool {
        matches!(self, Self::Faster | Self::Slower)
    }

    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Undecided(_) => "undecided",
        }
    }

    /// Why it is undecided, where that is not for noise.
    #[must_use]
    pub fn reason(self) -> Option<String> {
        match self {
            Self::Undecided(Doubt::FewTrials) => Some(format!("needs {LEAST_TRIALS} trials")),
            Self::Undecided(Doubt::OriginBound) => Some("origin bound".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{} ({reason})", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_interval_must_lie_beyond_the_threshold() {
        for (low, high, by_rate, by_cpu) in [
            (1.011, 1.2, Verdict::Faster, Verdict::Slower),
            (0.9, 0.989, Verdict::Slower, Verdict::Faster),
            (0.991, 1.009, Verdict::Same, Verdict::Same),
            // Excludes 1, and may be 0.1 %.
            (1.001, 1.2, Verdict::Undecided(Doubt::Wide), Verdict::Undecided(Doubt::Wide)),
            (0.5, 2.0, Verdict::Undecided(Doubt::Wide), Verdict::Undecided(Doubt::Wide)),
            (0.991, 1.011, Verdict::Undecided(Doubt::Wide), Verdict::Undecided(Doubt::Wide)),
        ] {
            let ratio = Interval { value: f64::sqrt(low * high), low, high };
            assert_eq!(Verdict::of(Metric::Rate, &ratio), by_rate, "{low} to {high}");
            assert_eq!(Verdict::of(Metric::Cpu, &ratio), by_cpu, "{low} to {high}");
            assert_eq!(Verdict::of(Metric::P99, &ratio), by_cpu, "{low} to {high}");
        }
    }
}
