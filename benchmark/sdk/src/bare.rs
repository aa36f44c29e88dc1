//! The loop that the SDK's own cost is told by: the same client on the same runtime, as many slots, a closed loop. Its requests are made
//! beforehand and its responses add up lengths: nothing is drawn, timed, judged or recorded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use benchmark_protocol::resources::Resources;
use serde::Serialize;

use crate::failure::Failure;
use crate::request::Request;
use crate::resources;
use crate::response::Response;
use crate::workload::Workload;

/// So many requests take turns: more than a processor foresees, and few enough to stay in its cache.
const REQUESTS: u64 = 128;

/// What the slots share.
#[derive(Debug)]
pub(crate) struct Bare {
    requests: Vec<Request<'static>>,
    slots: Vec<Slot>,
    failure: Mutex<Option<String>>,
}

/// What a slot has done so far. Alone on its cache line; only the slot writes it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// What the loop came to, in the words of one line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    cpu_user_us: u64,
    cpu_system_us: u64,
}

/// The counters of an instant.
pub(crate) struct Mark {
    requests: u64,
    bytes: u64,
    resources: Resources,
}

impl Bare {
    /// The requests of a workload whose calls are one request each.
    pub(crate) fn new(workload: Workload, slots: u32) -> Arc<Self> {
        // For as long as the process, which ends with the loop.
        let workload: &'static Workload = Box::leak(Box::new(workload));
        Arc::new(Self {
            requests: (0..REQUESTS).map(|ordinal| workload.first(ordinal)).collect(),
            slots: (0..slots).map(|_| Slot::default()).collect(),
            failure: Mutex::default(),
        })
    }

    /// The requests of a slot, again and again; another first one for each slot.
    pub(crate) fn requests(&self, slot: usize) -> impl Iterator<Item = &Request<'static>> {
        self.requests.iter().cycle().skip(slot * self.requests.len() / self.slots.len())
    }

    /// A request of the slot ended.
    #[inline]
    pub(crate) fn count(&self, slot: usize, response: &mut Response) {
        let Slot { requests, bytes } = &self.slots[slot];
        requests.store(requests.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        bytes.store(bytes.load(Ordering::Relaxed) + response.take_length(), Ordering::Relaxed);
    }

    /// A request failed, and its slot is over: no figure comes of this.
    pub(crate) fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.text);
    }

    pub(crate) fn mark(&self) -> Mark {
        let sum = |of: fn(&Slot) -> &AtomicU64| self.slots.iter().map(|slot| of(slot).load(Ordering::Relaxed)).sum();
        Mark { requests: sum(|slot| &slot.requests), bytes: sum(|slot| &slot.bytes), resources: resources::read(false) }
    }

    /// What was done from one mark to now.
    ///
    /// # Errors
    /// The text of a failure, where there was one.
    pub(crate) fn since(&self, before: &Mark) -> Result<Measured, String> {
        let after = self.mark();
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        Ok(Measured {
            requests: after.requests - before.requests,
            bytes: after.bytes - before.bytes,
            seconds: (after.resources.at_ns - before.resources.at_ns) as f64 / 1e9,
            cpu_user_us: after.resources.cpu_user_us - before.resources.cpu_user_us,
            cpu_system_us: after.resources.cpu_system_us - before.resources.cpu_system_us,
        })
    }
}
