//! What the coordinator tells others while a run goes on.

use anyhow::Result;
use benchmark_protocol::message::Tick;
use futures_util::future::BoxFuture;

/// Whoever is told.
pub trait Hooks {
    /// All replicas are ready: warm-up will begin at `start_ns`, the window at `window_ns` (CLOCK_MONOTONIC). Told again with later
    /// instants where the telling took too long.
    ///
    /// # Errors
    /// When somebody who must know cannot be told; the run ends.
    fn begin(&mut self, start_ns: u64, window_ns: u64) -> impl Future<Output = Result<()>>;

    /// A replica told its counters.
    fn ticked(&mut self, replica: u32, tick: &Tick);

    /// The replicas do nothing now: what is returned is over as soon as whoever watches them from outside has seen that; at once
    /// where nobody does.
    fn settled(&mut self, _plateau: Plateau) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// When replicas do nothing, and their counters stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plateau {
    /// All are ready, and wait for the start.
    Idle,
    /// All have handed over their results, and wait to be dismissed.
    Final,
}
