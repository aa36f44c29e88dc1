//! Successes of one slot on their way to a recorder: counted at once where others may look, and handed over many at a time, so that
//! no lock is taken for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::Phase;

use super::asynchronous::recorder_of_thread;
use super::histogram::BATCH;
use super::recorder::Ended;
use super::{Load, locked};

/// Successes of the window of one slot that are in no recorder yet. What is left is handed over as the slot is dropped: its task has
/// ended by then, or was ended, and the books are closed only afterwards.
#[derive(Debug)]
pub(super) struct Successes {
    load: Arc<Load>,
    /// Latency, and time to the first byte where that was taken (else 0).
    kept: Vec<(u64, u64)>,
    last_ended_ns: u64,
}

impl Successes {
    pub(super) fn new(load: &Arc<Load>) -> Self {
        Self { load: Arc::clone(load), kept: Vec::with_capacity(BATCH), last_ended_ns: 0 }
    }

    /// Keeps one.
    #[inline]
    pub(super) fn keep(&mut self, ended: &Ended) {
        if ended.phase != Phase::Window {
            return;
        }
        self.last_ended_ns = ended.ended_ns;
        let first_byte_ns = ended.first_byte_ns.saturating_sub(ended.started_ns);
        self.kept.push((ended.ended_ns - ended.started_ns, first_byte_ns));
        if self.kept.len() == BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let mut recorder = locked(&self.load.recorders[recorder_of_thread()]);
        recorder.take(&self.kept, self.last_ended_ns);
        self.kept.clear();
    }
}

impl Drop for Successes {
    fn drop(&mut self) {
        self.hand_over();
    }
}

/// The counts of a slot's successes, by phase. Only the slot's own task writes them, so that nothing is locked for it either.
#[derive(Debug, Default)]
pub(super) struct Published([Numbers; 2]);

#[derive(Debug, Default)]
struct Numbers {
    successes: AtomicU64,
    bytes: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Published {
    #[inline]
    pub(super) fn succeed(&self, ended: &Ended) {
        let Numbers { successes, bytes, sent_bytes } = &self.0[usize::from(ended.phase == Phase::Window)];
        for (number, more) in [(successes, 1), (bytes, ended.bytes), (sent_bytes, ended.sent_bytes)] {
            if more > 0 {
                number.store(number.load(Ordering::Relaxed) + more, Ordering::Relaxed);
            }
        }
    }

    /// Those of the window, or of the warm-up.
    pub(super) fn counts(&self, measured: bool) -> Counts {
        let Numbers { successes, bytes, sent_bytes } = &self.0[usize::from(measured)];
        let [successes, success_bytes, sent_bytes] =
            [successes, bytes, sent_bytes].map(|number| number.load(Ordering::Relaxed));
        Counts { attempts: successes, successes, success_bytes, sent_bytes, ..Counts::default() }
    }
}
