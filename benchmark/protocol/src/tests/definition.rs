//! What a test is made of.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::answer::Answer;
use super::ask::{Ask, Trail};
use super::objects::Prepared;
use crate::message;
use crate::operation::Operation;
use crate::origin::Contract;
use crate::parameter::{Parameter, Values};
use crate::target::{Names, Target};
use crate::workload::Draws;

/// A workload, as data and pure functions: nobody else knows a test by its name.
pub trait Definition: Debug + Sync {
    /// The test's name: in commands and in results.
    fn name(&self) -> &'static str;

    /// What the test does, in one line.
    fn summary(&self) -> &'static str;

    /// The parameters that `--param` may set.
    fn parameters(&self) -> &'static [Parameter];

    /// The operations that a library must have to run it.
    fn operations(&self) -> &'static [Operation];

    /// What it needs beside operations, in the words of `[unsupported]` in `library.toml`.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a first look (`--quick`) has it, where no test is named.
    fn is_core(&self) -> bool {
        false
    }

    /// Parameters with which each request weighs least, where the test suits `calibrate`: one request a call, alike for all.
    fn ruler(&self) -> Option<&'static [(&'static str, &'static str)]> {
        None
    }

    /// By how much the origin delays the answer to every first request of a call, with these values.
    fn least_delay(&self, _values: &Values) -> Duration {
        Duration::ZERO
    }

    /// Whether these values go together at our origin.
    ///
    /// # Errors
    /// The parameter that does not fit, and a sentence with its value and the way out.
    fn check(&self, _values: &Values) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// Whether it can be run against what a foreign target names.
    ///
    /// # Errors
    /// A sentence with the way out.
    fn can_use(&self, _names: &Names) -> Result<(), String> {
        Ok(())
    }

    /// The least size of an object, in bytes, that it can ask of a foreign bucket.
    fn least_size(&self, _values: &Values) -> u64 {
        0
    }

    /// Whether it writes: against a target that is not ours only with leave, and only below a run's own prefix.
    fn writes(&self) -> bool {
        false
    }

    /// What must be at a target that is not ours, below a run's own prefix, before replicas so many begin; nothing of a test that reads
    /// what is there.
    fn prepares(&self, _values: &Values, _replicas: u32) -> Vec<Prepared> {
        Vec::new()
    }

    /// The longest body that a request of it sends, in bytes.
    fn longest_sent(&self, _values: &Values) -> u64 {
        0
    }

    /// The objects that the origin has for a run of it, and what it is told of the test.
    fn contract(&self, values: &Values) -> Contract {
        Contract {
            objects: values.number("objects").unwrap_or(0),
            object_size: values.number("object_size").unwrap_or(0),
            ..Contract::of_nothing(self.name(), values)
        }
    }

    /// What the origin lets pass of a run with these parameters.
    fn rules(&self, values: &Values) -> Box<dyn Rules>;

    /// The calls of one replica.
    ///
    /// # Errors
    /// A sentence, where the target has nothing to ask for.
    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String>;
}

/// Where a replica's calls go.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The target, taken apart.
    pub target: &'a Target,
    /// Whether it is a bucket of our origin, or what a run has put below its prefix: its objects are known, and their content is.
    pub known: bool,
    /// What the keys of the run begin with, at a target that is not ours; empty at our origin, where the bucket is the run.
    pub prefix: &'a str,
    /// The replica's index.
    pub replica: u32,
    /// The objects that the harness found in a foreign bucket.
    pub listed: &'a [message::Object],
    /// The test's parameters.
    pub values: &'a Values,
    /// The replica's draws.
    pub draws: Draws,
}

/// The calls of one replica. A call is one ordinal: one request, or several one after the other.
pub trait Calls: Debug + Send + Sync {
    /// The first request of the call that is made before `ready`, whose ordinal is [`VERIFICATION`]: its answer is compared in full.
    fn verification(&self) -> Ask<'_> {
        self.ask(VERIFICATION)
    }

    /// Takes from the first verified answer what nobody else told: an object's size.
    ///
    /// # Errors
    /// A sentence, where the object cannot be asked so.
    fn learn(&mut self, _answer: &Answer) -> Result<(), String> {
        Ok(())
    }

    /// The first request of the call of this ordinal.
    fn ask(&self, ordinal: u64) -> Ask<'_>;

    /// What follows a good answer; `None` where the call is complete. `trail` is the call's own, empty at its first request.
    fn next(&self, _ordinal: u64, _trail: &mut Trail, _answer: &Answer) -> Option<Ask<'_>> {
        None
    }

    /// What a failed call leaves to be undone, outside its latency.
    fn undo(&self, _ordinal: u64, _trail: &Trail) -> Option<Ask<'_>> {
        None
    }
}

/// The ordinal of the call that verifies: none that a load reaches, and one whose content is compared.
pub const VERIFICATION: u64 = 1 << 63;

/// What the origin lets pass.
pub trait Rules: Debug + Send + Sync {
    /// Whether the test asks such requests.
    fn allow(&self, seen: &Seen<'_>) -> bool;

    /// The bytes of its object that a request sends, first and last, where it sends any: compared as they come, and not kept.
    fn sends(&self, _seen: &Seen<'_>) -> Option<RangeInclusive<u64>> {
        None
    }

    /// How many parts an upload has.
    fn parts(&self) -> Option<u32> {
        None
    }
}

/// A request as the origin sees it.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// What it does; `None` for what no test asks.
    pub operation: Option<Operation>,
    /// The key within the run's bucket.
    pub key: &'a str,
    /// First and last byte, where the request names both.
    pub range: Option<RangeInclusive<u64>>,
    /// Whether it names any range.
    pub ranged: bool,
    /// The text of `?delay=`.
    pub delay: Option<&'a str>,
    /// The query, percent-encoded as it came.
    pub query: Option<&'a str>,
    /// How long a body it announces, in bytes; `None` where it sends one in any other form than as it is: in chunks, signed piece by
    /// piece, after `100 Continue`.
    pub sends: Option<u64>,
}

impl Seen<'_> {
    /// The value of a name in the query, percent-encoded as it came.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
