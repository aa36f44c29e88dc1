//! The messages between a replica and the coordinator: one JSON object a line, over one TCP connection that the
//! replica opens. PROTOCOL.md is the same for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::operation::{ByOperation, Operation};
use crate::resources::Resources;

/// The version that `hello` names; the coordinator refuses any other.
pub const VERSION: u32 = 2;

/// The longest line either side accepts, in bytes. A result with five histograms is some 50 KB.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// What a replica says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReplicaMessage {
    /// Who this is; the first message.
    Hello(Hello),
    /// The answer to `ping`, at once.
    Pong(Pong),
    /// The client is constructed and verified; the replica waits for `start`.
    Ready {
        /// Counters at this moment: the first plateau of the comparison with cAdvisor.
        resources: Resources,
    },
    /// The replica cannot run: its last message, with the reason that the run shows (`verify: status 403`).
    Failed {
        /// The reason in one line.
        reason: String,
        /// Requests made so far: what the audit should have seen.
        verify: Counts,
    },
    /// Once a second from `start` on, and at both edges of the window.
    Tick(Tick),
    /// The outcome, after the drain.
    Result(Box<ReplicaResult>),
}

/// What the coordinator says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CoordinatorMessage {
    /// The answer to `hello`.
    Welcome {
        /// This replica's index in the run, from 0.
        replica: u32,
        /// The seed of the run's workload.
        seed: u64,
        /// The objects to ask for, where the target's are not those of the origin or of the target's own path.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        objects: Vec<Object>,
        /// The certificates that the target's is to be signed by, as PEM, where not the usual ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// What does your clock say? Asked several times after `welcome`, each time once the last answer is there.
    Ping {
        /// Which one it is, from 0.
        number: u32,
    },
    /// Warm-up begins at this instant; every later edge is computed from it.
    Start {
        /// The instant on the replica's own CLOCK_MONOTONIC, in nanoseconds, a little ahead of now.
        at_ns: u64,
    },
    /// End early: start no more requests, drain, send the result. It may come before there is a load.
    Stop,
    /// The result was read whole. It is stored with its run, once the last one is in.
    Ack,
    /// Leave.
    Bye,
    /// The replica is not wanted; the reason says why.
    Reject {
        /// The reason in one line.
        reason: String,
    },
}

/// The first message of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the program.
    pub protocol: u32,
    /// The secret of the run, as the runner handed it over.
    pub token: String,
    /// The run that the replica belongs to.
    pub run_id: String,
    /// The measured library.
    pub library: String,
    /// The version of the library that is linked in.
    pub library_version: String,
    /// The test that the program is.
    pub test: String,
    /// The replica's host name: a container's short id.
    pub host_name: String,
    /// The process id in the replica's own namespace.
    pub pid: u32,
    /// The replica's index, where the runner could give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<u32>,
    /// The options as the replica understood them, by their names, in the form in which the harness hands them over: `timeout` is `30s`.
    /// Parameters of the test stand under theirs, behind `param.`; of headers there are the names.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// What a replica's clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The number of the `ping` that this answers.
    pub number: u32,
    /// CLOCK_MONOTONIC of the replica as it writes this, in nanoseconds.
    pub clock_ns: u64,
}

/// An object of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The key within its bucket.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
}

/// The phases of a run. A request belongs to the one in which it was started (open loop: in which it was due). In the drain
/// nothing becomes due; an open loop still issues there what no slot was free for before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the window; in no figure.
    WarmUp,
    /// The measured interval.
    Window,
    /// What belongs to the window may still finish.
    Drain,
}

/// A replica's counters at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The phase that the instant belongs to.
    pub phase: Phase,
    /// Nanoseconds since that phase began.
    pub elapsed_ns: u64,
    /// What has become of that phase's requests by now (in the drain: the window's).
    pub counts: Counts,
    /// Body bytes received since `start`, of successes and failures alike, added as each request ends.
    pub received_bytes: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// The process's counters.
    pub resources: Resources,
}

/// What a replica measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaResult {
    /// The version of the library that was measured.
    pub library_version: String,
    /// Threads that ran requests.
    pub threads: u32,
    /// When the first request after `start` was issued, on CLOCK_MONOTONIC.
    pub first_request_ns: Option<u64>,
    /// When the window began, on CLOCK_MONOTONIC.
    pub window_start_ns: u64,
    /// When the window ended, on CLOCK_MONOTONIC.
    pub window_end_ns: u64,
    /// The request made to verify the target before `ready`.
    pub verify: Counts,
    /// Requests of the warm-up.
    pub warm_up: Counts,
    /// Requests of the window.
    pub window: Counts,
    /// Requests that were handed to the library, in all phases and by operation: what the audit should have seen.
    #[serde(default)]
    pub requests_issued: ByOperation,
    /// Latency of the window's successes: from the issue to the last byte (open loop: from the due instant).
    pub latency: Histogram,
    /// Latency of the window's failures, counted alike.
    pub failure_latency: Histogram,
    /// Time to the first byte of the window's successes, counted alike, where the library shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Histogram>,
    /// Open loop: from the issue to the last byte of the window's successes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Histogram>,
    /// Open loop: from the due instant to the issue of the window's requests that were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_delay: Option<Histogram>,
    /// Open loop: requests that were due in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<u64>,
    /// Open loop: those of them that were issued before the window's end. `issued / scheduled` is the share of the rate achieved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<u64>,
    /// What became of the window's requests, each by itself, where the test has several operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<OperationResult>,
    /// Counters at the four instants that totals are taken between.
    pub resources: Edges,
    /// The CPUs that the replica might run on, as the kernel lists them: `2-3,6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_list: Option<String>,
    /// What became of the ports that connections are opened from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Ports>,
    /// Texts of failures, a few of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_samples: Vec<FailureSample>,
}

/// What became of the window's requests of one operation. The first request of a call counts from where the call does, each other one
/// from the end of the one before it: together they are the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationResult {
    /// The operation.
    pub operation: Operation,
    /// What became of its requests. Those under way when the drain ended are censored calls, and in none of these.
    pub counts: Counts,
    /// Latency of its successes.
    pub latency: Histogram,
    /// Latency of its failures.
    pub failure_latency: Histogram,
}

/// The ports of a replica's network namespace, from which its connections are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Requests after `start` whose connection found none free (EADDRNOTAVAIL).
    pub refused: u64,
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<u64>,
    /// Closed connections that still held one after the drain (TIME_WAIT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
}

/// A replica's counters where phases meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    /// At `ready`.
    pub ready: Resources,
    /// As the window began.
    pub window_start: Resources,
    /// As the window ended.
    pub window_end: Resources,
    /// After the drain.
    pub drained: Resources,
}

/// A whole HDR histogram of nanoseconds: the V2 format with DEFLATE, in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(pub String);

/// The text of one failure, as the library put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureSample {
    /// The kind's name ([`crate::counts::FailureKind::name`]).
    pub kind: String,
    /// The text, shortened to a few hundred characters.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_carry_their_type_beside_their_fields() {
        let start = CoordinatorMessage::Start { at_ns: 7 };
        assert_eq!(serde_json::to_string(&start).unwrap(), r#"{"type":"start","at_ns":7}"#);
        assert_eq!(serde_json::to_string(&CoordinatorMessage::Bye).unwrap(), r#"{"type":"bye"}"#);
        let ready: ReplicaMessage = serde_json::from_str(
            r#"{"type":"ready","resources":{"at_ns":1,"cpu_user_us":2,"cpu_system_us":3,"rss_bytes":4,
                "peak_rss_bytes":5,"voluntary_switches":6,"involuntary_switches":7}}"#,
        )
        .unwrap();
        assert!(matches!(ready, ReplicaMessage::Ready { resources } if resources.cpu_us() == 5));
    }
}
