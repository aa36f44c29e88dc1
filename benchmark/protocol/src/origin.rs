//! What the harness tells the origin of a run, and the audit it reads back.
//!
//! Carried as JSON over the origin's own port, below `/-/`, which is no bucket's name: `PUT /-/runs/<run_id>` announces a run,
//! `POST /-/runs/<run_id>/start` begins it, `GET /-/runs/<run_id>` reads its audit, `DELETE /-/runs/<run_id>` forgets it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::inject::Inject;
use crate::operation::ByOperation;
use crate::parameter::Values;

/// The path prefix of the control requests.
pub const CONTROL_PREFIX: &str = "/-/runs/";

/// The header that must carry the origin's control token.
pub const CONTROL_HEADER: &str = "x-benchmark-token";

/// The line that an origin prints on stdout once it listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The bound address, `host:port`.
    pub listening: String,
}

/// A run as the origin has to know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The seed of everything that is drawn for the run.
    pub seed: u64,
    /// What the run's requests must keep to.
    pub contract: Contract,
    /// What the origin does to the run's requests, from `start` on.
    #[serde(default)]
    pub inject: Vec<Inject>,
}

/// The objects of a run, and whose requests may ask for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// How many objects there are.
    pub objects: u64,
    /// The size of each, in bytes.
    pub object_size: u64,
    /// Whether requests must be signed (403 otherwise).
    #[serde(default)]
    pub signed: bool,
    /// The test whose requests are within the contract ([`crate::tests::Definition::rules`]); `None` lets everything pass.
    #[serde(default)]
    pub test: Option<String>,
    /// The test's parameters, every one of them.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

impl Contract {
    /// That of a test that reads nothing which is there: its objects are those that it writes.
    pub(crate) fn of_nothing(test: &str, values: &Values) -> Self {
        Self {
            objects: 0,
            object_size: 0,
            signed: values.flag("signed"),
            test: Some(test.to_owned()),
            params: values.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

/// The instants of a run that began, on CLOCK_MONOTONIC in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// Warm-up begins: injection applies from here on.
    pub start_ns: u64,
    /// The window begins: a stall's offset counts from here.
    pub window_ns: u64,
}

/// What the origin saw of a run so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Requests, counted as their head was parsed.
    pub requests: u64,
    /// The same by operation; what no test asks is in none of them.
    #[serde(default)]
    pub operations: ByOperation,
    /// Good answers that were written whole, by operation: nobody can have had more successes.
    #[serde(default)]
    pub answered: ByOperation,
    /// Body bytes of responses that were sent whole with a good status (200 or 206).
    pub intact_bytes: u64,
    /// Body bytes of requests that came whole, were those of the object, and were answered so.
    #[serde(default)]
    pub taken_bytes: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Connections open now.
    pub open_connections: u64,
    /// The most requests that were under way at once.
    pub peak_concurrency: u64,
    /// Requests that the run's contract does not allow: another operation, length or key, beyond the object, no range, other bytes than the object's, another number of parts.
    pub out_of_contract: u64,
    /// Injected error statuses sent.
    pub injected_errors: u64,
    /// Responses cut short on purpose.
    pub injected_truncations: u64,
    /// Connections reset on purpose.
    pub injected_resets: u64,
    /// Requests refused with 429.
    pub throttled: u64,
    /// Delays drawn, where latency is injected.
    #[serde(default)]
    pub delays_drawn: Option<crate::message::Histogram>,
    /// Delays delivered: from the parsed head to the first byte.
    #[serde(default)]
    pub delays_delivered: Option<crate::message::Histogram>,
    /// User CPU time of the whole origin so far, in microseconds.
    pub cpu_user_us: u64,
    /// System CPU time of the whole origin so far, in microseconds.
    pub cpu_system_us: u64,
    /// When the counters were read, on CLOCK_MONOTONIC in nanoseconds.
    pub at_ns: u64,
}
