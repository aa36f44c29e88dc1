//! Counters and histograms of one worker thread.

use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::{FailureSample, Phase};
use hdrhistogram::Histogram;

use super::delays::Delays;
use super::histogram::{Batched, histogram};
use super::operations::{Operations, Requested};
use crate::failure::Failure;

/// Texts kept of each kind of failure.
const SAMPLES_PER_KIND: usize = 3;

/// The longest text kept of a failure, in characters.
const SAMPLE_LENGTH: usize = 300;

/// What the requests of one worker thread came to. Histograms are in nanoseconds, with 3 significant digits from 1 ns on.
/// On cache lines of its own, as other threads write theirs.
#[derive(Clone, Debug)]
#[repr(align(128))]
pub(super) struct Recorder {
    pub(super) warm_up: Counts,
    pub(super) window: Counts,
    pub(super) received_bytes: u64,
    /// When the last request of the window ended.
    pub(super) last_ended_ns: u64,
    latency: Batched,
    failure_latency: Histogram<u64>,
    /// Of a sample.
    first_byte: Batched,
    /// What an open loop records besides.
    delays: Option<Box<Delays>>,
    /// The window's requests by operation, where the test has several.
    operations: Option<Box<Operations>>,
    samples: Vec<(FailureKind, String)>,
    /// Failures, of the warm-up as well, for want of a port.
    pub(super) out_of_ports: u64,
    /// Whether latencies are kept; counts are in any case.
    recording: bool,
    /// What ends from now on is censored.
    pub(super) closed: bool,
}

/// What is kept beside counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Latencies of successes.
    pub(super) latencies: bool,
    /// How late requests were issued: of an open loop.
    pub(super) delays: bool,
    /// What each operation came to, of a test that has several.
    pub(super) operations: bool,
}

/// How one call ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) phase: Phase,
    /// When it was issued; open loop: when it was due.
    pub(super) started_ns: u64,
    pub(super) issued_ns: u64,
    pub(super) ended_ns: u64,
    /// 0 where it was not taken.
    pub(super) first_byte_ns: u64,
    pub(super) bytes: u64,
    pub(super) sent_bytes: u64,
    pub(super) failure: Option<Box<Failure>>,
    /// Its last request, where operations are recorded each by itself.
    pub(super) last: Option<Requested>,
}

impl Recorder {
    /// `longest_ns` is the longest latency that can occur; what is longer all the same counts as that.
    pub(super) fn new(longest_ns: u64, kept: Kept) -> Self {
        Self {
            warm_up: Counts::default(),
            window: Counts::default(),
            received_bytes: 0,
            last_ended_ns: 0,
            latency: Batched::new(longest_ns),
            failure_latency: histogram(longest_ns),
            first_byte: Batched::new(longest_ns),
            delays: kept.delays.then(|| Box::new(Delays::new(longest_ns))),
            operations: kept.operations.then(|| Box::new(Operations::new(longest_ns))),
            samples: Vec::new(),
            out_of_ports: 0,
            recording: kept.latencies,
            closed: false,
        }
    }

    /// A request of an open loop's window was issued so long after it was due; `in_time` before the window's end.
    pub(super) fn issue(&mut self, scheduling_delay_ns: u64, in_time: bool) {
        if let Some(delays) = self.delays.as_mut().filter(|_| !self.closed) {
            delays.issue(scheduling_delay_ns, in_time);
        }
    }

    /// A request of the window ended, and its call goes on.
    pub(super) fn request(&mut self, ended: Requested) {
        if let Some(operations) = self.operations.as_mut().filter(|_| !self.closed) {
            operations.record(ended, self.recording);
        }
    }

    /// Takes successes of the window that are counted elsewhere: their latencies, and the times to their first bytes (0: not taken).
    pub(super) fn take(&mut self, successes: &[(u64, u64)], last_ended_ns: u64) {
        self.last_ended_ns = self.last_ended_ns.max(last_ended_ns);
        if !self.recording {
            return;
        }
        for (latency_ns, first_byte_ns) in successes {
            self.latency.record(*latency_ns);
            if *first_byte_ns != 0 {
                self.first_byte.record(*first_byte_ns);
            }
        }
    }

    pub(super) fn record(&mut self, ended: Ended) {
        self.received_bytes += ended.bytes;
        let measured = ended.phase == Phase::Window;
        let latency_ns = ended.ended_ns - ended.started_ns;
        if measured {
            self.last_ended_ns = self.last_ended_ns.max(ended.ended_ns);
            if let Some(last) = ended.last {
                self.request(last);
            }
        }
        let counts = if measured { &mut self.window } else { &mut self.warm_up };
        counts.attempts += 1;
        match ended.failure {
            None => {
                counts.successes += 1;
                counts.success_bytes += ended.bytes;
                counts.sent_bytes += ended.sent_bytes;
                if measured && self.recording {
                    self.latency.record(latency_ns);
                    if ended.first_byte_ns != 0 {
                        self.first_byte.record(ended.first_byte_ns - ended.started_ns);
                    }
                    if let Some(delays) = &mut self.delays {
                        delays.succeed(ended.ended_ns - ended.issued_ns);
                    }
                }
            }
            Some(failure) => {
                counts.failures.add(failure.kind);
                self.out_of_ports += u64::from(failure.is_out_of_ports());
                if measured {
                    self.failure_latency.saturating_record(latency_ns);
                }
                self.keep_sample(*failure);
            }
        }
    }

    /// Brings the histograms up to date.
    pub(super) fn flush(&mut self) {
        self.latency.flush();
        self.first_byte.flush();
        if let Some(delays) = &mut self.delays {
            delays.flush();
        }
        if let Some(operations) = &mut self.operations {
            operations.flush();
        }
    }

    /// Adds what another recorder holds, both of them flushed.
    pub(super) fn merge(&mut self, other: &Self) {
        self.warm_up += other.warm_up;
        self.window += other.window;
        self.received_bytes += other.received_bytes;
        self.out_of_ports += other.out_of_ports;
        self.last_ended_ns = self.last_ended_ns.max(other.last_ended_ns);
        for (sum, part) in [
            (&mut self.latency.histogram, &other.latency.histogram),
            (&mut self.failure_latency, &other.failure_latency),
            (&mut self.first_byte.histogram, &other.first_byte.histogram),
        ] {
            // All recorders of a process have the same bounds.
            sum.add(part).unwrap_or_else(|_| unreachable!("equal bounds"));
        }
        if let (Some(sum), Some(part)) = (&mut self.delays, &other.delays) {
            sum.merge(part);
        }
        if let (Some(sum), Some(part)) = (&mut self.operations, &other.operations) {
            sum.merge(part);
        }
        for (kind, text) in &other.samples {
            self.keep_sample(Failure::new(*kind, text.clone()));
        }
    }

    pub(super) const fn latency(&self) -> &Histogram<u64> {
        &self.latency.histogram
    }

    pub(super) const fn failure_latency(&self) -> &Histogram<u64> {
        &self.failure_latency
    }

    pub(super) const fn first_byte(&self) -> &Histogram<u64> {
        &self.first_byte.histogram
    }

    pub(super) fn delays(&self) -> Option<&Delays> {
        self.delays.as_deref()
    }

    pub(super) fn operations(&self) -> Option<&Operations> {
        self.operations.as_deref()
    }

    pub(super) fn samples(&self) -> Vec<FailureSample> {
        let sample =
            |(kind, text): &(FailureKind, String)| FailureSample { kind: kind.name().into(), text: text.clone() };
        self.samples.iter().map(sample).collect()
    }

    fn keep_sample(&mut self, failure: Failure) {
        if self.samples.iter().filter(|(kind, _)| *kind == failure.kind).count() < SAMPLES_PER_KIND {
            self.samples.push((failure.kind, failure.text.chars().take(SAMPLE_LENGTH).collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::BATCH;
    use super::*;

    const LATENCIES: Kept = Kept { latencies: true, delays: false, operations: false };

    fn ended(phase: Phase, failure: Option<Failure>) -> Ended {
        Ended {
            phase,
            started_ns: 1_000,
            issued_ns: 2_000,
            ended_ns: 6_000,
            first_byte_ns: 5_000,
            bytes: 10,
            sent_bytes: 7,
            failure: failure.map(Box::new),
            last: None,
        }
    }

    #[test]
    fn failures_touch_neither_latency_nor_bytes_of_successes() {
        let mut recorder = Recorder::new(1_000_000_000, LATENCIES);
        recorder.record(ended(Phase::Window, None));
        recorder.record(ended(Phase::Window, Some(Failure::new(FailureKind::Reset, "reset"))));
        recorder.record(ended(Phase::WarmUp, None));
        recorder.flush();
        assert_eq!((recorder.latency().len(), recorder.failure_latency.len(), recorder.first_byte().len()), (1, 1, 1));
        assert_eq!((recorder.window.success_bytes, recorder.received_bytes), (10, 30));
        assert_eq!((recorder.window.attempts, recorder.warm_up.attempts), (2, 1));
    }

    #[test]
    fn every_success_reaches_the_histograms() {
        let mut recorder = Recorder::new(1_000_000_000, LATENCIES);
        let number = 3 * BATCH + 1;
        for _ in 0..number {
            recorder.record(ended(Phase::Window, None));
        }
        recorder.flush();
        assert_eq!((recorder.latency().len(), recorder.first_byte().len()), (number as u64, number as u64));
        assert!(recorder.latency().equivalent(recorder.latency().max(), 5_000));
        assert!(recorder.first_byte().equivalent(recorder.first_byte().max(), 4_000));
    }

    #[test]
    fn samples_are_few_and_short() {
        let mut recorder = Recorder::new(1_000_000_000, LATENCIES);
        for _ in 0..10 {
            recorder.record(ended(Phase::Window, Some(Failure::new(FailureKind::Other, "x".repeat(10_000)))));
        }
        assert_eq!(recorder.samples.len(), SAMPLES_PER_KIND);
        assert_eq!(recorder.samples[0].1.len(), SAMPLE_LENGTH);
    }
}
