//! The thread beside the load: ticks each second, reads the process's counters at the window's edges, ends requests that are
//! over their time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use benchmark_protocol::message::{Phase, Tick};

use super::schedule::End;
use super::{Load, UNKNOWN, locked};
use crate::clock::now_ns;
use crate::resources;

const SECOND_NS: u64 = 1_000_000_000;

/// A timeout is delivered at most this share of itself late.
const TIMEOUT_LOOKS: u64 = 50;

/// Watches the load until it is done, and hands every tick to `emit`.
pub(crate) fn watch(load: &Load, mut emit: impl FnMut(Tick)) {
    let look_ns = (load.timeout_ns / TIMEOUT_LOOKS).clamp(1_000_000, SECOND_NS / 4);
    let mut phase = Phase::WarmUp;
    let mut began_ns = load.schedule.start_ns;
    let mut seconds = 0;
    loop {
        let start_ns = load.window_start_ns.load(Ordering::SeqCst);
        let end_ns = load.window_end_ns.load(Ordering::SeqCst);
        let done = *locked(&load.done);
        let now = now_ns();
        if phase == Phase::WarmUp && now >= start_ns {
            let edge = load.read_edge(|edges| &mut edges.start);
            emit(load.tick(Phase::Window, 0, edge));
            (phase, began_ns, seconds) = (Phase::Window, start_ns, 0);
        }
        if phase == Phase::Window && now >= end_ns {
            let edge = load.read_edge(|edges| &mut edges.end);
            emit(load.tick(Phase::Window, edge.at_ns.saturating_sub(began_ns), edge));
            (phase, began_ns, seconds) = (Phase::Drain, end_ns, 0);
        }
        if done {
            return;
        }
        let elapsed_ns = now.saturating_sub(began_ns);
        if elapsed_ns / SECOND_NS > seconds {
            seconds = elapsed_ns / SECOND_NS;
            emit(load.tick(phase, elapsed_ns, resources::read(load.own_network)));
        }
        if let Some(overdue_ns) = now.checked_sub(load.timeout_ns) {
            load.slots.iter().for_each(|slot| slot.expire_if_before(overdue_ns));
        }
        let edge_ns = if phase == Phase::WarmUp { start_ns } else { end_ns };
        let scheduled = matches!(load.schedule.end, End::At(_)) && edge_ns != UNKNOWN && phase != Phase::Drain;
        let next_ns = [began_ns + (seconds + 1) * SECOND_NS, now + look_ns, if scheduled { edge_ns } else { UNKNOWN }];
        let pause_ns = next_ns.into_iter().min().unwrap_or(0).saturating_sub(now_ns());
        let guard = locked(&load.done);
        if !*guard {
            let woken = load.changed.wait_timeout(guard, Duration::from_nanos(pause_ns));
            drop(woken);
        }
    }
}
