//! Why a run is invalid: a name that stays, and the figures that say so. Texts are made at the edge.

use std::fmt;
use std::time::Duration;

use benchmark_protocol::counts::{FailureKind, Failures};
use serde::{Deserialize, Serialize};

/// A reason why a run is invalid. The database keeps it as a JSON object that names it; [`Reason::Told`] is a plain text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Reason {
    /// Too many requests of the window failed.
    Failures {
        /// How many of each kind.
        failures: Failures,
        /// Of so many that finished.
        finished: u64,
    },
    /// Too many requests of the window were unfinished after the drain.
    Censored {
        /// So many.
        censored: u64,
        /// Of so many.
        attempts: u64,
    },
    /// Nothing succeeded in the window.
    NoSuccess,
    /// An open loop was asked for, and the replicas say of no schedule.
    NoSchedule {
        /// The rate that was asked for, in requests a second.
        asked: f64,
    },
    /// Less of the rate was achieved than it takes.
    Rate {
        /// The rate that was asked for, in requests a second.
        asked: f64,
        /// Requests of the window that were issued in time.
        issued: u64,
        /// Of so many that were due.
        scheduled: u64,
    },
    /// The rate is a share of a capacity that is not known.
    Capacity {
        /// Why not, where it was measured at all.
        because: Option<Box<Reason>>,
        /// The last run that tried to measure it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_id: Option<String>,
    },
    /// There is no window to take a rate from.
    NoWindow,
    /// The percentiles of the latency contradict each other.
    PercentileOrder {
        /// The median, in nanoseconds.
        p50_ns: u64,
        /// The 99th percentile, in nanoseconds.
        p99_ns: u64,
        /// The largest value, in nanoseconds.
        max_ns: u64,
    },
    /// A success was faster than the origin lets one be.
    Floor {
        /// The smallest latency of a success, in nanoseconds.
        least_ns: u64,
        /// The delay that the origin adds to each, in nanoseconds.
        delay_ns: u64,
    },
    /// The window was shorter than its requests one after the other.
    FloorOfWindow {
        /// Successes of the replica.
        successes: u64,
        /// Its window, in seconds.
        window_s: f64,
        /// How often each slot had its turn.
        rounds: u64,
        /// The delay that the origin adds to each, in nanoseconds.
        delay_ns: u64,
    },
    /// The origin saw another number of requests.
    AuditRequests {
        /// Requests that went to the library.
        issued: u64,
        /// Those of them that never left.
        never_left: u64,
        /// Requests at the origin.
        requests: u64,
    },
    /// The origin saw more requests of an operation than were issued.
    AuditOperation {
        /// The operation's name.
        operation: String,
        /// Requests of it that went to the library.
        issued: u64,
        /// Requests of it at the origin.
        requests: u64,
    },
    /// The replicas count more successes than the origin gave good answers.
    AuditAnswered {
        /// The operation's name; of all together where phases do not tell them apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// Successes of the replicas: calls where they are not told apart by request.
        succeeded: u64,
        /// Good answers that the origin wrote whole.
        answered: u64,
    },
    /// The replicas count more bytes as sent than the origin took.
    AuditSent {
        /// Body bytes that the replicas' successes sent.
        sent: u64,
        /// Body bytes that the origin took.
        taken: u64,
    },
    /// The replicas count more bytes than the origin sent.
    AuditBytes {
        /// Body bytes of the replicas' successes.
        received: u64,
        /// Body bytes that the origin sent whole.
        sent: u64,
    },
    /// Requests were made that the test does not make.
    AuditContract {
        /// So many.
        requests: u64,
    },
    /// A replica understood another option than the one that was asked for.
    Options {
        /// The name of the option, or of a parameter.
        option: String,
        /// What was asked for; `None` where nothing was.
        asked: Option<String>,
        /// What it understood.
        understood: Option<String>,
    },
    /// A replica did not say how it understood its options.
    OptionsUnsaid,
    /// Connections found no free port to be opened from.
    Ports {
        /// So many requests, of the warm-up as well.
        refused: u64,
        /// How many ports a replica has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        all: Option<u64>,
        /// So many of them were held by closed connections as a replica ended; the most of any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waiting: Option<u64>,
    },
    /// A replica was lost before its result.
    ReplicaLost {
        /// Its index.
        replica: u32,
        /// How: `killed by signal 9`.
        how: String,
    },
    /// Replicas were not ready in time.
    NotReady {
        /// Their indices.
        replicas: Vec<u32>,
        /// Within so many seconds.
        within_s: u64,
    },
    /// Replicas did not tell their clocks in time.
    NoPong {
        /// Their indices.
        replicas: Vec<u32>,
        /// Within so many seconds.
        within_s: u64,
    },
    /// Replicas said nothing for too long.
    Hung {
        /// Their indices.
        replicas: Vec<u32>,
        /// For so many seconds.
        within_s: u64,
    },
    /// Replicas sent no result in time.
    NoResult {
        /// Their indices.
        replicas: Vec<u32>,
        /// Within so many seconds.
        within_s: u64,
    },
    /// The replicas could not be started, or were lost from sight.
    Runner {
        /// What the runner said.
        error: String,
    },
    /// The origin could not be told or asked.
    Origin {
        /// What it said.
        error: String,
    },
    /// What is only a text: a replica's own reason, an error of before the start, a row from before reasons had figures.
    #[serde(untagged)]
    Told(String),
}

impl Reason {
    /// Its name, which runs have in common whatever their figures. Of a text it is what comes before a colon or a bracket.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Failures { .. } => "failures",
            Self::Censored { .. } => "censored",
            Self::NoSuccess => "no_success",
            Self::NoSchedule { .. } => "no_schedule",
            Self::Rate { .. } => "rate",
            Self::Capacity { .. } => "capacity",
            Self::NoWindow => "no_window",
            Self::PercentileOrder { .. } => "percentile_order",
            Self::Floor { .. } => "floor",
            Self::FloorOfWindow { .. } => "floor_of_window",
            Self::AuditRequests { .. } => "audit_requests",
            Self::AuditBytes { .. } => "audit_bytes",
            Self::AuditOperation { .. } => "audit_operation",
            Self::AuditAnswered { .. } => "audit_answered",
            Self::AuditSent { .. } => "audit_sent",
            Self::AuditContract { .. } => "audit_contract",
            Self::Options { .. } => "options",
            Self::OptionsUnsaid => "options_unsaid",
            Self::Ports { .. } => "ports",
            Self::ReplicaLost { .. } => "replica_lost",
            Self::NotReady { .. } => "not_ready",
            Self::NoPong { .. } => "no_pong",
            Self::Hung { .. } => "hung",
            Self::NoResult { .. } => "no_result",
            Self::Runner { .. } => "runner",
            Self::Origin { .. } => "origin",
            Self::Told(text) => name_of(text),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures { failures, finished } => {
                let percent = |number: u64| share(number, *finished) * 100.0;
                let kinds = failures.occurred().map(|(kind, number)| format!("{kind} {:.2} %", percent(number)));
                let kinds: Vec<String> = kinds.collect();
                write!(f, "failures: {:.2} % ({})", percent(failures.total()), kinds.join(", "))?;
                let closed = failures.of(FailureKind::Closed) > 0;
                if closed { f.write_str(", as the server ends connections unannounced") } else { Ok(()) }
            }
            Self::Censored { censored, attempts } => {
                write!(f, "censored: {:.2} % unfinished after the drain", share(*censored, *attempts) * 100.0)
            }
            Self::NoSuccess => f.write_str("no success in the window"),
            Self::NoSchedule { asked } => {
                write!(f, "rate: {asked:.0} requests/s were asked for, and the replicas followed no schedule")
            }
            Self::Rate { asked, issued, scheduled } => {
                write!(f, "rate: {:.1} % of {asked:.0} requests/s achieved", share(*issued, *scheduled) * 100.0)
            }
            Self::Capacity { because: Some(reason), run_id } => {
                let run = run_id.as_ref().map(|run_id| format!(" (run {run_id})")).unwrap_or_default();
                write!(f, "capacity: not measured, as the closed loop was invalid{run}: {reason}")
            }
            Self::Capacity { because: None, .. } => f.write_str("capacity: not measured"),
            Self::NoWindow => f.write_str("no window"),
            Self::PercentileOrder { p50_ns, p99_ns, max_ns } => {
                write!(f, "percentiles out of order: p50 {p50_ns} ns, p99 {p99_ns} ns, max {max_ns} ns")
            }
            Self::Floor { least_ns, delay_ns } => {
                let (least, delay) = (Duration::from_nanos(*least_ns), Duration::from_nanos(*delay_ns));
                write!(f, "floor: a success after {least:?}, and the origin delays each by {delay:?}")
            }
            Self::FloorOfWindow { successes, window_s, rounds, delay_ns } => {
                let delay = Duration::from_nanos(*delay_ns);
                let shortest = delay.as_secs_f64() * *rounds as f64;
                write!(
                    f,
                    "floor: {successes} successes in {window_s:.3} s, and {rounds} rounds of {delay:?} take {shortest:.3} s"
                )
            }
            Self::AuditRequests { issued, never_left, requests } => {
                let less = if *never_left > 0 { format!(" ({never_left} never left)") } else { String::new() };
                write!(f, "audit: {issued} requests issued{less}, {requests} requests at the origin")
            }
            Self::AuditOperation { operation, issued, requests } => {
                write!(f, "audit: {issued} requests `{operation}` issued, {requests} at the origin")
            }
            Self::AuditAnswered { operation, succeeded, answered } => {
                let of = operation.as_ref().map(|operation| format!(" of `{operation}`")).unwrap_or_default();
                write!(f, "audit: {succeeded} successes{of}, {answered} good answers")
            }
            Self::AuditSent { sent, taken } => {
                write!(f, "audit: {sent} bytes sent by successes, {taken} bytes taken")
            }
            Self::AuditBytes { received, sent } => {
                write!(f, "audit: {received} bytes of successes, {sent} bytes sent whole")
            }
            Self::AuditContract { requests } => write!(f, "audit: {requests} requests out of contract"),
            Self::Options { option, asked, understood } => {
                let asked = asked.as_ref().map_or_else(|| format!("no {option}"), |asked| format!("{option} {asked}"));
                let understood = understood.as_deref().unwrap_or("none");
                write!(f, "options: {asked} was asked for, the replica understood {understood}")
            }
            Self::OptionsUnsaid => f.write_str(
                "options: the replica did not say how it understood them: its `hello` has no `options` (docs/PROTOCOL.md)",
            ),
            Self::Ports { refused, all, waiting } => {
                write!(f, "ports: {refused} requests found none free to be sent from")?;
                match all.zip(*waiting) {
                    Some((all, waiting)) => {
                        write!(f, ", closed connections held {waiting} of {all}: fewer connections a second, or --keep-alive")
                    }
                    None => Ok(()),
                }
            }
            Self::ReplicaLost { replica, how } => write!(f, "replica {replica} lost: {how}"),
            Self::NotReady { replicas, within_s } => late(f, replicas, "not ready", *within_s),
            Self::NoPong { replicas, within_s } => late(f, replicas, "not ready: no answers to pings", *within_s),
            Self::Hung { replicas, within_s } => late(f, replicas, "hung: it said nothing", *within_s),
            Self::NoResult { replicas, within_s } => late(f, replicas, "sent no result", *within_s),
            Self::Runner { error } => f.write_str(error),
            Self::Origin { error } => write!(f, "origin: {error}"),
            Self::Told(text) => f.write_str(text),
        }
    }
}

fn late(f: &mut fmt::Formatter<'_>, replicas: &[u32], what: &str, within_s: u64) -> fmt::Result {
    let replicas: Vec<String> = replicas.iter().map(u32::to_string).collect();
    write!(f, "replica {} {what} within {within_s} s", replicas.join(", "))
}

fn share(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self::Told(text.to_owned())
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Told(text)
    }
}

/// The name of a text, without its figures: what comes before a colon or a bracket.
pub(super) fn name_of(text: &str) -> &str {
    text.split([':', '(']).next().unwrap_or(text).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> Vec<Reason> {
        let mut failures = Failures::default();
        failures.set(FailureKind::Reset, 3);
        let mut closed = Failures::default();
        closed.set(FailureKind::Closed, 1);
        let (replica, replicas, within_s, error) = (1, vec![0, 2], 10, "refused".to_owned());
        vec![
            Reason::Failures { failures, finished: 100 },
            Reason::Failures { failures: closed, finished: 100 },
            Reason::Censored { censored: 2, attempts: 100 },
            Reason::NoSuccess,
            Reason::NoSchedule { asked: 10.0 },
            Reason::Rate { asked: 10.0, issued: 97, scheduled: 100 },
            Reason::Capacity { because: Some(Box::new(Reason::NoSuccess)), run_id: None },
            Reason::NoWindow,
            Reason::PercentileOrder { p50_ns: 2, p99_ns: 1, max_ns: 3 },
            Reason::Floor { least_ns: 9_800_000, delay_ns: 10_000_000 },
            Reason::FloorOfWindow { successes: 400, window_s: 0.5, rounds: 100, delay_ns: 10_000_000 },
            Reason::AuditRequests { issued: 4, never_left: 1, requests: 2 },
            Reason::AuditOperation { operation: "put".into(), issued: 1, requests: 2 },
            Reason::AuditAnswered { operation: Some("put".into()), succeeded: 2, answered: 1 },
            Reason::AuditAnswered { operation: None, succeeded: 3, answered: 2 },
            Reason::AuditSent { sent: 2, taken: 1 },
            Reason::AuditBytes { received: 2, sent: 1 },
            Reason::AuditContract { requests: 1 },
            Reason::Options { option: "concurrency".into(), asked: Some("32".into()), understood: Some("50".into()) },
            Reason::Options { option: "requests".into(), asked: None, understood: Some("9".into()) },
            Reason::OptionsUnsaid,
            Reason::Ports { refused: 7, all: Some(100), waiting: Some(99) },
            Reason::Ports { refused: 7, all: None, waiting: None },
            Reason::ReplicaLost { replica, how: "killed by signal 9".to_owned() },
            Reason::NotReady { replicas: replicas.clone(), within_s },
            Reason::NoPong { replicas: replicas.clone(), within_s },
            Reason::Hung { replicas: replicas.clone(), within_s },
            Reason::NoResult { replicas, within_s },
            Reason::Runner { error: error.clone() },
            Reason::Origin { error },
        ]
    }

    #[test]
    fn every_reason_is_kept_under_its_name_and_reads_back() {
        for reason in every() {
            let kept = serde_json::to_value(&reason).unwrap();
            assert_eq!(kept["name"], reason.name());
            assert_eq!(serde_json::from_value::<Reason>(kept).unwrap(), reason);
        }
    }

    #[test]
    fn texts_of_before_read_back_as_they_were() {
        let kept = r#"["replica 0 lost: killed by signal 9","audit: 3 attempts, 2 requests at the origin"]"#;
        let reasons: Vec<Reason> = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_string(&reasons).unwrap(), kept);
        assert_eq!(reasons[1].name(), "audit");
    }

    #[test]
    fn a_reason_reads_as_it_always_has() {
        let texts: Vec<String> = every().iter().map(Reason::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @r"
        failures: 3.00 % (reset 3.00 %)
        failures: 1.00 % (closed 1.00 %), as the server ends connections unannounced
        censored: 2.00 % unfinished after the drain
        no success in the window
        rate: 10 requests/s were asked for, and the replicas followed no schedule
        rate: 97.0 % of 10 requests/s achieved
        capacity: not measured, as the closed loop was invalid: no success in the window
        no window
        percentiles out of order: p50 2 ns, p99 1 ns, max 3 ns
        floor: a success after 9.8ms, and the origin delays each by 10ms
        floor: 400 successes in 0.500 s, and 100 rounds of 10ms take 1.000 s
        audit: 4 requests issued (1 never left), 2 requests at the origin
        audit: 1 requests `put` issued, 2 at the origin
        audit: 2 successes of `put`, 1 good answers
        audit: 3 successes, 2 good answers
        audit: 2 bytes sent by successes, 1 bytes taken
        audit: 2 bytes of successes, 1 bytes sent whole
        audit: 1 requests out of contract
        options: concurrency 32 was asked for, the replica understood 50
        options: no requests was asked for, the replica understood 9
        options: the replica did not say how it understood them: its `hello` has no `options` (docs/PROTOCOL.md)
        ports: 7 requests found none free to be sent from, closed connections held 99 of 100: fewer connections a second, or --keep-alive
        ports: 7 requests found none free to be sent from
        replica 1 lost: killed by signal 9
        replica 0, 2 not ready within 10 s
        replica 0, 2 not ready: no answers to pings within 10 s
        replica 0, 2 hung: it said nothing within 10 s
        replica 0, 2 sent no result within 10 s
        refused
        origin: refused
        ");
    }
}
