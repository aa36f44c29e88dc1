//! What an open loop records of the window beside response times: how late requests were issued, and how long they took then.

use hdrhistogram::Histogram;

use super::histogram::Batched;

/// The two histograms of one worker thread, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Delays {
    /// Requests issued before the window's end.
    pub(super) issued: u64,
    service_time: Batched,
    scheduling_delay: Batched,
}

impl Delays {
    pub(super) fn new(longest_ns: u64) -> Self {
        Self { issued: 0, service_time: Batched::new(longest_ns), scheduling_delay: Batched::new(longest_ns) }
    }

    /// A request of the window was issued so long after it was due; `in_time` before the window's end.
    pub(super) fn issue(&mut self, scheduling_delay_ns: u64, in_time: bool) {
        self.issued += u64::from(in_time);
        self.scheduling_delay.record(scheduling_delay_ns);
    }

    /// A request of the window succeeded so long after its issue.
    pub(super) fn succeed(&mut self, service_time_ns: u64) {
        self.service_time.record(service_time_ns);
    }

    /// Brings the histograms up to date.
    pub(super) fn flush(&mut self) {
        self.service_time.flush();
        self.scheduling_delay.flush();
    }

    /// Adds those of another thread, both of them flushed.
    pub(super) fn merge(&mut self, other: &Self) {
        self.issued += other.issued;
        for (sum, part) in
            [(&mut self.service_time, &other.service_time), (&mut self.scheduling_delay, &other.scheduling_delay)]
        {
            // All recorders of a process have the same bounds.
            sum.histogram.add(&part.histogram).unwrap_or_else(|_| unreachable!("equal bounds"));
        }
    }

    pub(super) const fn service_time(&self) -> &Histogram<u64> {
        &self.service_time.histogram
    }

    pub(super) const fn scheduling_delay(&self) -> &Histogram<u64> {
        &self.scheduling_delay.histogram
    }
}
