//! What became of requests: counters of one phase, and the kinds of failure.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a request failed. The names are those of the CSV's `failures_<kind>` columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FailureKind {
    /// The host name did not resolve.
    Dns,
    /// No connection could be opened.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No socket of the pool became free in time.
    PoolWait,
    /// The last byte had not arrived within the timeout.
    Timeout,
    /// The status was not the one asked for.
    Status,
    /// The body ended before its announced length.
    ShortBody,
    /// Length, range or content were not what was asked for.
    BadBytes,
    /// The peer reset the connection.
    Reset,
    /// A connection that had carried a response was ended by the peer before this request's came.
    Closed,
    /// Anything else; the sample of its text says what.
    Other,
}

impl FailureKind {
    /// Every kind, in the order of the CSV's columns.
    pub const ALL: [Self; 11] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::PoolWait,
        Self::Timeout,
        Self::Status,
        Self::ShortBody,
        Self::BadBytes,
        Self::Reset,
        Self::Closed,
        Self::Other,
    ];

    /// The kind's name in messages, columns and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::PoolWait => "pool_wait",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::ShortBody => "short_body",
            Self::BadBytes => "bad_bytes",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }

    /// Whether a request that failed so never reached the target: the audit need not have seen it.
    #[must_use]
    pub const fn never_left(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Tls | Self::PoolWait)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FailureKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("unknown kind of failure `{name}`"))
    }
}

/// Failures by kind. On the wire a map that leaves out the kinds that did not occur.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures([u64; FailureKind::ALL.len()]);

impl Failures {
    /// Counts one failure.
    pub const fn add(&mut self, kind: FailureKind) {
        self.0[kind as usize] += 1;
    }

    /// How many failures there were of this kind.
    #[must_use]
    pub const fn of(&self, kind: FailureKind) -> u64 {
        self.0[kind as usize]
    }

    /// Sets the number of failures of this kind.
    pub const fn set(&mut self, kind: FailureKind, number: u64) {
        self.0[kind as usize] = number;
    }

    /// Failures of every kind together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.into_iter().fold(0, u64::saturating_add)
    }

    /// Failures of requests that never reached the target.
    #[must_use]
    pub fn never_left(&self) -> u64 {
        self.occurred().filter(|(kind, _)| kind.never_left()).map(|(_, number)| number).fold(0, u64::saturating_add)
    }

    /// The kinds that occurred, with their numbers.
    pub fn occurred(&self) -> impl Iterator<Item = (FailureKind, u64)> {
        FailureKind::ALL.into_iter().zip(self.0).filter(|(_, number)| *number > 0)
    }
}

impl AddAssign for Failures {
    fn add_assign(&mut self, other: Self) {
        for (sum, number) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(number);
        }
    }
}

impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.occurred().map(|(kind, number)| (kind.name(), number)))
    }
}

impl<'de> Deserialize<'de> for Failures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = std::collections::BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut failures = Self::default();
        for (name, number) in by_name {
            failures.set(name.parse().map_err(serde::de::Error::custom)?, number);
        }
        Ok(failures)
    }
}

/// What became of the requests of one phase. A request belongs to the phase in which it was started (open loop: was due).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests started (open loop: due): successes + failures + censored once the phase has drained.
    pub attempts: u64,
    /// Requests whose status, length, range and sampled content were those asked for.
    pub successes: u64,
    /// Requests that failed, by kind.
    #[serde(default)]
    pub failures: Failures,
    /// Requests that had neither succeeded nor failed when the drain ended.
    #[serde(default)]
    pub censored: u64,
    /// Body bytes of successes, received.
    pub success_bytes: u64,
    /// Body bytes of successes, sent.
    #[serde(default)]
    pub sent_bytes: u64,
}

/// Saturating: the numbers are those of whoever sent them.
impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.successes = self.successes.saturating_add(other.successes);
        self.failures += other.failures;
        self.censored = self.censored.saturating_add(other.censored);
        self.success_bytes = self.success_bytes.saturating_add(other.success_bytes);
        self.sent_bytes = self.sent_bytes.saturating_add(other.sent_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_travel_as_a_map_of_what_occurred() {
        let mut failures = Failures::default();
        failures.add(FailureKind::Reset);
        failures.add(FailureKind::Reset);
        failures.add(FailureKind::Dns);
        let wire = serde_json::to_string(&failures).unwrap();
        assert_eq!(wire, r#"{"dns":1,"reset":2}"#);
        assert_eq!(serde_json::from_str::<Failures>(&wire).unwrap(), failures);
        assert_eq!((failures.total(), failures.never_left()), (3, 1));
    }

    #[test]
    fn an_unknown_kind_is_refused_by_name() {
        let error = serde_json::from_str::<Failures>(r#"{"gremlin":1}"#).unwrap_err();
        assert!(error.to_string().contains("`gremlin`"), "{error}");
    }
}
