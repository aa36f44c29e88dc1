//! A case: whom it measures, with what, under which options.

use std::time::Duration;

use benchmark_protocol::inject::Inject;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;

use super::ca::Ca;
use super::header::Header;
use super::rate::{Arrivals, Rate};
use super::runner::RunnerName;
use super::table::{OPTIONS, named};

/// A library, a test and every option that shapes the load. Two runs of equal cases may be pooled.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The measured library.
    pub library: String,
    /// Its version.
    pub library_version: String,
    /// The workload.
    pub test: Test,
    /// The test's own parameters.
    pub params: Values,
    /// What the origin does to the requests.
    pub inject: Vec<Inject>,
    /// How many replicas run.
    pub replicas: u32,
    /// What starts them.
    pub runner: RunnerName,
    /// CPUs that each container may use at most; `None` is no limit.
    pub cpu_limit: Option<f64>,
    /// Memory that each container may use at most, in bytes; `None` is no limit.
    pub memory_limit: Option<u64>,
    /// The target as the user named it; `None` is the origin.
    pub target: Option<String>,
    /// The endpoint of an `s3://` target.
    pub endpoint: Option<String>,
    /// Whether that may be written to, below a run's own prefix.
    pub writes: bool,
    /// What is sent with every request to a target that is not the origin.
    pub headers: Vec<Header>,
    /// The certificates that the target's is to be signed by; `None` where the usual ones do.
    pub ca: Option<Ca>,
    /// Options of the load.
    pub load: Load,
    /// Whether it is the second of an A/A pair: the same as another case in all that could make a difference.
    pub twin: bool,
}

/// The options of a case that every test has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    /// Requests in flight, per replica.
    pub concurrency: u32,
    /// How long the window is.
    pub amount: Amount,
    /// How long the warm-up is.
    pub warm_up: Duration,
    /// How long what was started in the window may still take.
    pub drain: Duration,
    /// Sockets, per replica.
    pub pool_size: u32,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// How long an idle connection is kept.
    pub keep_alive_timeout: Duration,
    /// Whether the target's name is resolved once.
    pub use_dns_cache: bool,
    /// From issue to the last byte.
    pub timeout: Duration,
    /// Threads that run requests, per replica.
    pub threads: u32,
    /// Requests that become due, over all replicas; `None` is a closed loop.
    pub rate: Option<Rate>,
    /// How due instants follow each other, in an open loop.
    pub arrivals: Arrivals,
}

impl Case {
    /// A case with every option as the table has it by default.
    #[must_use]
    pub fn new(library: &str, version: &str, test: Test, params: Values) -> Self {
        let mut case = Self {
            library: library.to_owned(),
            library_version: version.to_owned(),
            test,
            params,
            inject: Vec::new(),
            replicas: 1,
            runner: RunnerName::Auto,
            cpu_limit: None,
            memory_limit: None,
            target: None,
            endpoint: None,
            writes: false,
            headers: Vec::new(),
            ca: None,
            load: Load::default(),
            twin: false,
        };
        for option in OPTIONS {
            if let Some(value) = option.default_value() {
                option.set(&mut case, &value);
            }
        }
        case.follow(|_| true);
        case
    }

    /// Whether its runs put objects at a target that is not ours, below prefixes of their own.
    #[must_use]
    pub fn writes_below_prefix(&self) -> bool {
        let has_own = || self.test.writes() || !self.test.prepares(&self.params, self.replicas).is_empty();
        self.writes && self.target.is_some() && has_own()
    }

    /// Gives options the values of those that they follow, where these count.
    pub(crate) fn follow(&mut self, counts: impl Fn(&str) -> bool) {
        for option in OPTIONS.iter().filter(|option| counts(option.name)) {
            if let Some(value) = option.follows.and_then(named).and_then(|other| other.of(self)) {
                option.set(self, &value);
            }
        }
    }
}

/// What ends the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So much time.
    Duration(Duration),
    /// So many requests, per replica.
    Requests(u64),
}

impl Default for Amount {
    fn default() -> Self {
        Self::Duration(Duration::ZERO)
    }
}
